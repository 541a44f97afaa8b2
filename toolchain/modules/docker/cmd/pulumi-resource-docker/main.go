// Command pulumi-resource-docker is a STAND-IN for Pulumi's docker resource plugin; see package shim.
package main

import (
	_ "embed"
	"fmt"
	"os"
	"slices"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/terraform-providers/terraform-provider-docker/shim"
)

// version is set by the linker.
var version = "0.0.0"

// schema is written by cmd/schema before this command is built.
//
//go:embed schema.json
var schema []byte

func main() {
	if slices.Contains(os.Args[1:], "--version") || slices.Contains(os.Args[1:], "-version") {
		fmt.Printf("%s (%s)\n", version, shim.Notice)
		return
	}
	// The first line of standard output is the plugin's port, so the notice goes to the other stream.
	fmt.Fprintf(os.Stderr, "pulumi-resource-docker %s: %s\n", version, shim.Notice)
	tfbridge.Main("docker", version, shim.Info(version), schema)
}
