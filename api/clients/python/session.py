"""Signs in, and checks responses."""

import os
from http import HTTPStatus
from time import sleep
from typing import Any, TypeVar

from interviewer_client import AuthenticatedClient, Client
from interviewer_client.api.auth import change_password, login
from interviewer_client.api.users import list_users
from interviewer_client.models import ChangePasswordRequest, LoginRequest, Problem, TokenPair
from interviewer_client.types import Response

URL = os.environ.get("API_URL", "http://localhost:8000")
PASSWORD = "copper-lantern-drifts-north"

T = TypeVar("T")


def ok(response: Response[Any], kind: type[T]) -> T:
    """Returns the body of a successful response, and raises an error for any other."""
    if not isinstance(response.parsed, kind):
        raise AssertionError(f"{response.status_code}: {response.parsed}")
    return response.parsed


def rejected(response: Response[Any], status: HTTPStatus, code: str) -> Problem:
    """Returns the problem, and raises an error if the response has another status or code."""
    problem = response.parsed
    if not isinstance(problem, Problem) or response.headers["Content-Type"] != "application/problem+json":
        raise AssertionError(f"the response {response.status_code} is not a problem document: {response.content!r}")
    equal((response.status_code, problem.status, problem.code), (status, status, code), "the problem")
    return problem


def equal(got: object, want: object, what: str) -> None:
    """Raises an error if two values differ."""
    if got != want:
        raise AssertionError(f"{what}: got {got!r}, want {want!r}")


def sign_in(email: str, password: str = PASSWORD, tries: int = 5) -> AuthenticatedClient:
    """Returns a client that sends the access token of a user. It waits and retries if the service is busy."""
    response = login.sync_detailed(client=Client(base_url=URL), body=LoginRequest(email=email, password=password))
    if response.status_code == HTTPStatus.SERVICE_UNAVAILABLE and "Retry-After" in response.headers and tries > 1:
        sleep(int(response.headers["Retry-After"]))
        return sign_in(email, password, tries - 1)
    return AuthenticatedClient(base_url=URL, token=ok(response, TokenPair).access_token)


def first_sign_in(email: str, initial: str) -> AuthenticatedClient:
    """Changes the initial password of a user, without which nothing else is possible, and signs in again."""
    client = sign_in(email, initial)
    rejected(list_users.sync_detailed(client=client), HTTPStatus.FORBIDDEN, "password_change_required")
    body = ChangePasswordRequest(current_password=initial, new_password=PASSWORD)
    equal(change_password.sync_detailed(client=client, body=body).status_code, HTTPStatus.NO_CONTENT, "the change")
    return sign_in(email)
