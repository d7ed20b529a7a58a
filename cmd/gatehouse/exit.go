package main

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"syscall"

	"github.com/gatehouse-gateway/gatehouse/cmd/gatehouse/internal/config"
	"github.com/gatehouse-gateway/gatehouse/engine"
	"github.com/gatehouse-gateway/gatehouse/engine/discord"
)

// The exit codes.
const (
	exitDone    = 0
	exitFailed  = 1
	exitUsage   = 2 // bad usage or configuration
	exitRefused = 3 // fatal answer from Discord: token, intents, shard count
	exitBarred  = 4 // of ctl plan and ctl reshard: the reshard is refused
)

// exitError is an error that decides the exit code.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return e.err.Error() }

func (e *exitError) Unwrap() error { return e.err }

// usagef is bad usage or configuration.
func usagef(format string, args ...any) error {
	return &exitError{exitUsage, fmt.Errorf(format, args...)}
}

// exitCode maps an error of a command to the exit code.
func exitCode(err error) int {
	var (
		coded *exitError
		bad   *config.Error
		rest  *discord.RESTError
		wrong *engine.ConfigError
		fatal *engine.FatalError
	)
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &coded):
		return coded.code
	case errors.As(err, &bad), errors.As(err, &wrong):
		return exitUsage
	case errors.As(err, &rest) && rest.Status == http.StatusNotFound:
		return exitUsage // what answers is not Discord's API
	case errors.As(err, &rest) && rest.Fatal():
		return exitRefused
	case errors.As(err, &fatal):
		return exitRefused
	default:
		return exitFailed
	}
}

// report prints an error, one line for each of its lines. That nobody reads our
// output any more is not worth one.
func (a *app) report(err error) {
	if err == nil || errors.Is(err, errSilent) || errors.Is(err, syscall.EPIPE) {
		return
	}
	for line := range strings.SplitSeq(strings.TrimRight(err.Error(), "\n"), "\n") {
		fmt.Fprintln(a.stderr, "gatehouse: "+line)
	}
}

// errSilent fails a command whose output has said why already.
var errSilent = errors.New("failed")
