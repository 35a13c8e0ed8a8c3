// Package client is what docs/clients.md shows for Go: the snippets stand there word for word.
package client

// snippet: call
import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"strings"
	"time"

	"example.com/you/inspector"
)

// Connect takes the mount: http://127.0.0.1:3000/_inspector.
func Connect(url, token string) *inspector.APIClient {
	settings := inspector.NewConfiguration()
	settings.Servers = inspector.ServerConfigurations{{URL: url}}
	settings.AddDefaultHeader("Authorization", "Bearer "+token)
	return inspector.NewAPIClient(settings)
}

func Failed(ctx context.Context, client *inspector.APIClient) ([]inspector.Session, error) {
	status := []inspector.SessionStatus{inspector.SESSIONSTATUS_FAILED}
	page, _, err := client.SessionsAPI.ListSessions(ctx).Status(status).Limit(10).Execute()
	if err != nil {
		return nil, err
	}
	return page.Sessions, nil
}

// snippet end

// snippet: errors
// ProblemOf is what the inspector answered instead, if it did.
func ProblemOf(err error) *inspector.Problem {
	var answered *inspector.GenericOpenAPIError
	if errors.As(err, &answered) {
		if problem, ok := answered.Model().(inspector.Problem); ok {
			return &problem
		}
	}
	return nil
}

func Find(ctx context.Context, client *inspector.APIClient, id string) (*inspector.Session, error) {
	session, _, err := client.SessionsAPI.GetSession(ctx, id).Execute()
	if problem := ProblemOf(err); problem != nil && problem.Code == "session_not_found" {
		return nil, nil
	}
	return session, err
}

// snippet end

// snippet: paging
func Sessions(request inspector.ApiListSessionsRequest) (sessions []inspector.Session, err error) {
	for {
		page, _, err := request.Execute()
		if err != nil {
			return nil, err
		}
		sessions = append(sessions, page.Sessions...)
		if page.NextCursor == nil {
			return sessions, nil
		}
		request = request.Cursor(*page.NextCursor)
	}
}

// snippet end

// snippet: trace
// Trace gives the spans by their id: a span may stand on several lines, and the last one counts.
func Trace(ctx context.Context, client *inspector.APIClient, id string) (map[string]inspector.Span, error) {
	file, _, err := client.TracesAPI.GetTrace(ctx, id).Execute()
	if err != nil {
		return nil, err
	}
	defer file.Close()
	spans := map[string]inspector.Span{}
	for lines := json.NewDecoder(file); lines.More(); {
		var span inspector.Span
		if err := lines.Decode(&span); err != nil {
			return nil, err
		}
		spans[span.SpanId] = span
	}
	return spans, nil
}

// snippet end

// snippet: stream
// Message is what all events have; Data is the whole event.
type Message struct {
	ID   uint64 `json:"id"`
	Type string `json:"type"`
	Data []byte `json:"-"`
}

// Follow calls seen with each event after the one named, until ctx is done.
func Follow(ctx context.Context, url, token, after string, seen func(Message)) error {
	for ctx.Err() == nil {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/events", nil)
		if err != nil {
			return err
		}
		request.Header.Set("Authorization", "Bearer "+token)
		request.Header.Set("Last-Event-ID", after)
		if answer, err := http.DefaultClient.Do(request); err == nil {
			if answer.StatusCode != http.StatusOK {
				return fmt.Errorf("the inspector answers %s", answer.Status)
			}
			after = read(answer, after, seen)
		}
		// It ended, or could not be reached: the next one goes on where this one ended.
		select {
		case <-ctx.Done():
		case <-time.After(2 * time.Second):
		}
	}
	return ctx.Err()
}

func read(answer *http.Response, after string, seen func(Message)) string {
	defer answer.Body.Close()
	// A sign of life comes every 15 seconds; after three of them are missing the connection is dead.
	dead := time.AfterFunc(45*time.Second, func() { answer.Body.Close() })
	defer dead.Stop()
	lines, id, data := bufio.NewReader(answer.Body), after, []byte(nil)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return after
		}
		dead.Reset(45 * time.Second)
		line = bytes.TrimSuffix(line, []byte("\n"))
		switch field, value, _ := strings.Cut(string(line), ": "); {
		case field == "id":
			id = value
		case field == "data":
			data = []byte(value)
		case len(line) == 0:
			// An empty line ends a message. One without data only says where the reader is.
			message := Message{Data: data}
			if data != nil && json.Unmarshal(data, &message) == nil {
				if message.Type == "Gap" {
					log.Printf("events were missed: %s", data)
				}
				seen(message)
			}
			after, data = id, nil
		}
	}
}

// snippet end
