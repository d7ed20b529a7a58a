// Package durable writes files so that after a crash at any moment, of the
// process or of the machine, either the old content is there or the new.
//
// Its functions own nothing and may be called concurrently for different paths.
package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// tempMark stands in the name of a file that is being written.
const tempMark = ".writing-"

// Replace writes a file beside the old one, makes it durable, and puts it in its
// place. The file is readable by its owner alone.
func Replace(path string, data []byte) (err error) {
	temp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+tempMark+"*")
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
	return SyncDir(filepath.Dir(path))
}

// IsTemp reports whether a name is that of a file that Replace was writing: one
// that is left was never finished.
func IsTemp(name string) bool { return strings.Contains(filepath.Base(name), tempMark) }

// MkdirAll makes a folder and those above it, and makes them durable. They are
// open to their owner alone.
func MkdirAll(dir string) error {
	if info, err := os.Stat(dir); err == nil && info.IsDir() {
		return nil
	}
	above := filepath.Dir(dir)
	if above != dir {
		if err := MkdirAll(above); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return SyncDir(above)
}

// SyncDir makes the names in a folder durable. Where folders cannot be synced, as
// on Windows or on some shared folders (EINVAL), they are as durable as the system
// makes them.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	if err := d.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) &&
		!errors.Is(err, fs.ErrPermission) && !errors.Is(err, syscall.EINVAL) {
		return errors.Join(err, d.Close())
	}
	return d.Close()
}
