//go:build unix

package control

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestTheSocketIsForItsOwnerAlone(t *testing.T) {
	path := filepath.Join(filepath.Dir(socketPath(t)), "a", "b", "c.sock")
	l, err := Listen(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o600 {
		t.Errorf("the socket has mode %o", mode)
	}
	for _, dir := range []string{filepath.Dir(path), filepath.Dir(filepath.Dir(path))} {
		if err := CheckFolder(dir); err != nil {
			t.Error(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket is left behind: %v", err)
	}
}

func TestTheSocketOfADeadProcessIsReplaced(t *testing.T) {
	path := socketPath(t)
	dead, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	dead.(*net.UnixListener).SetUnlinkOnClose(false)
	dead.Close()
	l, err := Listen(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
}

func TestALivingSocketIsRefused(t *testing.T) {
	h := open(t, &engine{})
	_, err := Listen(t.Context(), h.path)
	used := (*InUseError)(nil)
	if !errors.As(err, &used) || used.PID != os.Getpid() || used.Path != h.path {
		t.Fatalf("got %v", err)
	}
	if _, err := h.client(t).Snapshot(t.Context()); err != nil {
		t.Errorf("the living one was disturbed: %v", err)
	}
	path := other(t, "")
	if _, err = Listen(t.Context(), path); err == nil || err.Error() != path+" is used by another process" {
		t.Errorf("of another program: %v", err)
	}
}

func TestWhatIsNoSocketIsLeftAlone(t *testing.T) {
	path := socketPath(t)
	if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(t.Context(), path); err == nil || !strings.Contains(err.Error(), "is there and is not a socket") {
		t.Errorf("got %v", err)
	}
	if data, err := os.ReadFile(path); err != nil || string(data) != "precious" {
		t.Errorf("the file is %q, %v", data, err)
	}
}

func TestOfManyThatStartAtATimeOneGetsTheSocket(t *testing.T) {
	path := socketPath(t)
	dead, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	dead.(*net.UnixListener).SetUnlinkOnClose(false)
	dead.Close()
	var all sync.WaitGroup
	got := make(chan net.Listener, 8)
	for range cap(got) {
		all.Go(func() {
			if l, err := Listen(t.Context(), path); err == nil {
				got <- l
			}
		})
	}
	all.Wait()
	if len(got) != 1 {
		t.Errorf("%d have it", len(got))
	}
	for range len(got) {
		(<-got).Close()
	}
}

func TestAFolderThatOthersMayWriteToIsRefused(t *testing.T) {
	path := socketPath(t)
	dir := filepath.Dir(path)
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(t.Context(), path); err == nil || !strings.Contains(err.Error(), "other users may write to "+dir+"; run chmod go-w") {
		t.Errorf("got %v", err)
	}
}

func TestAFolderIsTrustedOnlyIfItIsOurs(t *testing.T) {
	dir := filepath.Dir(socketPath(t))
	if err := CheckFolder(dir); err != nil {
		t.Error(err)
	}
	file, link, open := filepath.Join(dir, "file"), filepath.Join(dir, "link"), filepath.Join(dir, "open")
	if err := errors.Join(os.WriteFile(file, nil, 0o600), os.Symlink(dir, link), os.Mkdir(open, 0o755)); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		filepath.Join(dir, "none"): "no such file",
		file:                       "is not a folder",
		link:                       "is not a folder",
		open:                       "is open to other users; run chmod 700",
	} {
		if err := CheckFolder(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if os.Geteuid() == 0 {
		if err := os.Chown(open, 12345, -1); err != nil {
			t.Fatal(err)
		}
		if err := CheckFolder(open); err == nil || !strings.Contains(err.Error(), "belongs to another user") {
			t.Errorf("another user's: %v", err)
		}
	}
}

func TestNoGatehouseIsSaid(t *testing.T) {
	path := socketPath(t)
	c := NewClient(ClientConfig{Socket: path})
	defer c.Close()
	_, err := c.Snapshot(t.Context())
	gone := (*NotRunningError)(nil)
	if !errors.As(err, &gone) || err.Error() != "no Gatehouse answers at "+path+": no such file or directory" {
		t.Errorf("got %v", err)
	}
}
