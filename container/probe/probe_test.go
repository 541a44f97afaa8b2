package main

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// probe runs the command and returns its exit code and what it printed.
func probe(args ...string) (code int, stdout, stderr string) {
	var out, err bytes.Buffer
	code = run(args, &out, &err)
	return code, out.String(), err.String()
}

// serve answers every request with a status and a body.
func serve(t *testing.T, status int, body string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// serveRaw accepts one connection, reads the request and sends exactly the given bytes. It closes the connection when
// asked to, and otherwise at the end of the test.
func serveRaw(t *testing.T, answer string, hangUp bool) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		connection, err := listener.Accept()
		if err != nil {
			return
		}
		if !hangUp {
			t.Cleanup(func() { connection.Close() })
		} else {
			defer connection.Close()
		}
		_, _ = connection.Read(make([]byte, 4096))
		_, _ = connection.Write([]byte(answer))
	}()
	return "http://" + listener.Addr().String()
}

func TestHTTPSucceedsOn200Only(t *testing.T) {
	if code, stdout, stderr := probe("http", serve(t, 200, "fine")+"/health?a=b"); code != 0 || stdout+stderr != "" {
		t.Errorf("exit code %d, output %q %q", code, stdout, stderr)
	}
	for _, status := range []int{204, 301, 404, 405, 500, 503} {
		code, stdout, _ := probe("http", serve(t, status, ""))
		if code != 1 || !strings.Contains(stdout, fmt.Sprint(status)) || strings.Count(stdout, "\n") != 1 {
			t.Errorf("status %d: exit code %d, output %q", status, code, stdout)
		}
	}
}

func TestRequestIsWellFormed(t *testing.T) {
	var got *http.Request
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r }))
	defer server.Close()
	t.Setenv("http_proxy", "http://127.0.0.1:1")
	if code, stdout, _ := probe("http", server.URL+"/a%20b?c=d"); code != 0 {
		t.Fatal(stdout)
	}
	host := strings.TrimPrefix(server.URL, "http://")
	if got.Method != "GET" || got.RequestURI != "/a%20b?c=d" || got.Host != host || got.UserAgent() != "mimir-probe" {
		t.Errorf("server saw %s %s, host %s, agent %s", got.Method, got.RequestURI, got.Host, got.UserAgent())
	}
}

func TestBrokenAnswersFail(t *testing.T) {
	const ok = "HTTP/1.1 200 OK\r\n"
	for name, c := range map[string]struct {
		answer string
		hangUp bool
		reason string
	}{
		"nothing":            {"", true, "closed before"},
		"silence":            {"", false, "within 200ms"},
		"half a head":        {ok + "Content-Le", true, "closed before"},
		"head without end":   {ok + "A: b\r\n", false, "within 200ms"},
		"body without end":   {ok + "\r\nabc", false, "within 200ms"},
		"body too short":     {ok + "Content-Length: 10\r\n\r\nabc", true, "3 of 10 bytes"},
		"chunked":            {ok + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", true, "chunked"},
		"another protocol":   {"SSH-2.0-x\r\n", true, "not HTTP"},
		"too long":           {ok + "\r\n" + strings.Repeat("a", answerLimit), true, "longer than"},
		"head too long":      {ok + "A: " + strings.Repeat("a", answerLimit), true, "closed before"},
		"200 in another way": {"HTTP/1.1 2000 OK\r\n\r\n", true, "instead of 200"},
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			code, stdout, _ := probe("http", "--timeout", "200ms", serveRaw(t, c.answer, c.hangUp))
			if code != 1 || !strings.Contains(stdout, c.reason) || strings.Count(stdout, "\n") != 1 {
				t.Errorf("exit code %d, output %q, want %q", code, stdout, c.reason)
			}
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("took %s", took)
			}
		})
	}
}

func TestConnectionRefused(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	if code, stdout, _ := probe("http", "http://"+listener.Addr().String()); code != 1 || !strings.Contains(stdout, "refused") {
		t.Errorf("exit code %d, output %q", code, stdout)
	}
}

const document = `{"logging": {"level": "info", "compress": false, "max_size": 100, "x": null},
	"security": {"jwt_secret": "top-secret", "origins": ["top-secret"]}}`

func TestConfigAsExpected(t *testing.T) {
	code, stdout, _ := probe("config", "--expect", "logging.level=info", "--expect", "logging.compress=false",
		"--expect=logging.max_size=100", "--expect", "logging.x=null", "--timeout", "2s", serve(t, 200, document))
	if code != 0 || stdout != "" {
		t.Errorf("exit code %d, output %q", code, stdout)
	}
}

func TestConfigNamesWrongValuesAndNothingElse(t *testing.T) {
	code, stdout, _ := probe("config", "--expect", "logging.level=debug", "--expect", "logging.max_size=100",
		"--expect", "logging.nothing=1", "--expect", "security=x", "--expect", "security.origins=x",
		"--expect", "logging.level.deeper=x", serve(t, 200, document))
	want := []string{
		"logging.level: expected debug, found info",
		"logging.nothing: expected 1, found no such key",
		"security: expected x, found an object",
		"security.origins: expected x, found a list",
		"logging.level.deeper: expected x, found no such key",
		hint,
	}
	if got := strings.Split(strings.TrimSpace(stdout), "\n"); code != 1 || strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("exit code %d, output\n%s\nwant\n%s", code, stdout, strings.Join(want, "\n"))
	}
}

func TestConfigNeverShowsAnUnreadableDocument(t *testing.T) {
	for _, body := range []string{"top-secret", `{"jwt_secret": "top-secret"`, `"top-secret"`, `["top-secret"]`} {
		code, stdout, stderr := probe("config", "--expect", "a=b", serve(t, 200, body))
		if code != 1 || strings.Contains(stdout+stderr, "top-secret") {
			t.Errorf("%s: exit code %d, output %q %q", body, code, stdout, stderr)
		}
	}
	if _, stdout, _ := probe("config", "--expect", "a=b", serve(t, 500, "top-secret")); strings.Contains(stdout, "top-secret") {
		t.Errorf("status 500: output %q", stdout)
	}
}

func TestWrongArguments(t *testing.T) {
	for _, args := range [][]string{
		{},
		{"nonsense", "http://127.0.0.1"},
		{"http"},
		{"http", "127.0.0.1:8080/health"},
		{"http", "https://127.0.0.1"},
		{"http", "http://:8080"},
		{"http", "http://127.0.0.1", "http://127.0.0.1"},
		{"http", "--timeout", "soon", "http://127.0.0.1"},
		{"http", "--timeout", "0s", "http://127.0.0.1"},
		{"http", "--expect", "a=b", "http://127.0.0.1"},
		{"config", "http://127.0.0.1"},
		{"config", "--expect", "a", "http://127.0.0.1"},
	} {
		if code, stdout, stderr := probe(args...); code != 2 || stdout != "" || !strings.Contains(stderr, "Usage:") {
			t.Errorf("%q: exit code %d, output %q %q", args, code, stdout, stderr)
		}
	}
}
