package main

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/gatehouse-gateway/gatehouse/engine"
	"github.com/gatehouse-gateway/gatehouse/engine/durable"
	saved "github.com/gatehouse-gateway/gatehouse/engine/session"
	"github.com/gatehouse-gateway/gatehouse/engine/spool"
)

// queueFolder is where the queue keeps events, below queue.dir.
const queueFolder = "queue"

// state is what one run keeps for the next in queue.dir.
type state struct {
	sessions *saved.File
	queue    *spool.Folder
	dir      string // of queue
	release  func() error
}

// openState makes queue.dir, where sessions, queued events and dead letters are
// kept, and takes it for this process. It finds out at the start, rather than
// when the bot is away, whether files can be written there.
func openState(dir string) (*state, error) {
	release, err := takeFolder(dir)
	held := (*saved.HeldError)(nil)
	switch {
	case errors.As(err, &held):
		return nil, usagef("config: queue.dir: %w; stop it, or give each Gatehouse a folder of its own", held)
	case err != nil:
		return nil, folderProblem(err)
	}
	s := &state{sessions: saved.NewFile(dir), dir: filepath.Join(dir, queueFolder), release: release}
	s.queue, err = spool.NewFolder(s.dir)
	if err == nil {
		err = errors.Join(probe(s.dir), sweep(dir))
	}
	if err != nil {
		return nil, errors.Join(folderProblem(err), release())
	}
	return s, nil
}

func folderProblem(err error) error {
	return usagef("config: queue.dir: cannot be written: %w; check its permissions, or set queue.dir to another folder", err)
}

// takeFolder makes a folder and locks it.
func takeFolder(dir string) (release func() error, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if err := probe(dir); err != nil {
		return nil, err
	}
	return saved.Lock(dir)
}

// probePrefix begins the names of files that probe makes.
const probePrefix = ".gatehouse-"

// probe writes a file and removes it.
func probe(dir string) error {
	f, err := os.CreateTemp(dir, probePrefix+"*")
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// sweep removes what a process left that was killed while it wrote a file in a
// folder. Nobody else may write there.
func sweep(dir string) error {
	left, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, f := range left {
		ours, _ := filepath.Match(probePrefix+"*", f.Name())
		if ours || durable.IsTemp(f.Name()) {
			err = errors.Join(err, os.Remove(filepath.Join(dir, f.Name())))
		}
	}
	return err
}

// keep has an engine keep its state here.
func (s *state) keep(c *engine.Config) {
	c.Sessions, c.Store, c.StoreDir = s.sessions, s.queue, s.dir
}
