package session

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// lockName is the file that says who uses a folder.
const lockName = "lock"

// HeldError says that another process uses the folder.
type HeldError struct {
	Dir    string
	Holder string // the process as it wrote itself down; empty if it did not
}

func (e *HeldError) Error() string {
	who := "another process"
	if e.Holder != "" {
		who = e.Holder
	}
	return fmt.Sprintf("%s is used by %s", e.Dir, who)
}

// errLocked is what lockFile returns if another process holds the lock.
var errLocked = errors.New("locked")

// Lock takes a folder for this process alone, since two that resume the same
// sessions would take them from each other. It lasts until the returned function
// is called or the process ends, however it ends. It fails with a [*HeldError]
// if the folder is taken.
func Lock(dir string) (release func() error, err error) {
	path := filepath.Join(dir, lockName)
	file, err := lockFile(path)
	if errors.Is(err, errLocked) {
		holder, _ := os.ReadFile(path)
		return nil, &HeldError{Dir: dir, Holder: strings.TrimSpace(string(holder))}
	}
	if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	err = file.Truncate(0)
	if err == nil {
		_, err = fmt.Fprintf(file, "process %d\n", os.Getpid())
	}
	if err != nil {
		return nil, fmt.Errorf("lock: %w", errors.Join(err, file.Close()))
	}
	return file.Close, nil
}
