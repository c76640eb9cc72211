"""What Schemathesis is told of this API: who asks, and how bodies that are not JSON are written."""

import os
import threading

import requests
import schemathesis
from schemathesis.auths import CachingAuthProvider
from schemathesis.wfc.escalation import EscalatingAuthProvider

PASSWORD = "SecurePassword123!"
ACCOUNTS = {
    "employee": "employee@acme.example",
    "team_lead": "lead@acme.example",
    "hr": "hr@acme.example",
    "admin": "admin@acme.example",
    "stranger": "admin@globex.example",
}


class Account:
    """A person who signs in, and again whenever their session has ended."""

    def __init__(self, email):
        self.email = email
        self.passwords = [PASSWORD]

    def get(self, case, context):
        base = context.operation.schema.get_base_url()
        for password in self.passwords:
            answer = requests.post(
                base.rstrip("/") + "/api/v1/auth/login",
                json={"email": self.email, "password": password},
                timeout=30,
            )
            if answer.status_code == 200:
                return answer.json()["access_token"]
        raise RuntimeError(f"{self.email} cannot sign in: {answer.status_code} {answer.text}")

    def set(self, case, data, context):
        case.headers["Authorization"] = f"Bearer {data}"


accounts = {name: Account(email) for name, email in ACCOUNTS.items()}


@schemathesis.hook
def after_load_schema(context, schema):
    role = os.environ["FUZZ_ROLE"]
    names = [role, "stranger"]
    schema.auth.providers.append(
        EscalatingAuthProvider(
            [CachingAuthProvider(accounts[name], refresh_interval=600) for name in names],
            names,
            peers=tuple(names),
            pinned=role,
        )
    )


@schemathesis.hook
def after_call(context, case, response):
    if case.operation.definition.raw.get("operationId") == "ChangePassword" and response.status_code == 204:
        accounts[os.environ["FUZZ_ROLE"]].passwords.insert(0, case.body["new_password"])


@schemathesis.serializer("text/csv", "application/x-ndjson")
def text(context, value):
    return value.encode() if isinstance(value, str) else str(value).encode()
