package asks

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestASilentRequestEnds(t *testing.T) {
	d := newDesk(t, Config{})
	a := d.sent(Request{Command: fullList(t, 5, ""), Keep: true})
	b := d.sent(Request{Command: lookup(t, 6, ""), Keep: true})
	d.clock.Advance(2 * time.Minute)
	d.chunk(a, 5, 0, 3) // goes on: it has as long again
	d.clock.Advance(2 * time.Minute)
	d.book.Sweep()
	if _, err := d.waits(b); err == nil || !strings.Contains(err.Error(), "Discord has not answered within 3m0s") {
		t.Errorf("got %v", err)
	}
	d.clock.Advance(time.Minute)
	d.book.Sweep()
	answers, err := d.waits(a)
	if err == nil || !strings.Contains(err.Error(), "1 of 3 chunks") || len(answers) != 1 {
		t.Errorf("%d answers, %v", len(answers), err)
	}
	// Whatever comes now still finds its way, to be dropped.
	if got := d.chunk(b, 6, 0, 1); got.To != Nobody {
		t.Errorf("goes to %q", got.To)
	}
}

func TestAWaiterThatGivesUp(t *testing.T) {
	d := newDesk(t, Config{})
	a := d.sent(Request{Command: fullList(t, 5, ""), Keep: true})
	d.chunk(a, 5, 0, 3)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	answers, err := a.Wait(ctx)
	if !errors.Is(err, context.Canceled) || len(answers) != 1 || d.book.kept != 0 {
		t.Errorf("%d answers, %v, %d bytes kept", len(answers), err, d.book.kept)
	}
	if got := d.chunk(a, 5, 1, 3); got.To != Nobody || d.book.kept != 0 {
		t.Errorf("goes to %q, %d bytes kept", got.To, d.book.kept)
	}
}

func TestAnswersThatNobodyFetchesAreNotKeptForEver(t *testing.T) {
	d := newDesk(t, Config{})
	dropped := d.sent(Request{Command: fullList(t, 5, ""), Keep: true})
	d.chunk(dropped, 5, 0, 3)
	dropped.Drop()
	if got := d.chunk(dropped, 5, 1, 3); got.To != Nobody || d.book.kept != 0 {
		t.Errorf("goes to %q, %d bytes kept", got.To, d.book.kept)
	}
	left := d.sent(Request{Command: fullList(t, 6, ""), Keep: true})
	d.chunk(left, 6, 0, 1)
	if d.book.kept == 0 {
		t.Error("nothing is kept for a waiter that may still come")
	}
	d.clock.Advance(DefaultMemory)
	d.book.Sweep()
	if d.book.kept != 0 {
		t.Errorf("%d bytes are kept though the request is forgotten", d.book.kept)
	}
	if answers, err := d.waits(left); len(answers) != 1 || err != nil {
		t.Errorf("who comes late gets %d answers, %v", len(answers), err)
	}
}

func TestAnAnswerThatIsTooLargeEndsTheRequest(t *testing.T) {
	size := len(frame("GUILD_MEMBERS_CHUNK", fmt.Sprintf(chunkData, "m", 5, 0, 9)))
	d := newDesk(t, Config{Bytes: 2 * size, Total: 3 * size})
	a := d.sent(Request{Command: fullList(t, 5, "m"), Keep: true})
	d.chunk(a, 5, 0, 9)
	d.chunk(a, 5, 1, 9)
	got := d.chunk(a, 5, 2, 9)
	if !got.Complete || got.To != Nobody {
		t.Errorf("%+v", got)
	}
	b := d.sent(Request{Command: fullList(t, 6, "m"), Keep: true})
	d.chunk(b, 6, 0, 9)
	d.chunk(b, 6, 1, 9)
	if answers, err := d.waits(b); err == nil || !strings.Contains(err.Error(), "several large requests") || len(answers) != 1 {
		t.Errorf("%d answers, %v", len(answers), err)
	}
	if answers, err := d.waits(a); err == nil || !strings.Contains(err.Error(), "ask for fewer members") || len(answers) != 2 {
		t.Errorf("%d answers, %v", len(answers), err)
	}
	if d.book.kept != 0 {
		t.Errorf("%d bytes are still kept", d.book.kept)
	}
}

func TestTheBookIsBounded(t *testing.T) {
	d := newDesk(t, Config{Requests: 10})
	var asks []*Ask
	for range 10 {
		asks = append(asks, d.sent(Request{Command: lookup(t, 5, "")}))
	}
	if e := d.refused(Request{Command: fullList(t, 5, "")}); !strings.Contains(e.Reason, "10 requests wait") {
		t.Error(e)
	}
	if len(d.book.holds) != 0 {
		t.Error("a request that was refused holds others back")
	}
	d.chunk(asks[3], 5, 0, 1)
	d.chunk(asks[1], 5, 0, 1)
	d.sent(Request{Command: lookup(t, 5, "")}) // in place of the one that ended first
	if d.book.nonces[asks[3].Nonce()] != nil || d.book.nonces[asks[1].Nonce()] == nil {
		t.Error("the wrong one is forgotten")
	}
	for range 1000 {
		d.chunk(d.sent(Request{Command: lookup(t, 5, "")}), 5, 0, 1)
	}
	if len(d.book.nonces) != 10 || d.book.open.Len() != 9 {
		t.Errorf("%d in the book, %d wait", len(d.book.nonces), d.book.open.Len())
	}
	d.clock.Advance(time.Hour)
	d.book.Sweep()
	d.clock.Advance(time.Hour)
	d.book.Sweep()
	if len(d.book.nonces) != 0 || d.book.open.Len()+d.book.done.Len()+len(d.book.holds) != 0 {
		t.Error("something stays in the book for ever")
	}
}

func TestCommandsWithoutAnAnswerEndAtOnce(t *testing.T) {
	d := newDesk(t, Config{})
	for op, data := range map[int]string{3: `{}`, 4: `{"guild_id":"5","channel_id":null}`} {
		a := d.sent(Request{Command: command(t, op, "%s", data), Keep: true})
		if answers, err := d.waits(a); len(answers) != 0 || err != nil || a.Nonce() != "" {
			t.Errorf("op %d: %d answers, %v", op, len(answers), err)
		}
		a.Unsent()
	}
	if d.book.Waiting() != 0 {
		t.Errorf("%d wait", d.book.Waiting())
	}
}

func TestChunkCountsThatMakeNoSense(t *testing.T) {
	d := newDesk(t, Config{})
	a := d.sent(Request{Command: fullList(t, 5, ""), Sink: "north"})
	for _, chunk := range [][2]int{{2147483647, 2147483647}, {5, 3}, {-1, -1}} {
		if got := d.chunk(a, 5, chunk[0], chunk[1]); got.To != "north" {
			t.Errorf("%v goes to %q", chunk, got.To)
		}
	}
	if len(a.chunks.seen) > maxChunks/64 {
		t.Errorf("%d words", len(a.chunks.seen))
	}
}
