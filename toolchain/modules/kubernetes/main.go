// Command pulumi-resource-kubernetes is Pulumi's kubernetes plugin at the only release that is published as a Go
// module. It is a STAND-IN, much older than the SDK that talks to it, for machines that cannot reach the makers'
// download site.
package main

import (
	"fmt"
	"os"

	"github.com/pulumi/pulumi-kubernetes/provider/v2/pkg/provider"
)

// version is set by the linker.
var version = "0.0.0"

const notice = "STAND-IN built from its Go module; much older than the SDK, not the makers' release"

func main() {
	if len(os.Args) > 1 && (os.Args[1] == "--version" || os.Args[1] == "-version") {
		fmt.Printf("%s (%s)\n", version, notice)
		return
	}
	// The first line of standard output is the plugin's port, so the notice goes to the other stream.
	fmt.Fprintf(os.Stderr, "pulumi-resource-kubernetes %s: %s\n", version, notice)
	provider.Serve("kubernetes", version)
}
