package control

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// answerWithin is how long a socket that is there has to say who it is.
const answerWithin = time.Second

// InUseError says that another process answers at a socket.
type InUseError struct {
	Path string
	PID  int // of the Gatehouse that answers; 0 if it did not say
}

func (e *InUseError) Error() string {
	if e.PID != 0 {
		return fmt.Sprintf("%s is used by another Gatehouse, process %d", e.Path, e.PID)
	}
	return e.Path + " is used by another process"
}

// Listen opens a Unix socket at path that nobody but its owner may use. The folder
// is made, for its owner alone, if it is not there; one that others may write to
// is refused, since they could put a socket of theirs in place of ours. What a
// dead process has left is replaced. It fails with an [*InUseError] if a living
// one answers there.
//
// Closing the listener removes the socket.
func Listen(ctx context.Context, path string) (net.Listener, error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if err := notForOthers(dir); err != nil {
		return nil, err
	}
	unlock, err := lockFolder(dir)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if err := clearPath(ctx, path); err != nil {
		return nil, err
	}
	config := net.ListenConfig{Control: beforeBind}
	l, err := config.Listen(ctx, "unix", path)
	if err != nil {
		return nil, cause(err)
	}
	unix := l.(*net.UnixListener)
	unix.SetUnlinkOnClose(false) // we look first whether it is still ours
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	info, err := os.Lstat(path)
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return &socket{UnixListener: unix, path: path, made: info}, nil
}

// clearPath removes a socket on which nobody answers.
func clearPath(ctx context.Context, path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Mode()&fs.ModeSocket == 0 {
		return fmt.Errorf("%s is there and is not a socket", path)
	}
	conn, err := (&net.Dialer{Timeout: answerWithin}).DialContext(ctx, "unix", path)
	if err == nil {
		_ = conn.Close() // nothing was said on it
		return &InUseError{Path: path, PID: holder(ctx, path)}
	}
	if !nobodyAnswers(err) {
		return fmt.Errorf("%s: cannot tell whether it is in use: %w", path, cause(err))
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// holder asks who answers at a socket; 0 if that is no Gatehouse.
func holder(ctx context.Context, path string) int {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	c := NewClient(ClientConfig{Socket: path})
	defer c.Close()
	who, err := c.Version(ctx)
	if wrong := (*VersionError)(nil); errors.As(err, &wrong) && wrong.Theirs == "" {
		return 0
	}
	return who.PID // of any version
}

// nobodyAnswers reports whether a dial failed because its socket is stale.
func nobodyAnswers(err error) bool {
	return errors.Is(err, connectionRefused) || errors.Is(err, fs.ErrNotExist)
}

// cause is an error of the network without operation and addresses.
func cause(err error) error {
	if op := (*net.OpError)(nil); errors.As(err, &op) {
		err = op.Err
	}
	if call := (*os.SyscallError)(nil); errors.As(err, &call) {
		err = call.Err
	}
	return err
}

// socket is a listener that takes its file away with it.
type socket struct {
	*net.UnixListener
	path string
	made fs.FileInfo
	once sync.Once
}

// Close stops listening and removes the socket, unless somebody has replaced it.
func (s *socket) Close() error {
	err := s.UnixListener.Close()
	s.once.Do(func() {
		if info, lost := os.Lstat(s.path); lost == nil && os.SameFile(info, s.made) {
			err = errors.Join(err, os.Remove(s.path))
		}
	})
	return err
}

// CheckFolder reports what speaks against trusting a socket below dir, where it
// was not put by name: that dir is missing, is not a folder, belongs to somebody
// else, or is open to others.
func CheckFolder(dir string) error {
	info, err := os.Lstat(dir)
	switch {
	case err != nil:
		return err
	case !info.IsDir():
		return fmt.Errorf("%s is not a folder", dir)
	case !owned(info):
		return fmt.Errorf("%s belongs to another user", dir)
	case openToOthers(info):
		return fmt.Errorf("%s is open to other users; run chmod 700 %s", dir, dir)
	}
	return nil
}
