import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;

/** The live stream goes on where a reader left it; run where there is a compiler. */
final class FollowTest {
  private static final String INSPECTOR = System.getenv("INSPECTOR");

  private FollowTest() {}

  public static void main(String[] arguments) throws Exception {
    URI work = URI.create(INSPECTOR.replace("/_inspector", "/work"));
    HttpRequest request = HttpRequest.newBuilder(work).POST(HttpRequest.BodyPublishers.ofString("java")).build();
    int status = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
    check(status == 202, "the host takes work: " + status);

    List<String> ids = new ArrayList<>();
    List<String> events = untilFinished(0, ids);
    check(untilFinished(Long.parseLong(ids.get(0)), new ArrayList<>()).equals(events.subList(1, events.size())), "it goes on");
    System.out.println(events.size() + " events, and all but the first again");
  }

  private static List<String> untilFinished(long after, List<String> ids) throws InterruptedException {
    List<String> events = new ArrayList<>();
    new Follow(INSPECTOR, System.getenv("INSPECTOR_TOKEN"), after).run((id, json) -> {
      ids.add(id);
      events.add(json);
      return json.contains("\"SessionFinished\"") && json.contains("\"session_id\":\"java\"");
    });
    return events;
  }

  private static void check(boolean holds, String what) {
    if (!holds) {
      throw new AssertionError(what);
    }
  }
}
