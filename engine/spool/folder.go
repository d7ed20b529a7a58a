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
	f.mu.Lock()
	clear(f.made) // those that are empty are removed
	f.mu.Unlock()
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
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	// The folder has been removed since it was made.
	f.forget(filepath.Dir(path))
	if err := f.make(filepath.Dir(path)); err != nil {
		return err
	}
	return durable.Replace(path, data)
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

// mostAside is how many copies of one name are kept.
const mostAside = 9

// SetAside keeps a file under a second name that ends in .damaged, or .damaged.2
// and so on. It costs no room until the file is deleted or replaced.
func (f *Folder) SetAside(name string) error {
	path := f.path(name)
	aside := path + asideMark
	for n := 2; n <= mostAside+1; n++ {
		err := copyFile(path, aside)
		if !errors.Is(err, fs.ErrExist) {
			return err
		}
		aside = fmt.Sprintf("%s%s.%d", path, asideMark, n)
	}
	return fmt.Errorf("set aside: %s: %d copies are there already", name, mostAside)
}

// copyFile gives a file a second name that is not taken, or a copy where there are
// no links. What is not there cannot be, and need not.
func copyFile(path, to string) error {
	err := os.Link(path, to)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if errors.Is(err, fs.ErrExist) {
		return err
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("set aside: %w", err)
	}
	copied, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("set aside: %w", err)
	}
	_, err = copied.Write(data)
	return errors.Join(err, copied.Close())
}

func (f *Folder) path(name string) string { return filepath.Join(f.dir, filepath.FromSlash(name)) }
