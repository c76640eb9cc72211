import interviewer.ApiClient;
import interviewer.ApiException;
import interviewer.ApiResponse;
import interviewer.api.ApplicationsApi;
import interviewer.api.AuthApi;
import interviewer.api.AuthApi.APILoginRequest;
import interviewer.api.CandidatesApi;
import interviewer.api.InterviewsApi;
import interviewer.api.JobsApi;
import interviewer.api.KitsApi;
import interviewer.api.ScoresApi;
import interviewer.api.UsersApi;
import interviewer.model.LoginRequest;
import interviewer.model.Problem;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** The operations as one of the cast calls them, and what the journey asks of their answers. */
final class Session {
  static final String PASSWORD = "copper-lantern-drifts-north";

  final ApplicationsApi applications;
  final CandidatesApi candidates;
  final InterviewsApi interviews;
  final JobsApi jobs;
  final KitsApi kits;
  final ScoresApi scores;
  final UsersApi users;

  private Session(String token) {
    ApiClient client = client();
    client.setRequestInterceptor(request -> request.header("Authorization", "Bearer " + token));
    applications = new ApplicationsApi(client);
    candidates = new CandidatesApi(client);
    interviews = new InterviewsApi(client);
    jobs = new JobsApi(client);
    kits = new KitsApi(client);
    scores = new ScoresApi(client);
    users = new UsersApi(client);
  }

  /** Gives a client that is nobody. */
  static ApiClient client() {
    ApiClient client = new ApiClient();
    client.updateBaseUri(System.getenv().getOrDefault("API_URL", "http://localhost:8000"));
    return client;
  }

  /** Signs somebody in; their access token goes with every request. A busy service is asked again when it says so. */
  static Session signIn(String email, String password) throws ApiException, InterruptedException {
    LoginRequest body = new LoginRequest().email(email).password(password);
    APILoginRequest request = APILoginRequest.newBuilder().loginRequest(body).build();
    for (int tries = 5; ; tries--) {
      try {
        return new Session(new AuthApi(client()).login(request).getAccessToken());
      } catch (ApiException busy) {
        Optional<String> wait =
            busy.getCode() == 503 ? busy.getResponseHeaders().firstValue("Retry-After") : Optional.empty();
        if (wait.isEmpty() || tries == 1) {
          throw busy;
        }
        Thread.sleep(Duration.ofSeconds(Long.parseLong(wait.get())).toMillis());
      }
    }
  }

  /** A question to the service, which may refuse to answer it. */
  interface Question {
    Object ask() throws ApiException;
  }

  /** Gives the problem, and ends the journey where it is another or none. */
  static Problem refused(int status, String code, Question question) throws IOException {
    try {
      throw new AssertionError(status + " " + code + ": was answered " + question.ask());
    } catch (ApiException refusal) {
      same(refusal.getCode(), status, "the status of " + refusal.getResponseBody());
      List<String> type = refusal.getResponseHeaders().allValues("Content-Type");
      same(type, List.of("application/problem+json"), "the media type of a problem");
      Problem problem = ApiClient.createDefaultObjectMapper().readValue(refusal.getResponseBody(), Problem.class);
      same(problem.getStatus(), status, "the status in the problem");
      same(problem.getCode(), code, "the code of the problem");
      return problem;
    }
  }

  static void same(Object got, Object want, String what) {
    if (!Objects.equals(got, want)) {
      throw new AssertionError(what + ": got " + got + ", want " + want);
    }
  }

  static void holds(boolean truth, String what) {
    if (!truth) {
      throw new AssertionError("it does not hold that " + what);
    }
  }

  static String etag(ApiResponse<?> answer) {
    return answer.getHeaders().get("etag").get(0);
  }
}
