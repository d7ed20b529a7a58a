package spool

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"sync"
	"testing"
)

// fakeStore is a [Store] in memory that a test can spoil. What has been put is
// there; nothing else ever is.
type fakeStore struct {
	mu     sync.Mutex
	files  map[string][]byte
	aside  map[string][]byte
	puts   []string // names, in order
	gets   int
	wrote  int                         // bytes
	refuse func(op, name string) error // called before each operation
	forget func(name string) error     // called after a Put: what it returns hides that it went well
	stall  chan struct{}               // while it is there, every write waits until it is closed
	dead   bool                        // nothing is changed any more, as after a crash
	fuse   int                         // dies at the n-th write from now; 0 never
	during func(op, name string)       // is called in each operation, before anything happens
}

var _ Store = (*fakeStore)(nil)

var errDisk = errors.New("no space left on device")

func newFake() *fakeStore {
	return &fakeStore{files: make(map[string][]byte), aside: make(map[string][]byte)}
}

// begin begins an operation and reports whether it is to be carried out.
func (f *fakeStore) begin(op, name string) (bool, error) {
	f.mu.Lock()
	during := f.during
	f.mu.Unlock()
	if during != nil {
		during(op, name)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	writes := op == "put" || op == "delete"
	if f.stall != nil && writes {
		stall := f.stall
		f.mu.Unlock()
		<-stall
		f.mu.Lock()
	}
	if writes && f.fuse > 0 {
		if f.fuse--; f.fuse == 0 {
			f.dead = true
		}
	}
	if f.dead && op != "list" && op != "get" {
		return false, nil
	}
	if f.refuse != nil {
		if err := f.refuse(op, name); err != nil {
			return false, err
		}
	}
	return true, nil
}

func (f *fakeStore) List() (out []Stored, err error) {
	if ok, err := f.begin("list", ""); !ok {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for name, data := range f.files {
		out = append(out, Stored{name, int64(len(data))})
	}
	return out, nil
}

func (f *fakeStore) Get(name string, dst []byte, limit int) ([]byte, error) {
	if ok, err := f.begin("get", name); !ok {
		return dst, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.gets++
	data, ok := f.files[name]
	if !ok {
		return dst, fmt.Errorf("get %s: %w", name, fs.ErrNotExist)
	}
	if limit > 0 {
		data = data[:min(limit, len(data))]
	}
	return append(dst, data...), nil
}

func (f *fakeStore) Put(name string, data []byte) error {
	if ok, err := f.begin("put", name); !ok {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.files[name] = slices.Clone(data)
	f.puts = append(f.puts, name)
	f.wrote += len(data)
	if f.forget != nil {
		return f.forget(name)
	}
	return nil
}

func (f *fakeStore) Delete(name string) error {
	if ok, err := f.begin("delete", name); !ok {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.files, name)
	return nil
}

func (f *fakeStore) SetAside(name string) error {
	if ok, err := f.begin("aside", name); !ok {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.aside[name] = slices.Clone(f.files[name])
	return nil
}

// spoil changes the store between two operations.
func (f *fakeStore) spoil(change func(f *fakeStore)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(f)
}

// fail has every operation of some kinds fail; nil lets them go well again.
func (f *fakeStore) fail(err error, ops ...string) {
	f.spoil(func(f *fakeStore) {
		f.refuse = func(op, _ string) error {
			if slices.Contains(ops, op) {
				return err
			}
			return nil
		}
	})
}

// damage changes the content of a file.
func (f *fakeStore) damage(t *testing.T, name string, change func(data []byte) []byte) {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	data, ok := f.files[name]
	if !ok {
		t.Fatalf("no file %s", name)
	}
	f.files[name] = change(slices.Clone(data))
}

// chunks are the names of the chunks' files, by position.
func (f *fakeStore) chunks() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []string
	for _, name := range slices.Sorted(maps.Keys(f.files)) {
		if _, _, ok := parseChunkName(name); ok {
			out = append(out, name)
		}
	}
	return out
}
