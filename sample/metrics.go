package main

import (
	"net/http"
	"runtime"
	"slices"
	"sync"
	"time"
)

const latencyWindow = 1000 // requests that the percentiles look back on

// metrics counts handled requests. Its JSON is the original's: latencies in nanoseconds, two fields always zero.
type metrics struct {
	mutex     sync.Mutex
	start     time.Time
	requests  int64
	errors    int64
	total     time.Duration
	latencies []time.Duration
}

type metricsReport struct {
	TotalRequests     int64         `json:"total_requests"`
	AverageLatency    time.Duration `json:"average_latency"`
	P95Latency        time.Duration `json:"p95_latency"`
	P99Latency        time.Duration `json:"p99_latency"`
	RequestsPerSecond float64       `json:"requests_per_second"`
	ErrorRate         float64       `json:"error_rate"`
	MemoryUsage       int64         `json:"memory_usage"`
	ActiveGoroutines  int           `json:"active_goroutines"`
}

func newMetrics() *metrics {
	return &metrics{start: time.Now()}
}

func (m *metrics) record(latency time.Duration, failed bool) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.requests++
	m.total += latency
	if failed {
		m.errors++
	}
	m.latencies = append(m.latencies, latency)
	if len(m.latencies) > latencyWindow {
		m.latencies = m.latencies[1:]
	}
}

func (m *metrics) report() metricsReport {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	report := metricsReport{
		TotalRequests:     m.requests,
		RequestsPerSecond: float64(m.requests) / time.Since(m.start).Seconds(),
	}
	if m.requests > 0 {
		sorted := slices.Sorted(slices.Values(m.latencies))
		report.AverageLatency = m.total / time.Duration(m.requests)
		report.P95Latency = sorted[len(sorted)*95/100]
		report.P99Latency = sorted[len(sorted)*99/100]
		report.ErrorRate = float64(m.errors) / float64(m.requests)
	}
	return report
}

func (s *service) performanceMetrics(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, s.metrics.report())
}

func (s *service) performanceStats(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]any{
		"performance": s.metrics.report(),
		"system": map[string]any{
			"go_version":     runtime.Version(),
			"num_cpu":        runtime.NumCPU(),
			"num_goroutines": runtime.NumGoroutine(),
		},
	})
}
