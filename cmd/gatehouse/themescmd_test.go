package main

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/cmd/gatehouse/internal/config"
	"github.com/gatehouse-gateway/gatehouse/themes"
)

// themeFolder is a configuration folder with themes of one's own.
func themeFolder(t *testing.T) (home, dir string) {
	t.Helper()
	home = t.TempDir()
	dir = filepath.Join(home, "gatehouse", "themes")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "mine.toml"), "name = \"mine\"\ntitle = \"My own\"\nextends = \"nord\"\n")
	write(t, filepath.Join(dir, "half.toml"), "name = \"half\"\n[colors]\n")
	return home, dir
}

func TestThemesListsThoseOfOnesOwn(t *testing.T) {
	home, dir := themeFolder(t)
	got := gatehouse(t, []string{"XDG_CONFIG_HOME=" + home, "HOME=" + home}, "themes")
	for _, want := range []string{"NAME", "dark  ", "everforest", "built in", "mine", "My own", filepath.Join(dir, "mine.toml"), "broken: " + filepath.Join(dir, "half.toml") + ": appearance"} {
		if got.code != exitDone || !strings.Contains(got.stdout, want) {
			t.Errorf("exit code %d, no %q in\n%s%s", got.code, want, got.stdout, got.stderr)
		}
	}
	got = gatehouse(t, []string{"XDG_CONFIG_HOME=" + home}, "themes", "-o", "json")
	if !strings.Contains(got.stdout, `"name": "mine"`) || strings.Count(got.stdout, `"name":`) != len(themes.Names())+2 {
		t.Errorf("%s", got.stdout)
	}
}

// A broken theme must not keep anybody from seeing the shards; a name that there is
// not is a mistake in the configuration.
func TestABrokenThemeDoesNotKeepTheConsoleFromOpening(t *testing.T) {
	home, dir := themeFolder(t)
	var log bytes.Buffer
	a := &app{env: []string{"XDG_CONFIG_HOME=" + home}}
	tui := config.Default().TUI
	tui.Theme = "half"
	c, err := a.newConsole(tui, false, &screen{}, themes.In(dir), slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil || c.options.Notice == "" || !strings.Contains(c.options.Notice, "dark is shown instead") || !strings.Contains(log.String(), "half.toml") {
		t.Errorf("%v, %q, the log: %s", err, c.options.Notice, log.String())
	}
	tui.Theme = "mien"
	if _, err := a.newConsole(tui, false, &screen{}, themes.In(dir), slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), `tui.theme: unknown theme "mien": did you mean "mine"?`) {
		t.Errorf("%v", err)
	}
}

func TestAThemeThatIsSavedShowsAtOnce(t *testing.T) {
	_, dir := themeFolder(t)
	var log buffer
	tui := config.Default().TUI
	tui.Theme = "mine"
	c, err := (&app{}).newConsole(tui, false, &screen{}, themes.In(dir), slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		c.watchTheme(ctx)
	}()
	defer func() { cancel(); <-ended }()
	await := func(what string, holds func() bool) {
		t.Helper()
		for end := time.Now().Add(patience); !holds(); {
			if time.Now().After(end) {
				t.Fatalf("%s: not within %v; the log:\n%s", what, patience, log.String())
			}
			<-time.After(10 * time.Millisecond)
		}
	}
	n := 0
	save := func(text string) { // until it is seen: the watch may not have looked at the first one yet
		n++
		write(t, filepath.Join(dir, "mine.toml"), text+strings.Repeat("#", n)+"\n")
	}
	var got themes.Theme
	await("the new theme", func() bool {
		save("name = \"mine\"\ntitle = \"Changed\"\nextends = \"dracula\"\n")
		select {
		case got = <-c.next:
			return true
		default:
			return false
		}
	})
	if got.Title != "Changed" {
		t.Errorf("it shows %q", got.Title)
	}
	await("a word on the broken one", func() bool {
		save("name = \"mine\"\nextends = \"darcula\"\n")
		return strings.Contains(log.String(), `did you mean`) && strings.Contains(log.String(), "dracula")
	})
}
