package discovery

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gatehouse-gateway/gatehouse/engine/durable"
)

// fileName is the file below the folder that a [File] is given.
const fileName = "gateway.json"

// File keeps what a run leaves to the next one in a folder of this process
// alone, beside its sessions.
type File struct{ dir string }

var _ Store = (*File)(nil)

// NewFile keeps a file below dir, which must exist.
func NewFile(dir string) *File { return &File{dir} }

// LoadGateway reads what was saved last; nil if nothing was. A file that cannot
// be read as such is an error that says so, and is left where it is.
func (f *File) LoadGateway() (*Saved, error) {
	path := filepath.Join(f.dir, fileName)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("load the gateway's address: %w", err)
	}
	var s Saved
	if err := json.Unmarshal(data, &s); err != nil {
		return nil, fmt.Errorf("load the gateway's address: %s is damaged: %w", path, err)
	}
	if s.Version != version {
		return nil, fmt.Errorf("load the gateway's address: %s has format %d, this version reads format %d", path, s.Version, version)
	}
	return &s, nil
}

// SaveGateway replaces what was saved: after a crash at any moment either the old
// or the new is there.
func (f *File) SaveGateway(s *Saved) error {
	saved := *s
	saved.Version = version
	data, err := json.Marshal(&saved)
	if err != nil {
		return fmt.Errorf("save the gateway's address: %w", err)
	}
	if err := durable.Replace(filepath.Join(f.dir, fileName), data); err != nil {
		return fmt.Errorf("save the gateway's address: %w", err)
	}
	return nil
}
