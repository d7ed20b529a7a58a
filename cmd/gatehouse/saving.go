package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gatehouse-gateway/gatehouse/transport/control"
)

// snapshotFolder is where the console saves what it shows, below queue.dir.
const snapshotFolder = "snapshots"

// saver writes what a console shows below a folder, for its owner alone.
type saver struct{ dir string }

// save writes text and state into two files named by the time.
func (s saver) save(at time.Time, text, state []byte) (where string, err error) {
	dir := filepath.Join(s.dir, snapshotFolder)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	base := filepath.Join(dir, "gatehouse-"+at.Format("20060102-150405"))
	for suffix, data := range map[string][]byte{".txt": text, ".json": state} {
		if err := os.WriteFile(base+suffix, data, 0o600); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("%s.txt and .json", base), nil
}

// rowJSON is a value as the control API shows it, indented.
func rowJSON(v any) ([]byte, error) {
	data, err := control.Marshal(v)
	if err != nil {
		return json.MarshalIndent(v, "", "  ")
	}
	var out bytes.Buffer
	if err := json.Indent(&out, data, "", "  "); err != nil {
		return nil, err
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}
