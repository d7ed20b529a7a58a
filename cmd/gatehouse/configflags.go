package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/gatehouse-gateway/gatehouse/cmd/gatehouse/internal/config"
)

// configFlags are the flags of every command that reads the configuration.
type configFlags struct {
	file string
	set  []string
}

func (f *configFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.file, "config", "", "configuration `file`; default ./gatehouse.yaml, then the XDG config folder")
	cmd.Flags().StringArrayVar(&f.set, "set", nil, "set a `key=value` over file and environment, such as log.level=debug; repeatable")
}

// load reads the configuration in effect.
func (f *configFlags) load(a *app) (*config.Loaded, error) {
	values := map[string]any{}
	for _, pair := range f.set {
		key, value, ok := strings.Cut(pair, "=")
		if !ok || key == "" {
			return nil, usagef("--set: %q is not of the form key=value; write one such as log.level=debug", key)
		}
		values[key] = value
	}
	return config.Load(config.Options{File: f.file, Dir: a.dir, Env: a.env, Flags: values})
}
