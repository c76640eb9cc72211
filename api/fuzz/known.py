"""The resources that the caller has seen, so that requests can name resources that exist and have the right state.

A schema says what an id looks like, not which ids exist: nearly every random one gets 404. The values of valid requests
are replaced by known ones here; those of invalid requests never are.
"""

import datetime
import re

# The kind of a resource is known from a member that no other kind has, besides id and allowed_actions.
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
# Lists that show resources in every state.
LISTS = (
    "jobs candidates applications applications?status=active kits scores scores?status=draft users api-keys interviews "
    "interviews?status=draft interviews?status=scheduled interviews?status=in_progress interviews?status=awaiting_scores"
).split()

# The member of allowed_actions that an operation needs, by the last step of its path, if the two differ.
ACTIONS = {"no-show": "mark_no_show", "versions": "create_version", "scores": "create_score", "panel": "set_panel"}
# The owner of a resource, which precedes it in the path.
OWNERS = {"kit_version_id": ["kit_id"], "session_id": ["user_id"]}
# The action that a resource must allow to be named in the body of a request for another one.
BODY_ACTIONS = {"application_id": "schedule_interview", "candidate_id": "apply"}


class Known:
    """The resources that responses have shown, by kind and id."""

    def __init__(self, spared):
        self.spared = spared  # the emails of the accounts that must be able to sign in
        self.resources = {kind: {} for kind in [*MARKS, "session_id"]}
        self.refresh_tokens = []
        self.turn = 0

    def learn(self, answer, owner=None):
        """Learns the resources in the JSON of a response, alone or in a list; sessions belong to the owner."""
        if not isinstance(answer, dict):
            return
        for shown in [answer, answer.get("api_key"), *(answer.get("data") or [])]:
            if owner and isinstance(shown, dict) and shown.get("is_current") is False:
                self.resources["session_id"][shown["id"]] = shown | {"user_id": owner, "allowed_actions": []}
            if not isinstance(shown, dict) or not {"id", "allowed_actions"} <= shown.keys():
                continue
            for kind, mark in MARKS.items():
                if mark in shown:
                    self.resources[kind][shown["id"]] = shown
                    break
        if "refresh_token" in answer:
            self.refresh_tokens.append(answer["refresh_token"])

    def forget(self, path):
        """Forgets what was removed: the resource of the last id of the path, or all sessions of that user."""
        gone = list(path.values())[-1]
        self.resources["session_id"].pop(gone, None)
        sessions = self.resources["session_id"]
        self.resources["session_id"] = {name: shown for name, shown in sessions.items() if shown["user_id"] != gone}

    def pick(self, kind, action=None, fits=lambda shown: True):
        """A resource that fits and allows the action, else one that fits, else None. All of them take turns."""
        self.turn += 1
        every = [shown for shown in self.resources.get(kind, {}).values() if fits(shown)]
        ready = [shown for shown in every if action in shown["allowed_actions"]]
        among = ready or every
        return among[self.turn % len(among)] if among else None

    def place(self, case, linked):
        """Gives the path of a valid request the ids of known resources, if possible in the right state.

        In a sequence of requests the ids of a link stay as they are.
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
        """Whether a request may be about a resource: accounts that must be able to sign in are not changed."""
        return bool(shown) and (case.method == "GET" or shown.get("email") not in self.spared)

    @staticmethod
    def action(case, name):
        """The action that a request is for the resource of a path parameter, None if it is none."""
        parts = case.path.strip("/").split("/")
        step = parts.index("{" + name + "}")
        if case.method == "PATCH" and step == len(parts) - 1:
            return "update"
        if case.method != "GET" and step < len(parts) - 1:
            return ACTIONS.get(parts[step + 1], parts[step + 1].replace("-", "_"))
        return None

    def spend(self, case):
        """Notes that an action was done or refused, so that the next request for it takes another resource."""
        for name, value in (case.path_parameters or {}).items():
            shown = self.resources.get(name, {}).get(value)
            if shown and case.method == "POST":
                action = self.action(case, name)
                shown["allowed_actions"] = [other for other in shown["allowed_actions"] if other != action]

    def fill(self, case):
        """Gives the body of a valid request known values."""
        if isinstance(case.body, dict):
            self.fill_object(case.body, case.path_parameters or {})
            if "refresh_token" in case.body and self.refresh_tokens:
                case.body["refresh_token"] = self.refresh_tokens.pop()

    def fill_object(self, body, path):
        """Puts known values into a body: ids, times in the future, and the criteria of a score."""
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
        """As many panelists as in the request, each another user."""
        chosen = {}
        for panelist in drawn:
            found = self.pick("user_id", fits=lambda shown: shown["is_active"])
            if found and isinstance(panelist, dict):
                chosen[found["id"]] = panelist | {"user_id": found["id"]}
        return list(chosen.values()) or drawn

    def ratings(self, drawn, path):
        """Ratings for the criteria of the interview's kit: those of the request, and every second time one of each."""
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
