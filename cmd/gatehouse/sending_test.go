package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
)

// asker is a bot that asks for the members of the first guild it sees, in its
// answer to that very event, and notes what comes of it.
type asker struct {
	mu     sync.Mutex
	guild  string   // that it has asked about
	guilds []string // it has seen
	chunks []string // guild and nonce of each
}

func (b *asker) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	var event struct {
		Data struct {
			T string
			D struct {
				ID      string
				GuildID string `json:"guild_id"`
				Nonce   string
			}
		}
	}
	if err := json.Unmarshal(body, &event); err != nil {
		http.Error(w, "what is this?", http.StatusBadRequest)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	switch d := event.Data.D; event.Data.T {
	case "GUILD_CREATE":
		b.guilds = append(b.guilds, d.ID)
		if b.guild == "" {
			b.guild = d.ID
			w.Header().Set("Content-Type", "application/json; charset=utf-8")
			fmt.Fprintf(w, `{"send":[{"op":8,"d":{"guild_id":%q,"query":"","limit":0,"nonce":"mine"}}]}`, d.ID)
			return
		}
	case "GUILD_MEMBERS_CHUNK":
		b.chunks = append(b.chunks, d.GuildID+" "+d.Nonce)
	}
	w.WriteHeader(http.StatusNoContent)
}

// seen is the guild that it has asked about, another one, and the chunks.
func (b *asker) seen() (asked, other string, chunks []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, id := range b.guilds {
		if id != b.guild {
			other = id
		}
	}
	return b.guild, other, append([]string(nil), b.chunks...)
}

// A bot that talks back and an operator both send commands through a Gatehouse in
// its own process, and each gets its own answers.
func TestABotAndAnOperatorSendCommands(t *testing.T) {
	t.Parallel()
	bot := &asker{}
	web := httptest.NewServer(bot)
	t.Cleanup(web.Close)
	w := newWorld(t)
	w.env = append(w.env, "GATEHOUSE_SINKS_0_URL="+web.URL, "GATEHOUSE_SINKS_0_COMMANDS=true", "GATEHOUSE_DISCORD_INTENTS=Guilds,GuildMembers")
	cmd := w.program(t, "run", "--no-tui")
	var stderr buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the members that the bot has asked for", func() bool {
		asked, other, chunks := bot.seen()
		return len(chunks) == 1 && chunks[0] == asked+" mine" && other != "" && strings.Contains(w.ctl(t, "status").stdout, "\nguilds      20, ")
	})
	_, other, _ := bot.seen()
	question := `{"guild_id":"` + other + `","query":"","limit":0}`
	got := w.ctl(t, "send", "members", question, "--answers")
	if got.code != exitDone || !strings.HasPrefix(got.stdout, `{"t":"GUILD_MEMBERS_CHUNK",`) || !strings.Contains(got.stdout, other) || !json.Valid([]byte(got.stdout)) {
		t.Errorf("members: %+v", got)
	}
	if got := w.ctl(t, "send", "members", question, "--answers"); got.code != exitFailed || !strings.HasPrefix(got.stderr, "gatehouse: not sent: ") || got.stdout != "" {
		t.Errorf("the same once more: %+v", got)
	}
	if _, _, chunks := bot.seen(); len(chunks) != 1 {
		t.Errorf("the bot got what the operator had asked for: %q", chunks)
	}
	if got := w.ctl(t, "presence", "--status", "idle", "--activity", "Watching {{guilds}} guilds"); got.code != exitDone || got.stdout != "presence: sent by shards 0-1\n" {
		t.Errorf("presence: %+v", got)
	}
	w.showsGuilds(t)
	if got := w.ctl(t, "sinks"); !strings.Contains(got.stdout, "\nhttp: its bot sent 1 command for Discord, 0 refused\n") {
		t.Errorf("sinks: %s", got.stdout)
	}
	cmd.Process.Signal(syscall.SIGTERM)
	if code := exitOf(t, cmd); code != exitDone || strings.Contains(stderr.String(), testToken) {
		t.Errorf("exit code %d:\n%s", code, stderr.String())
	}
	if broken := w.server.Stats().Violations; len(broken) > 0 {
		t.Errorf("rules were broken: %v", broken)
	}
}

// showsGuilds waits until each of both shards has shown Discord a presence of its
// own: what is written is not received yet.
func (w *world) showsGuilds(t *testing.T) {
	t.Helper()
	shown := map[int]string{}
	eventually(t, "a presence of both shards", func() bool {
		for _, c := range w.server.CommandLog() {
			if c.Op == int(discord.OpPresenceUpdate) {
				shown[c.Shard] = string(c.Data)
			}
		}
		return len(shown) == 2
	})
	guilds := 0
	for id, presence := range shown {
		_, rest, _ := strings.Cut(presence, `"name":"`)
		number, _, _ := strings.Cut(rest, " ")
		n, err := strconv.Atoi(number)
		if err != nil {
			t.Errorf("shard %d shows %s", id, presence)
		}
		guilds += n
	}
	if guilds != 20 {
		t.Errorf("the shards show %d guilds: %v", guilds, shown)
	}
}
