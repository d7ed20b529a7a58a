package main

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"

	"github.com/gatehouse-gateway/gatehouse/cmd/gatehouse/internal/config"
	"github.com/gatehouse-gateway/gatehouse/engine"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/transport/control"
)

// dumpFolder is where dumps go, below queue.dir.
const dumpFolder = "dumps"

// dumping says what is in a dump beside what the engine knows.
type dumping struct {
	loaded atomic.Pointer[config.Loaded] // as it was read last
}

// tell has an engine write dumps below a folder, and its log's level be set.
func (d *dumping) tell(c *engine.Config, dir string, l *config.Loaded, book *logbook) {
	d.loaded.Store(l)
	c.LogLevel = book.level
	c.Dump = engine.DumpConfig{
		Dir:      filepath.Join(dir, dumpFolder),
		Config:   d.describe,
		Snapshot: func(s *ops.Snapshot) ([]byte, error) { return control.Marshal(s) },
		Redact:   book.redactor.clean,
	}
}

// describe lists the configuration, without secrets.
func (d *dumping) describe() string {
	var b strings.Builder
	l := d.loaded.Load()
	fmt.Fprintf(&b, "%s\n\n", l.Summary())
	for _, s := range l.Settings() {
		if strings.HasSuffix(s.Key, ".url") {
			s.Value = bareURL(s.Value)
		}
		fmt.Fprintf(&b, "%s: %s  (%s)\n", s.Key, s.Value, s.Source)
	}
	return b.String()
}

// bareURL is a URL without what may hold a secret.
func bareURL(text string) string {
	u, err := url.Parse(strings.Trim(text, `"`))
	if err != nil {
		return "[cannot be read]"
	}
	u.User = nil
	return display(u)
}
