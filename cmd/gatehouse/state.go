package main

import (
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/gatehouse-gateway/gatehouse/cmd/gatehouse/internal/config"
	"github.com/gatehouse-gateway/gatehouse/engine"
	"github.com/gatehouse-gateway/gatehouse/engine/discovery"
	"github.com/gatehouse-gateway/gatehouse/engine/durable"
	saved "github.com/gatehouse-gateway/gatehouse/engine/session"
	"github.com/gatehouse-gateway/gatehouse/engine/spool"
)

// queueFolder is where the queue keeps events, below queue.dir.
const queueFolder = "queue"

// state is what one run keeps for the next in queue.dir.
type state struct {
	sessions *saved.File
	gateway  *discovery.File
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
	s := &state{sessions: saved.NewFile(dir), gateway: discovery.NewFile(dir), dir: filepath.Join(dir, queueFolder), release: release}
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
	c.Sessions, c.GatewayStore, c.Store, c.StoreDir = s.sessions, s.gateway, s.queue, s.dir
}

// remind tells a caller what Discord has told the last run. A nil state is that of
// a first run. What cannot be read is as good as nothing; the engine says so.
func (s *state) remind(caller *discovery.Caller) {
	if s == nil {
		return
	}
	if told, err := s.gateway.LoadGateway(); err == nil && told != nil {
		caller.Recall(*told)
	}
}

// note keeps what Discord has told for the next run.
func (s *state) note(caller *discovery.Caller) {
	if s == nil {
		return
	}
	if told, any := caller.Saved(); any {
		_ = s.gateway.SaveGateway(&told) // the start fails for a better reason
	}
}

// gatewayOwner is whose words about the gateway are kept.
func gatewayOwner(l *config.Loaded) string {
	return l.Discord.Token.Fingerprint()
}

// suffices reports whether the last run has left what a start needs that cannot
// ask Discord: sessions, and where to resume them.
func (s *state) suffices(l *config.Loaded) bool {
	if s == nil {
		return false
	}
	told, err := s.gateway.LoadGateway()
	if err != nil || told == nil || told.Usable(gatewayOwner(l)) != nil {
		return false
	}
	kept, err := s.sessions.Load()
	if err != nil || kept == nil || len(kept.Sessions) == 0 {
		return false
	}
	id := saved.Identity{Token: l.Discord.Token.Fingerprint(), Intents: l.Discord.Intents, Total: kept.Identity.Total}
	return kept.Usable(time.Now(), id) == nil
}
