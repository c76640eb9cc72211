#!/usr/bin/env python3
"""Compares a generated client with the specification: it must have a function for each operation and a type for each
object and enum, with the names of the specification. Names that the generator has invented are reported as errors.

Usage: names.py SPECIFICATION.json CLIENT FOLDER
It prints the number of operations."""

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path


def found(pattern: str, files: list[Path]) -> set[str]:
    """Returns the matches of the group of a pattern in files."""
    return {name for file in files for name in re.findall(pattern, file.read_text(), re.MULTILINE)}


def openapi_fetch(folder: Path) -> tuple[set[str], set[str]]:
    schema = (folder / "generated/schema.ts").read_text()
    operations = re.search(r"^export interface operations {$(.*?)^}$", schema, re.MULTILINE | re.DOTALL)
    assert operations, "the generated schema has no operations"
    types = found(r"^export type (\w+)", [folder / "generated/schema.ts"])
    # Types of parameters, responses and headers have a prefix and the name of their component.
    types = {name for name in types if not re.match(r"(Parameter|Response|Header)[A-Z]", name)}
    return set(re.findall(r"^    (\w+): {$", operations[1], re.MULTILINE)), types - {"webhooks", "$defs"}


def hey_api(folder: Path) -> tuple[set[str], set[str]]:
    operations = found(r"^export const (\w+) = <", [folder / "generated/sdk.gen.ts"])
    types = found(r"^export (?:type|const|enum|interface) (\w+)", [folder / "generated/types.gen.ts"])
    types = {name for name in types if not name.endswith(("EventWebhookPayload", "EventWebhookRequest"))}
    own = {"clientoptions", "webhooks"}
    for operation in operations:
        own |= {operation.lower() + part for part in ("data", "errors", "error", "responses", "response")}
    return operations, {name for name in types if name.lower() not in own}


def python(folder: Path) -> tuple[set[str], set[str]]:
    client = folder / "interviewer_client"
    operations = {file.stem for file in client.glob("api/*/*.py") if file.stem != "__init__"}
    return operations, found(r"^from \.\w+ import (\w+)$", [client / "models/__init__.py"])


def java(folder: Path) -> tuple[set[str], set[str]]:
    client = folder / "generated/src/main/java/interviewer"
    operations = found(r"^  public ApiResponse<.*> (\w+)WithHttpInfo\(", list(client.glob("api/*.java")))
    return operations, {file.stem for file in client.glob("model/*.java")} - {"AbstractOpenApiSchema"}


CLIENTS: dict[str, Callable[[Path], tuple[set[str], set[str]]]] = {
    "typescript": openapi_fetch,
    "hey-api": hey_api,
    "python": python,
    "java": java,
}


def differ(kind: str, got: set[str], wanted: set[str], allowed: set[str]) -> list[str]:
    """Compares names, ignoring case and underscores: generators write ID or Id, and a_job or aJob."""
    plain: Callable[[str], str] = lambda name: name.replace("_", "").lower()
    known, generated = {plain(name) for name in allowed}, {plain(name) for name in got}
    unknown = [f"{kind} {name}: not in the specification" for name in got if plain(name) not in known]
    return unknown + [f"{kind} {name}: missing" for name in wanted if plain(name) not in generated]


def ids(items: dict[str, dict[str, object]]) -> set[str]:
    """Returns the ids of the operations of paths or webhooks."""
    return {
        operation["operationId"] for item in items.values() for operation in item.values() if isinstance(operation, dict)
    }


def main(specification: str, client: str, folder: str) -> None:
    """Prints the number of operations, or exits with a list of errors."""
    document = json.loads(Path(specification).read_text())
    operations, webhooks = ids(document["paths"]), ids(document["webhooks"])
    schemas, parameters = document["components"]["schemas"], document["components"]["parameters"]
    # Objects without properties are maps in some languages, and have no class there.
    structured = {name for name, schema in schemas.items() if "properties" in schema or "enum" in schema}
    functions, types = CLIENTS[client](Path(folder))
    # Some generators describe webhooks like operations, others leave them out.
    errors = differ("operation", functions, operations, operations | webhooks)
    errors += differ("type", types, structured, {*schemas, *parameters})
    if errors:
        raise SystemExit("\n".join(sorted(errors)))
    print(len(operations))


if __name__ == "__main__":
    main(*sys.argv[1:])
