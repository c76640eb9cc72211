"""Hooks for Schemathesis.

They sign in, serialize bodies that are not JSON, and set values in some of the valid requests that satisfy the rules
which no schema can express. They ignore no findings except those that EXCLUDED lists with a reason.
"""

import collections
import functools
import io
import itertools
import json
import os
import pathlib
import re
import zipfile
import zlib

import requests
import schemathesis
from known import LISTS, Known
from schemathesis.core.failures import AcceptedNegativeData
from schemathesis.generation.modes import GenerationMode
from schemathesis.openapi.checks import JsonSchemaError, RejectedPositiveData
from schemathesis.wfc.escalation import EscalatingAuthProvider

BASE = os.environ["FUZZ_BASE"]
ROLE = os.environ["FUZZ_ROLE"]
# State that the runs of a role share: ignored findings, operations that received a valid request, and passwords of the
# account.
NOTES = pathlib.Path(os.environ["FUZZ_NOTES"])
PASSWORD = "SecurePassword123!"
KEYS = ("key", "job_key", "test_key")
ACCOUNTS = {
    "employee": "employee@acme.example",
    "team_lead": "lead@acme.example",
    "hr": "hr@acme.example",
    "admin": "admin@acme.example",
    "stranger": "admin@globex.example",
}

# Findings to ignore, by the code of the problem, or by the operation whose response does not match its schema.
EXCLUDED = {
    "invalid_cursor": "400 for a cursor that matches its schema: cursors are signed, and a schema cannot express which are valid.",
    "after": "400 for an id of an event that matches its schema: ids of events are sealed for their company.",
    "combined": "400 for ids with another parameter: a schema cannot express that they exclude each other.",
    "null_member": "2xx for an optional member that is null: it counts as absent, except in a PATCH.",
    "GetSpecificationYAML": "Its schema is a binary string; Schemathesis parses the YAML and finds an object.",
}
# The start of an entity tag.
TAGS = re.compile(r'\*$|(W/)?"')
notes = json.loads(NOTES.read_text()) if NOTES.exists() else {"excluded": {}, "positive": [], "passwords": []}
excluded = collections.Counter(notes["excluded"])
positive = set(notes["positive"])


def keep():
    """Saves the notes."""
    passwords = accounts[ROLE].passwords if ROLE in ACCOUNTS else []
    noted = {"excluded": excluded, "reasons": EXCLUDED, "positive": sorted(positive), "passwords": passwords}
    NOTES.write_text(json.dumps(noted))


class Account:
    """A user who signs in, and signs in again after the session has ended."""

    def __init__(self, email):
        self.email = email
        self.token = None
        self.passwords = [*notes["passwords"], PASSWORD]

    def get(self, case, context):
        self.token = self.token or self.sign_in()
        return self.token

    def missed(self, response):
        """Discards the access token if a response shows that the session has ended."""
        if response.status_code == 401 and response.request.headers.get("Authorization") == f"Bearer {self.token}":
            self.token = None

    def sign_in(self):
        for password in self.passwords:
            credentials = {"email": self.email, "password": password}
            response = requests.post(f"{BASE}/api/v1/auth/login", json=credentials, timeout=30)
            if response.status_code == 200:
                known.learn(response.json())
                return response.json()["access_token"]
        raise RuntimeError(f"{self.email} cannot sign in: {response.status_code} {response.text}")

    def set(self, case, data, context):
        case.headers["Authorization"] = f"Bearer {data}"


class Key:
    """An API key, created by the script that runs this: of the demo company, or of an empty test company."""

    def get(self, case, context):
        return os.environ["FUZZ_KEY"]

    def set(self, case, data, context):
        case.headers["Authorization"] = f"Bearer {data}"


known = Known(ACCOUNTS.values())
numbers = itertools.count()
visits = itertools.count()
accounts = {name: Account(email) for name, email in ACCOUNTS.items()}


@schemathesis.hook
def after_load_schema(context, schema):
    """Authenticates as the role and, for its resources, also as a stranger, the admin of another company."""
    providers = {
        ROLE: Key() if ROLE in KEYS else accounts[ROLE],
        "stranger": accounts["stranger"],
    }
    names = list(providers)
    schema.auth.providers.append(
        EscalatingAuthProvider(list(providers.values()), names, peers=tuple(names), pinned=ROLE)
    )
    look_around()


def look_around():
    """Reads the lists once, so that the first requests can use existing resources."""
    token = os.environ.get("FUZZ_KEY") or accounts[ROLE].sign_in()
    read = functools.partial(requests.get, headers={"Authorization": f"Bearer {token}"}, timeout=30)
    for name in LISTS:
        response = read(f"{BASE}/api/v1/{name}", params={"limit": 200})
        if response.status_code == 200:
            known.learn(response.json())
    for kit in list(known.resources["kit_id"]):
        known.learn(read(f"{BASE}/api/v1/kits/{kit}/versions?limit=200").json())
    for interview in known.resources["interview_id"].values():
        if interview["status"] == "awaiting_scores":
            known.learn(read(f"{BASE}/api/v1/interviews/{interview['id']}/scores").json())


def visit():
    """Creates a user and signs in as the user, so that an admin can end the session."""
    admin = {"Authorization": f"Bearer {accounts[ROLE].sign_in()}"}
    email = f"visitor-{os.getpid()}-{next(numbers)}@acme.example"
    person = {"email": email, "first_name": "Vera", "last_name": "Visitor", "password": PASSWORD}
    created = requests.post(f"{BASE}/api/v1/users", json=person, headers=admin, timeout=30)
    if created.status_code != 201:
        return  # the settings of the company have changed and do not allow this address
    Account(email).sign_in()
    user = created.json()["id"]
    sessions = requests.get(f"{BASE}/api/v1/users/{user}/sessions", headers=admin, timeout=30)
    known.learn(sessions.json(), owner=user)


def operation(case):
    """Returns the operationId of a request."""
    return case.operation.definition.raw.get("operationId")


@schemathesis.hook
def before_call(context, case, kwargs):
    """Sets values in most of the valid requests, so that more of them succeed than with random values."""
    if case.meta is None:
        return
    if case.meta.phase.name.value == "coverage":
        complete(case)
    separate(case)
    if case.meta.generation.mode is not GenerationMode.POSITIVE:
        return
    if operation(case) not in positive:
        positive.add(operation(case))
        keep()
    if case.meta.phase.name.value not in ("fuzzing", "stateful"):
        return
    # The change depends only on the request: Schemathesis repeats requests and expects the same response.
    number = zlib.crc32(repr((case.path, case.path_parameters, case.query, case.body)).encode(errors="replace"))
    if number % 4 == 0:
        return
    if "If-Match" in case.headers and not re.match(r'"\d', case.headers["If-Match"]):
        case.headers["If-Match"] = "*"
    if "Idempotency-Key" in case.headers and number % 8:
        case.headers["Idempotency-Key"] = f"fuzz-{next(numbers)}"
    if isinstance(case.body, (dict, list)):
        case.body = visible(case.body)
    if ROLE == "admin" and operation(case) == "RevokeUserSession" and not known.resources["session_id"] and next(visits) < 10:
        visit()
    known.place(case, linked=case.meta.phase.name.value == "stateful")
    known.fill(case)


def separate(case):
    """Removes either the ids or all other parameters from the query of a valid request, because they exclude each other."""
    if "id" not in (case.query or {}) or case.meta.generation.mode is not GenerationMode.POSITIVE:
        return
    tested = getattr(case.meta.phase.data, "parameter", None)
    if tested == "id" or tested is None and zlib.crc32(repr(case.query).encode(errors="replace")) % 2:
        case.query = {"id": case.query["id"]}
    else:
        del case.query["id"]


def complete(case):
    """Sets valid conditions in requests that test the bounds of other parameters.

    In this phase Schemathesis writes headers with letters and digits only. The pattern of a condition needs other
    characters, so even valid requests would have an invalid condition.
    """
    for name in ("If-Match", "If-None-Match"):
        if name in case.headers and case.meta.phase.data.parameter != name and not TAGS.match(case.headers[name]):
            case.headers[name] = "*" if name == "If-Match" else '"0"'


def visible(value):
    """Returns the value with a letter instead of each control character. Schemas do not express that these are invalid."""
    if isinstance(value, dict):
        return {name: visible(member) for name, member in value.items()}
    if isinstance(value, list):
        return [visible(item) for item in value]
    if isinstance(value, str):
        return re.sub("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", "x", value)
    return value


@schemathesis.hook
def after_call(context, case, response):
    """Stores the resources of the response and, so that the account can still sign in, changed passwords."""
    for account in accounts.values():
        account.missed(response)
    if response.status_code in (200, 201, 204, 409):
        known.spend(case)
    if response.status_code in (200, 201) and response.headers.get("content-type", [""])[0].startswith("application/json"):
        known.learn(response.json(), owner=(case.path_parameters or {}).get("user_id"))
    if case.method == "DELETE" and response.status_code in (200, 204, 404):
        known.forget(case.path_parameters)
    if operation(case) == "ChangePassword" and response.status_code == 204:
        accounts[ROLE].passwords.insert(0, case.body["new_password"])
        keep()


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Counts and ignores the findings that EXCLUDED lists."""
    why = excuse(failure, case, response)
    if why not in EXCLUDED:
        return True
    excluded[why] += 1
    keep()
    return False


def excuse(failure, case, response):
    """Returns the key of a finding in EXCLUDED, or None if it cannot be excluded."""
    if isinstance(failure, AcceptedNegativeData) and case.method != "PATCH" and has_null(case.body):
        return "null_member"
    if isinstance(failure, JsonSchemaError) and response.status_code == 200:
        return operation(case)
    if isinstance(failure, RejectedPositiveData) and response.status_code == 400:
        try:
            problem = response.json()
            errors = problem.get("errors", [])
            if any(error["code"] == "combined" for error in errors):
                return "combined"
            if any(error.get("parameter") == "after" for error in errors):
                return "after"
            return problem["code"]
        except (ValueError, KeyError, TypeError):
            return None
    return None


def has_null(value):
    """Reports whether an object has a member that is null, at any depth."""
    if isinstance(value, dict):
        return any(member is None or has_null(member) for member in value.values())
    return isinstance(value, list) and any(has_null(item) for item in value)


@schemathesis.serializer("text/csv", "application/x-ndjson")
def text(context, value):
    """Encodes a string. The encoding of any other value begins with a byte that is invalid in UTF-8."""
    return value.encode() if isinstance(value, str) else b"\xff" + json.dumps(value, default=str).encode()


def workbook():
    """Returns a workbook with one candidate."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    packages = "http://schemas.openxmlformats.org/package/2006"
    rows = (("external_id", "first_name", "last_name"), ("fuzz-xlsx", "Mira", "Solheim"))
    cells = "".join(
        "<row>" + "".join(f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in row) + "</row>" for row in rows
    )
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{packages}/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" '
        'ContentType="application/xml"/><Override PartName="/xl/workbook.xml" '
        'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override '
        'PartName="/xl/worksheets/sheet1.xml" '
        'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{packages}/relationships"><Relationship Id="rId1" '
        f'Type="{relations}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{relations}"><sheets>'
        '<sheet name="Candidates" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{packages}/relationships"><Relationship Id="rId1" '
        f'Type="{relations}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{cells}</sheetData></worksheet>',
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, '<?xml version="1.0" encoding="UTF-8"?>' + content)
    return file.getvalue()


WORKBOOK = workbook()


@schemathesis.serializer("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
def spreadsheet(context, value):
    """Sends a workbook instead of random bytes, which are none. Any other value becomes what is not a workbook."""
    return WORKBOOK if isinstance(value, (str, bytes)) else b"\xff" + json.dumps(value, default=str).encode()
