package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// logger writes request logs to where the configuration says. Start and stop lines are not its business: they are plain
// text on standard error, whatever the format.
type logger struct {
	mutex  sync.Mutex
	output io.Writer
	json   bool
	silent bool // requests are logged at level info
}

// logEntry is one line of the JSON format.
type logEntry struct {
	Timestamp string         `json:"timestamp"`
	Level     string         `json:"level"`
	Message   string         `json:"message"`
	Service   string         `json:"service"`
	Component string         `json:"component"`
	RequestID string         `json:"request_id"`
	Fields    map[string]any `json:"fields"`
}

// newLogger always returns a usable logger; with an error, it writes to standard output.
func newLogger(config LoggingConfig) (*logger, error) {
	l := &logger{
		output: os.Stdout,
		json:   strings.EqualFold(config.Format, "json"),
		silent: slices.Contains([]string{"warn", "error", "fatal"}, strings.ToLower(config.Level)),
	}
	if config.Output == "stdout" {
		return l, nil
	}
	if err := os.MkdirAll(filepath.Dir(config.FilePath), 0o755); err != nil {
		return l, err
	}
	file, err := os.OpenFile(config.FilePath, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return l, err
	}
	l.output = io.MultiWriter(os.Stdout, file) // "file" and "both" are the same
	return l, nil
}

// request writes one line about a request: there are two of them for each, one when it comes and one when it is answered.
func (l *logger) request(message, id string, fields map[string]any) {
	if l.silent {
		return
	}
	entry := logEntry{
		Timestamp: time.Now().UTC().Format(time.RFC3339),
		Level:     "INFO",
		Message:   message,
		Service:   "mimir-aip",
		Component: "http",
		RequestID: id,
		Fields:    fields,
	}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	fmt.Fprintln(l.output, entry.format(l.json))
}

func (e logEntry) format(asJSON bool) string {
	if asJSON {
		line, _ := json.Marshal(e) // strings and numbers always encode
		return string(line)
	}
	var line strings.Builder
	fmt.Fprintf(&line, "%s [%s] %s component=%s request_id=%s", e.Timestamp, e.Level, e.Message, e.Component, e.RequestID)
	for _, key := range []string{"method", "path", "status", "duration_ms", "remote_addr", "user_agent"} {
		if value, ok := e.Fields[key]; ok {
			fmt.Fprintf(&line, " %s=%v", key, value)
		}
	}
	return line.String()
}
