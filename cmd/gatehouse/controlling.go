package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-gateway/gatehouse/cmd/gatehouse/internal/config"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/transport/control"
)

// socketName is the control socket's name in its folder.
const socketName = "control.sock"

// controlling is an open control socket, on which nobody answers before serve.
type controlling struct {
	listener net.Listener
	log      *slog.Logger
}

// openControl opens the control socket that is configured: none, the default one,
// or one by its path. Of the default one it is enough to say that it cannot be
// had, by warn: nobody has asked for it.
func (a *app) openControl(ctx context.Context, socket string, log *slog.Logger, warn func(string)) (*controlling, error) {
	if socket == config.ControlOff {
		return nil, nil
	}
	path, open := a.absolute(socket), control.Listen
	if socket == "" {
		path, open = a.defaultSocket(), listenTrusted
	}
	l, err := open(ctx, path)
	if err == nil {
		log.Info("the control socket is open", "path", path)
		return &controlling{listener: l, log: log}, nil
	}
	err = fmt.Errorf("%w; %s", err, socketHint(err))
	if socket == "" {
		warn("gatehouse ctl cannot reach this Gatehouse: " + oneLine(err))
		return nil, nil
	}
	return nil, usagef("config: control.socket: %w", err)
}

// demoControl opens the control socket that a demo was given, if any.
func (a *app) demoControl(ctx context.Context, address string, log *slog.Logger) (*controlling, error) {
	if address == "" {
		return nil, nil
	}
	path, err := a.socketOf("--control", address)
	if err != nil {
		return nil, err
	}
	l, err := control.Listen(ctx, path)
	if err != nil {
		return nil, usagef("--control: %w; choose another path", err)
	}
	return &controlling{listener: l, log: log}, nil
}

// warning logs what is odd, and shows it if the log does not: before the console
// takes the screen, and there again when it is left.
func (a *app) warning(log *slog.Logger, s *screen) func(string) {
	return func(text string) {
		log.Warn(text)
		if s.taken() {
			fmt.Fprintln(a.stderr, "gatehouse: warning: "+text)
		}
	}
}

// socketHint is what to do about a socket that cannot be opened.
func socketHint(err error) string {
	if used := (*control.InUseError)(nil); errors.As(err, &used) {
		return "set control.socket to a path of its own for each Gatehouse"
	}
	return "set control.socket to another path, or to off"
}

// listenTrusted listens in a folder that was not chosen by a person.
func listenTrusted(ctx context.Context, path string) (net.Listener, error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if err := control.CheckFolder(dir); err != nil {
		return nil, err
	}
	return control.Listen(ctx, path)
}

// serve lets the socket answer for an engine until the returned function is
// called, which waits for its end. A nil socket serves nobody.
func (c *controlling) serve(op ops.Operator) (stop func()) {
	if c == nil {
		return func() {}
	}
	server := control.NewServer(control.Config{Operator: op, Version: buildInfo().Version, Logger: c.log})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := server.Serve(ctx, c.listener); err != nil {
			c.log.Warn("the control socket has ended: gatehouse ctl cannot reach this Gatehouse any more", "error", err)
		}
	}()
	return func() {
		cancel()
		timer := time.NewTimer(stopWithin)
		defer timer.Stop()
		select {
		case <-done:
		case <-timer.C: // an engine that hangs holds up its answers
		}
	}
}

// close gives the socket back, served or not.
func (c *controlling) close() {
	if c != nil {
		_ = c.listener.Close() // it is closed already if it was served
	}
}

// defaultSockets are where the control socket may be if nothing says otherwise,
// the preferred one first. A service often lacks the variable that a login has,
// so that a client has to look at both.
func (a *app) defaultSockets() []string {
	var paths []string
	if dir := a.variable("XDG_RUNTIME_DIR"); filepath.IsAbs(dir) {
		if info, err := os.Stat(dir); err == nil && info.IsDir() {
			paths = append(paths, filepath.Join(dir, "gatehouse", socketName))
		}
	}
	return append(paths, filepath.Join(a.tempFolder(), perUser(), socketName))
}

func (a *app) defaultSocket() string { return a.defaultSockets()[0] }

// perUser is a name that differs from user to user. The temporary folder of
// Windows does so already.
func perUser() string {
	if uid := os.Getuid(); uid >= 0 {
		return "gatehouse-" + strconv.Itoa(uid)
	}
	return "gatehouse"
}

// tempFolder is the folder for temporary files, of our environment rather than
// the process's.
func (a *app) tempFolder() string {
	if dir := a.variable("TMPDIR"); dir != "" && runtime.GOOS != "windows" {
		return dir
	}
	if runtime.GOOS == "windows" {
		return os.TempDir()
	}
	return "/tmp"
}

// absolute is a path as seen from the working folder.
func (a *app) absolute(path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(a.dir, path)
}

// socketOf reads the address of a control socket: a path, or a unix:// URL. name
// is the flag or variable that gave it.
func (a *app) socketOf(name, address string) (string, error) {
	path, isURL := strings.CutPrefix(address, "unix://")
	switch {
	case !isURL && strings.Contains(address, "://"):
		return "", usagef("%s: %q is not supported by this version; allowed: the path of a socket, or unix:///path", name, address)
	case path == "":
		return "", usagef("%s: %q names no socket; write its path, such as /run/gatehouse/control.sock", name, address)
	}
	return a.absolute(path), nil
}
