package spool

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/gatehouse-gateway/gatehouse/engine/durable"
)

// Folder is a [Store] in a folder of this process alone.
type Folder struct {
	dir string

	mu   sync.Mutex
	made map[string]bool // folders that are there
}

var _ Store = (*Folder)(nil)

// NewFolder keeps files below dir, which is made if it is not there.
func NewFolder(dir string) (*Folder, error) {
	if err := durable.MkdirAll(dir); err != nil {
		return nil, err
	}
	return &Folder{dir: dir, made: make(map[string]bool)}, nil
}

// asideMark ends the name of a file that was set aside.
const asideMark = ".damaged"

// List returns the files, and removes those that were never finished and folders
// that have run empty.
func (f *Folder) List() ([]Stored, error) {
	var out []Stored
	var folders []string
	err := filepath.WalkDir(f.dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			folders = append(folders, path)
			return nil
		case durable.IsTemp(path):
			return os.Remove(path)
		case strings.Contains(d.Name(), asideMark):
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		name, err := filepath.Rel(f.dir, path)
		out = append(out, Stored{Name: filepath.ToSlash(name), Size: info.Size()})
		return err
	})
	for i := len(folders) - 1; i > 0; i-- {
		_ = os.Remove(folders[i]) // fails if it is not empty, which is the rule
	}
	return out, err
}

// Get reads a file, or its beginning.
func (f *Folder) Get(name string, dst []byte, limit int) ([]byte, error) {
	file, err := os.Open(f.path(name))
	if err != nil {
		return dst, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return dst, err
	}
	n := int(info.Size())
	if limit > 0 {
		n = min(n, limit)
	}
	start := len(dst)
	if cap(dst)-start < n {
		dst = append(make([]byte, 0, start+n), dst...)
	}
	dst = dst[:start+n]
	read, err := io.ReadFull(file, dst[start:])
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		err = nil // it has become shorter: its checksums tell
	}
	return dst[:start+read], err
}

// Put writes a file.
func (f *Folder) Put(name string, data []byte) error {
	path := f.path(name)
	if err := f.make(filepath.Dir(path)); err != nil {
		return err
	}
	err := durable.Replace(path, data)
	if errors.Is(err, fs.ErrNotExist) { // somebody has removed the folder
		f.forget(filepath.Dir(path))
	}
	return err
}

// make makes a folder, once.
func (f *Folder) make(dir string) error {
	f.mu.Lock()
	made := f.made[dir]
	f.mu.Unlock()
	if made {
		return nil
	}
	if err := durable.MkdirAll(dir); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.made[dir] = true
	return nil
}

func (f *Folder) forget(dir string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.made, dir)
}

// Delete removes a file.
func (f *Folder) Delete(name string) error {
	if err := os.Remove(f.path(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// SetAside keeps a file under a second name that ends in .damaged. It costs no
// room until the file is deleted or replaced.
func (f *Folder) SetAside(name string) error {
	path := f.path(name)
	err := os.Link(path, path+asideMark)
	if err == nil || errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrExist) {
		return nil
	}
	// Some file systems have no links.
	data, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("set aside: %w", err)
	}
	return os.WriteFile(path+asideMark, data, 0o600)
}

func (f *Folder) path(name string) string { return filepath.Join(f.dir, filepath.FromSlash(name)) }
