package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/discordtest"
)

// reloadWorld is a simulated Discord, a Gatehouse in its own process whose file is
// changed under it, a bot that has two addresses, and one that is added later.
type reloadWorld struct {
	t      *testing.T
	server *discordtest.Server
	bot    *discordtest.Bot
	urls   [2]string        // of the bot
	used   [2]*atomic.Int64 // requests there
	copy   *discordtest.Bot
	copied string // URL of the copy
	path   string // of the file
	log    buffer

	mu    sync.Mutex
	types map[string]int // that the bot got
}

func newReloadWorld(t *testing.T) *reloadWorld {
	t.Helper()
	server, err := discordtest.New(discordtest.Config{
		Token: discord.NewToken(testToken), Shards: 2, Guilds: 20, MaxConcurrency: 2, Rate: 600, Seed: 1,
		Optional: []string{"TYPING_START", "MESSAGE_UPDATE/unfurl"}, // which the rules of this test keep away
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	w := &reloadWorld{t: t, server: server, bot: discordtest.NewBot(server.Audit(), "", nil), types: map[string]int{}}
	w.bot.SetTap(func(d discordtest.Delivered) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.types[d.Type]++
	})
	for i := range w.urls {
		w.used[i] = &atomic.Int64{}
		web := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
			w.used[i].Add(1)
			w.bot.ServeHTTP(out, r)
		}))
		t.Cleanup(web.Close)
		w.urls[i] = web.URL + "/events"
	}
	w.copy = discordtest.NewBot(nil, "copy-secret", nil)
	web := httptest.NewServer(w.copy)
	t.Cleanup(web.Close)
	w.copied = web.URL + "/events"
	w.path = filepath.Join(t.TempDir(), "gatehouse.yaml")
	return w
}

// got is how many events of a type the bot has got.
func (w *reloadWorld) got(kind string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.types[kind]
}

// settings is a file; each field is a part of it.
type settings struct {
	level, presence, drop, url, extra string
	copy                              bool
}

// file writes a configuration, as a careful program does.
func (w *reloadWorld) file(s settings) {
	w.t.Helper()
	text := fmt.Sprintf("discord: {api_base: %s, presence: {status: %s}, intents: %d}\nlog: {level: %s}\n%s\nsinks:\n  - {name: bot, url: %s, events.drop: [%s]}\n",
		w.server.URL(), s.presence, discordtest.AllIntents, s.level, s.extra, s.url, s.drop)
	if s.copy {
		text += fmt.Sprintf("  - {name: copy, url: %s, authorization: copy-secret}\n", w.copied)
	}
	replace(w.t, w.path, text)
}

// says waits for a text in the log.
func (w *reloadWorld) says(text string) {
	w.t.Helper()
	eventually(w.t, text, func() bool { return strings.Contains(w.log.String(), text) })
}

// goesOn waits until the bot has got some more events.
func (w *reloadWorld) goesOn() {
	w.t.Helper()
	seen := w.bot.Stats().Events
	eventually(w.t, "more events", func() bool { return w.bot.Stats().Events > seen+100 })
}

// Everything that can change while Gatehouse runs is changed by changing its file,
// and the bot that stays gets every event, once.
func TestAChangedFileTakesEffectAndNothingIsLost(t *testing.T) {
	t.Parallel()
	w := newReloadWorld(t)
	is := settings{level: "warn", presence: "online", url: w.urls[0]}
	w.file(is)
	base := &world{server: w.server, env: []string{asProgram + "=1", "HOME=" + t.TempDir(), "XDG_STATE_HOME=" + t.TempDir(), "DISCORD_TOKEN=" + testToken}}
	base.reachable(t, "")
	cmd := base.program(t, "run", "--no-tui", "--config", w.path)
	cmd.Stderr = &w.log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	eventually(t, "events of a type that will be dropped", func() bool { return base.connected() && w.got("TYPING_START") > 10 })

	w.changesRules(&is)
	w.changesSinks(&is)
	w.changesPresence(&is)
	w.mistakes(base, is)
	cmd.Process.Signal(syscall.SIGHUP)
	w.says(`"by":"SIGHUP"`)
	w.settle()
	cmd.Process.Signal(syscall.SIGTERM)
	if code := exitOf(t, cmd); code != exitDone {
		t.Errorf("exit code %d", code)
	}
	if log := w.log.String(); strings.Contains(log, "copy-secret") || strings.Contains(log, testToken) || t.Failed() {
		t.Errorf("failed, or a secret is in the log:\n%s", log)
	}
}

// changesRules has more logged, and a type of events kept away.
func (w *reloadWorld) changesRules(is *settings) {
	w.t.Helper()
	is.level = "info"
	w.file(*is)
	w.says("configuration changed: log.level: warn -> info")

	is.drop = "TYPING_*"
	w.file(*is)
	w.says("sinks: bot: events.drop: [] -> [TYPING_*]")
	eventually(w.t, "the end of TYPING_START", func() bool {
		before := w.got("TYPING_START")
		w.goesOn()
		return w.got("TYPING_START") == before
	})
}

// changesSinks adds a sink, gives the bot another address, and removes the sink.
func (w *reloadWorld) changesSinks(is *settings) {
	w.t.Helper()
	is.copy = true
	w.file(*is)
	w.says("sinks: copy: added, " + w.copied)
	eventually(w.t, "events at the copy", func() bool { return w.copy.Stats().Events > 50 })

	is.url = w.urls[1]
	w.file(*is)
	eventually(w.t, "events at the new address", func() bool { return w.used[1].Load() > 20 })
	eventually(w.t, "silence at the old one", func() bool {
		before := w.used[0].Load()
		w.goesOn()
		return w.used[0].Load() == before
	})

	is.copy = false
	w.file(*is)
	w.says("sinks: copy: removed; what waits for it stays in the queue")
	eventually(w.t, "silence at the copy", func() bool {
		before := w.copy.Stats().Requests
		w.goesOn()
		return w.copy.Stats().Requests == before
	})
}

// changesPresence has people see the bot in another way.
func (w *reloadWorld) changesPresence(is *settings) {
	w.t.Helper()
	is.presence = "idle"
	w.file(*is)
	eventually(w.t, "the presence at Discord", func() bool {
		idle := 0
		for _, s := range w.server.Stats().Sessions {
			if strings.Contains(s.Presence, "idle") {
				idle++
			}
		}
		return idle == 2
	})
}

// mistakes changes the file to what cannot be, and to what needs a restart.
func (w *reloadWorld) mistakes(base *world, is settings) {
	w.t.Helper()
	if got := base.ctl(w.t, "sink", "bot"); got.code != exitDone || !strings.Contains(got.stdout, "events.drop") {
		w.t.Errorf("the rules of the bot: %+v", got)
	}
	was := is
	is.extra, is.drop = "queue: {memory: lots}", ""
	w.file(is)
	w.says(`the old configuration stays in effect: queue.memory: \"lots\" is not a size`)
	got := base.ctl(w.t, "reload")
	if want := `the old configuration stays in effect: queue.memory: "lots" is not a size (`; got.code != exitFailed || !strings.Contains(got.stderr, want) || strings.Count(got.stderr, "\n") != 1 {
		w.t.Errorf("a reload of a faulty file: %+v", got)
	}
	w.goesOn()
	is = was
	is.extra = "shards: {per_worker: 1}"
	w.file(is)
	w.says("which needs a restart: shards.per_worker: 25 -> 1")
	if got := base.ctl(w.t, "reload", "--wait"); got.code != exitDone || got.stdout != "configuration read again, after a restart: shards.per_worker: 25 -> 1\n" {
		w.t.Errorf("a reload of a file that has not changed: %+v", got)
	}
	w.goesOn()
}

// settle lets nothing happen any more, and judges.
func (w *reloadWorld) settle() {
	w.t.Helper()
	w.server.SetRate(0)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := w.server.Audit().AwaitSettled(ctx); err != nil {
		w.t.Errorf("%d events do not come: %v", w.server.Audit().Outstanding(), err)
	}
	if r := w.server.Audit().Report(); !r.OK() || r.Pending > 0 || len(r.Forfeited) > 0 || r.Identifies != 2 {
		w.t.Errorf("%+v", r)
	}
}
