// Command trivy-misconfig judges Kubernetes manifests or Dockerfiles by the checks that Trivy embeds.
//
// Trivy itself is a scanner of images, repositories and clouds too, and far more to build. This is its
// scanner of configurations alone, with every embedded check, without a download and without exceptions.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"

	"github.com/aquasecurity/trivy/pkg/iac/rego"
	"github.com/aquasecurity/trivy/pkg/iac/scanners"
	"github.com/aquasecurity/trivy/pkg/iac/scanners/dockerfile"
	"github.com/aquasecurity/trivy/pkg/iac/scanners/kubernetes"
)

var version = "unknown"

type finding struct {
	Check    string `json:"check"`
	Severity string `json:"severity"`
	File     string `json:"file"`
	Line     int    `json:"line"`
	Message  string `json:"message"`
	Fix      string `json:"fix"`
}

type verdict struct {
	Passed   int       `json:"passed"`
	Findings []finding `json:"findings"`
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == "--version" {
		fmt.Println(version)
		return
	}
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "trivy-misconfig:", err)
		os.Exit(2)
	}
}

func run(arguments []string) error {
	if len(arguments) != 2 {
		return fmt.Errorf("usage: trivy-misconfig kubernetes|dockerfile FOLDER")
	}
	scanner, err := scannerOf(arguments[0])
	if err != nil {
		return err
	}
	results, err := scanner.ScanFS(context.Background(), os.DirFS(arguments[1]), ".")
	if err != nil {
		return err
	}
	told := verdict{Passed: len(results.GetPassed()), Findings: []finding{}}
	for _, result := range results.GetFailed() {
		rule, place := result.Rule(), result.Range()
		told.Findings = append(told.Findings, finding{
			Check: rule.ID, Severity: string(result.Severity()), File: place.GetLocalFilename(),
			Line: place.GetStartLine(), Message: result.Description(), Fix: rule.Resolution,
		})
	}
	slices.SortFunc(told.Findings, func(a, b finding) int {
		return cmp.Or(cmp.Compare(a.Check, b.Check), cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return json.NewEncoder(os.Stdout).Encode(told)
}

func scannerOf(kind string) (scanners.FSScanner, error) {
	checks, libraries := rego.WithEmbeddedPolicies(true), rego.WithEmbeddedLibraries(true)
	switch kind {
	case "kubernetes":
		return kubernetes.NewScanner(checks, libraries), nil
	case "dockerfile":
		return dockerfile.NewScanner(checks, libraries), nil
	}
	return nil, fmt.Errorf("it cannot judge %q", kind)
}
