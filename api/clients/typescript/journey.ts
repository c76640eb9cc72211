// Plays a hiring process from a job to an offer with openapi-fetch, and checks what each person can see on the way.
import { randomUUID } from "node:crypto";
import type { CreateInterviewRequest, JobStatus, KitCriterion, Role, Score } from "./generated/schema.js";
import { anonymous, check, equal, etag, firstSignIn, ok, rejected, signIn } from "./session.js";

const run = `typescript-${randomUUID().slice(0, 8)}`;

rejected(await anonymous().GET("/api/v1/users/me"), 401, "missing_token");
const hr = await signIn("hr@acme.example", "SecurePassword123!");
async function addPerson(name: string, role: Role) {
  const email = `${run}-${name}@acme.example`;
  const password = "amber-kettle-whistles-west";
  const body = { email, password, first_name: name, last_name: "Journey", role };
  const user = ok(await hr.POST("/api/v1/users", { body, params: { header: { "Idempotency-Key": randomUUID() } } }));
  return { id: user.id, api: await firstSignIn(email, password) };
}
const lead = await addPerson("Lars", "team_lead");
const emil = await addPerson("Emil", "employee");
const third = await addPerson("Thea", "employee");
const outsider = await addPerson("Olaf", "employee");

// A job, which can be changed only with its current ETag.
const job = ok(await hr.POST("/api/v1/jobs", { body: { title: `Engineer ${run}`, location: "Berlin" } }));
const atJob = { path: { job_id: job.id } };
ok(await hr.PUT("/api/v1/jobs/{job_id}/members/{user_id}", {
  params: { path: { job_id: job.id, user_id: lead.id } }, body: { role: "hiring_manager" },
}));
const first = etag(await hr.GET("/api/v1/jobs/{job_id}", { params: atJob }));
const unchanged = await hr.GET("/api/v1/jobs/{job_id}", { params: { ...atJob, header: { "If-None-Match": first } } });
equal(unchanged.response.status, 304, "the status of an unchanged job");
const patched = await hr.PATCH("/api/v1/jobs/{job_id}", {
  params: { ...atJob, header: { "If-Match": first } }, body: { location: null },
});
equal(ok(patched).location, null, "the cleared location");
rejected(await hr.PATCH("/api/v1/jobs/{job_id}", {
  params: { ...atJob, header: { "If-Match": first } }, body: { location: "Hamburg" },
}), 412, "version_mismatch");
equal(ok(await hr.POST("/api/v1/jobs/{job_id}/open", { params: atJob })).status, "open" satisfies JobStatus, "the job");
rejected(await outsider.api.GET("/api/v1/jobs/{job_id}", { params: atJob }), 404, "not_found");
rejected(await outsider.api.GET("/api/v1/users"), 403, "permission_denied");

// A kit, which cannot be changed after it is published.
const anchors: KitCriterion["anchors"] = [
  "Guesses.", "Follows.", "Solves what is usual.", "Takes the unknown apart.", "Shows others the way.",
];
const criteria: KitCriterion[] = [
  { key: "planning", title: "Planning", weight: 3, required: true, anchors },
  { key: "safety", title: "Safety", weight: 2, required: true, anchors },
];
const kit = ok(await hr.POST("/api/v1/kits", {
  body: { name: `Kit ${run}`, questions: [{ key: "detour", text: "How would you plan around a person?" }], criteria },
}));
if (!kit.draft_version_id) throw new Error("the kit has no draft");
const version = kit.draft_version_id;
const atVersion = { path: { kit_id: kit.id, kit_version_id: version } };
rejected(await hr.PATCH("/api/v1/kits/{kit_id}/versions/{kit_version_id}", {
  params: atVersion, body: { questions: [] },
}), 428, "precondition_required");
equal(ok(await hr.POST("/api/v1/kits/{kit_id}/versions/{kit_version_id}/publish", { params: atVersion })).status,
  "published", "the version");
const frozen = rejected(await hr.PATCH("/api/v1/kits/{kit_id}/versions/{kit_version_id}", {
  params: { ...atVersion, header: { "If-Match": "*" } }, body: { questions: [] },
}), 409, "state_conflict");
equal([frozen.state, frozen.allowed_actions], ["published", ["archive"]], "the published version");

// Candidates, imported from a file and listed page by page.
const file = (address: string) => ["external_id,first_name,last_name,email,tags",
  `${run}-1,Mira,Solheim,mira.${run}@mail.example,${run}`, `${run}-2,Tomás,Quiroga,${address},${run}`,
  `${run}-3,Ngozi,Eze,ngozi.${run}@mail.example,${run}`, ""].join("\r\n");
const upload = (body: string) => hr.POST("/api/v1/candidates/import.csv", {
  body, bodySerializer: (text: string) => text, headers: { "Content-Type": "text/csv" },
});
const wrong = rejected(await upload(file("not an address")), 422, "import_refused");
equal(wrong.errors?.map(({ line, pointer }) => [line, pointer]), [[3, "/email"]], "the errors in the file");
equal(ok(await upload(file(`tomas.${run}@mail.example`))).created, 3, "the imported candidates");
const names: string[] = [];
const query = { tag: [run], sort: "name" as const, limit: 2 };
for (let cursor: string | null | undefined; cursor !== null; ) {
  const page = ok(await hr.GET("/api/v1/candidates", { params: { query: cursor ? { ...query, cursor } : query } }));
  names.push(...page.data.map(candidate => candidate.last_name));
  if (page.next_cursor) {
    rejected(await hr.GET("/api/v1/candidates", { params: { query: { limit: 2, cursor: page.next_cursor } } }),
      400, "invalid_cursor");
  }
  cursor = page.next_cursor;
}
equal(names, ["Eze", "Quiroga", "Solheim"], "the listed candidates");
const mira = ok(await hr.GET("/api/v1/candidates", { params: { query: { external_id: `${run}-1` } } })).data[0];
if (!mira) throw new Error("Mira was not found");

// An application, which moves forward by one stage at a time.
const request = { candidate_id: mira.id, job_id: job.id };
const application = ok(await hr.POST("/api/v1/applications", { body: request }));
rejected(await hr.POST("/api/v1/applications", { body: request }), 409, "application_exists");
const atApplication = { params: { path: { application_id: application.id } } };
ok(await lead.api.POST("/api/v1/applications/{application_id}/move", { ...atApplication, body: { to: "screening" } }));
rejected(await lead.api.POST("/api/v1/applications/{application_id}/move", {
  ...atApplication, body: { to: "evaluation" },
}), 403, "role_not_allowed");
ok(await lead.api.POST("/api/v1/applications/{application_id}/move", { ...atApplication, body: { to: "interview" } }));

// An interview with three panelists.
const panel = [lead, emil, third];
const invitation: CreateInterviewRequest = {
  application_id: application.id, kit_version_id: version, title: "Technical interview", kind: "video",
  panel: panel.map(({ id }) => ({ user_id: id })),
  schedule: { starts_at: "2090-03-27T10:00:00+02:00", ends_at: "2090-03-27T11:00:00+02:00", timezone: "Europe/Berlin" },
};
const interview = ok(await lead.api.POST("/api/v1/interviews", { body: invitation }));
rejected(await lead.api.POST("/api/v1/interviews", { body: invitation }), 409, "schedule_conflict");
const atInterview = { params: { path: { interview_id: interview.id } } };
for (const { api } of panel) {
  ok(await api.POST("/api/v1/interviews/{interview_id}/respond", { ...atInterview, body: { response: "accepted" } }));
}
const calendar = await emil.api.GET("/api/v1/interviews/{interview_id}/calendar.ics", { ...atInterview, parseAs: "text" });
check(ok(calendar).includes("BEGIN:VEVENT"), "the calendar contains an event");
rejected(await outsider.api.GET("/api/v1/interviews/{interview_id}", atInterview), 404, "not_found");
const early = rejected(await emil.api.POST("/api/v1/interviews/{interview_id}/finish", atInterview), 409, "state_conflict");
check(early.allowed_actions?.includes("start") ?? false, "the allowed actions contain start");
ok(await emil.api.POST("/api/v1/interviews/{interview_id}/start", atInterview));
equal(ok(await emil.api.POST("/api/v1/interviews/{interview_id}/finish", atInterview)).status, "awaiting_scores", "status");

// Scores, which panelists cannot read before they have submitted their own.
async function rate(by: typeof lead, planning: number, safety: number): Promise<Score> {
  const note = "Kept the person in view.";
  const draft = await by.api.POST("/api/v1/interviews/{interview_id}/scores", {
    ...atInterview, body: { ratings: [{ criterion_key: "planning", rating: planning, note }] },
  });
  const atScore = { path: { score_id: ok(draft).id } };
  rejected(await by.api.POST("/api/v1/scores/{score_id}/submit", { params: atScore }), 422, "rule_violated");
  const complete = { recommendation: "yes" as const, ratings: [
    { criterion_key: "planning", rating: planning }, { criterion_key: "safety", rating: safety }] };
  const unconditional = await by.api.PATCH("/api/v1/scores/{score_id}", { params: atScore, body: complete });
  rejected(unconditional, 428, "precondition_required");
  ok(await by.api.PATCH("/api/v1/scores/{score_id}", {
    params: { ...atScore, header: { "If-Match": etag(draft) } }, body: complete,
  }));
  return ok(await by.api.POST("/api/v1/scores/{score_id}/submit", { params: atScore }));
}
const score = await rate(lead, 4, 5);
const atScore = { params: { path: { score_id: score.id } } };
rejected(await emil.api.GET("/api/v1/scores/{score_id}", atScore), 404, "not_found");
equal(ok(await emil.api.GET("/api/v1/scores", { params: { query: { interview_id: interview.id } } })).data, [], "the list of Emil");
const blind = ok(await emil.api.GET("/api/v1/interviews/{interview_id}/summary", atInterview));
equal([blind.blinded, blind.figures.scores], [true, 0], "the summary for Emil before his own score");
await rate(emil, 2, 4);
equal(ok(await emil.api.GET("/api/v1/scores/{score_id}", atScore)).ratings[0]?.rating, 4, "the rating by Lars");
const waiting = await hr.GET("/api/v1/interviews/{interview_id}", atInterview);
equal(ok(waiting).status, "awaiting_scores", "the status with two of three scores");
await rate(third, 4, 4);
const completed = await hr.GET("/api/v1/interviews/{interview_id}", atInterview);
equal(ok(completed).status, "completed", "the status with all scores");

// The decision.
const summary = ok(await hr.GET("/api/v1/applications/{application_id}/summary", atApplication));
equal([summary.figures.scores, summary.figures.recommendations.yes], [3, 3], "the summary");
ok(await hr.POST("/api/v1/applications/{application_id}/move", { ...atApplication, body: { to: "evaluation" } }));
const offer = await hr.POST("/api/v1/applications/{application_id}/move", { ...atApplication, body: { to: "offer" } });
equal(ok(offer).stage, "offer", "the application");
rejected(await hr.POST("/api/v1/applications/{application_id}/move", {
  ...atApplication, body: { to: "screening" },
}), 422, "rule_violated");
const moves = ok(await hr.GET("/api/v1/applications/{application_id}/history", atApplication)).data;
equal(moves.map(move => move.to_stage), ["applied", "screening", "interview", "evaluation", "offer"], "the history");

// A value that a later version adds to an enum is returned unchanged.
hr.use({
  async onResponse({ response }) {
    return new Response((await response.text()).replace('"status":"open"', '"status":"hibernating"'), response);
  },
});
const later: string = ok(await hr.GET("/api/v1/jobs/{job_id}", { params: atJob })).status;
equal(later, "hibernating", "an unknown status");
