package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/durable"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// What becomes of dumps.
const (
	dumpPrefix = "gatehouse-dump-"
	dumpSuffix = ".txt"
	keptDumps  = 20   // the older ones are removed
	dumpLines  = 1000 // of the log
)

// DumpConfig says where dumps go, and what is in them beside what the engine knows.
type DumpConfig struct {
	Dir string // folder; empty for DeadLetterDir
	// Config describes the configuration in effect, without secrets; nil for none.
	Config func() string
	// Snapshot writes a snapshot; nil for JSON with the names of package ops.
	Snapshot func(*ops.Snapshot) ([]byte, error)
	// Redact cuts secrets out of all of it, beside the token; nil for none.
	Redact func(string) string
}

// beginDump has a dump written.
func (e *Engine) beginDump(cmd ops.Command) (*operation, error) {
	refuse := func(why string) (*operation, error) { return nil, &ops.RefusedError{Command: cmd, Reason: why} }
	if e.current() == nil {
		return refuse("the engine has not started yet")
	}
	return e.beginChore(cmd, "is being written", func(ctx context.Context, _ *operation) (string, error) {
		path, err := e.dump(ctx)
		if err != nil {
			return "", fmt.Errorf("it cannot be written: %w", err)
		}
		return "written to " + path, nil
	})
}

// dump writes a dump and returns its path.
func (e *Engine) dump(ctx context.Context) (string, error) {
	dir := e.cfg.Dump.Dir
	if dir == "" {
		dir = e.cfg.DeadLetterDir
	}
	text, err := e.dumpText(ctx)
	if err == nil {
		err = durable.MkdirAll(dir)
	}
	if err != nil {
		return "", err
	}
	name := dumpPrefix + e.cfg.Clock.Now().UTC().Format("20060102T150405.000Z")
	path := filepath.Join(dir, name+dumpSuffix)
	for n := 2; exists(path); n++ {
		path = filepath.Join(dir, fmt.Sprintf("%s-%d%s", name, n, dumpSuffix))
	}
	if err := durable.Replace(path, text); err != nil {
		return "", err
	}
	return path, removeOld(dir)
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// removeOld removes all dumps but the newest.
func removeOld(dir string) error {
	all, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var names []string
	for _, f := range all {
		if strings.HasPrefix(f.Name(), dumpPrefix) && strings.HasSuffix(f.Name(), dumpSuffix) {
			names = append(names, f.Name())
		}
	}
	slices.Sort(names) // by their time
	for _, name := range names[:max(len(names)-keptDumps, 0)] {
		err = errors.Join(err, os.Remove(filepath.Join(dir, name)))
	}
	return err
}

// dumpText is what is in a dump.
func (e *Engine) dumpText(ctx context.Context) ([]byte, error) {
	snap, err := e.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "Gatehouse %s, dump of %s\n", snap.Version, snap.At.UTC().Format(time.RFC3339))
	e.dumpProcess(&b, snap)
	section(&b, "actions")
	for _, a := range snap.Actions {
		fmt.Fprintf(&b, "%s  %s  %s  %s  %s\n", a.At.UTC().Format(time.RFC3339), a.By, a.What, a.State, a.Result)
	}
	section(&b, "configuration")
	if describe := e.cfg.Dump.Config; describe != nil {
		b.WriteString(describe())
	}
	section(&b, "log")
	for _, l := range e.journal.Page(ops.LogQuery{Level: ops.LevelDebug, Shard: -1, Max: dumpLines}).Lines {
		fmt.Fprintf(&b, "%s %-5s %d %s\n", l.At.UTC().Format(time.RFC3339Nano), l.Level, l.Shard, l.Text)
	}
	section(&b, "snapshot")
	write := e.cfg.Dump.Snapshot
	if write == nil {
		write = func(s *ops.Snapshot) ([]byte, error) { return json.MarshalIndent(s, "", "  ") }
	}
	text, err := write(snap)
	if err != nil {
		return nil, err
	}
	b.Write(text)
	section(&b, "goroutines")
	if err := pprof.Lookup("goroutine").WriteTo(&b, 1); err != nil {
		return nil, err
	}
	return []byte(e.clean(b.String())), nil
}

// clean cuts secrets out of a text.
func (e *Engine) clean(text string) string {
	text = e.cfg.Token.Redact(text)
	if e.cfg.Dump.Redact != nil {
		text = e.cfg.Dump.Redact(text)
	}
	return text
}

func section(b *bytes.Buffer, name string) { fmt.Fprintf(b, "\n== %s ==\n\n", name) }

// dumpProcess tells of the process, and of what is wrong.
func (e *Engine) dumpProcess(b *bytes.Buffer, snap *ops.Snapshot) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	fmt.Fprintf(b, "%s %s/%s, %d processors, pid %d, up %s, %s\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.GOMAXPROCS(0),
		os.Getpid(), snap.At.Sub(snap.StartedAt).Round(time.Second), snap.Phase)
	fmt.Fprintf(b, "memory: %s in use, %s from the system, %d collections; %d goroutines\n",
		megabytes(int64(m.HeapInuse)), megabytes(int64(m.Sys)), m.NumGC, runtime.NumGoroutine())
	section(b, "alerts")
	for _, a := range snap.Alerts {
		fmt.Fprintf(b, "%s  %s  %s\n", a.Since.UTC().Format(time.RFC3339), a.ID, a.Text)
	}
}
