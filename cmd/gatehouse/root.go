package main

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gatehouse-gateway/gatehouse/cmd/gatehouse/internal/config"
)

// execute runs the command that args name and returns the exit code.
func (a *app) execute(ctx context.Context, args []string) int {
	root := a.rootCommand()
	root.SetArgs(args)
	root.SetIn(a.stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	err := root.ExecuteContext(ctx)
	a.report(err)
	return exitCode(err)
}

func (a *app) rootCommand() *cobra.Command {
	root := a.runCommand()
	root.Use = "gatehouse"
	root.Short = "Operations console and standalone gateway for large Discord bots"
	root.Long = `Gatehouse holds the shards of a Discord bot, forwards every event to the bot,
queues them while the bot is away, and shows an operator what the shards are
doing. Without a command it does what "gatehouse run" does.

  gatehouse demo          see it work, against a simulated Discord, without a token
  gatehouse config init   write a commented gatehouse.yaml
  gatehouse run           hold the shards of your bot
  gatehouse ctl status    see how a running one stands`
	root.SilenceErrors, root.SilenceUsage = true, true
	root.Args = noCommand
	root.SetFlagErrorFunc(flagError)
	root.AddCommand(a.runCommand(), a.demoCommand(), a.simCommand(), a.ctlCommand(), a.configCommand(), a.themesCommand(), a.versionCommand())
	return root
}

// noCommand refuses arguments of the root: they are mistyped commands.
func noCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := cmd.CommandPath() + " --help lists them"
	cmd.SuggestionsMinimumDistance = 2
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		hint = `did you mean "` + near[0] + `"?`
	}
	return usagef("unknown command %q; %s", args[0], hint)
}

// noArguments refuses arguments of a command that takes none.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return usagef("%s takes no argument %q; %s --help shows what it takes", cmd.CommandPath(), args[0], cmd.CommandPath())
}

// flagError words what the flag parser found wrong, with the nearest flag.
func flagError(cmd *cobra.Command, err error) error {
	help := cmd.CommandPath() + " --help lists them"
	if bad := (*pflag.NotExistError)(nil); errors.As(err, &bad) {
		if near := nearestFlag(cmd, bad.GetSpecifiedName()); near != "" {
			help = "did you mean --" + near + "?"
		}
		return usagef("unknown flag --%s; %s", bad.GetSpecifiedName(), help)
	}
	if bad := (*pflag.InvalidValueError)(nil); errors.As(err, &bad) {
		return usagef("--%s: %q is not a %s", bad.GetFlag().Name, bad.GetValue(), flagKind(bad.GetFlag().Value.Type()))
	}
	return usagef("%s", strings.ReplaceAll(err.Error(), "\n", " "))
}

// nearestFlag is the flag of a command that a mistyped one probably means.
func nearestFlag(cmd *cobra.Command, name string) string {
	best, distance := "", len(name)/3+2
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if d := config.Distance(name, f.Name); d < distance && !f.Hidden {
			best, distance = f.Name, d
		}
	})
	return best
}

// flagKind is a flag's type in words.
func flagKind(kind string) string {
	switch kind {
	case "int", "uint64":
		return "whole number"
	case "float64":
		return "number"
	case "duration":
		return "duration such as 10s or 5m"
	case "bool":
		return "true or false"
	}
	return kind
}
