"""From a job to an offer through openapi-python-client, with what each person may and may not see on the way."""

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID, uuid4

from interviewer_client import AuthenticatedClient
from interviewer_client.api.applications import create_application, list_application_history, move_application
from interviewer_client.api.candidates import import_candidates_csv, list_candidates
from interviewer_client.api.interviews import (
    create_interview,
    finish_interview,
    get_interview,
    get_interview_calendar,
    respond_to_interview,
    start_interview,
)
from interviewer_client.api.jobs import create_job, get_job, open_job, set_job_member, update_job
from interviewer_client.api.kits import create_kit, publish_kit_version, update_kit_version
from interviewer_client.api.scores import (
    create_score,
    get_application_summary,
    get_interview_summary,
    get_score,
    list_scores,
    submit_score,
    update_score,
)
from interviewer_client.api.users import create_user, get_me, list_users
from interviewer_client.models import (
    Application,
    ApplicationMovePage,
    ApplicationStage,
    ApplicationSummary,
    CandidatePage,
    CandidateSort,
    CreateApplicationRequest,
    CreateInterviewRequest,
    CreateJobRequest,
    CreateKitRequest,
    CreateScoreRequest,
    CreateUserRequest,
    ImportReport,
    Interview,
    InterviewKind,
    InterviewStatus,
    InterviewSummary,
    Job,
    JobMember,
    JobRole,
    JobStatus,
    Kit,
    KitCriterion,
    KitQuestion,
    KitVersion,
    KitVersionStatus,
    MoveApplicationRequest,
    NewPanelist,
    NewScoreRating,
    PanelAnswer,
    Recommendation,
    RespondRequest,
    Role,
    ScheduleRequest,
    Score,
    ScorePage,
    SetJobMemberRequest,
    UpdateJobRequest,
    UpdateKitVersionRequest,
    UpdateScoreRequest,
    User,
)
from interviewer_client.types import UNSET, File, Response, Unset
from session import PASSWORD, URL, ok, refused, same, sign_in

RUN = f"python-{uuid4().hex[:8]}"


@dataclass
class Person:
    """One of the cast."""

    id: UUID
    client: AuthenticatedClient


def enter(hr: AuthenticatedClient, name: str, role: Role) -> Person:
    """Creates one of the cast and signs them in."""
    email = f"{RUN}-{name.lower()}@acme.example"
    body = CreateUserRequest(email=email, password=PASSWORD, first_name=name, last_name="Journey", role=role)
    user = ok(create_user.sync_detailed(client=hr, body=body, idempotency_key=str(uuid4())), User)
    return Person(user.id, sign_in(email))


nobody = AuthenticatedClient(base_url=URL, token="none")
refused(get_me.sync_detailed(client=nobody), HTTPStatus.UNAUTHORIZED, "invalid_token")
hr = sign_in("hr@acme.example", "SecurePassword123!")
lead, emil = enter(hr, "Lars", Role.TEAM_LEAD), enter(hr, "Emil", Role.EMPLOYEE)
third, outsider = enter(hr, "Thea", Role.EMPLOYEE), enter(hr, "Olaf", Role.EMPLOYEE)

# A job, changed by whoever knows its present version.
job = ok(create_job.sync_detailed(client=hr, body=CreateJobRequest(title=f"Engineer {RUN}", location="Berlin")), Job)
membership = SetJobMemberRequest(role=JobRole.HIRING_MANAGER)
ok(set_job_member.sync_detailed(job.id, lead.id, client=hr, body=membership), JobMember)
first = get_job.sync_detailed(job.id, client=hr).headers["ETag"]
unchanged = get_job.sync_detailed(job.id, client=hr, if_none_match=first)
same(unchanged.status_code, HTTPStatus.NOT_MODIFIED, "an unchanged job")
patched = update_job.sync_detailed(job.id, client=hr, body=UpdateJobRequest(location=None), if_match=first)
same(ok(patched, Job).location, None, "the location that was cleared")
late = update_job.sync_detailed(job.id, client=hr, body=UpdateJobRequest(location="Hamburg"), if_match=first)
refused(late, HTTPStatus.PRECONDITION_FAILED, "version_mismatch")
opened = open_job.sync_detailed(job.id, client=hr)
same(ok(opened, Job).status, JobStatus.OPEN, "the job")
refused(get_job.sync_detailed(job.id, client=outsider.client), HTTPStatus.NOT_FOUND, "not_found")
refused(list_users.sync_detailed(client=outsider.client), HTTPStatus.FORBIDDEN, "permission_denied")

# A kit, published and from then on unchangeable.
anchors = ["Guesses.", "Follows.", "Solves what is usual.", "Takes the unknown apart.", "Shows others the way."]
criteria = [
    KitCriterion(key="planning", title="Planning", weight=3, required=True, anchors=anchors),
    KitCriterion(key="safety", title="Safety", weight=2, required=True, anchors=anchors),
]
questions = [KitQuestion(key="detour", text="How would you plan around a person?")]
content = CreateKitRequest(name=f"Kit {RUN}", questions=questions, criteria=criteria)
kit = ok(create_kit.sync_detailed(client=hr, body=content), Kit)
assert kit.draft_version_id is not None
version = kit.draft_version_id
emptied = UpdateKitVersionRequest(questions=[])
unbased = update_kit_version.sync_detailed(kit.id, version, client=hr, body=emptied)
refused(unbased, HTTPStatus.PRECONDITION_REQUIRED, "precondition_required")
published = publish_kit_version.sync_detailed(kit.id, version, client=hr)
same(ok(published, KitVersion).status, KitVersionStatus.PUBLISHED, "the version")
frozen = update_kit_version.sync_detailed(kit.id, version, client=hr, body=emptied, if_match="*")
problem = refused(frozen, HTTPStatus.CONFLICT, "state_conflict")
same((problem.state, problem.allowed_actions), ("published", ["archive"]), "what a published version allows")


# Candidates from a file, read page by page.
def upload(address: str) -> Response[Any]:
    """Imports three candidates, one of whom has this address."""
    rows = [
        "external_id,first_name,last_name,email,tags",
        f"{RUN}-1,Mira,Solheim,mira.{RUN}@mail.example,{RUN}",
        f"{RUN}-2,Tomás,Quiroga,{address},{RUN}",
        f"{RUN}-3,Ngozi,Eze,ngozi.{RUN}@mail.example,{RUN}",
    ]
    return import_candidates_csv.sync_detailed(client=hr, body="\r\n".join(rows))


wrong = refused(upload("not an address"), HTTPStatus.UNPROCESSABLE_ENTITY, "import_refused")
same([(error.line, error.pointer) for error in wrong.errors or []], [(3, "/email")], "what is wrong in the file")
same(ok(upload(f"tomas.{RUN}@mail.example"), ImportReport).created, 3, "the imported candidates")
names: list[str] = []
cursor: str | None | Unset = UNSET
while cursor is not None:
    listed = list_candidates.sync_detailed(client=hr, tag=[RUN], sort=CandidateSort.NAME_ASC, limit=2, cursor=cursor)
    page = ok(listed, CandidatePage)
    names += [candidate.last_name for candidate in page.data]
    cursor = page.next_cursor
    if cursor:
        elsewhere = list_candidates.sync_detailed(client=hr, limit=2, cursor=cursor)
        refused(elsewhere, HTTPStatus.BAD_REQUEST, "invalid_cursor")
same(names, ["Eze", "Quiroga", "Solheim"], "the candidates, page by page")
mira = ok(list_candidates.sync_detailed(client=hr, external_id=f"{RUN}-1"), CandidatePage).data[0]

# An application, moved forward by one stage.
applying = CreateApplicationRequest(candidate_id=mira.id, job_id=job.id)
application = ok(create_application.sync_detailed(client=hr, body=applying), Application)
refused(create_application.sync_detailed(client=hr, body=applying), HTTPStatus.CONFLICT, "application_exists")


def move(client: AuthenticatedClient, to: ApplicationStage) -> Response[Any]:
    """Moves the application."""
    return move_application.sync_detailed(application.id, client=client, body=MoveApplicationRequest(to=to))


ok(move(lead.client, ApplicationStage.SCREENING), Application)
refused(move(lead.client, ApplicationStage.EVALUATION), HTTPStatus.FORBIDDEN, "role_not_allowed")
ok(move(lead.client, ApplicationStage.INTERVIEW), Application)

# An interview with a panel of three.
panel = [lead, emil, third]
schedule = ScheduleRequest(
    starts_at=datetime.fromisoformat("2090-03-27T10:00:00+02:00"),
    ends_at=datetime.fromisoformat("2090-03-27T11:00:00+02:00"),
    timezone="Europe/Berlin",
)
invitation = CreateInterviewRequest(
    application_id=application.id,
    kit_version_id=version,
    title="Technical interview",
    kind=InterviewKind.VIDEO,
    panel=[NewPanelist(user_id=person.id) for person in panel],
    schedule=schedule,
)
interview = ok(create_interview.sync_detailed(client=lead.client, body=invitation), Interview)
again = create_interview.sync_detailed(client=lead.client, body=invitation)
refused(again, HTTPStatus.CONFLICT, "schedule_conflict")
for person in panel:
    accepted = RespondRequest(response=PanelAnswer.ACCEPTED)
    ok(respond_to_interview.sync_detailed(interview.id, client=person.client, body=accepted), Interview)
calendar = ok(get_interview_calendar.sync_detailed(interview.id, client=emil.client), File)
same(b"BEGIN:VEVENT" in calendar.payload.read(), True, "that the calendar has an event")
refused(get_interview.sync_detailed(interview.id, client=outsider.client), HTTPStatus.NOT_FOUND, "not_found")
early = refused(finish_interview.sync_detailed(interview.id, client=emil.client), HTTPStatus.CONFLICT, "state_conflict")
same("start" in (early.allowed_actions or []), True, "that what cannot be finished can be started")
ok(start_interview.sync_detailed(interview.id, client=emil.client), Interview)
finished = finish_interview.sync_detailed(interview.id, client=emil.client)
same(ok(finished, Interview).status, InterviewStatus.AWAITING_SCORES, "the interview")


# Scores, each blind until one's own is submitted.
def judge(client: AuthenticatedClient, planning: int, safety: int) -> Score:
    """Writes a draft, completes it and submits it."""
    rating = NewScoreRating(criterion_key="planning", rating=planning, note="Kept the person in view.")
    draft = create_score.sync_detailed(interview.id, client=client, body=CreateScoreRequest(ratings=[rating]))
    id = ok(draft, Score).id
    refused(submit_score.sync_detailed(id, client=client), HTTPStatus.UNPROCESSABLE_ENTITY, "rule_violated")
    ratings = [rating, NewScoreRating(criterion_key="safety", rating=safety)]
    body = UpdateScoreRequest(ratings=ratings, recommendation=Recommendation.YES)
    unbased = update_score.sync_detailed(id, client=client, body=body)
    refused(unbased, HTTPStatus.PRECONDITION_REQUIRED, "precondition_required")
    ok(update_score.sync_detailed(id, client=client, body=body, if_match=draft.headers["ETag"]), Score)
    return ok(submit_score.sync_detailed(id, client=client), Score)


score = judge(lead.client, 4, 5)
refused(get_score.sync_detailed(score.id, client=emil.client), HTTPStatus.NOT_FOUND, "not_found")
same(ok(list_scores.sync_detailed(client=emil.client, interview_id=interview.id), ScorePage).data, [], "the list")
blind = ok(get_interview_summary.sync_detailed(interview.id, client=emil.client), InterviewSummary)
same((blind.blinded, blind.figures.scores), (True, 0), "what Emil sees before his own score")
judge(emil.client, 2, 4)
same(ok(get_score.sync_detailed(score.id, client=emil.client), Score).ratings[0].rating, 4, "what Lars gave")
waiting = ok(get_interview.sync_detailed(interview.id, client=hr), Interview)
same(waiting.status, InterviewStatus.AWAITING_SCORES, "an interview with two scores of three")
judge(third.client, 4, 4)
held = ok(get_interview.sync_detailed(interview.id, client=hr), Interview)
same(held.status, InterviewStatus.COMPLETED, "an interview with all its scores")

# The decision.
summary = ok(get_application_summary.sync_detailed(application.id, client=hr), ApplicationSummary)
same((summary.figures.scores, summary.figures.recommendations.yes), (3, 3), "the summary")
ok(move(hr, ApplicationStage.EVALUATION), Application)
same(ok(move(hr, ApplicationStage.OFFER), Application).stage, ApplicationStage.OFFER, "the application")
refused(move(hr, ApplicationStage.SCREENING), HTTPStatus.UNPROCESSABLE_ENTITY, "rule_violated")
history = ok(list_application_history.sync_detailed(application.id, client=hr), ApplicationMovePage).data
same([entry.to_stage for entry in history], ["applied", "screening", "interview", "evaluation", "offer"], "the history")

# A value that a later version adds to an enum comes through as it is.
later = ok(opened, Job).to_dict() | {"status": "hibernating"}
same(Job.from_dict(later).status, "hibernating", "a status that this client does not know")
same(Job.from_dict(later).to_dict()["status"], "hibernating", "the same, sent back")
