"""What the journey asks of answers, and how one signs in."""

import os
from http import HTTPStatus
from time import sleep
from typing import Any, TypeVar

from interviewer_client import AuthenticatedClient, Client
from interviewer_client.api.auth import login
from interviewer_client.models import LoginRequest, Problem, TokenPair
from interviewer_client.types import Response

URL = os.environ.get("API_URL", "http://localhost:8000")
PASSWORD = "copper-lantern-drifts-north"

T = TypeVar("T")


def ok(answer: Response[Any], kind: type[T]) -> T:
    """Gives what was asked for, and ends the journey where it was refused."""
    if not isinstance(answer.parsed, kind):
        raise AssertionError(f"{answer.status_code}: {answer.parsed}")
    return answer.parsed


def refused(answer: Response[Any], status: HTTPStatus, code: str) -> Problem:
    """Gives the problem, and ends the journey where it is another or none."""
    problem = answer.parsed
    if not isinstance(problem, Problem) or answer.headers["Content-Type"] != "application/problem+json":
        raise AssertionError(f"no problem document came with {answer.status_code}: {answer.content!r}")
    same((answer.status_code, problem.status, problem.code), (status, status, code), "the problem")
    return problem


def same(got: object, want: object, what: str) -> None:
    """Ends the journey where something is not as it should be."""
    if got != want:
        raise AssertionError(f"{what}: got {got!r}, want {want!r}")


def sign_in(email: str, password: str = PASSWORD, tries: int = 5) -> AuthenticatedClient:
    """Gives a client that sends the person's access token. A busy service is asked again when it says so."""
    answer = login.sync_detailed(client=Client(base_url=URL), body=LoginRequest(email=email, password=password))
    if answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE and "Retry-After" in answer.headers and tries > 1:
        sleep(int(answer.headers["Retry-After"]))
        return sign_in(email, password, tries - 1)
    return AuthenticatedClient(base_url=URL, token=ok(answer, TokenPair).access_token)
