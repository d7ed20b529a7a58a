package asks

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

func TestChunksFindTheBotThatAskedForThem(t *testing.T) {
	d := newDesk(t, Config{})
	north := d.sent(Request{Command: fullList(t, 5, "1"), Sink: "north"})
	// Another bot happens to choose the same nonce, a third has none.
	south := d.sent(Request{Command: lookup(t, 6, "1"), Sink: "south"})
	west := d.sent(Request{Command: lookup(t, 7, ""), Sink: "west"})

	d.goes(d.chunk(north, 5, 0, 2), "north", fmt.Sprintf(chunkData, "1", 5, 0, 2))
	last := d.chunk(south, 6, 0, 1)
	d.goes(last, "south", fmt.Sprintf(chunkData, "1", 6, 0, 1))
	d.goes(d.chunk(west, 7, 0, 1), "west", `{"presences":[],"members":[],"guild_id":"7","chunk_index":0,"chunk_count":1}`)
	if !last.Complete || d.book.Waiting() != 1 {
		t.Errorf("complete %v, %d wait", last.Complete, d.book.Waiting())
	}
	if got := d.chunk(north, 5, 1, 2); !got.Complete || d.book.Waiting() != 0 {
		t.Errorf("complete %v, %d wait", got.Complete, d.book.Waiting())
	}
}

func TestWhatNobodyInParticularHasAskedForIsForAll(t *testing.T) {
	d := newDesk(t, Config{})
	a := d.sent(Request{Command: lookup(t, 5, "mine")})
	d.goes(d.chunk(a, 5, 0, 1), "", fmt.Sprintf(chunkData, "mine", 5, 0, 1))

	msg := frame("MESSAGE_CREATE", `{"nonce":"`+a.Nonce()+`"}`)
	if got := d.book.Answer("MESSAGE_CREATE", nil, msg); got.To != "" || &got.Msg[0] != &msg[0] || got.Complete {
		t.Errorf("a message is taken for an answer: %+v", got)
	}
	d.goes(d.answer("GUILD_MEMBERS_CHUNK", chunkData, "somebody's", 5, 0, 1), "", fmt.Sprintf(chunkData, "somebody's", 5, 0, 1))
	d.goes(d.answer("GUILD_MEMBERS_CHUNK", `{"guild_id":"5"}`), "", `{"guild_id":"5"}`)
}

func TestAnswersToAnEarlierRunAreForAll(t *testing.T) {
	d := newDesk(t, Config{})
	mine := d.sent(Request{Command: lookup(t, 5, ""), Sink: "north"})
	earlier := New(Config{Clock: d.clock, Start: 0xdead})
	old, err := earlier.Open(Request{Command: lookup(t, 5, ""), Sink: "north"})
	if err != nil {
		t.Fatal(err)
	}
	if old.Nonce() == mine.Nonce() || len(mine.Nonce()) > discord.MaxNonceBytes || !strings.HasPrefix(mine.Nonce(), "gh-") {
		t.Errorf("nonces %s and %s", old.Nonce(), mine.Nonce())
	}
	for chunk := range 3 {
		d.goes(d.chunk(old, 5, chunk, 3), "", fmt.Sprintf(chunkData, old.Nonce(), 5, chunk, 3))
	}
	if d.book.Waiting() != 1 {
		t.Errorf("%d wait", d.book.Waiting())
	}
}

func TestAWaiterGetsTheAnswersInTheirOrder(t *testing.T) {
	d := newDesk(t, Config{})
	a := d.sent(Request{Command: fullList(t, 5, "mine"), Keep: true})
	for i := range 3 {
		data := fmt.Sprintf(chunkData, a.Nonce(), 5, i, 3)
		msg := frame("GUILD_MEMBERS_CHUNK", data)
		d.goes(d.book.Answer("GUILD_MEMBERS_CHUNK", []byte(data), msg), Nobody, fmt.Sprintf(chunkData, "mine", 5, i, 3))
		clear(msg) // the connection reads the next message into it
	}
	answers, err := d.waits(a)
	if err != nil || len(answers) != 3 {
		t.Fatalf("%d answers, %v", len(answers), err)
	}
	for i, got := range answers {
		if want := frame("GUILD_MEMBERS_CHUNK", fmt.Sprintf(chunkData, "mine", 5, i, 3)); string(got) != string(want) {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if more, err := d.waits(a); len(more) != 0 || err != nil {
		t.Errorf("a second time %d, %v", len(more), err)
	}
	if d.book.kept != 0 {
		t.Errorf("%d bytes are still kept", d.book.kept)
	}
}

func TestAWaiterThatIsASinkTooGetsThemAtItsSink(t *testing.T) {
	d := newDesk(t, Config{})
	a := d.sent(Request{Command: lookup(t, 5, ""), Sink: "north", Keep: true})
	if got := d.chunk(a, 5, 0, 1); got.To != "north" {
		t.Errorf("goes to %q", got.To)
	}
	if answers, err := d.waits(a); len(answers) != 1 || err != nil {
		t.Errorf("%d answers, %v", len(answers), err)
	}
}

func TestAResumeRepeatsAnswers(t *testing.T) {
	d := newDesk(t, Config{})
	a := d.sent(Request{Command: fullList(t, 5, "mine"), Sink: "north", Keep: true})
	d.chunk(a, 5, 0, 2)
	d.goes(d.chunk(a, 5, 0, 2), "north", fmt.Sprintf(chunkData, "mine", 5, 0, 2))
	if got := d.chunk(a, 5, 1, 2); !got.Complete {
		t.Error("not complete with the last chunk")
	}
	// Once it is complete they go the same way for a while.
	d.clock.Advance(DefaultMemory - time.Second)
	d.book.Sweep()
	got := d.chunk(a, 5, 1, 2)
	d.goes(got, "north", fmt.Sprintf(chunkData, "mine", 5, 1, 2))
	if got.Complete {
		t.Error("it ended twice")
	}
	if answers, err := d.waits(a); len(answers) != 2 || err != nil {
		t.Errorf("%d answers, %v", len(answers), err)
	}
	d.clock.Advance(2 * time.Second)
	d.book.Sweep()
	d.goes(d.chunk(a, 5, 1, 2), "", fmt.Sprintf(chunkData, a.Nonce(), 5, 1, 2))
	if len(d.book.nonces) != 0 || d.book.done.Len() != 0 {
		t.Error("it is still in the book")
	}
}

func TestTheWatchdogsAnswerIsForNobody(t *testing.T) {
	d := newDesk(t, Config{})
	a := d.sent(Request{Command: discord.MemberRequest(5, 7), Probe: true})
	got := d.chunk(a, 5, 0, 1)
	if got.To != Nobody || !got.Complete {
		t.Errorf("%+v", got)
	}
	if answers, err := d.waits(a); len(answers) != 0 || err != nil {
		t.Errorf("%d answers, %v", len(answers), err)
	}
}

func TestAllMembersOfAGuildAreListedOnceInThirtySeconds(t *testing.T) {
	d := newDesk(t, Config{})
	a := d.open(Request{Command: fullList(t, 5, ""), Sink: "north"})
	// It waits in the queue of its shard: Discord's time has not begun.
	d.clock.Advance(40 * time.Second)
	if e := d.refused(Request{Command: fullList(t, 5, "")}); !e.RetryAt.Equal(d.clock.Now().Add(31 * time.Second)) {
		t.Errorf("again at %v: %v", e.RetryAt, e)
	}
	a.Sent(d.clock.Now())
	d.clock.Advance(10500 * time.Millisecond)
	e := d.refused(Request{Command: fullList(t, 5, ""), Sink: "south"})
	if want := d.clock.Now().Add(20500 * time.Millisecond); !e.RetryAt.Equal(want) || e.Op != 8 || !strings.Contains(e.Reason, "guild 5 ") || !strings.HasSuffix(e.Reason, "try again in 21s") {
		t.Errorf("again at %v: %v", e.RetryAt, e)
	}
	// Other guilds, and other questions about this one, are free.
	d.sent(Request{Command: fullList(t, 6, "")})
	d.sent(Request{Command: lookup(t, 5, "")})
	d.clock.Advance(20500*time.Millisecond - 1)
	d.refused(Request{Command: fullList(t, 5, "")})
	d.clock.Advance(1)
	d.sent(Request{Command: fullList(t, 5, "")})
}

func TestAnAnswerThatIsFasterThanTheNewsOfTheWrite(t *testing.T) {
	d := newDesk(t, Config{})
	a := d.open(Request{Command: fullList(t, 5, ""), Sink: "north"})
	opened := d.clock.Now()
	d.clock.Advance(time.Second)
	d.chunk(a, 5, 0, 1)
	if e := d.refused(Request{Command: fullList(t, 5, "")}); !e.RetryAt.Equal(opened.Add(31 * time.Second)) {
		t.Errorf("again at %v", e.RetryAt)
	}
	a.Sent(d.clock.Now())
	if e := d.refused(Request{Command: fullList(t, 5, "")}); !e.RetryAt.Equal(opened.Add(32 * time.Second)) {
		t.Errorf("again at %v", e.RetryAt)
	}
}

func TestTimeInTheQueueIsNotDiscordsSilence(t *testing.T) {
	d := newDesk(t, Config{})
	a := d.open(Request{Command: lookup(t, 5, ""), Keep: true})
	d.clock.Advance(2 * time.Minute)
	a.Sent(d.clock.Now())
	d.clock.Advance(2 * time.Minute)
	d.book.Sweep()
	if a.isDone() {
		t.Error("it ended")
	}
}

func TestARequestThatNeverLeftHoldsNothingBack(t *testing.T) {
	d := newDesk(t, Config{})
	a := d.open(Request{Command: fullList(t, 5, ""), Keep: true})
	d.refused(Request{Command: fullList(t, 5, "")})
	a.Unsent()
	a.Unsent()
	if answers, err := d.waits(a); len(answers) != 0 || err != nil {
		t.Errorf("%d answers, %v", len(answers), err)
	}
	b := d.sent(Request{Command: fullList(t, 5, "")})
	a.Unsent() // says nothing about b
	d.refused(Request{Command: fullList(t, 5, "")})
	b.Unsent() // it did leave
	d.refused(Request{Command: fullList(t, 5, "")})
}

func TestDiscordSaysTooOften(t *testing.T) {
	d := newDesk(t, Config{})
	const limited = `{"retry_after":26.914,"opcode":8,"meta":{"nonce":"%s","guild_id":"5"}}`
	d.clock.Advance(time.Hour)
	a := d.sent(Request{Command: fullList(t, 5, "mine"), Sink: "north", Keep: true})
	got := d.answer("RATE_LIMITED", limited, a.Nonce())
	d.goes(got, "north", fmt.Sprintf(limited, "mine"))
	if !got.Complete {
		t.Error("it waits on")
	}
	answers, err := d.waits(a)
	var refused *ops.SendError
	retry := d.clock.Now().Add(26914 * time.Millisecond)
	if len(answers) != 0 || !errors.As(err, &refused) || !refused.RetryAt.Equal(retry) || !strings.HasSuffix(refused.Reason, "guild 5; try again in 27s") {
		t.Errorf("%d answers, %v", len(answers), err)
	}
	d.clock.Advance(26 * time.Second)
	if e := d.refused(Request{Command: fullList(t, 5, "")}); !e.RetryAt.Equal(retry) {
		t.Errorf("again at %v, want %v", e.RetryAt, retry)
	}
	d.clock.Advance(914 * time.Millisecond)
	d.sent(Request{Command: fullList(t, 5, "")})
}

func TestDiscordSaysTooOftenWithoutANonce(t *testing.T) {
	d := newDesk(t, Config{})
	one := d.sent(Request{Command: lookup(t, 5, ""), Keep: true})
	all := d.sent(Request{Command: fullList(t, 5, ""), Keep: true})
	got := d.answer("RATE_LIMITED", `{"opcode":8,"meta":{"guild_id":"5"}}`)
	if got.To != Nobody || !got.Complete || one.isDone() {
		t.Errorf("%+v, the other ended: %v", got, one.isDone())
	}
	if _, err := d.waits(all); err == nil {
		t.Error("its waiter is told nothing")
	}
	// Discord did not say for how long.
	if e := d.refused(Request{Command: fullList(t, 5, "")}); !e.RetryAt.Equal(d.clock.Now().Add(30 * time.Second)) {
		t.Errorf("again at %v", e.RetryAt)
	}
	// A guild that nobody asks about is held back as well: another process did.
	d.answer("RATE_LIMITED", `{"opcode":8,"retry_after":9,"meta":{"guild_id":"6"}}`)
	d.refused(Request{Command: fullList(t, 6, "")})
}

func TestSoundsAreForAllAndForTheWaiter(t *testing.T) {
	d := newDesk(t, Config{})
	const sounds = `{"soundboard_sounds":[],"guild_id":"%d"}`
	a := d.sent(Request{Command: command(t, 31, `{"guild_ids":["5","6"]}`), Sink: "north", Keep: true})
	b := d.sent(Request{Command: command(t, 31, `{"guild_ids":["6"]}`), Keep: true})
	if a.Nonce() != "" {
		t.Errorf("nonce %s", a.Nonce())
	}
	got := d.answer("SOUNDBOARD_SOUNDS", sounds, 6)
	d.goes(got, "", fmt.Sprintf(sounds, 6))
	if !got.Complete || !b.isDone() || a.isDone() {
		t.Errorf("complete %v, a ended %v, b ended %v", got.Complete, a.isDone(), b.isDone())
	}
	clear(got.Msg)                                                               // the connection reads the next message into it
	d.goes(d.answer("SOUNDBOARD_SOUNDS", sounds, 9), "", fmt.Sprintf(sounds, 9)) // nobody's
	d.goes(d.answer("CHANNEL_INFO", `{"guild_id":"5"}`), "", `{"guild_id":"5"}`) // another question
	d.answer("SOUNDBOARD_SOUNDS", sounds, 5)
	answers, err := d.waits(a)
	if err != nil || len(answers) != 2 || !strings.Contains(string(answers[0]), `"guild_id":"6"`) || !strings.Contains(string(answers[1]), `"guild_id":"5"`) {
		t.Errorf("%s, %v", answers, err)
	}
	d.goes(d.answer("SOUNDBOARD_SOUNDS", sounds, 5), "", fmt.Sprintf(sounds, 5))
}

func TestAPartThatWasNotSentIsNotWaitedFor(t *testing.T) {
	d := newDesk(t, Config{})
	a := d.open(Request{Command: command(t, 31, `{"guild_ids":["5","6","7"]}`), Keep: true})
	a.Sent(d.clock.Now())
	a.Unsent(6)
	d.answer("SOUNDBOARD_SOUNDS", `{"guild_id":"5"}`)
	if a.isDone() {
		t.Fatal("7 is still to come")
	}
	a.Unsent(7)
	if answers, err := d.waits(a); len(answers) != 1 || err != nil {
		t.Errorf("%d answers, %v", len(answers), err)
	}
}

func TestChannelsAreForWhoAskedThatFirst(t *testing.T) {
	d := newDesk(t, Config{})
	ask := func(fields string) *Ask {
		return d.open(Request{Command: command(t, 43, `{"guild_id":"5","fields":[%s]}`, fields), Keep: true})
	}
	queued := ask(`"status","voice_start_time"`)
	status, times, again := ask(`"status"`), ask(`"voice_start_time"`), ask(`"status"`)
	for _, a := range []*Ask{status, times, again} {
		a.Sent(d.clock.Now())
	}
	d.goes(d.answer("CHANNEL_INFO", `{"guild_id":"5","channels":[1]}`), "", `{"guild_id":"5","channels":[1]}`)
	if !status.isDone() || !again.isDone() || times.isDone() || queued.isDone() {
		t.Fatal("the first answer is for the first question, and for who has asked the same")
	}
	d.answer("RATE_LIMITED", `{"opcode":43,"retry_after":4,"meta":{"guild_id":"5"}}`)
	if _, err := d.waits(times); err == nil || queued.isDone() {
		t.Errorf("%v; the one in the queue ended: %v", err, queued.isDone())
	}
	if d.book.Waiting() != 1 || len(d.book.holds) != 0 {
		t.Errorf("%d wait, %d holds", d.book.Waiting(), len(d.book.holds))
	}
}
