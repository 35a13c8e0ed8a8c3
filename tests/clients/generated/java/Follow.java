// What docs/clients.md shows for Java's live stream: the snippet stands there word for word.

// snippet: stream
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Iterator;
import java.util.function.BiPredicate;
import java.util.stream.Stream;

/** Reads the live stream and goes on where it was cut off. */
public final class Follow {
  private final HttpClient http = HttpClient.newHttpClient();
  private final URI events;
  private final String token;
  private String after;

  /** {@code after} is the id of the last event that is known; from 0 on everything that is kept is read. */
  public Follow(String inspector, String token, long after) {
    this.events = URI.create(inspector + "/events");
    this.token = token;
    this.after = Long.toString(after);
  }

  /** Gives each event as its id and its JSON, until {@code seen} says that it is enough. */
  public void run(BiPredicate<String, String> seen) throws InterruptedException {
    while (true) {
      HttpRequest request = HttpRequest.newBuilder(events)
          .header("Authorization", "Bearer " + token)
          .header("Last-Event-ID", after)
          .build();
      try {
        HttpResponse<Stream<String>> answer = http.send(request, HttpResponse.BodyHandlers.ofLines());
        if (answer.statusCode() != 200) {
          throw new IllegalStateException("the inspector answers " + answer.statusCode());
        }
        try (Stream<String> lines = answer.body()) {
          if (read(lines.iterator(), seen)) {
            return;
          }
        }
      } catch (IOException cut) {
        // The next connection goes on where this one ended.
      }
      Thread.sleep(Duration.ofSeconds(2).toMillis());
    }
  }

  private boolean read(Iterator<String> lines, BiPredicate<String, String> seen) throws IOException {
    String id = after;
    String data = null;
    try {
      while (lines.hasNext()) {
        String line = lines.next();
        if (line.startsWith("id: ")) {
          id = line.substring(4);
        } else if (line.startsWith("data: ")) {
          data = line.substring(6);
        } else if (line.isEmpty()) {
          // An empty line ends a message. One without data only says where the reader is.
          after = id;
          if (data != null && seen.test(id, data)) {
            return true;
          }
          data = null;
        }
      }
      return false;
    } catch (java.io.UncheckedIOException cut) {
      throw cut.getCause();
    }
  }
}
// snippet end
