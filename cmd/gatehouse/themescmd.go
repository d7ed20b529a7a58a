package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/gatehouse-gateway/gatehouse/cmd/gatehouse/internal/config"
	"github.com/gatehouse-gateway/gatehouse/themes"
)

// themes are the built-in ones with those of the folder "themes" beside the
// configuration file, or else in the XDG configuration folder.
func (a *app) themes(file string) themes.Library {
	folder := config.Folder(a.env)
	if file != "" {
		beside := filepath.Join(filepath.Dir(file), "themes")
		if s, err := os.Stat(beside); err == nil && s.IsDir() {
			return themes.In(beside)
		}
	}
	if folder == "" {
		return themes.Library{}
	}
	return themes.In(filepath.Join(folder, "themes"))
}

func (a *app) themesCommand() *cobra.Command {
	var flags configFlags
	output := "table"
	cmd := &cobra.Command{
		Use:   "themes",
		Short: "List the console's themes, with those of your own",
		Long: `Lists the themes for tui.theme. One of your own is a file NAME.toml in the folder
"themes" beside gatehouse.yaml, or in gatehouse/themes in the XDG configuration
folder. It may extend a built-in theme:

    name = "mine"
    extends = "nord"
    [colors]
    "state.ready" = "#7ad08f"

Saving the file of the theme in use changes the console at once.`,
		Args: noArguments,
		RunE: func(*cobra.Command, []string) error {
			if !slices.Contains([]string{"table", "json"}, output) {
				return usagef("--output: %q is not known; allowed: table, json", output)
			}
			loaded, err := flags.load(a)
			if err != nil {
				return err
			}
			return a.listThemes(a.themes(loaded.File), output == "json")
		},
	}
	flags.add(cmd)
	cmd.Flags().StringVarP(&output, "output", "o", output, "table or json")
	return cmd
}

// themeLine is a theme, for scripts.
type themeLine struct {
	Name  string `json:"name"`
	Title string `json:"title"`
	Kind  string `json:"appearance"` // dark or light; empty for one that is broken
	File  string `json:"file"`       // empty for a built-in one
	Error string `json:"error"`
}

func (a *app) listThemes(lib themes.Library, asJSON bool) error {
	var lines []themeLine
	for _, name := range lib.Names() {
		line := themeLine{Name: name, File: lib.File(name)}
		t, err := lib.Load(name)
		switch {
		case err != nil:
			line.Error = err.Error()
		case t.Dark:
			line.Title, line.Kind = t.Title, "dark"
		default:
			line.Title, line.Kind = t.Title, "light"
		}
		lines = append(lines, line)
	}
	if asJSON {
		enc := json.NewEncoder(a.stdout)
		enc.SetIndent("", "  ")
		return enc.Encode(lines)
	}
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tFOR\tTITLE\tFROM")
	for _, l := range lines {
		from := "built in"
		if l.File != "" {
			from = clean(l.File)
		}
		if l.Error != "" {
			l.Kind, l.Title = none, "broken: "+l.Error
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", clean(l.Name), l.Kind, clean(l.Title), from)
	}
	return w.Flush()
}

// themePoll is how often the file of the theme in use is looked at.
const themePoll = time.Second

// watchTheme has the console take the theme in use again whenever its file has been
// saved, until ctx ends. One that is broken changes nothing, and is logged.
func (c *console) watchTheme(ctx context.Context) {
	tick := time.NewTicker(themePoll)
	defer tick.Stop()
	seen := c.themeStamp()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := c.themeStamp()
		if now == seen {
			continue
		}
		same := now.file == seen.file
		if seen = now; !same || now.file == "" { // another theme was taken where it was named
			continue
		}
		theme, err := c.themes.Load(*c.theme.Load())
		if err != nil {
			c.log.Warn("the theme stays as it is: " + oneLine(err))
			continue
		}
		c.take(theme)
		c.log.Info("theme read again", "file", now.file)
	}
}

// stamp tells whether a file has been saved.
type stamp struct {
	file string
	at   time.Time
	size int64
}

// themeStamp is that of the theme in use; the zero one for a built-in theme.
func (c *console) themeStamp() stamp {
	file := c.themes.File(*c.theme.Load())
	if file == "" {
		return stamp{}
	}
	info, err := os.Stat(file)
	if errors.Is(err, fs.ErrNotExist) || err != nil {
		return stamp{file: file}
	}
	return stamp{file, info.ModTime(), info.Size()}
}
