package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// answering is an engine whose commands for Discord come to this.
func answering(got ops.Sent, err error) *engine {
	return &engine{sending: func(context.Context) (ops.Sent, error) { return got, err }}
}

// waiting is an engine that never gets a command sent. begun has a value for each.
func waiting() (e *engine, begun chan struct{}) {
	begun = make(chan struct{}, 2*maxSenders)
	return &engine{sending: func(ctx context.Context) (ops.Sent, error) {
		begun <- struct{}{}
		<-ctx.Done()
		return ops.Sent{}, ctx.Err()
	}}, begun
}

func presence() ops.Send { return ops.Send{Op: 3, Data: []byte(`{"status":"idle"}`)} }

func TestACommandForDiscordComesThroughWithItsAnswers(t *testing.T) {
	want := ops.Sent{
		Shards:  []int{5},
		At:      time.Date(2026, 11, 22, 12, 0, 0, 7, time.UTC),
		Answers: []json.RawMessage{[]byte(`{"t":"GUILD_MEMBERS_CHUNK","s":7,"op":0,"d":{"nick":"<3 & co \u2028"}}`), []byte(`{"t":"X","d":1.0}`)},
	}
	h := open(t, answering(want, nil))
	command := ops.Send{Op: 8, Data: []byte(`{"guild_id":"7","query":"<a>","limit":0}`), Answers: true, By: "ann (ctl)", Sink: "bot"}
	got, err := h.client(t).Send(t.Context(), command)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("came as %+v, %v", got, err)
	}
	if !reflect.DeepEqual(h.sends, []ops.Send{command}) {
		t.Errorf("the engine was asked %+v", h.sends)
	}
}

func TestACommandThatIsNotSentIsTheEnginesOwnError(t *testing.T) {
	want := &ops.SendError{Op: 4, Reason: "shard 2 is not ready", RetryAt: time.Date(2026, 11, 22, 12, 0, 30, 0, time.UTC), Sent: []int{0, 1}}
	h := open(t, answering(ops.Sent{}, want))
	_, err := h.client(t).Send(t.Context(), ops.Send{Op: 4, Data: []byte(`{}`)})
	got := (*ops.SendError)(nil)
	if !errors.As(err, &got) || !reflect.DeepEqual(got, want) {
		t.Errorf("got %#v", err)
	}
	status, body := h.raw(t, "POST", "/v1/send", strings.NewReader(`{"op":4,"d":{}}`))
	if status != http.StatusConflict || body != `{"code":"not_sent","message":"shard 2 is not ready","retry_at":"2026-11-22T12:00:30Z","sent":[0,1]}`+"\n" {
		t.Errorf("%d %s", status, body)
	}
}

func TestABadCommandForDiscordIsNotSent(t *testing.T) {
	h := open(t, &engine{})
	c := h.client(t)
	for _, bad := range []struct {
		send ops.Send
		want string
	}{
		{ops.Send{Op: 3}, "d: missing"},
		{ops.Send{Op: 3, Data: []byte(`{"status":`)}, "its data is not JSON"},
		{ops.Send{Op: 3, Data: []byte(`{}`), Shards: []int{-1}}, "shards: -1 is below zero"},
		{ops.Send{Op: 3, Data: []byte(`{}`), By: "a\nb"}, "by: not a printable text"},
		{ops.Send{Op: 3, Data: []byte(`{}`), Sink: strings.Repeat("x", maxWord+1)}, "sink: not a printable text"},
		{ops.Send{Op: 3, Data: []byte(`"` + strings.Repeat("x", maxSend) + `"`)}, "the body is larger than 524288 bytes"},
	} {
		_, err := c.Send(t.Context(), bad.send)
		if got := (*ops.SendError)(nil); !errors.As(err, &got) || got.Op != 3 || !strings.Contains(got.Reason, bad.want) {
			t.Errorf("%.60s: %v, want %s", bad.send.Data, err, bad.want)
		}
	}
	for _, bad := range []struct{ target, body, want string }{
		{"/v1/send", ``, "the body is not a command for Discord: it is empty"},
		{"/v1/send", `[]`, "the body is not a command for Discord: "},
		{"/v1/send", `{"op":3,"data":{}}`, `unknown field \"data\"`},
		{"/v1/send", `{"op":3,"d":{}}{}`, "the body goes on after the command"},
		{"/v1/send", `{"op":3,"d":{},"shards":[` + strings.Repeat("1,", 30000) + `1]}`, ""},
		{"/v1/send?timeout=soon", `{"op":3,"d":{}}`, `timeout: \"soon\" is not a duration such as 10s, up to 5m0s`},
		{"/v1/send?timeout=-1s", `{"op":3,"d":{}}`, "is not a duration"},
	} {
		status, body := h.raw(t, "POST", bad.target, strings.NewReader(bad.body))
		if bad.want != "" && (status != http.StatusBadRequest || !strings.Contains(body, bad.want)) {
			t.Errorf("%s %.60s: %d %s", bad.target, bad.body, status, body)
		}
	}
	if len(h.sends) != 1 { // the one with many shards is a good one
		t.Errorf("the engine was asked for %d commands", len(h.sends))
	}
}

func TestACommandForDiscordIsGivenUpInTime(t *testing.T) {
	e, begun := waiting()
	h := open(t, e)
	status, body := h.raw(t, "POST", "/v1/send?timeout=20ms", strings.NewReader(`{"op":3,"d":{}}`))
	if status != http.StatusGatewayTimeout || !strings.Contains(body, `"code":"timeout","message":"not done within 20ms; what was written by then stays written"`) {
		t.Errorf("%d %s", status, body)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := h.client(t).Send(ctx, presence()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a client whose time is over gets %v", err)
	}
	ctx, cancel = context.WithCancel(t.Context())
	go func() {
		for range 3 {
			<-begun
		}
		cancel()
	}()
	if _, err := h.client(t).Send(ctx, presence()); !errors.Is(err, context.Canceled) {
		t.Errorf("a client that gives up gets %v", err)
	}
}

// Commands that wait for Discord must not keep anybody from seeing why.
func TestCommandsThatWaitLeaveRoomForOtherRequests(t *testing.T) {
	e, begun := waiting()
	h := open(t, e)
	ctx, cancel := context.WithCancel(t.Context())
	answers := make(chan error, maxSenders)
	for range maxSenders {
		c := h.client(t)
		go func() {
			_, err := c.Send(ctx, presence())
			answers <- err
		}()
		within(t, "a command under way", begun)
	}
	c := h.client(t)
	if _, err := c.Snapshot(t.Context()); err != nil {
		t.Errorf("the status: %v", err)
	}
	_, err := c.Send(t.Context(), presence())
	if got := (*ops.SendError)(nil); !errors.As(err, &got) || got.Reason != "16 requests are under way already; try again soon" {
		t.Errorf("one command more: %v", err)
	}
	cancel()
	for range maxSenders {
		if err := <-answers; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
	free := make(chan struct{})
	go func() {
		defer close(free)
		for range maxSenders { // every place is to be had again
			h.server.senders <- struct{}{}
		}
	}()
	within(t, "the end of the commands", free)
}

func TestACommandThatWaitsDoesNotHoldUpAStop(t *testing.T) {
	e, begun := waiting()
	h := open(t, e)
	answer := make(chan error, 1)
	c := h.client(t)
	go func() {
		_, err := c.Send(context.Background(), presence())
		answer <- err
	}()
	within(t, "a command under way", begun)
	stopped := time.Now()
	h.close(t)
	if took := time.Since(stopped); took > stopWithin {
		t.Errorf("the stop took %s", took)
	}
	if err := <-answer; err == nil || !strings.Contains(err.Error(), "Gatehouse stops; whether the command was sent is not known") {
		t.Errorf("got %v", err)
	}
}

// members is about what Discord answers for a large guild.
func members() ops.Sent {
	got := ops.Sent{Shards: []int{0}}
	for range 64 {
		got.Answers = append(got.Answers, []byte(`{"t":"GUILD_MEMBERS_CHUNK","d":"`+strings.Repeat("m&m ", 32<<10)+`"}`))
	}
	return got
}

func TestAnswersOfMegabytesComeThrough(t *testing.T) {
	want := members()
	h := open(t, answering(want, nil))
	got, err := h.client(t).Send(t.Context(), presence())
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%d answers came, %v", len(got.Answers), err)
	}
}

func TestAnAnswerThatIsNoJSONDoesNotSpoilTheOthers(t *testing.T) {
	h := open(t, answering(ops.Sent{Answers: []json.RawMessage{[]byte(`{"t"`), []byte(`{}`)}}, nil))
	got, err := h.client(t).Send(t.Context(), presence())
	if err != nil || len(got.Answers) != 2 || string(got.Answers[0]) != `"{\"t\""` || string(got.Answers[1]) != `{}` {
		t.Errorf("%s %v", got.Answers, err)
	}
}

// Who does not read an answer is cut off, with the time that its size needs.
func TestAClientThatDoesNotReadItsAnswersIsCutOff(t *testing.T) {
	if got := writeWithin(8 << 20); got != replyWithin+8*time.Second {
		t.Errorf("8 MiB may take %s", got)
	}
	h := open(t, answering(members(), nil))
	h.server.cfg.Clock = late{clock.System()}
	conn, err := net.Dial("unix", h.path)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "POST /v1/send HTTP/1.1\r\nHost: gatehouse\r\nContent-Length: 15\r\n\r\n"+`{"op":3,"d":{}}`)
	if _, err := io.ReadFull(conn, make([]byte, 12)); err != nil { // the answer has begun
		t.Fatal(err)
	}
	free := make(chan struct{})
	go func() {
		defer close(free)
		for range maxSenders {
			h.server.senders <- struct{}{}
		}
	}()
	within(t, "the end of the command", free)
	if rest, _ := io.ReadAll(conn); bytes.HasSuffix(rest, []byte("}\n")) {
		t.Error("all of it came")
	}
}

// late is a clock by which the time for an answer of 8 MiB is nearly over when it
// begins.
type late struct{ clock.Clock }

func (late) Now() time.Time { return time.Now().Add(-writeWithin(8<<20) + 300*time.Millisecond) }

func FuzzDecodeSend(f *testing.F) {
	for _, seed := range []string{
		`{"op":3,"d":{"status":"idle"},"shards":[0,7]}`, `{"op":8,"d":{"guild_id":"7"},"answers":true,"by":"ann","sink":"bot"}`,
		``, `null`, `{}`, `[]`, `{"op":"3","d":1}`, `{"op":3,"d":null}`, `{"op":1e99,"d":{}}`, `{"op":3,"d":{},"shards":[-1]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		s, err := decodeSend(body)
		if err != nil {
			if len(err.Error()) > 4096 || strings.Contains(err.Error(), "\n") {
				t.Errorf("an error of %d bytes: %q", len(err.Error()), err)
			}
			return
		}
		again, err := plainJSON(wireSend(s))
		if err != nil {
			t.Fatal(err)
		}
		back, err := decodeSend(again)
		if err != nil || back.Op != s.Op || back.By != s.By || len(back.Shards) != len(s.Shards) || !json.Valid(back.Data) {
			t.Fatalf("%+v came back as %+v, %v", s, back, err)
		}
	})
}
