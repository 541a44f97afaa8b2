package main

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

const bodyLimit = 1 << 20 // bytes

// withMiddleware puts around each handler what the original does: CORS, security headers, input checks, logs, metrics.
func (s *service) withMiddleware(routes routes) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if preflight := allowAnyOrigin(w, r); preflight {
			return
		}
		handler := routes.find(w, r)
		if handler == nil {
			return
		}
		s.observe(w, r, func(w http.ResponseWriter) {
			setHeaders(w.Header(), r.URL.Path)
			if status, problem := checkInput(r); problem != "" {
				http.Error(w, problem, status)
				return
			}
			start := time.Now()
			recorder := &statusRecorder{ResponseWriter: w, status: http.StatusOK}
			handler(recorder, r)
			s.metrics.record(time.Since(start), recorder.status >= http.StatusBadRequest)
		})
	})
}

// observe logs the request before and after it is handled.
func (s *service) observe(w http.ResponseWriter, r *http.Request, handle func(http.ResponseWriter)) {
	start := time.Now()
	id := strconv.FormatInt(start.UnixNano(), 10)
	s.logger.request("HTTP Request", id, map[string]any{
		"method": r.Method, "path": r.URL.Path, "remote_addr": r.RemoteAddr, "user_agent": r.UserAgent(),
	})
	recorder := &statusRecorder{ResponseWriter: w, status: http.StatusOK}
	handle(recorder)
	s.logger.request("HTTP Response", id, map[string]any{
		"method": r.Method, "path": r.URL.Path, "status": recorder.status,
		"duration_ms": float64(time.Since(start)) / float64(time.Millisecond),
	})
}

// allowAnyOrigin sends the fixed, too generous CORS headers that an edge has to correct, and answers preflights.
func allowAnyOrigin(w http.ResponseWriter, r *http.Request) (preflight bool) {
	w.Header().Set("Vary", "Origin")
	method := r.Header.Get("Access-Control-Request-Method")
	preflight = r.Method == http.MethodOptions && method != ""
	if r.Header.Get("Origin") != "" {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		w.Header().Set("Access-Control-Allow-Credentials", "true")
		if preflight {
			w.Header().Set("Access-Control-Allow-Methods", method)
		}
	}
	if preflight {
		w.WriteHeader(http.StatusNoContent)
	}
	return preflight
}

func setHeaders(header http.Header, path string) {
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Frame-Options", "DENY")
	header.Set("X-XSS-Protection", "1; mode=block")
	header.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
	header.Set("Content-Security-Policy", "default-src 'self'")
	header.Set("Referrer-Policy", "strict-origin-when-cross-origin")
	if strings.HasPrefix(path, apiPrefix) {
		header.Set("X-API-Version", "v1")
	}
}

// checkInput returns what is wrong with the request, or an empty string.
func checkInput(r *http.Request) (status int, problem string) {
	if r.Method == http.MethodPost || r.Method == http.MethodPut {
		if !strings.Contains(r.Header.Get("Content-Type"), "application/json") {
			return http.StatusBadRequest, "Content-Type must be application/json"
		}
		if r.ContentLength > bodyLimit {
			return http.StatusRequestEntityTooLarge, "Request body too large"
		}
	}
	for _, values := range r.URL.Query() {
		for _, value := range values {
			if len(value) > 1000 {
				return http.StatusBadRequest, "Query parameter too long"
			}
			if strings.ContainsAny(value, "<>") {
				return http.StatusBadRequest, "Invalid characters in query parameter"
			}
		}
	}
	return 0, ""
}

// statusRecorder remembers the status that a handler sends.
type statusRecorder struct {
	http.ResponseWriter
	status int
}

func (r *statusRecorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}
