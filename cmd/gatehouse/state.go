package main

import (
	"errors"
	"os"

	saved "github.com/gatehouse-gateway/gatehouse/engine/session"
)

// openState makes queue.dir, where sessions and dead letters are kept, and takes
// it for this process. It finds out at the start, rather than at the first
// refused event, whether files can be written there.
func openState(dir string) (store *saved.File, release func() error, err error) {
	err = os.MkdirAll(dir, 0o700)
	if err == nil {
		var probe *os.File
		if probe, err = os.CreateTemp(dir, ".gatehouse-*"); err == nil {
			err = errors.Join(probe.Close(), os.Remove(probe.Name()))
		}
	}
	if err == nil {
		release, err = saved.Lock(dir)
	}
	held := (*saved.HeldError)(nil)
	switch {
	case errors.As(err, &held):
		return nil, nil, usagef("config: queue.dir: %w; stop it, or give each Gatehouse a folder of its own", held)
	case err != nil:
		return nil, nil, usagef("config: queue.dir: cannot be written: %w; check its permissions, or set queue.dir to another folder", err)
	}
	return saved.NewFile(dir), release, nil
}
