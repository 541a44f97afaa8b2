package main

import (
	"context"
	"errors"
	"log"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

const (
	drainLimit  = 30 * time.Second // after SIGTERM; the platform's grace period has to be longer
	answerLimit = 30 * time.Second // a slower answer is cut off
)

// serve answers on all addresses until SIGINT or SIGTERM, then drains, and returns the exit code.
// The port comes from the argument only: MIMIR_PORT and the configuration file do not change it.
func serve(port string) int {
	config := loadConfig()
	logger, err := newLogger(config.Logging)
	if err != nil {
		log.Printf("Failed to initialize logger: %v", err)
	}
	if err := os.MkdirAll(stateDir, 0o755); err != nil {
		log.Printf("Failed to initialize pipeline store: %v", err)
	}

	server := &http.Server{
		Addr:         ":" + port,
		Handler:      newService(config, logger).handler(),
		ReadTimeout:  answerLimit,
		WriteTimeout: answerLimit,
		IdleTimeout:  2 * answerLimit,
	}
	stop, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()

	failed := make(chan error, 1)
	go func() {
		log.Printf("Starting Mimir AIP server on port %s", port)
		failed <- server.ListenAndServe()
	}()

	select {
	case err := <-failed:
		log.Printf("Error starting server: %v", err)
		return 1
	case <-stop.Done():
		drain(server)
		return 0
	}
}

// drain refuses new connections and lets the requests in flight finish.
func drain(server *http.Server) {
	log.Println("Shutting down server...")
	ctx, cancel := context.WithTimeout(context.Background(), drainLimit)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil && !errors.Is(err, http.ErrServerClosed) {
		log.Printf("HTTP server forced to shutdown: %v", err)
	}
	log.Println("Server exited")
}
