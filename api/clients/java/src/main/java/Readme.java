import interviewer.ApiClient;
import interviewer.ApiException;
import interviewer.api.CandidatesApi;
import interviewer.api.CandidatesApi.APIListCandidatesRequest;
import interviewer.model.Candidate;
import interviewer.model.Problem;
import java.util.Set;

class Readme {
  public static void main(String[] arguments) throws Exception {
    String url = System.getenv().getOrDefault("API_URL", "http://localhost:8000");
    String key = System.getenv("API_KEY"); // aip_live_…, or an access token
    // README
    ApiClient client = new ApiClient();
    client.updateBaseUri(url);
    client.setRequestInterceptor(request -> request.header("Authorization", "Bearer " + key));
    try {
      APIListCandidatesRequest query = APIListCandidatesRequest.newBuilder().tag(Set.of("python")).limit(10).build();
      for (Candidate candidate : new CandidatesApi(client).listCandidates(query).getData()) {
        System.out.println(candidate.getFirstName() + " " + candidate.getLastName() + " " + candidate.getStatus());
      }
    } catch (ApiException exception) {
      Problem problem = client.getObjectMapper().readValue(exception.getResponseBody(), Problem.class);
      throw new Exception(problem.getCode() + ": " + problem.getDetail());
    }
    // README
  }
}
