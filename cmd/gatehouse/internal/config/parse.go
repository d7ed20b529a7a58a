package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"go.yaml.in/yaml/v3"
)

// parse reads a file's bytes as the format that its name tells.
func parse(name string, data []byte) (tree, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	var t tree
	var err error
	switch strings.ToLower(filepath.Ext(name)) {
	case ".toml":
		t, err = parseTOML(name, data)
	case ".json":
		t, err = parseJSON(name, data)
	case ".yaml", ".yml":
		t, err = parseYAML(name, data)
	default:
		return tree{}, fileProblem(name, 0, "has no known ending", "allowed: .yaml, .yml, .toml, .json")
	}
	if err != nil {
		return tree{}, err
	}
	if !t.empty() && t.kind != kindMap {
		return tree{}, fileProblem(name, 0, "holds no keys", "write lines such as shards.total: 0, or run gatehouse config init")
	}
	return t, nil
}

// fileProblem is what is wrong with a file as a whole.
func fileProblem(name string, line int, what, hint string) error {
	src := Source{Layer: LayerFile, Name: name, Line: line}
	return &Error{Problems: []Problem{{Key: src.String(), What: what, Hint: hint}}}
}

func parseTOML(name string, data []byte) (tree, error) {
	var m map[string]any
	err := toml.Unmarshal(data, &m)
	if err == nil {
		return treeOf(m), nil
	}
	line := 0
	if bad := (*toml.DecodeError)(nil); errors.As(err, &bad) {
		line, _ = bad.Position()
	}
	return tree{}, fileProblem(name, line, "not valid TOML: "+strings.TrimPrefix(err.Error(), "toml: "), "")
}

func parseJSON(name string, data []byte) (tree, error) {
	if len(bytes.TrimSpace(data)) == 0 {
		return tree{}, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber() // a float has not enough digits for an id
	var v any
	err := decoder.Decode(&v)
	if err == nil {
		if _, more := decoder.Token(); more != io.EOF {
			err = errors.New("something follows the closing brace")
		}
	}
	if err == nil {
		return treeOf(v), nil
	}
	offset := decoder.InputOffset()
	if bad := (*json.SyntaxError)(nil); errors.As(err, &bad) {
		offset = bad.Offset
	}
	offset = min(max(offset, 0), int64(len(data)))
	return tree{}, fileProblem(name, 1+bytes.Count(data[:offset], []byte("\n")), "not valid JSON: "+err.Error(), "")
}

func parseYAML(name string, data []byte) (tree, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document yaml.Node
	err := decoder.Decode(&document)
	if errors.Is(err, io.EOF) {
		return tree{}, nil
	}
	if err != nil {
		line, what := yamlMessage(err)
		return tree{}, fileProblem(name, line, "not valid YAML: "+what, "")
	}
	var next yaml.Node
	if decoder.Decode(&next) != io.EOF {
		return tree{}, fileProblem(name, 0, "holds more than one YAML document", "keep the first and remove what follows ---")
	}
	w := yamlWalk{name: name, left: maxNodes}
	t := w.node(&document, 0)
	return t, w.err
}

// yamlMessage takes the line out of a message of the YAML library, which leaves
// out the first.
func yamlMessage(err error) (line int, what string) {
	what = strings.TrimPrefix(err.Error(), "yaml: ")
	if _, scanErr := fmt.Sscanf(what, "line %d:", &line); scanErr == nil {
		_, what, _ = strings.Cut(what, ": ")
	}
	line = max(line, 1)
	return line, strings.ReplaceAll(what, "\n", " ")
}
