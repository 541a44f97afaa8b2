package main

import (
	"net/http"
	"strings"
	"testing"
)

func TestPipelinesAreKeptInMemory(t *testing.T) {
	s := newTestService()
	if status, body := call(s, "GET", "/api/v1/pipelines", ""); status != http.StatusOK || strings.TrimSpace(body) != "[]" {
		t.Errorf("no pipelines answered %d %q", status, body)
	}
	status, first := call(s, "POST", "/api/v1/pipelines", `{"name": "first"}`)
	if status != http.StatusCreated || strings.TrimSpace(first) != `{"id":"1","name":"first"}` {
		t.Fatalf("answered %d %q", status, first)
	}
	if status, body := call(s, "GET", "/api/v1/pipelines/1", ""); status != http.StatusOK || body != first {
		t.Errorf("answered %d %q", status, body)
	}
	for _, path := range []string{"/api/v1/pipelines/2", "/api/v1/pipelines/", "/api/v1/pipelines/1/more"} {
		if status, _ := call(s, "GET", path, ""); status != http.StatusNotFound {
			t.Errorf("%s answered %d", path, status)
		}
	}
	if status, _ := call(s, "POST", "/api/v1/pipelines", `{}`); status != http.StatusBadRequest {
		t.Errorf("a pipeline without a name answered %d", status)
	}
}
