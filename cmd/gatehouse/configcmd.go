package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/gatehouse-gateway/gatehouse/cmd/gatehouse/internal/config"
)

func (a *app) configCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Write a configuration file, or show the configuration in effect",
		Args:  noCommand,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.configInitCommand(), a.configShowCommand(), a.configKeysCommand())
	return cmd
}

func (a *app) configInitCommand() *cobra.Command {
	var path string
	var force bool
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Write a commented gatehouse.yaml with every key",
		Args:  noArguments,
		RunE:  func(*cobra.Command, []string) error { return a.configInit(path, force) },
	}
	cmd.Flags().StringVar(&path, "config", "gatehouse.yaml", "file to write")
	cmd.Flags().BoolVar(&force, "force", false, "overwrite the file if it is there")
	return cmd
}

// configInit writes the template, readable by its owner alone since a token
// may end up in it.
func (a *app) configInit(path string, force bool) error {
	if ext := filepath.Ext(path); ext != ".yaml" && ext != ".yml" {
		return usagef("--config: %q does not end in .yaml; init writes YAML only", path)
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(a.dir, path)
	}
	mode := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if force {
		mode = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	f, err := os.OpenFile(path, mode, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return usagef("%s is there already; --force overwrites it", path)
	}
	if err != nil {
		return usagef("cannot write the configuration: %w", err)
	}
	_, err = f.WriteString(config.Template())
	if err = errors.Join(err, f.Chmod(0o600), f.Close()); err != nil {
		return fmt.Errorf("cannot write the configuration: %w", err)
	}
	_, err = fmt.Fprintf(a.stdout, "wrote %s\nnext: set sinks[0].url to where the bot listens, set DISCORD_TOKEN, then start gatehouse run\n", path)
	return err
}

func (a *app) configShowCommand() *cobra.Command {
	var flags configFlags
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Show every key in effect and where it was set; secrets stay hidden",
		Args:  noArguments,
		RunE:  func(*cobra.Command, []string) error { return a.configShow(&flags) },
	}
	flags.add(cmd)
	return cmd
}

func (a *app) configShow(flags *configFlags) error {
	loaded, err := flags.load(a)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "KEY\tVALUE\tSOURCE")
	for _, s := range loaded.Settings() {
		fmt.Fprintf(w, "%s\t%s\t%s\n", s.Key, s.Value, s.Source)
	}
	for _, warning := range loaded.Warnings {
		fmt.Fprintln(a.stderr, "gatehouse: warning: "+warning)
	}
	return w.Flush()
}
