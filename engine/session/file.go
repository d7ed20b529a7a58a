package session

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// FileName is the file below the folder that a [File] is given.
const FileName = "sessions.json"

// File keeps sessions in a folder of this process alone.
type File struct{ dir string }

// NewFile keeps sessions below dir, which must exist.
func NewFile(dir string) *File { return &File{dir} }

// Load reads what was saved last; nil if nothing was. A file that cannot be read
// as sessions is an error that says so, and is left where it is.
func (f *File) Load() (*Saved, error) {
	path := filepath.Join(f.dir, FileName)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("saved sessions: %w", err)
	}
	var saved Saved
	if err := json.Unmarshal(data, &saved); err != nil {
		return nil, fmt.Errorf("saved sessions: %s is damaged: %w", path, err)
	}
	if saved.Version != version {
		return nil, fmt.Errorf("saved sessions: %s has format %d, this version reads format %d", path, saved.Version, version)
	}
	return &saved, nil
}

// Save replaces what was saved: after a crash at any moment either the old or
// the new is there.
func (f *File) Save(s *Saved) error {
	s.Version = version
	data, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("save sessions: %w", err)
	}
	if err := replace(filepath.Join(f.dir, FileName), data); err != nil {
		return fmt.Errorf("save sessions: %w", err)
	}
	return nil
}

// replace writes a file beside the old one, makes it durable, and puts it in its
// place.
func replace(path string, data []byte) (err error) {
	temp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(temp.Name()))
		}
	}()
	_, err = temp.Write(data)
	if err == nil {
		err = temp.Sync()
	}
	if err = errors.Join(err, temp.Close()); err != nil {
		return err
	}
	if err = os.Rename(temp.Name(), path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes a rename durable. Where folders cannot be synced, as on Windows,
// the rename is as durable as the system makes it.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	if err := d.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, fs.ErrPermission) {
		return errors.Join(err, d.Close())
	}
	return d.Close()
}
