package main

import (
	"context"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-gateway/gatehouse/cmd/gatehouse/internal/config"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/themes"
)

// reload is a run's configuration that can be read again, with the log of the run.
type reload struct {
	*reloading
	path string
	log  *buffer
}

func newReload(t *testing.T, text string, env ...string) *reload {
	t.Helper()
	out := &reload{path: filepath.Join(t.TempDir(), "gatehouse.yaml"), log: &buffer{}}
	write(t, out.path, text)
	a := &app{env: append(env, "DISCORD_TOKEN="+testToken, "XDG_STATE_HOME="+t.TempDir()), stderr: out.log}
	flags := configFlags{file: out.path}
	loaded, err := flags.load(a)
	if err != nil {
		t.Fatal(err)
	}
	book, err := a.openLog(loaded.Log, false, secretsOf(loaded))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(book.close)
	if out.reloading, err = newReloading(a, flags, loaded, book, &dumping{}); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestAConfigurationReadAgainSaysWhatHasChanged(t *testing.T) {
	r := newReload(t, "log.level: warn\nsinks: [{name: bot, url: 'http://bot', events.drop: [TYPING_START]}]")
	var shown []string
	r.show = func(_ string, theme themes.Theme) { shown = append(shown, theme.Name) }
	first, err := r.read(t.Context())
	if err != nil || len(first.Changed)+len(first.Restart) != 0 {
		t.Fatalf("nothing has changed, and it says %q, %q, %v", first.Changed, first.Restart, err)
	}
	first.Apply()

	write(t, r.path, "log.level: debug\ntui.theme: light\nshards.total: 3\ndiscord.presence: {status: idle}\nsinks: [{name: bot, url: 'http://bot', events.drop: [TYPING_*]}, {name: copy, url: 'http://copy'}]")
	next, err := r.read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`discord.presence: "" -> {"status":"idle"}`, "log.level: warn -> debug", "tui.theme: dark -> light",
		"sinks: bot: events.drop: [TYPING_START] -> [TYPING_*]", "sinks: copy: added, http://copy",
	}
	if !slices.Equal(next.Changed, want) || !slices.Equal(next.Restart, []string{"shards.total: 0 -> 3"}) {
		t.Errorf("changed %q, needs a restart %q", next.Changed, next.Restart)
	}
	if len(next.Sinks) != 2 || string(next.Presence) != `{"status":"idle"}` || next.Sinks[0].Version != first.Sinks[0].Version {
		t.Errorf("%+v", next)
	}
	if r.book.Enabled(t.Context(), slog.LevelDebug) || len(shown) != 0 {
		t.Error("it takes effect before it is applied")
	}
	next.Apply()
	if !r.book.Enabled(t.Context(), slog.LevelDebug) || !slices.Equal(shown, []string{"light"}) {
		t.Errorf("after it was applied: debug %t, themes shown %q", r.book.Enabled(t.Context(), slog.LevelDebug), shown)
	}

	again, err := r.read(t.Context())
	if err != nil || len(again.Changed) != 0 || !slices.Equal(again.Restart, []string{"shards.total: 0 -> 3"}) {
		t.Errorf("read again: %q, %q, %v", again.Changed, again.Restart, err)
	}
}

func TestAFaultyConfigurationIsNotTaken(t *testing.T) {
	const good = "sinks: [{name: bot, url: 'http://bot'}]"
	r := newReload(t, good)
	for _, c := range []struct{ text, want string }{
		{"log.level: loud\n" + good, `the old configuration stays in effect: log.level: "loud" is not known (FILE:1); allowed: debug, info, warn, error`},
		{"log: {level: info", "the old configuration stays in effect: FILE:"},
		{"", "the old configuration stays in effect: sinks: missing; say where the bot listens: "},
		{"log.level: loud\ntui.mouse: 3\nsinks: [{}]", "; and 2 mistakes more, see gatehouse config show"},
		{"discord.token: x\n" + strings.Replace(good, "url", "authorization: hush, uri", 1), "sinks[0].uri: unknown key"},
	} {
		write(t, r.path, c.text)
		next, err := r.read(t.Context())
		if err == nil {
			t.Errorf("%q is taken: %+v", c.text, next)
			continue
		}
		got := strings.ReplaceAll(err.Error(), r.path, "FILE")
		if !strings.Contains(got, c.want) || strings.Contains(got, "\n") || strings.Contains(got, "hush") {
			t.Errorf("%q: %s\nis not one line with %s", c.text, got, c.want)
		}
	}
	write(t, r.path, good)
	if next, err := r.read(t.Context()); err != nil || len(next.Changed) != 0 {
		t.Errorf("mended: %+v, %v", next, err)
	}
}

// A secret that is new must not be in the log, whatever logs it; an old one neither,
// since it may be in use elsewhere.
func TestANewSecretIsKeptOutOfTheLog(t *testing.T) {
	r := newReload(t, "log: {level: info, format: text}\nsinks: [{url: 'http://bot', authorization: first-secret}]")
	write(t, r.path, "log: {level: info, format: text}\nsinks: [{url: 'http://bot', authorization: second-secret}]")
	next, err := r.read(t.Context())
	if err != nil || !slices.Equal(next.Changed, []string{"sinks: http: authorization: changed"}) {
		t.Fatalf("%+v, %v", next, err)
	}
	next.Apply()
	r.book.Info("somebody logs first-secret and second-secret")
	if got := r.log.String(); strings.Contains(got, "-secret") || !strings.Contains(got, "[secret] and [secret]") {
		t.Error(got)
	}
}

// A sink that is reached in another way is another one for the engine.
func TestTheVersionOfASink(t *testing.T) {
	const base = "url: 'http://bot', timeout: 5s"
	version := func(text string) string {
		r := newReload(t, "sinks: [{name: bot, "+text+"}]")
		next, err := r.read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return next.Sinks[0].Version
	}
	first := version(base)
	if first != version(base+", events.drop: [TYPING_START], batch: 4") {
		t.Error("rules and batches make another sink")
	}
	for _, other := range []string{"url: 'http://bot/?k=1', timeout: 5s", base + ", authorization: hush-hush", "url: 'http://bot', timeout: 6s", base + ", parallel: 3"} {
		if v := version(other); v == first || strings.Contains(v, "hush") {
			t.Errorf("%s: version %s, and of %s %s", other, v, base, first)
		}
	}
}

// A console that has ended takes no theme, and holds nobody up.
func TestTheConsoleTakesTheLastTheme(t *testing.T) {
	a := &app{stderr: &buffer{}}
	r := newReload(t, "sinks: [{url: 'http://bot'}]")
	s := &session{reloading: r.reloading}
	if err := s.shownBy(a.newConsole(config.Default().TUI, false, &screen{}, themes.Library{}, slog.New(slog.DiscardHandler))); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"light", "contrast"} {
		write(t, r.path, "tui.theme: "+name+"\nsinks: [{url: 'http://bot'}]")
		next, err := r.read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		next.Apply()
	}
	if got := <-s.console.options.Themes; got.Name != "contrast" || len(s.console.options.Themes) != 0 {
		t.Errorf("the console is to show %q", got.Name)
	}
}

func TestWithoutAFileThereIsNothingToReload(t *testing.T) {
	a := &app{env: complete("http://127.0.0.1:1"), dir: t.TempDir()}
	var flags configFlags
	loaded, err := flags.load(a)
	if err != nil {
		t.Fatal(err)
	}
	r, err := newReloading(a, flags, loaded, nil, nil)
	if r != nil || err != nil {
		t.Errorf("%+v, %v", r, err)
	}
	r.attend(t.Context(), nil) // returns
}

func TestAHangupAndAChangeOfTheFileAskTheEngine(t *testing.T) {
	r := newReload(t, "sinks: [{url: 'http://bot'}]")
	hangups := make(chan struct{}, 1)
	r.app.hangups = hangups
	e := &fakeEngine{}
	asked := func(by string) func() bool {
		return func() bool {
			e.mu.Lock()
			defer e.mu.Unlock()
			return slices.ContainsFunc(e.commands, func(c ops.Command) bool { return c.Kind == ops.CommandReload && c.By == by })
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r.attend(ctx, e)
	}()
	hangups <- struct{}{}
	eventually(t, "a reload for SIGHUP", asked("SIGHUP"))
	if asked("the file")() {
		t.Error("the file has not changed")
	}
	replace(t, r.path, "sinks: [{url: 'http://bot', batch: 2}]")
	eventually(t, "a reload for the file", asked("the file"))
	stop()
	<-ended
}
