// Command probe asks a service over HTTP whether it is well. It exists because a scratch image has no shell, wget or
// curl: HEALTHCHECK and checks after a deployment run it inside the container.
//
// The exit code is 0 when all is well, 1 when it is not (with the reason on standard output, where Docker keeps it in
// the container's health log), and 2 when the arguments are wrong.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
	"time"
)

const usage = `Usage:
  probe http [--timeout 5s] URL
        succeeds when URL answers 200 in time
  probe config [--timeout 5s] --expect key.subkey=value... URL
        succeeds when the JSON document at URL has all of these values
`

const defaultTimeout = 5 * time.Second

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run returns the exit code.
func run(args []string, stdout, stderr io.Writer) int {
	command, err := parse(args)
	if err != nil {
		fmt.Fprintf(stderr, "probe: %v\n%s", err, usage)
		return 2
	}
	if err := command.check(); err != nil {
		fmt.Fprintln(stdout, err)
		return 1
	}
	return 0
}

// command is what the arguments ask for.
type command struct {
	target       *url.URL
	timeout      time.Duration
	expectations expectations
}

func parse(args []string) (command, error) {
	if len(args) == 0 {
		return command{}, errors.New("a command is missing")
	}
	c := command{}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	flags.SetOutput(io.Discard) // run reports the error once
	flags.DurationVar(&c.timeout, "timeout", defaultTimeout, "")
	switch args[0] {
	case "http":
	case "config":
		flags.Var(&c.expectations, "expect", "")
	default:
		return c, fmt.Errorf("unknown command %q", args[0])
	}
	if err := flags.Parse(args[1:]); err != nil {
		return c, err
	}
	switch {
	case c.timeout <= 0:
		return c, errors.New("--timeout must be more than zero")
	case args[0] == "config" && len(c.expectations) == 0:
		return c, errors.New("config needs at least one --expect")
	case flags.NArg() != 1:
		return c, errors.New("exactly one URL is needed, after the flags")
	}
	target, err := url.Parse(flags.Arg(0))
	if err != nil || target.Scheme != "http" || target.Hostname() == "" {
		return c, fmt.Errorf("%q is not a URL such as http://127.0.0.1:8080/health", flags.Arg(0))
	}
	c.target = target
	return c, nil
}

// check returns nil when the service is as it should be.
func (c command) check() error {
	body, err := get(c.target, c.timeout)
	if err != nil {
		return fmt.Errorf("%s: %w", c.target.Redacted(), err)
	}
	if len(c.expectations) == 0 {
		return nil
	}
	if problems := c.expectations.compare(body); len(problems) > 0 {
		return errors.New(strings.Join(append(problems, hint), "\n"))
	}
	return nil
}
