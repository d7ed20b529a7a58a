package session

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gatehouse-gateway/gatehouse/engine/durable"
)

// The files below the folder that a [File] is given.
const (
	sessionsName   = "sessions.json"
	guildsName     = "guilds.json"
	identifiesName = "identifies.json"
)

// File keeps sessions in a folder of this process alone.
type File struct{ dir string }

// NewFile keeps sessions below dir, which must exist.
func NewFile(dir string) *File { return &File{dir} }

// Load reads what was saved last; nil if nothing was. A file that cannot be read
// as sessions is an error that says so, and is left where it is.
func (f *File) Load() (*Saved, error) {
	var s Saved
	found, err := f.load(sessionsName, &s)
	if err != nil || !found {
		return nil, err
	}
	return &s, f.checkVersion(sessionsName, s.Version)
}

// Save replaces what was saved: after a crash at any moment either the old or
// the new is there.
func (f *File) Save(s *Saved) error {
	s.Version = version
	return f.save(sessionsName, s)
}

// LoadGuilds is Load for the sessions' guilds.
func (f *File) LoadGuilds() (*Guilds, error) {
	var g Guilds
	found, err := f.load(guildsName, &g)
	if err != nil || !found {
		return nil, err
	}
	return &g, f.checkVersion(guildsName, g.Version)
}

// SaveGuilds is Save for the sessions' guilds.
func (f *File) SaveGuilds(g *Guilds) error {
	g.Version = version
	return f.save(guildsName, g)
}

// LoadIdentifies is Load for what has been spent of the session starts.
func (f *File) LoadIdentifies() (*Identifies, error) {
	var i Identifies
	found, err := f.load(identifiesName, &i)
	if err != nil || !found {
		return nil, err
	}
	return &i, f.checkVersion(identifiesName, i.Version)
}

// SaveIdentifies is Save for what has been spent of the session starts.
func (f *File) SaveIdentifies(i *Identifies) error {
	i.Version = version
	return f.save(identifiesName, i)
}

func (f *File) load(name string, v any) (found bool, err error) {
	path := filepath.Join(f.dir, name)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("load sessions: %w", err)
	}
	if err := json.Unmarshal(data, v); err != nil {
		return false, fmt.Errorf("load sessions: %s is damaged: %w", path, err)
	}
	return true, nil
}

func (f *File) checkVersion(name string, got int) error {
	if got == version {
		return nil
	}
	return fmt.Errorf("load sessions: %s has format %d, this version reads format %d", filepath.Join(f.dir, name), got, version)
}

func (f *File) save(name string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("save sessions: %w", err)
	}
	if err := durable.Replace(filepath.Join(f.dir, name), data); err != nil {
		return fmt.Errorf("save sessions: %w", err)
	}
	return nil
}
