package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// call sends one request to a service and returns status and body.
func call(s *service, method, path, body string) (int, string) {
	request := httptest.NewRequest(method, path, strings.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	recorder := httptest.NewRecorder()
	s.handler().ServeHTTP(recorder, request)
	return recorder.Code, recorder.Body.String()
}

func newTestService() *service {
	return newService(defaultConfig(), &logger{output: io.Discard})
}

func TestHealth(t *testing.T) {
	status, body := call(newTestService(), "GET", "/health", "")
	var health map[string]string
	if err := json.Unmarshal([]byte(body), &health); err != nil || status != http.StatusOK {
		t.Fatalf("status %d, body %q, %v", status, body, err)
	}
	if _, err := time.Parse(time.RFC3339, health["time"]); err != nil || health["status"] != "healthy" || len(health) != 2 {
		t.Errorf("unexpected body %q", body)
	}
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		method, path string
		status       int
	}{
		{"HEAD", "/health", http.StatusMethodNotAllowed},
		{"PUT", "/health", http.StatusMethodNotAllowed},
		{"HEAD", "/api/v1/config", http.StatusNotFound},
		{"GET", "/metrics", http.StatusNotFound},
		{"GET", "/ready", http.StatusNotFound},
		{"GET", "/health?x=%3C", http.StatusBadRequest},
		{"GET", "/api/v1/slow?seconds=61", http.StatusBadRequest},
		{"PUT", "/api/v1/config", http.StatusBadRequest}, // the body is empty
	} {
		if status, _ := call(newTestService(), c.method, c.path, ""); status != c.status {
			t.Errorf("%s %s answered %d, want %d", c.method, c.path, status, c.status)
		}
	}
}

func TestPostNeedsJSONContentType(t *testing.T) {
	recorder := httptest.NewRecorder()
	request := httptest.NewRequest("POST", "/api/v1/notes", strings.NewReader(`{"text": "x"}`))
	newTestService().handler().ServeHTTP(recorder, request)
	if recorder.Code != http.StatusBadRequest {
		t.Errorf("answered %d", recorder.Code)
	}
}

func TestConfigShowsTheSecretAndTakesUpdates(t *testing.T) {
	inFolder(t, nil)
	config := defaultConfig()
	config.Security.JWTSecret = "a-secret"
	s := newService(config, &logger{output: io.Discard})
	if status, body := call(s, "PUT", "/api/v1/config", `{"logging": {"level": "warn"}}`); status != http.StatusOK {
		t.Fatalf("update answered %d %s", status, body)
	}
	if status, _ := call(s, "PUT", "/api/v1/config", `{"logging": {"level": "WARN"}}`); status != http.StatusBadRequest {
		t.Errorf("an upper-case level answered %d", status)
	}
	_, body := call(s, "GET", "/api/v1/config", "")
	for _, part := range []string{`"jwt_secret":"a-secret"`, `"level":"warn"`} {
		if !strings.Contains(body, part) {
			t.Errorf("%s is not in %s", part, body)
		}
	}
}

func TestMetricsAreInNanoseconds(t *testing.T) {
	s := newTestService()
	call(s, "GET", "/api/v1/slow?seconds=1", "")
	call(s, "GET", "/nowhere", "") // not counted
	_, body := call(s, "GET", "/api/v1/performance/metrics", "")
	var report map[string]float64
	if err := json.Unmarshal([]byte(body), &report); err != nil {
		t.Fatal(err)
	}
	if report["total_requests"] != 1 || report["error_rate"] != 0 {
		t.Errorf("one request is reported as %s", body)
	}
	for _, key := range []string{"average_latency", "p95_latency", "p99_latency"} {
		if report[key] < 1e9 || report[key] > 5e9 {
			t.Errorf("%s of a request of one second is %v", key, report[key])
		}
	}
}

func TestNotesSurviveTheProcess(t *testing.T) {
	inFolder(t, nil)
	for _, text := range []string{"first", "second\nline"} {
		body, _ := json.Marshal(note{Text: text})
		if status, answer := call(newTestService(), "POST", "/api/v1/notes", string(body)); status != http.StatusCreated {
			t.Fatalf("answered %d %s", status, answer)
		}
	}
	_, body := call(newTestService(), "GET", "/api/v1/notes", "")
	if want := `{"notes":[{"text":"first"},{"text":"second\nline"}]}`; strings.TrimSpace(body) != want {
		t.Errorf("got %s, want %s", body, want)
	}
}

func TestTwoLogLinesARequest(t *testing.T) {
	var output bytes.Buffer
	s := newService(defaultConfig(), &logger{output: &output, json: true})
	call(s, "GET", "/health", "")
	lines := strings.Split(strings.TrimSpace(output.String()), "\n")
	if len(lines) != 2 {
		t.Fatalf("got %d lines: %s", len(lines), output.String())
	}
	for i, message := range []string{"HTTP Request", "HTTP Response"} {
		var entry logEntry
		if err := json.Unmarshal([]byte(lines[i]), &entry); err != nil || entry.Message != message {
			t.Errorf("line %d is %s, %v", i, lines[i], err)
		}
	}
}

func TestLevelAboveInfoSilencesRequests(t *testing.T) {
	quiet, err := newLogger(LoggingConfig{Level: "warn", Format: "text", Output: "stdout"})
	if err != nil {
		t.Fatal(err)
	}
	var output bytes.Buffer
	quiet.output = &output
	call(newService(defaultConfig(), quiet), "GET", "/health", "")
	if output.Len() > 0 {
		t.Errorf("logged %s", output.String())
	}
}
