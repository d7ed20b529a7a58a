package spool

import (
	"os"
	"strings"
)

func (m *model) dump() {
	if p := os.Getenv("TRAIL"); p != "" {
		os.WriteFile(p, []byte(strings.Join(m.trail, "\n")), 0o644)
	}
}

func (m *model) dbg() {
	if os.Getenv("TRAIL") == "" {
		return
	}
	for name, d := range m.store.files {
		if strings.HasPrefix(name, "0001_4-0-3-2/000/") {
			if strings.HasSuffix(name, indexName) {
				m.did("%s: %s", name, d)
			} else {
				m.did("%s %d", name, len(d))
			}
		}
	}
}
