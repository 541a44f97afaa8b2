package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"
)

// service answers the endpoints.
type service struct {
	mutex  sync.Mutex
	config Config

	logger    *logger
	metrics   *metrics
	notes     notes
	pipelines pipelines
}

func newService(config Config, logger *logger) *service {
	return &service{config: config, logger: logger, metrics: newMetrics()}
}

func (s *service) handler() http.Handler {
	return s.withMiddleware(routes{
		"/health":                     {"GET": s.health},
		"/api/v1/answer":              {"GET": s.answer},
		"/api/v1/config":              {"GET": s.getConfig, "PUT": s.putConfig},
		"/api/v1/config/save":         {"POST": s.saveConfig},
		"/api/v1/notes":               {"GET": s.notes.list, "POST": s.notes.add},
		"/api/v1/performance/metrics": {"GET": s.performanceMetrics},
		"/api/v1/performance/stats":   {"GET": s.performanceStats},
		"/api/v1/pipelines":           {"GET": s.pipelines.list, "POST": s.pipelines.add},
		"/api/v1/pipelines/execute":   {"POST": executePipeline},
		"/api/v1/pipelines/*":         {"GET": s.pipelines.get},
		"/api/v1/protected/crash":     {"POST": s.crash},
		"/api/v1/slow":                {"GET": s.slow},
		"/mcp/tools/execute":          {"POST": executeTool},
	})
}

func (s *service) health(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]string{"status": "healthy", "time": time.Now().Format(time.RFC3339)})
}

func (s *service) answer(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]string{"answer": answer})
}

// getConfig shows everything, the secret included: so does the original.
func (s *service) getConfig(w http.ResponseWriter, _ *http.Request) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	writeJSON(w, http.StatusOK, s.config)
}

// putConfig changes what getConfig shows. The logger keeps the level that it started with.
func (s *service) putConfig(w http.ResponseWriter, r *http.Request) {
	var changes Config
	if err := json.NewDecoder(r.Body).Decode(&changes); err != nil {
		http.Error(w, fmt.Sprintf("Invalid request body: %v", err), http.StatusBadRequest)
		return
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	updated, err := s.config.update(changes)
	if err != nil {
		http.Error(w, fmt.Sprintf("Failed to update configuration: %v", err), http.StatusBadRequest)
		return
	}
	s.config = updated
	writeJSON(w, http.StatusOK, map[string]string{"message": "Configuration updated successfully"})
}

// slow answers after ?seconds=N (0 to 60): a request in flight for tests of the drain. The server's own limit cuts
// answers that take more than 30 seconds, as the original does.
func (s *service) slow(w http.ResponseWriter, r *http.Request) {
	seconds, err := strconv.Atoi(r.URL.Query().Get("seconds"))
	if err != nil || seconds < 0 || seconds > 60 {
		http.Error(w, "seconds must be a number from 0 to 60", http.StatusBadRequest)
		return
	}
	select {
	case <-time.After(time.Duration(seconds) * time.Second):
		writeJSON(w, http.StatusOK, map[string]int{"seconds": seconds})
	case <-r.Context().Done(): // the client went away
	}
}

// crash ends the process the way the original's data race does. No recovery can catch it.
func (s *service) crash(http.ResponseWriter, *http.Request) {
	fmt.Fprintln(os.Stderr, "fatal error: concurrent map read and map write")
	os.Exit(2)
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value) // fails only when the client has gone
}
