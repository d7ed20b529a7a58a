package config

import (
	"errors"
	"strings"
	"testing"
)

// FuzzParse holds that no file, whatever is in it, brings the loader down: it
// gives a configuration or problems of one line each.
func FuzzParse(f *testing.F) {
	f.Add(uint8(0), Template())
	f.Add(uint8(0), "a: &a [*a]")
	f.Add(uint8(0), "sinks: [{url: 'http://bot', events: {drop: x}}]\n? [a]\n: b")
	f.Add(uint8(1), "[[sinks]]\nurl='http://bot'\nshards=1979-05-27")
	f.Add(uint8(2), `{"sinks":[{"url":1e400}],"shards":{"total":18446744073709551615}}`)
	f.Add(uint8(2), `{"discord":{"presence":{"status":"dnd"},"intents":-1}}`)
	f.Fuzz(func(t *testing.T, format uint8, content string) {
		name := "gatehouse" + []string{".yaml", ".toml", ".json"}[format%3]
		tree, err := parse(name, []byte(content))
		l := newLayers()
		if err == nil {
			l.addFile(tree, name)
			loaded := &Loaded{Config: Default(), Sources: map[string]Source{}}
			loaded.decode(l)
			loaded.decodeSinks(l)
			if len(l.problems) > 0 {
				err = &Error{Problems: l.problems}
			} else if loaded.Check() != nil {
				loaded.Settings()
			}
		}
		bad := (*Error)(nil)
		if err != nil && !errors.As(err, &bad) {
			t.Fatalf("an error of another kind: %v", err)
		}
		if bad == nil {
			return
		}
		if lines := strings.Split(bad.Error(), "\n"); len(lines) != len(bad.Problems) {
			t.Fatalf("%d problems in %d lines: %q", len(bad.Problems), len(lines), lines)
		}
	})
}
