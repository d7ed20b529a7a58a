package asks

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/engine/discord"
)

func TestAWaiterIsToldThoughNobodySweeps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		book := New(Config{Clock: clock.System()})
		a, err := book.Open(Request{Command: fullList(t, 5, ""), Keep: true})
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		go func() {
			<-time.After(time.Minute)
			data := fmt.Sprintf(chunkData, a.Nonce(), 5, 0, 2)
			book.Answer("GUILD_MEMBERS_CHUNK", []byte(data), frame("GUILD_MEMBERS_CHUNK", data))
		}()
		answers, err := a.Wait(t.Context())
		if len(answers) != 1 || err == nil || time.Since(start) != time.Minute+DefaultPatience {
			t.Errorf("%d answers, %v after %v", len(answers), err, time.Since(start))
		}
	})
}

func TestAWaiterIsToldAtOnceThatTheSessionIsLost(t *testing.T) {
	d := newDesk(t, Config{})
	const north, south = 1 << 22, 2 << 22 // on shards 1 and 2 of 4
	full := d.sent(Request{Command: fullList(t, north, ""), Keep: true})
	d.chunk(full, north, 0, 2)
	sounds := d.sent(Request{Command: command(t, 31, `{"guild_ids":["%d","%d"]}`, north, south), Keep: true})
	queued := d.open(Request{Command: lookup(t, north, ""), Keep: true})
	other := d.sent(Request{Command: lookup(t, south, ""), Keep: true})

	d.book.Lost(1, 4)
	if answers, err := d.waits(full); len(answers) != 1 || err == nil || !strings.Contains(err.Error(), "lost its session") {
		t.Errorf("%d answers, %v", len(answers), err)
	}
	if queued.isDone() || other.isDone() || sounds.isDone() {
		t.Fatal("others ended, that are still to be answered")
	}
	d.answer("SOUNDBOARD_SOUNDS", `{"guild_id":"%d"}`, south)
	if answers, err := d.waits(sounds); len(answers) != 1 || err == nil {
		t.Errorf("%d answers, %v", len(answers), err)
	}
}

// A request that goes to several shards is lost where it was written alone.
func TestWhatStillWaitsForItsShardIsNotLost(t *testing.T) {
	d := newDesk(t, Config{})
	const north, south = 1 << 22, 2 << 22 // on shards 1 and 2 of 4
	sounds := d.open(Request{Command: command(t, 31, `{"guild_ids":["%d","%d"]}`, north, south), Keep: true})
	sounds.Sent(d.clock.Now(), south)
	d.book.Lost(1, 4)
	d.answer("SOUNDBOARD_SOUNDS", `{"guild_id":"%d"}`, south)
	sounds.Sent(d.clock.Now(), north)
	d.answer("SOUNDBOARD_SOUNDS", `{"guild_id":"%d"}`, north)
	if answers, err := d.waits(sounds); len(answers) != 2 || err != nil {
		t.Errorf("%d answers, %v", len(answers), err)
	}
}

// Shards, bots and operators at the same time: everybody gets what is theirs.
func TestManyAtOnce(t *testing.T) {
	book := New(Config{Clock: clock.System(), Requests: 64, Start: 7})
	var all sync.WaitGroup
	for worker := range 8 {
		all.Go(func() {
			for round := range 200 {
				if err := askAndAnswer(t, book, worker, round); err != nil {
					t.Errorf("worker %d, round %d: %v", worker, round, err)
					return
				}
			}
		})
	}
	all.Wait()
	if book.Waiting() != 0 || book.kept != 0 {
		t.Errorf("%d wait, %d bytes kept", book.Waiting(), book.kept)
	}
}

func askAndAnswer(t *testing.T, book *Book, worker, round int) error {
	guild := 1000 + worker
	original := fmt.Sprintf("%d-%d", worker, round)
	a, err := book.Open(Request{Command: lookup(t, guild, original), Keep: true})
	if err != nil {
		return err
	}
	var shard sync.WaitGroup
	for chunk := range 3 {
		shard.Go(func() {
			a.Sent(time.Time{})
			data := fmt.Sprintf(chunkData, a.Nonce(), guild, chunk, 3)
			book.Answer("GUILD_MEMBERS_CHUNK", []byte(data), frame("GUILD_MEMBERS_CHUNK", data))
			book.Sweep()
		})
	}
	answers, err := a.Wait(context.Background())
	shard.Wait()
	if err != nil || len(answers) != 3 {
		return fmt.Errorf("%d answers, %w", len(answers), err)
	}
	for _, answer := range answers {
		if !strings.Contains(string(answer), `"nonce":"`+original+`"`) {
			return fmt.Errorf("got %s", answer)
		}
	}
	return nil
}

func BenchmarkAnswer(b *testing.B) {
	members := strings.TrimSuffix(strings.Repeat(`{"user":{"username":"crew","id":"310848622642012345","avatar":null,"bot":false},"roles":["1","2"],`+
		`"nick":null,"joined_at":"2024-03-03T02:18:40.339000+00:00"},`, 36), ",")
	book := New(Config{Clock: clock.System(), Start: 7})
	a, err := book.Open(Request{Command: fullList(b, 5, "m-1"), Sink: "north"})
	if err != nil {
		b.Fatal(err)
	}
	data := fmt.Sprintf(`{"presences":[],"nonce":"%s","members":[%s],"guild_id":"5","chunk_index":0,"chunk_count":2}`, a.Nonce(), members)
	msg := frame("GUILD_MEMBERS_CHUNK", data)
	var f discord.Frame
	if err := discord.Scan(msg, &f); err != nil {
		b.Fatal(err)
	}
	b.Run("chunk", func(b *testing.B) {
		b.SetBytes(int64(len(msg)))
		b.ReportAllocs()
		for b.Loop() {
			if got := book.Answer("GUILD_MEMBERS_CHUNK", f.Data, msg); got.To != "north" {
				b.Fatalf("goes to %q", got.To)
			}
		}
	})
	b.Run("message", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if got := book.Answer("MESSAGE_CREATE", f.Data, msg); got.To != "" {
				b.Fatal("taken for an answer")
			}
		}
	})
}
