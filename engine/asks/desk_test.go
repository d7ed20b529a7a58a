package asks

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// desk is a book, with a Discord that answers when the test says so.
type desk struct {
	t     *testing.T
	clock *clock.Manual
	book  *Book
}

func newDesk(t *testing.T, cfg Config) *desk {
	c := clock.NewManual(time.Date(2026, 11, 20, 18, 0, 0, 0, time.UTC))
	cfg.Clock, cfg.Start = c, 0xfeed
	return &desk{t: t, clock: c, book: New(cfg)}
}

func command(t testing.TB, op int, format string, args ...any) discord.Command {
	t.Helper()
	c, err := discord.ParseCommand(discord.Opcode(op), json.RawMessage(fmt.Sprintf(format, args...)))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// fullList is op 8 for all members of a guild.
func fullList(t testing.TB, guild int, nonce string) discord.Command {
	return command(t, 8, `{"guild_id":"%d","query":"","limit":0,"nonce":"%s"}`, guild, nonce)
}

// lookup is op 8 for one member.
func lookup(t testing.TB, guild int, nonce string) discord.Command {
	return command(t, 8, `{"guild_id":"%d","user_ids":["7"],"nonce":"%s"}`, guild, nonce)
}

func (d *desk) open(r Request) *Ask {
	d.t.Helper()
	a, err := d.book.Open(r)
	if err != nil {
		d.t.Fatal(err)
	}
	return a
}

// sent opens a request that is written at once.
func (d *desk) sent(r Request) *Ask {
	d.t.Helper()
	a := d.open(r)
	a.Sent(d.clock.Now())
	return a
}

// refused opens a request that must not be opened.
func (d *desk) refused(r Request) *ops.SendError {
	d.t.Helper()
	_, err := d.book.Open(r)
	var refused *ops.SendError
	if !errors.As(err, &refused) {
		d.t.Fatalf("got %v, want a refusal", err)
	}
	return refused
}

// answer is a dispatch from Discord.
func (d *desk) answer(kind, format string, args ...any) Answer {
	d.t.Helper()
	data := fmt.Sprintf(format, args...)
	return d.book.Answer(kind, []byte(data), frame(kind, data))
}

func frame(kind, data string) []byte {
	return fmt.Appendf(nil, `{"t":%q,"s":7,"op":0,"d":%s}`, kind, data)
}

// chunk is a GUILD_MEMBERS_CHUNK as Discord answers a.
func (d *desk) chunk(a *Ask, guild, index, count int) Answer {
	d.t.Helper()
	return d.answer("GUILD_MEMBERS_CHUNK", chunkData, a.Nonce(), guild, index, count)
}

const chunkData = `{"presences":[],"nonce":"%s","members":[],"guild_id":"%d","chunk_index":%d,"chunk_count":%d}`

// goes checks for whom an answer is, and what it says.
func (d *desk) goes(got Answer, to, data string) {
	d.t.Helper()
	_, after, _ := strings.Cut(string(got.Msg), `"d":`)
	if got.To != to || strings.TrimSuffix(after, "}") != data {
		d.t.Errorf("to %q goes %s, want %q %s", got.To, got.Msg, to, data)
	}
}

// waits has a waiter wait for an ended request.
func (d *desk) waits(a *Ask) ([]json.RawMessage, error) {
	d.t.Helper()
	select {
	case <-a.Done():
	default:
		d.t.Fatal("the request has not ended")
	}
	return a.Wait(context.Background())
}
