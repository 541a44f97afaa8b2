package main

import (
	"reflect"
	"testing"
)

func TestYAMLSubset(t *testing.T) {
	const text = `---
# a comment
server:
  host: 0.0.0.0   # bare, though it looks like a number
  port: 8080
  enable_cors: false
plugins:
  directories:
  - ./pipelines
  - 'it''s # text'  # comment
  plugin_configs:
    api: {"retries": 3}
security:
  allowed_origins:
    - "*"
  cert_file: ''
  key_file:
`
	want := map[string]any{
		"server": map[string]any{"host": "0.0.0.0", "port": 8080.0, "enable_cors": false},
		"plugins": map[string]any{
			"directories":    []any{"./pipelines", "it's # text"},
			"plugin_configs": map[string]any{"api": map[string]any{"retries": 3.0}},
		},
		"security": map[string]any{"allowed_origins": []any{"*"}, "cert_file": "", "key_file": nil},
	}
	got, err := parseYAML(text)
	if err != nil || !reflect.DeepEqual(got, any(want)) {
		t.Errorf("got %v, %v\nwant %v", got, err, want)
	}
}

func TestYAMLOutsideTheSubsetIsRefused(t *testing.T) {
	for name, text := range map[string]string{
		"tab":               "a:\n\tb: 1\n",
		"key twice":         "a: 1\na: 2\n",
		"deeper than a key": "a: 1\n  b: 2\n",
		"no colon":          "just words\n",
		"no space":          "a:1\n",
		"list at the top":   "- a\n",
		"mapping in a list": "a:\n  - b: 1\n",
		"two colons":        "a: b: c\n",
		"anchor":            "a: &b 1\n",
		"block text":        "a: |\n  text\n",
		"open quote":        "a: 'b\n",
		"words after quote": "a: \"b\" c\n",
	} {
		if got, err := parseYAML(text); err == nil {
			t.Errorf("%s: %q was read as %v", name, text, got)
		}
	}
}
