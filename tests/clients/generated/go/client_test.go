package client

// The generated Go client against a served inspector, where there is a compiler.

import (
	"context"
	"net/http"
	"os"
	"reflect"
	"strings"
	"testing"

	"example.com/you/inspector"
)

var url, token = os.Getenv("INSPECTOR"), os.Getenv("INSPECTOR_TOKEN")

func TestSessionsAreListedByAFilterAndPageByPage(t *testing.T) {
	client := Connect(url, token)
	failed, err := Failed(context.Background(), client)
	if err != nil || len(failed) != 1 || failed[0].Id != "tuesday" {
		t.Fatal(failed, err)
	}
	status := []inspector.SessionStatus{inspector.SESSIONSTATUS_COMPLETED}
	sessions, err := Sessions(client.SessionsAPI.ListSessions(context.Background()).Status(status).Limit(2))
	var ids []string
	for _, session := range sessions {
		// Other clients run sessions too.
		if strings.HasSuffix(session.Id, "day") {
			ids = append(ids, session.Id)
		}
	}
	if err != nil || !reflect.DeepEqual(ids, []string{"thursday", "wednesday", "monday"}) {
		t.Fatal(ids, err)
	}
}

func TestATraceIsReadAsSpans(t *testing.T) {
	spans, err := Trace(context.Background(), Connect(url, token), "monday")
	if err != nil || len(spans) != 4 {
		t.Fatal(spans, err)
	}
}

func TestWhatIsNotThereIsATypedProblem(t *testing.T) {
	client := Connect(url, token)
	if session, err := Find(context.Background(), client, "nowhere"); session != nil || err != nil {
		t.Fatal(session, err)
	}
	_, _, err := client.TracesAPI.GetTrace(context.Background(), "nowhere").Execute()
	if problem := ProblemOf(err); problem == nil || problem.Status != 404 || problem.Title != "There is no such session" {
		t.Fatal(problem, err)
	}
	_, err = Failed(context.Background(), Connect(url, "another-token-than-that"))
	if problem := ProblemOf(err); problem == nil || problem.Status != 401 {
		t.Fatal(problem, err)
	}
}

func eventsUntilFinished(t *testing.T, after string) (events []string) {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	err := Follow(ctx, url, token, after, func(message Message) {
		events = append(events, string(message.Data))
		if message.Type == "SessionFinished" && strings.Contains(string(message.Data), `"session_id":"go"`) {
			stop()
		}
	})
	if err != context.Canceled {
		t.Fatal(err)
	}
	return events
}

func TestTheLiveStreamGoesOnWhereAReaderLeftIt(t *testing.T) {
	work := strings.TrimSuffix(url, "/_inspector") + "/work"
	if answer, err := http.Post(work, "text/plain", strings.NewReader("go")); err != nil || answer.StatusCode != 202 {
		t.Fatal(answer, err)
	}
	events := eventsUntilFinished(t, "0")
	second := strings.TrimPrefix(strings.SplitN(events[1], ",", 2)[0], `{"id":`)
	if rest := eventsUntilFinished(t, second); !reflect.DeepEqual(rest, events[2:]) {
		t.Fatal(rest)
	}
}
