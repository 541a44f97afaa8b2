package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

const hint = "hint: the application drops an invalid configuration file without a word, " +
	"and a config.yaml in its working directory hides the mounted one"

// expectation is one --expect key.subkey=value.
type expectation struct {
	key, value string
}

// expectations implements flag.Value: the flag may be repeated.
type expectations []expectation

func (e *expectations) String() string { return "" }

// Set is called once for each flag.
func (e *expectations) Set(text string) error {
	key, value, found := strings.Cut(text, "=")
	if !found || key == "" {
		return fmt.Errorf("%q is not key=value", text)
	}
	*e = append(*e, expectation{key, value})
	return nil
}

// compare returns a line for each value that is not as expected, and for nothing else: the document holds a secret, so
// no other part of it may be shown.
func (e expectations) compare(document []byte) []string {
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.UseNumber() // numbers as they are written
	var root any
	if err := decoder.Decode(&root); err != nil {
		return []string{"the answer is not a JSON document"}
	}
	var problems []string
	for _, expected := range e {
		if found := describe(lookUp(root, expected.key)); found != expected.value {
			problems = append(problems, fmt.Sprintf("%s: expected %s, found %s", expected.key, expected.value, found))
		}
	}
	return problems
}

// missing stands for a key that is not in the document.
type missing struct{}

// lookUp follows a dotted key down through objects.
func lookUp(value any, key string) any {
	for _, name := range strings.Split(key, ".") {
		object, _ := value.(map[string]any)
		below, found := object[name]
		if !found {
			return missing{}
		}
		value = below
	}
	return value
}

// describe turns one value into text, but never what is inside an object or a list.
func describe(value any) string {
	switch value.(type) {
	case missing:
		return "no such key"
	case nil:
		return "null"
	case map[string]any:
		return "an object"
	case []any:
		return "a list"
	}
	return fmt.Sprint(value)
}
