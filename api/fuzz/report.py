"""Sums up what the runs of Schemathesis have asked and found, and names operations that nobody got to succeed.

By day that is chance, and said; by night it fails.

Usage: report.py day|nightly FOLDER ROLE…, with ROLE.single.txt and ROLE.linked.txt, what Schemathesis printed, and ROLE.metrics, what the service counted.
"""

import collections
import json
import pathlib
import re
import sys

COUNTED = re.compile(r'^http_requests_total\{(.*)\} (\d+)', re.MULTILINE)
LABEL = re.compile(r'(\w+)="([^"]*)"')


def first(pattern, text):
    """What a pattern finds as a number, 0 where it finds nothing."""
    found = re.search(pattern, text, re.MULTILINE)
    return float(found[1].replace(",", "")) if found else 0


def main(nightly, folder, roles):
    answers = collections.defaultdict(collections.Counter)
    excluded, reasons = collections.Counter(), {}
    total = collections.Counter()
    for role in roles:
        single, linked = ((folder / f"{role}.{run}.txt").read_text() for run in ("single", "linked"))
        figures = {
            "operations": first(r"^  Tested: (\d+)", single),
            "cases": first(r"^  ([\d,]+) generated", single),
            "sequences": first(r"Scenarios: +(\d+)", linked),
            "cases in them": first(r"^  ([\d,]+) generated", linked),
            "links followed": first(r"API Links: +(\d+) covered", linked),
        }
        for name, pattern in (
            ("findings", r"found ([\d,]+) unique failures?"),
            ("errors", r"^=+ .*?(\d+) errors?"),
            ("seconds", r" in ([\d.]+)s =+$"),
        ):
            figures[name] = first(pattern, single) + first(pattern, linked)
        if not figures["cases"] or not figures["cases in them"]:
            figures["errors"] += 1
        total.update(figures)
        print("  {:<10}".format(role) + ", ".join(f"{value:,.0f} {name}" for name, value in figures.items()))
        for labels, count in COUNTED.findall((folder / f"{role}.metrics").read_text()):
            label = dict(LABEL.findall(labels))
            answers[label["operation"]][label["status"]] += int(count)
        passed = folder / f"{role}.json"
        if passed.exists():
            noted = json.loads(passed.read_text())
            excluded.update(noted["excluded"])
            reasons |= noted["reasons"]
    for code, count in excluded.items():
        print(f"  passed over {count} times: {reasons[code]}")
    operations = {name: counted for name, counted in answers.items() if re.match(r"[A-Z]", name)}
    each = [sum(counted.values()) for counted in operations.values()]
    print(
        f"  {len(operations)} operations were asked {sum(each):,} times, each {min(each):,} to {max(each):,}; "
        f"{total['cases'] + total['cases in them']:,.0f} cases, {total['findings']:,.0f} findings"
    )
    never = sorted(name for name, counted in operations.items() if not any(status < "300" for status in counted))
    if never:
        print("  nobody got these to succeed: " + ", ".join(never))
    return 1 if never and nightly or total["findings"] or total["errors"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] == "nightly", pathlib.Path(sys.argv[2]), sys.argv[3:]))
