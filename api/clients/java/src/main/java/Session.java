import interviewer.ApiClient;
import interviewer.ApiException;
import interviewer.ApiResponse;
import interviewer.api.ApplicationsApi;
import interviewer.api.AuthApi;
import interviewer.api.AuthApi.APIChangePasswordRequest;
import interviewer.api.AuthApi.APILoginRequest;
import interviewer.api.CandidatesApi;
import interviewer.api.InterviewsApi;
import interviewer.api.JobsApi;
import interviewer.api.KitsApi;
import interviewer.api.ScoresApi;
import interviewer.api.UsersApi;
import interviewer.api.UsersApi.APIListUsersRequest;
import interviewer.model.ChangePasswordRequest;
import interviewer.model.LoginRequest;
import interviewer.model.Problem;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** Calls the operations as one user, and checks responses. */
final class Session {
  static final String PASSWORD = "copper-lantern-drifts-north";

  final ApplicationsApi applications;
  final AuthApi auth;
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
    auth = new AuthApi(client);
    candidates = new CandidatesApi(client);
    interviews = new InterviewsApi(client);
    jobs = new JobsApi(client);
    kits = new KitsApi(client);
    scores = new ScoresApi(client);
    users = new UsersApi(client);
  }

  /** Returns a client without credentials. */
  static ApiClient client() {
    ApiClient client = new ApiClient();
    client.updateBaseUri(System.getenv().getOrDefault("API_URL", "http://localhost:8000"));
    return client;
  }

  /** Signs in as a user. Waits and retries if the service is busy. */
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

  /** Changes the initial password of a user, without which nothing else is possible, and signs in again. */
  static Session firstSignIn(String email, String initial) throws ApiException, IOException, InterruptedException {
    Session restricted = signIn(email, initial);
    rejected(403, "password_change_required", () -> restricted.users.listUsers(APIListUsersRequest.newBuilder().build()));
    ChangePasswordRequest body = new ChangePasswordRequest().currentPassword(initial).newPassword(PASSWORD);
    restricted.auth.changePassword(APIChangePasswordRequest.newBuilder().changePasswordRequest(body).build());
    return signIn(email, PASSWORD);
  }

  /** A call of an operation that can be rejected. */
  interface Call {
    Object run() throws ApiException;
  }

  /** Returns the problem, and throws an error if the response has another status or code. */
  static Problem rejected(int status, String code, Call call) throws IOException {
    try {
      throw new AssertionError(status + " " + code + ": got the response " + call.run());
    } catch (ApiException exception) {
      equal(exception.getCode(), status, "the status of " + exception.getResponseBody());
      List<String> type = exception.getResponseHeaders().allValues("Content-Type");
      equal(type, List.of("application/problem+json"), "the media type of a problem");
      Problem problem = ApiClient.createDefaultObjectMapper().readValue(exception.getResponseBody(), Problem.class);
      equal(problem.getStatus(), status, "the status in the problem");
      equal(problem.getCode(), code, "the code of the problem");
      return problem;
    }
  }

  static void equal(Object got, Object want, String what) {
    if (!Objects.equals(got, want)) {
      throw new AssertionError(what + ": got " + got + ", want " + want);
    }
  }

  static void check(boolean truth, String what) {
    if (!truth) {
      throw new AssertionError("not true: " + what);
    }
  }

  static String etag(ApiResponse<?> response) {
    return response.getHeaders().get("etag").get(0);
  }
}
