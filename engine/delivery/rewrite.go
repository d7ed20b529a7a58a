package delivery

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// rewrite leaves these of the lines in the file and nothing else. After a crash
// at any moment either the old file is there or the new one. f.mu is held.
func (f *letterFile) rewrite(keep []letterLine) error {
	lines, size := make([]letterLine, 0, len(keep)), int64(0)
	for _, line := range keep {
		line.from = size
		size += int64(line.size)
		lines = append(lines, line)
	}
	f.seen = false // until it is known what is there
	if err := f.replace(keep); err != nil {
		return err
	}
	f.open = f.open && len(lines) > 0 && lines[len(lines)-1].number == f.lines[len(f.lines)-1].number
	f.lines, f.size, f.seen = lines, size, true
	f.tally()
	return nil
}

// replace puts a file of these lines in the place of the old one; none if there
// are none. f.mu is held.
func (f *letterFile) replace(keep []letterLine) (err error) {
	dir := filepath.Dir(f.path)
	if len(keep) == 0 {
		f.left = nil
		if err := os.Remove(f.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return syncDir(dir)
	}
	// The name is always the same, so that what a crash leaves is written over.
	next := f.path + ".new"
	left, err := f.copyTo(next, keep)
	if err == nil {
		err = os.Rename(next, f.path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(next))
	}
	f.left = left
	return syncDir(dir)
}

// copyTo writes lines of the file to another one, and makes it durable.
func (f *letterFile) copyTo(path string, keep []letterLine) (left os.FileInfo, err error) {
	from, err := os.Open(f.path)
	if err != nil {
		return nil, err
	}
	defer from.Close()
	to, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	for len(keep) > 0 {
		// Lines that lie behind one another are copied as one.
		start, end := keep[0].from, keep[0].from
		for len(keep) > 0 && keep[0].from == end {
			end += int64(keep[0].size)
			keep = keep[1:]
		}
		if _, err := io.Copy(to, io.NewSectionReader(from, start, end-start)); err != nil {
			return nil, err
		}
	}
	if err := to.Sync(); err != nil {
		return nil, err
	}
	return to.Stat()
}

// syncDir makes a new name in a folder durable. Where folders cannot be synced,
// as on Windows or on some shared folders (EINVAL), it is as durable as the
// system makes it.
func syncDir(dir string) error {
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
