package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// runAsService turns this test binary into the service, for tests that need a process of its own.
const runAsService = "SAMPLE_RUN_AS_SERVICE"

func TestMain(m *testing.M) {
	if os.Getenv(runAsService) != "" {
		os.Exit(run(os.Args[1:]))
	}
	os.Exit(m.Run())
}

type process struct {
	*exec.Cmd
	url    string
	stdout *bufio.Scanner
	stderr bytes.Buffer
}

// start runs the service in a new folder on a free port and waits until it is healthy.
func start(t *testing.T) *process {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	listener.Close()

	p := &process{url: fmt.Sprintf("http://127.0.0.1:%d", port)}
	p.Cmd = command(t, "--server", fmt.Sprint(port))
	p.Cmd.Stderr = &p.stderr
	stdout, err := p.StdoutPipe()
	if err == nil {
		p.stdout = bufio.NewScanner(stdout)
		err = p.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Process.Kill() })
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if response, err := http.Get(p.url + "/health"); err == nil {
			response.Body.Close()
			return p
		}
	}
	t.Fatalf("not healthy within 10 s: %s", p.stderr.String())
	return nil
}

func command(t *testing.T, arguments ...string) *exec.Cmd {
	t.Helper()
	c := exec.Command(os.Args[0], arguments...)
	c.Dir = t.TempDir()
	// The port in the environment must not matter.
	c.Env = append(os.Environ(), runAsService+"=yes", "MIMIR_PORT=1")
	return c
}

func TestTerminationDrains(t *testing.T) {
	p := start(t)
	status := make(chan int, 1)
	go func() {
		response, err := http.Get(p.url + "/api/v1/slow?seconds=2")
		if err != nil {
			status <- 0
			return
		}
		response.Body.Close()
		status <- response.StatusCode
	}()
	for p.stdout.Scan() && !strings.Contains(p.stdout.Text(), "path=/api/v1/slow") { // until it is in flight
		continue
	}
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if got := <-status; got != http.StatusOK {
		t.Errorf("the request in flight answered %d", got)
	}
	if err := p.Wait(); err != nil {
		t.Errorf("ended with %v", err)
	}
	if log := p.stderr.String(); !strings.Contains(log, "Server exited") {
		t.Errorf("no stop line in %q", log)
	}
}

func TestCrashEndsTheProcess(t *testing.T) {
	p := start(t)
	if _, err := http.Post(p.url+"/api/v1/protected/crash", "application/json", nil); err == nil {
		t.Error("the crash answered")
	}
	var exit *exec.ExitError
	if err := p.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 2 {
		t.Errorf("ended with %v, want exit code 2", err)
	}
}

func TestBatchModeEndsByItself(t *testing.T) {
	batch := command(t)
	if err := batch.Run(); err == nil {
		t.Error("without ./config.yaml it should fail")
	}
	batch = command(t)
	if err := os.WriteFile(batch.Dir+"/config.yaml", []byte("server: {}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if output, err := batch.CombinedOutput(); err != nil {
		t.Errorf("ended with %v: %s", err, output)
	}
}
