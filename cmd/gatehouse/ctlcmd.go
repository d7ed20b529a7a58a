package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/gatehouse-gateway/gatehouse/transport/control"
)

// ctl is the ctl command: what it shares between its subcommands.
type ctl struct {
	*app
	configFlags
	control string
	output  string // table or json
}

// askWithin bounds one question to a running Gatehouse.
const askWithin = 10 * time.Second

func (a *app) ctlCommand() *cobra.Command {
	c := &ctl{app: a, output: "table"}
	cmd := &cobra.Command{
		Use:   "ctl",
		Short: "See and steer a running Gatehouse from a script or a shell",
		Long: `Asks a running Gatehouse one thing, or has it do one thing.

It is found by --control, GATEHOUSE_CONTROL, control.socket in the configuration,
or else at the default socket, $XDG_RUNTIME_DIR/gatehouse/control.sock, or
gatehouse-UID/control.sock in the folder for temporary files.

Shards are named by ids and ranges: 3, or 0-7,12. Exit codes: 0 done, 1 failed or
refused, 2 wrong usage or configuration, 4 a reshard that would be refused.`,
		Args:              noCommand,
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		PersistentPreRunE: func(*cobra.Command, []string) error { return c.check() },
	}
	flags := cmd.PersistentFlags()
	flags.StringVar(&c.control, "control", "", "`address` of the running Gatehouse: the path of its socket, or unix:///path")
	flags.StringVar(&c.file, "config", "", "configuration `file` that says where the socket is")
	flags.StringVarP(&c.output, "output", "o", c.output, "table or json")
	cmd.AddCommand(c.statusCommand(), c.shardsCommand(), c.shardCommand(), c.sinksCommand(), c.sinkCommand(), c.workersCommand(), c.logCommand(), c.drainCommand(), c.lettersCommand())
	cmd.AddCommand(c.identifyCommand(), c.sendCommand(), c.presenceCommand(), c.planCommand(), c.reshardCommand())
	cmd.AddCommand(c.restartCommand(), c.reloadCommand(), c.alertsCommand(), c.actionsCommand(), c.cancelCommand())
	cmd.AddCommand(c.logLevelCommand(), c.dumpCommand(), c.dropCommand(), c.historyCommand(), c.whereCommand())
	cmd.AddCommand(c.shardActions()...)
	cmd.AddCommand(c.sinkActions()...)
	return cmd
}

func (c *ctl) check() error {
	if !slices.Contains([]string{"table", "json"}, c.output) {
		return usagef("--output: %q is not known; allowed: table, json", c.output)
	}
	return nil
}

// place is where a Gatehouse may answer.
type place struct {
	paths  []string
	chosen string // the flag, variable or key that named it; empty for the default
}

// find says where to look.
func (c *ctl) find() (place, error) {
	for _, named := range []struct{ name, address string }{
		{"--control", c.control}, {"GATEHOUSE_CONTROL", c.variable("GATEHOUSE_CONTROL")},
	} {
		if named.address != "" {
			path, err := c.socketOf(named.name, named.address)
			return place{[]string{path}, named.name}, err
		}
	}
	loaded, err := c.load(c.app)
	if err != nil {
		return place{}, fmt.Errorf("%w\nname the running Gatehouse with --control to do without the configuration", err)
	}
	switch socket := loaded.Control.Socket; socket {
	case "":
		return place{paths: c.defaultSockets()}, nil
	case "off":
		return place{}, usagef("config: control.socket is off: a Gatehouse with this configuration cannot be reached; set it to a path, or name another with --control")
	default:
		return place{[]string{c.absolute(socket)}, "control.socket"}, nil
	}
}

// connect finds the running Gatehouse. The client is to be closed. Of two that
// were not chosen neither is taken: the wrong one might be drained.
func (c *ctl) connect(ctx context.Context) (*control.Client, error) {
	where, err := c.find()
	if err != nil {
		return nil, err
	}
	var found *control.Client
	var why []string
	for _, path := range where.paths {
		client, err := try(ctx, path, where.chosen == "")
		gone := (*control.NotRunningError)(nil)
		switch {
		case errors.As(err, &gone):
			why = append(why, oneLine(err))
		case found != nil:
			found.Close()
			if err == nil {
				client.Close()
			}
			return nil, fmt.Errorf("two Gatehouses answer, at %s; name one of them with --control", strings.Join(where.paths, " and at "))
		case err != nil:
			return nil, err
		default:
			found = client
		}
	}
	if found == nil {
		return nil, &absentError{where, why}
	}
	return found, nil
}

// try asks who answers at a socket. A default one is trusted only where nobody
// else could have put it.
func try(ctx context.Context, path string, isDefault bool) (*control.Client, error) {
	if isDefault {
		if err := trusted(path); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	client := control.NewClient(control.ClientConfig{Socket: path})
	if _, err := client.Version(ctx); err != nil {
		client.Close()
		return nil, unanswered(ctx, err)
	}
	return client, nil
}

// unanswered words a question that got no answer in time.
func unanswered(ctx context.Context, err error) error {
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() != nil {
		return fmt.Errorf("no answer within %s; Gatehouse may still be starting, or hang", askWithin)
	}
	return err
}

// absentError says that no Gatehouse was found.
type absentError struct {
	place
	why []string // one a path
}

func (e *absentError) Error() string {
	text := strings.Join(e.why, "; ")
	if e.chosen != "" {
		return text + " (" + e.chosen + "); check the path, and that a Gatehouse runs there"
	}
	return text + "; start one with gatehouse run, or name its socket with --control"
}

// ask connects, asks one thing, and prints the answer.
func (c *ctl) ask(ctx context.Context, question func(context.Context, *control.Client) (answer, error)) error {
	client, err := c.connect(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	got, err := question(ctx, client)
	if err != nil {
		return unanswered(ctx, err)
	}
	if c.output == "json" {
		return c.printJSON(got.wire)
	}
	return c.print(got.table)
}

// answer is what a question brought, for scripts and for people.
type answer struct {
	wire  any // for [control.Marshal]
	table func(p *printer)
}

// trusted keeps ctl from talking to a socket that somebody else has put where
// ours would be. What is not there is no Gatehouse.
func trusted(path string) error {
	err := control.CheckFolder(filepath.Dir(path))
	if errors.Is(err, fs.ErrNotExist) {
		return &control.NotRunningError{Path: path, Err: syscall.ENOENT}
	}
	if err != nil {
		return &control.NotRunningError{Path: path, Err: err}
	}
	return nil
}
