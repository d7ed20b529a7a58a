package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/gatehouse-gateway/gatehouse/tui"
)

func (a *app) configKeysCommand() *cobra.Command {
	var flags configFlags
	output := "table"
	cmd := &cobra.Command{
		Use:   "keys",
		Short: "List the console's actions with their keys, as tui.keys has them",
		Long: `Lists every action of the console with the keys that it has and those that it
comes with. tui.keys in the configuration gives actions other keys:

    tui:
      keys:
        restart: f5
        next: [n, "#"]
        drain: disabled

Keys are named as Bubble Tea names them: a letter or sign, f1 to f63, names such
as pgup, space or tab, and ctrl+, alt+ or shift+ before one. An action that is
disabled has no key, but stays in the palette and the help.`,
		Args: noArguments,
		RunE: func(*cobra.Command, []string) error {
			if !slices.Contains([]string{"table", "json"}, output) {
				return usagef("--output: %q is not known; allowed: table, json", output)
			}
			return a.configKeys(&flags, output == "json")
		},
	}
	flags.add(cmd)
	cmd.Flags().StringVarP(&output, "output", "o", output, "table or json")
	return cmd
}

// keyLine is an action with its keys, for scripts.
type keyLine struct {
	Action  string   `json:"action"`
	Title   string   `json:"title"`
	Section string   `json:"section"`
	Keys    []string `json:"keys"`
	Default []string `json:"default"`
}

func (a *app) configKeys(flags *configFlags, asJSON bool) error {
	loaded, err := flags.load(a)
	if err != nil {
		return err
	}
	all, err := tui.Bindings(loaded.TUI.Keys)
	if err != nil {
		return err
	}
	if asJSON {
		lines := make([]keyLine, len(all))
		for i, b := range all {
			lines[i] = keyLine{b.Action, b.Title, b.Section, listed(b.Keys), listed(b.Default)}
		}
		out := json.NewEncoder(a.stdout)
		out.SetIndent("", "  ")
		out.SetEscapeHTML(false)
		return out.Encode(lines)
	}
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ACTION\tKEYS\tDEFAULT\tDOES")
	for _, b := range all {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", b.Action, keyWords(b.Keys, b.Default), keyWords(b.Default, nil), b.Title)
	}
	return w.Flush()
}

// listed keeps an empty list from being null.
func listed(keys []string) []string { return append([]string{}, keys...) }

// keyWords are keys in words; none of an action that would have some means that
// they are disabled.
func keyWords(keys, usual []string) string {
	switch {
	case len(keys) > 0:
		return strings.Join(keys, " ")
	case len(usual) > 0:
		return "disabled"
	default:
		return "-"
	}
}
