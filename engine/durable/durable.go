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
// place. The file is readable by its owner alone. After an error the new content
// may be there all the same, if it could only not be made durable.
func Replace(path string, data []byte) error {
	temp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+tempMark+"*")
	if err != nil {
		return err
	}
	_, err = temp.Write(data)
	if err == nil {
		err = temp.Sync()
	}
	err = errors.Join(err, temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temp.Name()))
	}
	return SyncDir(filepath.Dir(path))
}

// IsTemp reports whether a name is that of a file that Replace was writing: one
// that is left was never finished.
func IsTemp(name string) bool {
	base := filepath.Base(name)
	i := strings.LastIndex(base, tempMark)
	// Else it is a name that somebody has chosen, such as that of a sink.
	return i > 0 && strings.Trim(base[i+len(tempMark):], "0123456789") == ""
}

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
