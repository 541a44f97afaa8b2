// Command mimir-sample is a small stand-in for Mimir-AIP: the same arguments, environment, configuration file rules,
// endpoints and shutdown, on the standard library alone, so that a first deployment needs no download.
//
// It imitates the original's weaknesses too (nothing is authenticated, GET /api/v1/config shows the secret): a
// deployment has to protect it from outside, and tests can prove with this service that it does.
package main

import (
	"fmt"
	"os"
)

const usage = `Usage:
  --server [port]     Start HTTP server (default port: 8080)
  (no arguments)      Batch mode: read ./config.yaml and exit
  -h, --help, help    Show this help message
  -v, --version       Show the version
`

func main() {
	os.Exit(run(os.Args[1:]))
}

// run returns the exit code of the process.
func run(args []string) int {
	if len(args) == 0 {
		return batch()
	}
	switch args[0] {
	case "--server":
		port := "8080"
		if len(args) > 1 {
			port = args[1]
		}
		return serve(port)
	case "-h", "--help", "help":
		fmt.Print(usage)
		return 0
	case "-v", "--version":
		fmt.Println("Mimir version: sample")
		return 0
	default:
		fmt.Fprintln(os.Stderr, "Unknown argument. Use --help for usage.")
		return 1
	}
}

// batch runs no pipelines, since this service has none; like the original, it insists on a readable ./config.yaml.
func batch() int {
	if _, err := os.ReadFile("config.yaml"); err != nil {
		fmt.Fprintf(os.Stderr, "Error reading config.yaml: %v\n", err)
		return 1
	}
	return 0
}
