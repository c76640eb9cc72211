"""Summarizes the requests and findings of the runs of Schemathesis.

It fails if there is a finding or an error, or if no valid request was sent to an operation. It also lists operations for
which no request succeeded; because that depends on chance, only the nightly run fails then.

Usage: report.py day|nightly FOLDER ROLE…
The folder contains openapi.json and, for each role, the output of the runs (ROLE.bounds.txt, ROLE.drawn.txt, ROLE.linked.txt),
the notes of hooks.py (ROLE.json) and the metrics of the service (ROLE.metrics).
"""

import collections
import json
import pathlib
import re
import sys

COUNTED = re.compile(r'^http_requests_total\{(.*)\} (\d+)', re.MULTILINE)
# Schemathesis reads the document with this operation, and does not test it.
READ = "GetSpecificationJSON"
LABEL = re.compile(r'(\w+)="([^"]*)"')


def number(pattern, text):
    """Returns the number that a pattern matches, or 0."""
    found = re.search(pattern, text, re.MULTILINE)
    return float(found[1].replace(",", "")) if found else 0


def operations(document):
    """Yields the operationIds of a document."""
    for item in document["paths"].values():
        for operation in item.values():
            if isinstance(operation, dict) and "operationId" in operation:
                yield operation["operationId"]


def main(nightly, folder, roles):
    statuses = collections.defaultdict(collections.Counter)
    excluded, reasons = collections.Counter(), {}
    positive = set()
    total = collections.Counter()
    for role in roles:
        logs = {run: (folder / f"{role}.{run}.txt").read_text() for run in ("bounds", "drawn", "linked")}
        figures = {
            "operations": number(r"^  Tested: (\d+)", logs["bounds"]),
            "cases at bounds": number(r"^  ([\d,]+) generated", logs["bounds"]),
            "random cases": number(r"^  ([\d,]+) generated", logs["drawn"]),
            "sequences": number(r"Scenarios: +(\d+)", logs["linked"]),
            "cases in sequences": number(r"^  ([\d,]+) generated", logs["linked"]),
            "links followed": number(r"API Links: +(\d+) covered", logs["linked"]),
        }
        for name, pattern in (
            ("findings", r"found ([\d,]+) unique failures?"),
            ("errors", r"^=+ .*?(\d+) errors?"),
            ("seconds", r" in ([\d.]+)s =+$"),
        ):
            figures[name] = sum(number(pattern, log) for log in logs.values())
        figures["errors"] += sum(not figures[name] for name in figures if "cases" in name)
        total.update(figures)
        print("  {:<10}".format(role) + ", ".join(f"{value:,.0f} {name}" for name, value in figures.items()))
        for labels, count in COUNTED.findall((folder / f"{role}.metrics").read_text()):
            label = dict(LABEL.findall(labels))
            statuses[label["operation"]][label["status"]] += int(count)
        notes = json.loads((folder / f"{role}.json").read_text())
        excluded.update(notes["excluded"])
        reasons |= notes["reasons"]
        positive.update(notes["positive"])
    for code, count in excluded.items():
        print(f"  excluded {count} times: {reasons[code]}")
    every = sorted(operations(json.loads((folder / "openapi.json").read_text())))
    each = [sum(statuses[name].values()) for name in every]
    print(
        f"  {len(every)} operations got {sum(each):,} requests, each {min(each):,} to {max(each):,}; "
        f"{total['findings']:,.0f} findings"
    )
    missed = [name for name in every if name not in positive and name != READ]
    if missed:
        print("  no valid request was sent to: " + ", ".join(missed))
    never = [name for name in every if not any(status < "300" for status in statuses[name])]
    if never:
        print("  no request succeeded for: " + ", ".join(never))
    return 1 if missed or never and nightly or total["findings"] or total["errors"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] == "nightly", pathlib.Path(sys.argv[2]), sys.argv[3:]))
