package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/gatehouse-gateway/gatehouse/cmd/gatehouse/internal/config"
	"github.com/gatehouse-gateway/gatehouse/engine/discordtest"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	saved "github.com/gatehouse-gateway/gatehouse/engine/session"
	"github.com/gatehouse-gateway/gatehouse/engine/spool"
)

// demoOptions are the flags of demo.
type demoOptions struct {
	simFlags
	noTUI    bool
	plain    bool
	logLevel string
	control  string // address of the control socket; empty for none
	compress string

	reshardAt time.Duration // after the start; 0 for not at all
	reshardTo int           // shards
}

func (a *app) demoCommand() *cobra.Command {
	o := demoOptions{simFlags: simFlags{shards: 32, guilds: 4000, rate: 300, maxConcurrency: 32, seed: 1}, logLevel: "warn", compress: string(config.CompressZlib)}
	o.heartbeat = demoHeartbeat
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "The same engine and console against a simulated Discord, without a token",
		Long: `Runs a simulated Discord, a sample bot, and between them the same engine and
console as "gatehouse run", in one process and on loopback alone. Sockets drop,
Discord asks for reconnects, and the bot is away for some seconds now and then.
At the end every event that Discord issued is compared with what the bot got:
exit code 1 if one was lost, repeated without its id or out of order, or if a
rule of Discord was broken.

Discord recommends more shards than there are, so that R in the console has
something to do; --reshard-at has it done without one, and the exit code says as
well whether it came to its end.

Neither your configuration nor your token is read.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.demo(cmd.Context(), &o) },
	}
	o.add(cmd, "twice as many by default")
	cmd.Flags().BoolVar(&o.noTUI, "no-tui", false, "no console: a summary at the end")
	cmd.Flags().BoolVar(&o.plain, "plain", false, "a console of sentences, for screen readers and terminals that cannot draw")
	cmd.Flags().StringVar(&o.logLevel, "log-level", o.logLevel, "of the log on stderr, without the console: debug, info, warn or error")
	cmd.Flags().StringVar(&o.compress, "compress", o.compress, "what Discord sends: zlib-stream, zstd-stream, payload or none")
	cmd.Flags().DurationVar(&o.reshardAt, "reshard-at", 0, "reshard this `time` after the start, such as 10s; 0 for not at all")
	cmd.Flags().IntVar(&o.reshardTo, "reshard-to", 0, "`shards` to reshard to; those that Discord recommends by default")
	cmd.Flags().StringVar(&o.control, "control", "", "open a control socket at this `address` for gatehouse ctl: a path, or unix:///path")
	return cmd
}

func (a *app) demo(ctx context.Context, o *demoOptions) error {
	if err := o.checkAll(); err != nil {
		return err
	}
	if err := checkPlain(o.plain, o.noTUI); err != nil {
		return err
	}
	plain := a.wantsPlain(o.plain, o.noTUI)
	show := plain || a.wantsConsole(o.noTUI)
	o.guildOrder = show || o.control != "" || o.reshardAt > 0
	o.optional = demoOptional()
	o.backfill = max(demoBackfillLeast, float64(o.guilds)/float64(o.shards)/demoBackfill.Seconds())
	world, err := newDemoWorld(o)
	if err != nil {
		return err
	}
	defer world.close()
	book, err := a.openLog(config.Log{Level: o.logLevel, Format: "auto"}, show, nil)
	if err != nil {
		return err
	}
	defer book.close()
	log := book.Logger
	if !show && !o.noTUI {
		log.Info("running without the console", "reason", a.noConsoleReason())
	}
	s, err := a.demoSession(world, o, log)
	if err != nil {
		return err
	}
	new(dumping).tell(&s.engine, filepath.Join(a.tempFolder(), perUser()), world.config(), book)
	if s.control, err = a.demoControl(ctx, o.control, log); err != nil {
		return err
	}
	defer s.control.close()
	if show {
		if s.console, err = a.newConsole(config.Default().TUI, false, book.screen, a.themes(""), book.Logger); err != nil {
			return err
		}
		s.console.plain = plain
		s.console.options.CanDetach = false
		s.console.options.Save = saver{filepath.Join(a.tempFolder(), perUser())}.save
		s.console.only = true
	}
	return a.demoRun(ctx, world, s, o)
}

// demoRun plays the demo and judges it.
func (a *app) demoRun(ctx context.Context, world *demoWorld, s *session, o *demoOptions) error {
	if err := world.start(ctx); err != nil {
		return err
	}
	began := time.Now()
	_, err := s.hold(ctx)
	return errors.Join(err, a.demoVerdict(world, o, time.Since(began)))
}

// checkAll refuses what cannot be played.
func (o *demoOptions) checkAll() error {
	err := errors.Join(o.check(), o.checkCompress(), checkReport(o.report))
	if err == nil {
		err = o.checkReshard()
	}
	return err
}

// checkCompress refuses a compression that Discord does not have.
func (o *demoOptions) checkCompress() error {
	name, err := config.ParseCompression(o.compress)
	if err != nil {
		return usagef("--compress: %w", err)
	}
	o.compress = string(name)
	return nil
}

// demoBackfill is the time in which a session's guilds come, at a rate of at
// least demoBackfillLeast a second. At once they would dwarf the traffic in the
// charts.
const (
	demoBackfill      = 6 * time.Second
	demoBackfillLeast = 10
)

// demoHeartbeat is a quarter of Discord's interval: latencies come soon, and a
// silent connection is noticed while somebody looks.
const demoHeartbeat = 10 * time.Second

// demoSession is the session that run would make of the demo's configuration.
func (a *app) demoSession(world *demoWorld, o *demoOptions, log *slog.Logger) (*session, error) {
	c, err := engineConfig(world.config(), log)
	if err != nil {
		return nil, err
	}
	c.Name, c.Seed = "demo", o.seed
	c.StoreDir = filepath.Join(world.dir, queueFolder)
	if c.Store, err = spool.NewFolder(c.StoreDir); err != nil {
		return nil, err
	}
	c.Sessions = saved.NewFile(world.dir)
	return &session{
		engine:   c,
		log:      log,
		duration: o.duration,
		company:  world.play,
		farewell: func(op ops.Operator) {
			if last, err := op.Snapshot(context.Background()); err == nil && last.Phase >= ops.PhaseDraining {
				world.drained()
				return
			}
			if !o.noTUI {
				fmt.Fprintln(a.stderr, "gatehouse: the demo ends: bringing the bot the last events")
			}
			world.drain()
		},
	}, nil
}

// demoVerdict audits the demo, writes the report and says how it went.
func (a *app) demoVerdict(world *demoWorld, o *demoOptions, took time.Duration) error {
	result := world.result(took)
	result.judge()
	result.print(a.stdout)
	if o.report != "" {
		if err := writeReport(o.report, result); err != nil {
			return err
		}
		fmt.Fprintln(a.stdout, "report: "+o.report)
	}
	if !result.OK {
		return errSilent
	}
	return nil
}

// demoIntents are all there are: the simulated bot was granted every one.
const demoIntents = discordtest.AllIntents
