import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

from interviewer_client import AuthenticatedClient
from interviewer_client.api.applications import list_applications
from interviewer_client.api.candidates import list_candidates
from interviewer_client.api.events import follow_events
from interviewer_client.models import ApplicationPage, CandidatePage, EventFeed, Problem
from interviewer_client.types import UNSET

LISTS: dict[str, Callable[..., Any]] = {"candidate": list_candidates.sync, "application": list_applications.sync}
client = AuthenticatedClient(base_url=os.environ.get("API_URL", "http://localhost:8000"), token=os.environ["API_KEY"])
file = Path(os.environ.get("COPIES", "copies.json"))


def follow(cursor: str | None = None) -> EventFeed | None:
    """Return the events after a position, or None if it has expired."""
    page = follow_events.sync(client=client, limit=100, cursor=cursor or UNSET)
    if isinstance(page, EventFeed):
        return page
    if isinstance(page, Problem) and page.status == 410:
        return None
    raise SystemExit(f"{page.code}: {page.detail}" if page else "unexpected response")


def read(kind: str, **query: Any) -> ApplicationPage | CandidatePage:
    page = LISTS[kind](client=client, **query)
    if isinstance(page, (ApplicationPage, CandidatePage)):
        return page
    raise SystemExit(f"{page.code}: {page.detail}" if page else "unexpected response")


def start() -> dict[str, Any]:
    first = follow()  # the position comes before the lists
    assert first
    state: dict[str, Any] = {"cursor": first.next_cursor, "copies": {kind: {} for kind in LISTS}}
    for kind, copies in state["copies"].items():
        cursor: str | None = ""
        while cursor is not None:
            page = read(kind, limit=200, cursor=cursor or UNSET)
            copies.update({str(entry.id): entry.to_dict() for entry in page.data})
            cursor = page.next_cursor
    return state


state = json.loads(file.read_text()) if file.exists() else start()
more = True
while more:
    page = follow(state["cursor"])
    if page is None:
        state = start()
        break
    for kind, copies in state["copies"].items():
        changed = {event.resource.id for event in page.data if event.resource.type_ == kind}
        for resource in changed:
            copies.pop(str(resource), None)
        ids: list[UUID] = list(changed)
        if ids:
            copies.update({str(entry.id): entry.to_dict() for entry in read(kind, id=ids).data})
    state["cursor"], more = page.next_cursor, page.has_more
file.write_text(json.dumps(state))
print(len(state["copies"]["candidate"]), "candidates,", len(state["copies"]["application"]), "applications")
