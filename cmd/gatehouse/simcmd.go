package main

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/discordtest"
)

func (a *app) simCommand() *cobra.Command {
	f := simFlags{shards: 2, guilds: 100, rate: 10, maxConcurrency: 1, seed: 1, listen: "127.0.0.1:8081"}
	token := discordtest.DefaultToken
	cmd := &cobra.Command{
		Use:   "sim",
		Short: "The simulated Discord alone, to point a bot or a gateway at",
		Long: `Runs a simulated Discord: REST answers, gateway, thousands of guilds and their
events. It is as strict as the real one and counts every rule that is broken.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			f.token = discord.NewToken(token)
			return a.sim(cmd.Context(), &f)
		},
	}
	f.add(cmd, "as many by default")
	cmd.Flags().StringVar(&f.listen, "listen", f.listen, "`address` to listen on; port 0 for any")
	cmd.Flags().StringVar(&token, "token", token, "token that the simulated Discord takes; never use a real one")
	return cmd
}

// statsEvery is how often sim says how it stands.
const statsEvery = 10 * time.Second

func (a *app) sim(ctx context.Context, f *simFlags) error {
	if err := f.check(); err != nil {
		return err
	}
	server, err := f.server()
	if err != nil {
		return err
	}
	if f.duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, f.duration)
		defer cancel()
	}
	if err := server.Start(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	simGreeting(a.stdout, server, f)
	var tasks sync.WaitGroup
	if f.chaos {
		tasks.Go(func() { server.RunChaos(ctx, f.chaosRates()) })
	}
	if f.recommend > 0 {
		tasks.Go(func() { f.recommendMore(ctx, server) })
	}
	for wait(ctx, statsEvery) {
		fmt.Fprintln(a.stdout, statsLine(server.Stats()))
	}
	tasks.Wait()
	last := server.Stats()
	if err := server.Close(); err != nil {
		return err
	}
	return a.simVerdict(last, f)
}

// recommendMore has Discord recommend another number of shards once those that
// the bot begins with are up, so that whatever holds them can reshard.
func (f *simFlags) recommendMore(ctx context.Context, server *discordtest.Server) {
	for connected(server.Stats()) < f.shards {
		if !wait(ctx, time.Second) {
			return
		}
	}
	server.SetShards(f.recommend)
}

// connected counts the sessions that have a connection.
func connected(s discordtest.Stats) int {
	up := 0
	for _, session := range s.Sessions {
		if session.Connected {
			up++
		}
	}
	return up
}

// simGreeting says how to point something at the simulation. Its token opens
// nothing else, so it is shown.
func simGreeting(w io.Writer, server *discordtest.Server, f *simFlags) {
	fmt.Fprintf(w, `simulated Discord: %d shards, %d guilds, %g events/s
  REST     %s
  gateway  %s
  token    %s
Point Gatehouse at it:
  DISCORD_TOKEN=%s GATEHOUSE_DISCORD_API_BASE=%s GATEHOUSE_SINKS_0_URL=http://127.0.0.1:8080/events gatehouse run
Ctrl-C stops it and shows which rules were broken.
`, f.shards, f.guilds, f.rate, server.URL(), server.GatewayURL(), f.token.Reveal(), f.token.Reveal(), server.URL())
}

// statsLine is the state on one line.
func statsLine(s discordtest.Stats) string {
	return fmt.Sprintf("%d sessions, %d connected · %d events, %d dispatches · %d identifies, %d resumes, %d starts left · %d rules broken",
		len(s.Sessions), connected(s), s.Issued, s.Dispatches, s.Identifies, s.Resumes, s.SessionStarts, total(s.Violations))
}

// simVerdict shows what was broken; that is what the simulation is for, so it
// fails the command.
func (a *app) simVerdict(s discordtest.Stats, f *simFlags) error {
	fmt.Fprintln(a.stdout, statsLine(s))
	fmt.Fprintln(a.stdout, "rules broken: "+countsText(s.Violations))
	if f.report != "" {
		if err := writeReport(f.report, s); err != nil {
			return err
		}
	}
	if len(s.Violations) > 0 {
		return errSilent
	}
	return nil
}
