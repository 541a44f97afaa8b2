// Command schema copies the package schema and the Terraform mapping out of the plugin's source, in which they stand
// beside its main package and so cannot be imported.
//
//	schema VERSION FOLDER
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

const module = "github.com/pulumi/pulumi-kubernetes/provider/v4"

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: schema VERSION FOLDER")
		os.Exit(2)
	}
	if err := write(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "schema:", err)
		os.Exit(1)
	}
}

func write(version, folder string) error {
	downloaded, err := exec.Command("go", "mod", "download", "-json", module).Output()
	if err != nil {
		return fmt.Errorf("go mod download %s: %w", module, err)
	}
	var cached struct{ Dir string }
	if err := json.Unmarshal(downloaded, &cached); err != nil {
		return err
	}
	source := filepath.Join(cached.Dir, "cmd", "pulumi-resource-kubernetes")
	mapping, err := os.ReadFile(filepath.Join(source, "terraform-mapping.json"))
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, "terraform-mapping.json"), mapping, 0o644); err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(source, "schema.json"))
	if err != nil {
		return err
	}
	var schema map[string]json.RawMessage
	if err := json.Unmarshal(text, &schema); err != nil {
		return err
	}
	schema["version"] = json.RawMessage(fmt.Sprintf("%q", version))
	stamped, err := json.Marshal(schema)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "schema.json"), stamped, 0o644)
}
