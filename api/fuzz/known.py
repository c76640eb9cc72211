"""Stores resources from responses, so that requests can refer to resources that exist and have the right state.

A schema defines the format of an id, not which ids exist, so nearly every random id results in 404. Values in valid
requests are replaced by known ones; values in invalid requests are not.
"""

import datetime
import re

# A property that identifies the kind of a resource, because no other kind has it.
MARKS = {
    "kit_version_id": "content_hash",
    "interview_id": "panel",
    "score_id": "rater",
    "application_id": "stage",
    "kit_id": "draft_version_id",
    "job_id": "opened_at",
    "candidate_id": "tags",
    "api_key_id": "prefix",
    "user_id": "first_name",
}
# Lists that together contain resources in every state.
LISTS = (
    "jobs candidates applications applications?status=active kits scores scores?status=draft users api-keys interviews "
    "interviews?status=draft interviews?status=scheduled interviews?status=in_progress interviews?status=awaiting_scores"
).split()

# The action of an operation in allowed_actions, by the last segment of its path, if the two differ.
ACTIONS = {"no-show": "mark_no_show", "versions": "create_version", "scores": "create_score", "panel": "set_panel"}
# The parameters of the owner of a resource, which precedes it in the path.
OWNERS = {"kit_version_id": ["kit_id"], "session_id": ["user_id"]}
# The action that a resource must allow so that the body of a request can refer to it.
BODY_ACTIONS = {"application_id": "schedule_interview", "candidate_id": "apply"}


class Known:
    """Resources from responses, by kind and id."""

    def __init__(self, spared):
        self.spared = spared  # the emails of the accounts that must be able to sign in
        self.resources = {kind: {} for kind in [*MARKS, "session_id"]}
        self.refresh_tokens = []
        self.turn = 0

    def learn(self, body, owner=None):
        """Stores the resources in the JSON of a response, single or in a list. Sessions belong to the owner."""
        if not isinstance(body, dict):
            return
        for shown in [body, body.get("api_key"), *(body.get("data") or [])]:
            if owner and isinstance(shown, dict) and shown.get("is_current") is False:
                self.resources["session_id"][shown["id"]] = shown | {"user_id": owner, "allowed_actions": []}
            if not isinstance(shown, dict) or not {"id", "allowed_actions"} <= shown.keys():
                continue
            for kind, mark in MARKS.items():
                if mark in shown:
                    self.resources[kind][shown["id"]] = shown
                    break
        if "refresh_token" in body:
            self.refresh_tokens.append(body["refresh_token"])

    def forget(self, path):
        """Removes the session of the last id of the path, or all sessions of that user."""
        gone = list(path.values())[-1]
        self.resources["session_id"].pop(gone, None)
        sessions = self.resources["session_id"]
        self.resources["session_id"] = {name: shown for name, shown in sessions.items() if shown["user_id"] != gone}

    def pick(self, kind, action=None, fits=lambda shown: True):
        """Returns, in turn, one of the resources that fit and allow the action, otherwise one that fits, otherwise None."""
        self.turn += 1
        every = [shown for shown in self.resources.get(kind, {}).values() if fits(shown)]
        ready = [shown for shown in every if action in shown["allowed_actions"]]
        among = ready or every
        return among[self.turn % len(among)] if among else None

    def place(self, case, linked):
        """Replaces the ids in the path of a valid request by those of known resources, if possible in the right state.

        In a sequence of requests, ids that come from a link are not replaced.
        """
        path = case.path_parameters or {}
        for name in path:
            if name not in self.resources or linked and self.fits(case, self.resources[name].get(path[name])):
                continue
            found = self.pick(name, self.action(case, name), lambda shown: self.fits(case, shown))
            if found:
                path[name] = found["id"]
                for owner in OWNERS.get(name, ()):
                    if owner in path:
                        path[owner] = found[owner] or path[owner]

    def fits(self, case, shown):
        """Reports whether a request may use a resource. Accounts that must be able to sign in are not changed."""
        return bool(shown) and (case.method == "GET" or shown.get("email") not in self.spared)

    @staticmethod
    def action(case, name):
        """Returns the action of a request on the resource of a path parameter, or None."""
        parts = case.path.strip("/").split("/")
        step = parts.index("{" + name + "}")
        if case.method == "PATCH" and step == len(parts) - 1:
            return "update"
        if case.method != "GET" and step < len(parts) - 1:
            return ACTIONS.get(parts[step + 1], parts[step + 1].replace("-", "_"))
        return None

    def spend(self, case):
        """Removes an action that was performed or rejected, so that the next request for it uses another resource."""
        for name, value in (case.path_parameters or {}).items():
            shown = self.resources.get(name, {}).get(value)
            if shown and case.method == "POST":
                action = self.action(case, name)
                shown["allowed_actions"] = [other for other in shown["allowed_actions"] if other != action]

    def fill(self, case):
        """Replaces values in the body of a valid request by known ones."""
        if isinstance(case.body, dict):
            self.fill_object(case.body, case.path_parameters or {})
            if "refresh_token" in case.body and self.refresh_tokens:
                case.body["refresh_token"] = self.refresh_tokens.pop()

    def fill_object(self, body, path):
        """Replaces values in an object: ids, times, and the criteria of a score."""
        for name, value in body.items():
            if isinstance(value, dict):
                self.fill_object(value, path)
            elif name == "kit_version_id":
                found = self.pick(name, fits=lambda shown: shown["status"] == "published")
                body[name] = found["id"] if found else value
            elif name in self.resources and value not in self.resources[name] and value is not None:
                found = self.pick(name, BODY_ACTIONS.get(name), lambda shown: shown.get("status") not in ("closed", "draft"))
                body[name] = found["id"] if found else value
            elif name == "panel" and isinstance(value, list):
                body[name] = self.panel(value)
            elif name == "email" and "last_name" in body and isinstance(value, str):
                body[name] = re.sub("@.*", "@acme.example", value)
            elif name == "ratings" and value and isinstance(value, list):
                body[name] = self.ratings(value, path)
        if "ratings" in body and self.turn % 2:
            body["recommendation"] = "yes"
        if {"starts_at", "ends_at", "timezone"} <= body.keys():
            self.turn += 1
            start = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1, minutes=15 * (self.turn % 3000))
            end = start + datetime.timedelta(minutes=45)
            body |= {"starts_at": stamp(start), "ends_at": stamp(end), "timezone": "Europe/Stockholm"}

    def panel(self, drawn):
        """Returns a panel of the same size with different known users."""
        chosen = {}
        for panelist in drawn:
            found = self.pick("user_id", fits=lambda shown: shown["is_active"])
            if found and isinstance(panelist, dict):
                chosen[found["id"]] = panelist | {"user_id": found["id"]}
        return list(chosen.values()) or drawn

    def ratings(self, drawn, path):
        """Returns ratings of the criteria of the interview's kit: alternately those of the request, and one per criterion."""
        about = self.resources["interview_id"].get(path.get("interview_id"))
        score = self.resources["score_id"].get(path.get("score_id"))
        if score:
            about = self.resources["interview_id"].get(score["interview_id"])
        version = self.resources["kit_version_id"].get(about["kit_version_id"]) if about else None
        if not version:
            return drawn
        self.turn += 1
        if self.turn % 2:
            return [{"criterion_key": criterion["key"], "rating": 1 + self.turn % 5} for criterion in version["criteria"]]
        return [rating | {"criterion_key": criterion["key"]} for rating, criterion in zip(drawn, version["criteria"])]


def stamp(time):
    return time.strftime("%Y-%m-%dT%H:%M:00Z")
