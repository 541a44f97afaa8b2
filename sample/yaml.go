package main

import (
	"encoding/json"
	"fmt"
	"strings"
)

// parseYAML reads the subset of YAML that a configuration file needs: nested mappings, lists of scalars, scalars on one
// line (bare, quoted, or JSON such as [] and {}), and comments. Anything else is an error.
func parseYAML(text string) (any, error) {
	lines, err := yamlLines(text)
	if err != nil || len(lines) == 0 {
		return nil, err
	}
	p := yamlParser{lines: lines}
	document, err := p.mapping(lines[0].indent)
	if err == nil && len(p.lines) > 0 {
		err = p.lines[0].errorf("unexpected indentation")
	}
	return document, err
}

type yamlLine struct {
	number, indent int
	text           string
}

func (l yamlLine) errorf(format string, args ...any) error {
	return fmt.Errorf("line %d: %s", l.number, fmt.Sprintf(format, args...))
}

// isItem says whether the line is an item of a list.
func (l yamlLine) isItem() bool {
	return l.text == "-" || strings.HasPrefix(l.text, "- ")
}

// yamlLines leaves out blank lines, comments and document markers.
func yamlLines(text string) ([]yamlLine, error) {
	var lines []yamlLine
	for i, raw := range strings.Split(text, "\n") {
		raw = strings.TrimRight(raw, " \r")
		body := strings.TrimLeft(raw, " ")
		if body == "" || body == "---" || strings.HasPrefix(body, "#") {
			continue
		}
		line := yamlLine{number: i + 1, indent: len(raw) - len(body), text: body}
		if strings.Contains(body, "\t") {
			return nil, line.errorf("tabs are not allowed")
		}
		lines = append(lines, line)
	}
	return lines, nil
}

// yamlParser consumes its lines from the front.
type yamlParser struct {
	lines []yamlLine
}

func (p *yamlParser) mapping(indent int) (map[string]any, error) {
	result := map[string]any{}
	for len(p.lines) > 0 && p.lines[0].indent == indent && !p.lines[0].isItem() {
		line := p.lines[0]
		p.lines = p.lines[1:]
		key, rest, found := strings.Cut(line.text, ":")
		if _, twice := result[key]; !found || twice || strings.ContainsAny(key, ` "'{}[]&*!|>%@`) {
			return nil, line.errorf("expected a new key and a colon")
		}
		if rest != "" && rest[0] != ' ' {
			return nil, line.errorf("expected a space after the colon")
		}
		value, err := p.value(line, strings.TrimSpace(rest))
		if err != nil {
			return nil, err
		}
		result[key] = value
	}
	return result, nil
}

// value reads what belongs to the key on the given line: the rest of the line, or the block below it.
func (p *yamlParser) value(line yamlLine, rest string) (any, error) {
	if rest != "" && rest[0] != '#' {
		return yamlScalar(line, rest)
	}
	if len(p.lines) == 0 {
		return nil, nil
	}
	below := p.lines[0]
	switch {
	case below.isItem() && below.indent >= line.indent: // a list may stand at its key's own indentation
		return p.list(below.indent)
	case below.indent > line.indent:
		return p.mapping(below.indent)
	}
	return nil, nil
}

func (p *yamlParser) list(indent int) ([]any, error) {
	result := []any{}
	for len(p.lines) > 0 && p.lines[0].indent == indent && p.lines[0].isItem() {
		line := p.lines[0]
		p.lines = p.lines[1:]
		item, err := yamlScalar(line, strings.TrimSpace(line.text[1:]))
		if err != nil {
			return nil, err
		}
		result = append(result, item)
	}
	return result, nil
}

// yamlScalar gives JSON values their JSON type and takes every other bare word as a string.
func yamlScalar(line yamlLine, text string) (any, error) {
	text = withoutComment(text)
	var value any
	if json.Unmarshal([]byte(text), &value) == nil {
		return value, nil
	}
	if text == "" || text == "~" {
		return nil, nil
	}
	if inner, quoted := strings.CutPrefix(text, "'"); quoted {
		inner, closed := strings.CutSuffix(inner, "'")
		plain := strings.ReplaceAll(inner, "''", "\x00")
		if !closed || strings.Contains(plain, "'") {
			return nil, line.errorf("unbalanced quote")
		}
		return strings.ReplaceAll(plain, "\x00", "'"), nil
	}
	if strings.ContainsAny(text[:1], "\"[]{}&*!|>%@`,?") || strings.Contains(text+" ", ": ") {
		return nil, line.errorf("%q is outside the supported subset of YAML", text)
	}
	return text, nil
}

// withoutComment cuts a trailing " #" comment. Inside quotes the sign is text.
func withoutComment(text string) string {
	var quote rune
	mayQuote := strings.IndexAny(text, "'\"[{") == 0
	for i, char := range text {
		switch {
		case quote != 0:
			if char == quote && (quote == '\'' || text[i-1] != '\\') {
				quote = 0
			}
		case mayQuote && (char == '\'' || char == '"'):
			quote = char
		case char == '#' && (i == 0 || text[i-1] == ' '):
			return strings.TrimRight(text[:i], " ")
		}
	}
	return text
}
