import static interviewer.model.ApplicationStage.APPLIED;
import static interviewer.model.ApplicationStage.EVALUATION;
import static interviewer.model.ApplicationStage.INTERVIEW;
import static interviewer.model.ApplicationStage.OFFER;
import static interviewer.model.ApplicationStage.SCREENING;

import interviewer.ApiClient;
import interviewer.ApiException;
import interviewer.ApiResponse;
import interviewer.api.ApplicationsApi.*;
import interviewer.api.CandidatesApi.*;
import interviewer.api.InterviewsApi.*;
import interviewer.api.JobsApi.*;
import interviewer.api.KitsApi.*;
import interviewer.api.ScoresApi.*;
import interviewer.api.UsersApi.*;
import interviewer.model.*;
import java.io.IOException;
import java.nio.file.Files;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.UUID;

/** From a job to an offer through openapi-generator's Java, with what each person may and may not see on the way. */
final class Journey {
  private final String run = "java-" + UUID.randomUUID().toString().substring(0, 8);
  private final Session hr = Session.signIn("hr@acme.example", "SecurePassword123!");
  private final Person lead = enter("Lars", Role.TEAM_LEAD);
  private final Person emil = enter("Emil", Role.EMPLOYEE);
  private final Person third = enter("Thea", Role.EMPLOYEE);
  private final Person outsider = enter("Olaf", Role.EMPLOYEE);

  /** One of the cast. */
  private record Person(UUID id, Session as) {}

  private Journey() throws ApiException, InterruptedException {}

  public static void main(String[] arguments) throws Exception {
    new Journey().live();
  }

  private void live() throws ApiException, IOException {
    Job job = openJob();
    UUID version = publishKit();
    Candidate mira = importCandidates();
    UUID application = apply(mira, job);
    UUID interview = hold(application, version);
    score(interview);
    decide(application);
    readLaterVersion(job);
  }

  private Person enter(String name, Role role) throws ApiException, InterruptedException {
    String email = run + "-" + name.toLowerCase(Locale.ROOT) + "@acme.example";
    CreateUserRequest body = new CreateUserRequest().email(email).password(Session.PASSWORD)
        .firstName(name).lastName("Journey").role(role);
    User user = hr.users.createUser(APICreateUserRequest.newBuilder().createUserRequest(body)
        .idempotencyKey(UUID.randomUUID().toString()).build());
    return new Person(user.getId(), Session.signIn(email, Session.PASSWORD));
  }

  /** A job, changed by whoever knows its present version. */
  private Job openJob() throws ApiException, IOException {
    CreateJobRequest body = new CreateJobRequest().title("Engineer " + run).location("Berlin");
    Job job = hr.jobs.createJob(APICreateJobRequest.newBuilder().createJobRequest(body).build());
    hr.jobs.setJobMember(APISetJobMemberRequest.newBuilder().jobId(job.getId()).userId(lead.id)
        .setJobMemberRequest(new SetJobMemberRequest().role(JobRole.HIRING_MANAGER)).build());
    APIGetJobRequest.Builder get = APIGetJobRequest.newBuilder().jobId(job.getId());
    String first = Session.etag(hr.jobs.getJobWithHttpInfo(get.build()));
    try {
      throw new AssertionError("came again: " + hr.jobs.getJob(get.ifNoneMatch(first).build()));
    } catch (ApiException unchanged) {
      Session.same(unchanged.getCode(), 304, "an unchanged job");
    }
    APIUpdateJobRequest.Builder update = APIUpdateJobRequest.newBuilder().jobId(job.getId()).ifMatch(first);
    Job cleared = hr.jobs.updateJob(update.updateJobRequest(new UpdateJobRequest().location(null)).build());
    Session.same(cleared.getLocation(), null, "the location that was cleared");
    APIUpdateJobRequest late = update.updateJobRequest(new UpdateJobRequest().location("Hamburg")).build();
    Session.refused(412, "version_mismatch", () -> hr.jobs.updateJob(late));
    Job opened = hr.jobs.openJob(APIOpenJobRequest.newBuilder().jobId(job.getId()).build());
    Session.same(opened.getStatus(), JobStatus.OPEN, "the job");
    APIGetJobRequest again = APIGetJobRequest.newBuilder().jobId(job.getId()).build();
    Session.refused(404, "not_found", () -> outsider.as.jobs.getJob(again));
    APIListUsersRequest everybody = APIListUsersRequest.newBuilder().build();
    Session.refused(403, "permission_denied", () -> outsider.as.users.listUsers(everybody));
    return opened;
  }

  /** A kit, published and from then on unchangeable. */
  private UUID publishKit() throws ApiException, IOException {
    List<String> anchors =
        List.of("Guesses.", "Follows.", "Solves what is usual.", "Takes the unknown apart.", "Shows others the way.");
    CreateKitRequest body = new CreateKitRequest().name("Kit " + run)
        .addQuestionsItem(new KitQuestion().key("detour").text("How would you plan around a person?"));
    for (String key : List.of("planning", "safety")) {
      body.addCriteriaItem(new KitCriterion().key(key).title(key).weight(2).required(true).anchors(anchors));
    }
    Kit kit = hr.kits.createKit(APICreateKitRequest.newBuilder().createKitRequest(body).build());
    APIUpdateKitVersionRequest.Builder update = APIUpdateKitVersionRequest.newBuilder().kitId(kit.getId())
        .kitVersionId(kit.getDraftVersionId())
        .updateKitVersionRequest(new UpdateKitVersionRequest().questions(List.of()));
    Session.refused(428, "precondition_required", () -> hr.kits.updateKitVersion(update.build()));
    KitVersion version = hr.kits.publishKitVersion(APIPublishKitVersionRequest.newBuilder().kitId(kit.getId())
        .kitVersionId(kit.getDraftVersionId()).build());
    Session.same(version.getStatus(), KitVersionStatus.PUBLISHED, "the version");
    Problem frozen =
        Session.refused(409, "state_conflict", () -> hr.kits.updateKitVersion(update.ifMatch("*").build()));
    Session.same(frozen.getState(), "published", "the state of the version");
    Session.same(frozen.getAllowedActions(), List.of("archive"), "what a published version allows");
    return version.getId();
  }

  private ImportReport upload(String address) throws ApiException {
    return hr.candidates.importCandidatesCSV(APIImportCandidatesCSVRequest.newBuilder().body(String.join("\r\n",
        "external_id,first_name,last_name,email,tags",
        run + "-1,Mira,Solheim,mira." + run + "@mail.example," + run,
        run + "-2,Tomás,Quiroga," + address + "," + run,
        run + "-3,Ngozi,Eze,ngozi." + run + "@mail.example," + run)).build());
  }

  /** Candidates from a file, read page by page. */
  private Candidate importCandidates() throws ApiException, IOException {
    Problem wrong = Session.refused(422, "import_refused", () -> upload("not an address"));
    Session.same(wrong.getErrors().size(), 1, "what is wrong in the file");
    Session.same(wrong.getErrors().get(0).getLine(), 3, "the line that is wrong");
    Session.same(wrong.getErrors().get(0).getPointer(), "/email", "what is wrong in the line");
    Session.same(upload("tomas." + run + "@mail.example").getCreated(), 3, "the imported candidates");
    List<String> names = new ArrayList<>();
    String cursor = null;
    do {
      CandidatePage page = hr.candidates.listCandidates(APIListCandidatesRequest.newBuilder().tag(Set.of(run))
          .sort(CandidateSort.NameAsc).limit(2).cursor(cursor).build());
      page.getData().forEach(candidate -> names.add(candidate.getLastName()));
      cursor = page.getNextCursor();
      if (cursor != null) {
        APIListCandidatesRequest elsewhere = APIListCandidatesRequest.newBuilder().limit(2).cursor(cursor).build();
        Session.refused(400, "invalid_cursor", () -> hr.candidates.listCandidates(elsewhere));
      }
    } while (cursor != null);
    Session.same(names, List.of("Eze", "Quiroga", "Solheim"), "the candidates, page by page");
    APIListCandidatesRequest known = APIListCandidatesRequest.newBuilder().externalId(run + "-1").build();
    return hr.candidates.listCandidates(known).getData().get(0);
  }

  private Application move(Person who, UUID application, ApplicationStage to) throws ApiException {
    Session session = who == null ? hr : who.as;
    return session.applications.moveApplication(APIMoveApplicationRequest.newBuilder().applicationId(application)
        .moveApplicationRequest(new MoveApplicationRequest().to(to)).build());
  }

  /** An application, moved forward by one stage. */
  private UUID apply(Candidate candidate, Job job) throws ApiException, IOException {
    CreateApplicationRequest body = new CreateApplicationRequest().candidateId(candidate.getId()).jobId(job.getId());
    APICreateApplicationRequest create =
        APICreateApplicationRequest.newBuilder().createApplicationRequest(body).build();
    UUID application = hr.applications.createApplication(create).getId();
    Session.refused(409, "application_exists", () -> hr.applications.createApplication(create));
    move(lead, application, SCREENING);
    Session.refused(403, "role_not_allowed", () -> move(lead, application, EVALUATION));
    move(lead, application, INTERVIEW);
    return application;
  }

  /** An interview with a panel of three. */
  private UUID hold(UUID application, UUID version) throws ApiException, IOException {
    CreateInterviewRequest body = new CreateInterviewRequest().applicationId(application).kitVersionId(version)
        .title("Technical interview").kind(InterviewKind.VIDEO)
        .schedule(new ScheduleRequest().startsAt(OffsetDateTime.parse("2090-03-27T10:00:00+02:00"))
            .endsAt(OffsetDateTime.parse("2090-03-27T11:00:00+02:00")).timezone("Europe/Berlin"));
    List<Person> panel = List.of(lead, emil, third);
    panel.forEach(person -> body.addPanelItem(new NewPanelist().userId(person.id)));
    APICreateInterviewRequest create = APICreateInterviewRequest.newBuilder().createInterviewRequest(body).build();
    UUID id = lead.as.interviews.createInterview(create).getId();
    Session.refused(409, "schedule_conflict", () -> lead.as.interviews.createInterview(create));
    for (Person person : panel) {
      person.as.interviews.respondToInterview(APIRespondToInterviewRequest.newBuilder().interviewId(id)
          .respondRequest(new RespondRequest().response(PanelAnswer.ACCEPTED)).build());
    }
    APIGetInterviewCalendarRequest file = APIGetInterviewCalendarRequest.newBuilder().interviewId(id).build();
    String calendar = Files.readString(emil.as.interviews.getInterviewCalendar(file).toPath());
    Session.holds(calendar.contains("BEGIN:VEVENT"), "the calendar has an event");
    APIGetInterviewRequest get = APIGetInterviewRequest.newBuilder().interviewId(id).build();
    Session.refused(404, "not_found", () -> outsider.as.interviews.getInterview(get));
    APIFinishInterviewRequest finish = APIFinishInterviewRequest.newBuilder().interviewId(id).build();
    Problem early = Session.refused(409, "state_conflict", () -> emil.as.interviews.finishInterview(finish));
    Session.holds(early.getAllowedActions().contains("start"), "what cannot be finished can be started");
    emil.as.interviews.startInterview(APIStartInterviewRequest.newBuilder().interviewId(id).build());
    Interview finished = emil.as.interviews.finishInterview(finish);
    Session.same(finished.getStatus(), InterviewStatus.AWAITING_SCORES, "the interview");
    return id;
  }

  /** A score that is written as a draft, completed and submitted. */
  private UUID judge(Person by, UUID interview, int planning, int safety) throws ApiException, IOException {
    NewScoreRating rating = new NewScoreRating().criterionKey("planning").rating(planning).note("Kept her in view.");
    ApiResponse<Score> draft = by.as.scores.createScoreWithHttpInfo(APICreateScoreRequest.newBuilder()
        .interviewId(interview).createScoreRequest(new CreateScoreRequest().addRatingsItem(rating)).build());
    UUID id = draft.getData().getId();
    APISubmitScoreRequest submit = APISubmitScoreRequest.newBuilder().scoreId(id).build();
    Session.refused(422, "rule_violated", () -> by.as.scores.submitScore(submit));
    UpdateScoreRequest complete = new UpdateScoreRequest().recommendation(Recommendation.YES).addRatingsItem(rating)
        .addRatingsItem(new NewScoreRating().criterionKey("safety").rating(safety));
    APIUpdateScoreRequest.Builder update = APIUpdateScoreRequest.newBuilder().scoreId(id).updateScoreRequest(complete);
    Session.refused(428, "precondition_required", () -> by.as.scores.updateScore(update.build()));
    by.as.scores.updateScore(update.ifMatch(Session.etag(draft)).build());
    return by.as.scores.submitScore(submit).getId();
  }

  /** Scores, each blind until one's own is submitted. */
  private void score(UUID interview) throws ApiException, IOException {
    APIGetInterviewRequest get = APIGetInterviewRequest.newBuilder().interviewId(interview).build();
    UUID id = judge(lead, interview, 4, 5);
    APIGetScoreRequest lars = APIGetScoreRequest.newBuilder().scoreId(id).build();
    Session.refused(404, "not_found", () -> emil.as.scores.getScore(lars));
    APIListScoresRequest all = APIListScoresRequest.newBuilder().interviewId(interview).build();
    Session.same(emil.as.scores.listScores(all).getData(), List.of(), "the list");
    InterviewSummary blind = emil.as.scores.getInterviewSummary(
        APIGetInterviewSummaryRequest.newBuilder().interviewId(interview).build());
    Session.holds(blind.getBlinded() && blind.getFigures().getScores() == 0, "Emil sees no score before his own");
    judge(emil, interview, 2, 4);
    Session.same(emil.as.scores.getScore(lars).getRatings().get(0).getRating(), 4, "what Lars gave");
    Session.same(hr.interviews.getInterview(get).getStatus(), InterviewStatus.AWAITING_SCORES, "one score missing");
    judge(third, interview, 4, 4);
    Session.same(hr.interviews.getInterview(get).getStatus(), InterviewStatus.COMPLETED, "all its scores");
  }

  /** The decision. */
  private void decide(UUID application) throws ApiException, IOException {
    ScoreFigures figures = hr.scores.getApplicationSummary(
        APIGetApplicationSummaryRequest.newBuilder().applicationId(application).build()).getFigures();
    Session.holds(figures.getScores() == 3 && figures.getRecommendations().getYes() == 3, "the summary counts three");
    move(null, application, EVALUATION);
    Session.same(move(null, application, OFFER).getStage(), OFFER, "the application");
    Session.refused(422, "rule_violated", () -> move(null, application, SCREENING));
    List<ApplicationStage> history = hr.applications.listApplicationHistory(
        APIListApplicationHistoryRequest.newBuilder().applicationId(application).build())
        .getData().stream().map(ApplicationMove::getToStage).toList();
    Session.same(history, List.of(APPLIED, SCREENING, INTERVIEW, EVALUATION, OFFER), "the history");
  }

  /** A value that a later version adds to an enum is read as one that this client does not know. */
  private void readLaterVersion(Job job) throws IOException {
    String later = ApiClient.createDefaultObjectMapper().writeValueAsString(job).replace("\"open\"", "\"hibernating\"");
    Job read = ApiClient.createDefaultObjectMapper().readValue(later, Job.class);
    Session.same(read.getStatus(), JobStatus.UNKNOWN_DEFAULT_OPEN_API, "a status that this client does not know");
  }
}
