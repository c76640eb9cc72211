// From a job to an offer through the functions of @hey-api/openapi-ts, with what each person may see on the way.
import { randomUUID } from "node:crypto";
import * as api from "./generated/index.js";
import {
  ApplicationStage, CandidateSort, InterviewAction, InterviewKind, InterviewStatus, JobRole, JobStatus, KitVersionAction,
  KitVersionStatus, PanelAnswer, Recommendation, Role,
} from "./generated/index.js";
import type { CreateInterviewRequest, KitCriterion, Score } from "./generated/index.js";
import { anonymous, etag, holds, ok, password, refused, same, signIn } from "./session.js";

const run = `hey-api-${randomUUID().slice(0, 8)}`;

refused(await api.getMe({ client: anonymous() }), 401, "missing_token");
const hr = await signIn("hr@acme.example", "SecurePassword123!");
async function enter(name: string, role: Role) {
  const email = `${run}-${name}@acme.example`;
  const body = { email, password, first_name: name, last_name: "Journey", role };
  const user = ok(await api.createUser({ client: hr, body, headers: { "Idempotency-Key": randomUUID() } }));
  return { id: user.id, client: await signIn(email) };
}
const lead = await enter("Lars", Role.TEAM_LEAD);
const emil = await enter("Emil", Role.EMPLOYEE);
const third = await enter("Thea", Role.EMPLOYEE);
const outsider = await enter("Olaf", Role.EMPLOYEE);

// A job, changed by whoever knows its present version.
const job = ok(await api.createJob({ client: hr, body: { title: `Engineer ${run}`, location: "Berlin" } }));
const atJob = { client: hr, path: { job_id: job.id } };
ok(await api.setJobMember({
  client: hr, path: { job_id: job.id, user_id: lead.id }, body: { role: JobRole.HIRING_MANAGER },
}));
const first = etag(await api.getJob(atJob));
same((await api.getJob({ ...atJob, headers: { "If-None-Match": first } })).response.status, 304, "an unchanged job");
const change = { ...atJob, headers: { "If-Match": first } };
same(ok(await api.updateJob({ ...change, body: { location: null } })).location, null, "the location that was cleared");
refused(await api.updateJob({ ...change, body: { location: "Hamburg" } }), 412, "version_mismatch");
same(ok(await api.openJob(atJob)).status, JobStatus.OPEN, "the job");
refused(await api.getJob({ ...atJob, client: outsider.client }), 404, "not_found");
refused(await api.listUsers({ client: outsider.client }), 403, "permission_denied");

// A kit, published and from then on unchangeable.
const anchors: KitCriterion["anchors"] = [
  "Guesses.", "Follows.", "Solves what is usual.", "Takes the unknown apart.", "Shows others the way.",
];
const criteria: KitCriterion[] = [
  { key: "planning", title: "Planning", weight: 3, required: true, anchors },
  { key: "safety", title: "Safety", weight: 2, required: true, anchors },
];
const questions = [{ key: "detour", text: "How would you plan around a person?" }];
const kit = ok(await api.createKit({ client: hr, body: { name: `Kit ${run}`, questions, criteria } }));
if (!kit.draft_version_id) throw new Error("the kit has no draft");
const version = kit.draft_version_id;
const atVersion = { client: hr, path: { kit_id: kit.id, kit_version_id: version } };
refused(await api.updateKitVersion({ ...atVersion, body: { questions: [] } }), 428, "precondition_required");
same(ok(await api.publishKitVersion(atVersion)).status, KitVersionStatus.PUBLISHED, "the version");
const frozen = refused(await api.updateKitVersion({
  ...atVersion, headers: { "If-Match": "*" }, body: { questions: [] },
}), 409, "state_conflict");
same([frozen.state, frozen.allowed_actions], [KitVersionStatus.PUBLISHED, [KitVersionAction.ARCHIVE]], "what it allows");

// Candidates from a file, read page by page.
const file = (address: string) => ["external_id,first_name,last_name,email,tags",
  `${run}-1,Mira,Solheim,mira.${run}@mail.example,${run}`, `${run}-2,Tomás,Quiroga,${address},${run}`,
  `${run}-3,Ngozi,Eze,ngozi.${run}@mail.example,${run}`, ""].join("\r\n");
const wrong = refused(await api.importCandidatesCsv({ client: hr, body: file("not an address") }), 422, "import_refused");
same(wrong.errors?.map(({ line, pointer }) => [line, pointer]), [[3, "/email"]], "what is wrong in the file");
const imported = await api.importCandidatesCsv({ client: hr, body: file(`tomas.${run}@mail.example`) });
same(ok(imported).created, 3, "the imported candidates");
const names: string[] = [];
for (let cursor: string | null | undefined; cursor !== null; ) {
  const query = { tag: [run], sort: CandidateSort.NAME_ASC, limit: 2, ...(cursor ? { cursor } : {}) };
  const page = ok(await api.listCandidates({ client: hr, query }));
  names.push(...page.data.map(candidate => candidate.last_name));
  if (page.next_cursor) {
    const elsewhere = await api.listCandidates({ client: hr, query: { limit: 2, cursor: page.next_cursor } });
    refused(elsewhere, 400, "invalid_cursor");
  }
  cursor = page.next_cursor;
}
same(names, ["Eze", "Quiroga", "Solheim"], "the candidates, page by page");
const mira = ok(await api.listCandidates({ client: hr, query: { external_id: `${run}-1` } })).data[0];
if (!mira) throw new Error("Mira is not found");

// An application, moved forward by one stage.
const applying = { candidate_id: mira.id, job_id: job.id };
const application = ok(await api.createApplication({ client: hr, body: applying }));
refused(await api.createApplication({ client: hr, body: applying }), 409, "application_exists");
const move = (client: typeof hr, to: ApplicationStage) =>
  api.moveApplication({ client, path: { application_id: application.id }, body: { to } });
ok(await move(lead.client, ApplicationStage.SCREENING));
refused(await move(lead.client, ApplicationStage.EVALUATION), 403, "role_not_allowed");
ok(await move(lead.client, ApplicationStage.INTERVIEW));

// An interview with a panel of three.
const panel = [lead, emil, third];
const invitation: CreateInterviewRequest = {
  application_id: application.id, kit_version_id: version, title: "Technical interview", kind: InterviewKind.VIDEO,
  panel: panel.map(({ id }) => ({ user_id: id })),
  schedule: { starts_at: "2090-03-27T10:00:00+02:00", ends_at: "2090-03-27T11:00:00+02:00", timezone: "Europe/Berlin" },
};
const interview = ok(await api.createInterview({ client: lead.client, body: invitation }));
refused(await api.createInterview({ client: lead.client, body: invitation }), 409, "schedule_conflict");
const path = { interview_id: interview.id };
for (const { client } of panel) {
  ok(await api.respondToInterview({ client, path, body: { response: PanelAnswer.ACCEPTED } }));
}
const calendar = ok(await api.getInterviewCalendar({ client: emil.client, path, parseAs: "blob" }));
holds((await calendar.text()).includes("BEGIN:VEVENT"), "the calendar has an event");
refused(await api.getInterview({ client: outsider.client, path }), 404, "not_found");
const early = refused(await api.finishInterview({ client: emil.client, path }), 409, "state_conflict");
holds(early.allowed_actions?.includes(InterviewAction.START) ?? false, "what cannot be finished can be started");
ok(await api.startInterview({ client: emil.client, path }));
same(ok(await api.finishInterview({ client: emil.client, path })).status, InterviewStatus.AWAITING_SCORES, "it");

// Scores, each blind until one's own is submitted.
async function judge({ client }: typeof lead, planning: number, safety: number): Promise<Score> {
  const note = "Kept the person in view.";
  const ratings = [{ criterion_key: "planning", rating: planning, note }];
  const draft = await api.createScore({ client, path, body: { ratings } });
  const atScore = { client, path: { score_id: ok(draft).id } };
  refused(await api.submitScore(atScore), 422, "rule_violated");
  const body = { recommendation: Recommendation.YES, ratings: [
    { criterion_key: "planning", rating: planning }, { criterion_key: "safety", rating: safety }] };
  refused(await api.updateScore({ ...atScore, body }), 428, "precondition_required");
  ok(await api.updateScore({ ...atScore, body, headers: { "If-Match": etag(draft) } }));
  return ok(await api.submitScore(atScore));
}
const atScore = { client: emil.client, path: { score_id: (await judge(lead, 4, 5)).id } };
refused(await api.getScore(atScore), 404, "not_found");
same(ok(await api.listScores({ client: emil.client, query: { interview_id: interview.id } })).data, [], "the list");
const blind = ok(await api.getInterviewSummary({ client: emil.client, path }));
same([blind.blinded, blind.figures.scores], [true, 0], "what Emil sees before his own score");
await judge(emil, 2, 4);
same(ok(await api.getScore(atScore)).ratings[0]?.rating, 4, "what Lars gave");
same(ok(await api.getInterview({ client: hr, path })).status, InterviewStatus.AWAITING_SCORES, "it, one score missing");
await judge(third, 4, 4);
same(ok(await api.getInterview({ client: hr, path })).status, InterviewStatus.COMPLETED, "it, with all its scores");

// The decision.
const atApplication = { client: hr, path: { application_id: application.id } };
const { figures } = ok(await api.getApplicationSummary(atApplication));
same([figures.scores, figures.recommendations.yes], [3, 3], "the summary");
ok(await move(hr, ApplicationStage.EVALUATION));
same(ok(await move(hr, ApplicationStage.OFFER)).stage, ApplicationStage.OFFER, "the application");
refused(await move(hr, ApplicationStage.SCREENING), 422, "rule_violated");
const history = ok(await api.listApplicationHistory(atApplication)).data.map(({ to_stage }) => to_stage);
same(history, ["applied", "screening", "interview", "evaluation", "offer"], "the history");

// A value that a later version adds to an enum comes through as it is.
hr.interceptors.response.use(async response =>
  new Response((await response.text()).replace('"status":"open"', '"status":"hibernating"'), response));
const later: string = ok(await api.getJob(atJob)).status;
same(later, "hibernating", "a status that this client does not know");
