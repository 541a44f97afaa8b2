package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// written makes a file with this content and returns its path.
func written(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAnyFileCanBeRead(t *testing.T) {
	body := fmt.Sprintf(`{"pipeline_file": %q}`, written(t, "a secret"))
	if _, answer := call(newTestService(), "POST", "/api/v1/pipelines/execute", body); !strings.Contains(answer, "a secret") {
		t.Errorf("answered %q", answer)
	}
}

func TestAnyFileCanBeWritten(t *testing.T) {
	path := written(t, "")
	status, _ := call(newTestService(), "POST", "/api/v1/config/save", fmt.Sprintf(`{"file_path": %q}`, path))
	if data, err := os.ReadFile(path); status != http.StatusOK || err != nil || !strings.Contains(string(data), "jwt_secret") {
		t.Errorf("answered %d, wrote %q, %v", status, data, err)
	}
}

func TestAnyAddressCanBeAsked(t *testing.T) {
	inside := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("inside the network"))
	}))
	defer inside.Close()
	body := fmt.Sprintf(`{"tool_name": "Input.api", "arguments": {"step_config": {"config": {"url": %q}}}}`, inside.URL)
	if _, answer := call(newTestService(), "POST", "/mcp/tools/execute", body); !strings.Contains(answer, "inside the network") {
		t.Errorf("answered %q", answer)
	}
}

func TestLeaksRefuseWhatTheyCannotDo(t *testing.T) {
	for _, c := range []struct {
		path, body string
		status     int
	}{
		{"/api/v1/pipelines/execute", "", http.StatusBadRequest},
		{"/api/v1/pipelines/execute", `{"pipeline_file": "/nowhere"}`, http.StatusBadRequest},
		{"/api/v1/config/save", "", http.StatusBadRequest},
		{"/api/v1/config/save", `{"file_path": "/nowhere/at/all"}`, http.StatusInternalServerError},
		{"/mcp/tools/execute", "", http.StatusBadRequest},
		{"/mcp/tools/execute", `{"tool_name": "Output.none"}`, http.StatusNotFound},
		{"/mcp/tools/execute", `{"tool_name": "Input.api"}`, http.StatusInternalServerError},
	} {
		if status, _ := call(newTestService(), "POST", c.path, c.body); status != c.status {
			t.Errorf("%s %s answered %d, want %d", c.path, c.body, status, c.status)
		}
	}
}
