package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

func TestAClientSeesWhatTheEngineSees(t *testing.T) {
	h := open(t, &engine{})
	c := h.client(t)
	ctx := t.Context()
	snap, err := c.Snapshot(ctx)
	if err != nil || snap.Name != "here" || snap.Phase != ops.PhaseRunning || snap.Fleet.Total != 4 {
		t.Errorf("snapshot: %+v, %v", snap, err)
	}
	d, err := c.Shard(ctx, 2)
	if err != nil || d.Shard.ID != 2 || d.Shard.State != ops.ShardReady {
		t.Errorf("shard 2: %+v, %v", d, err)
	}
	if _, err := c.Shard(ctx, 9); !errors.Is(err, ops.ErrNoShard) {
		t.Errorf("shard 9: %v", err)
	}
	asked := ops.LogQuery{After: 3, Max: 10, Level: ops.LevelWarn, Shard: 2}
	page, err := c.Log(ctx, asked)
	if err != nil || len(page.Lines) != 1 || page.Lines[0].Text != "careful" || h.logs[0] != asked {
		t.Errorf("log: %+v, %v, asked as %+v", page, err, h.logs)
	}
	letters, err := c.DeadLetters(ctx, ops.DeadLetterQuery{Sink: "bot", Max: 5})
	if err != nil || letters.Total != 1 || string(letters.Letters[0].Event) != `"{broken"` {
		t.Errorf("dead letters: %+v, %v", letters, err)
	}
	if h.letters[0] != (ops.DeadLetterQuery{Sink: "bot", Max: 5}) {
		t.Errorf("asked as %+v", h.letters)
	}
	if _, err := c.Subscribe(ctx, 1); !errors.Is(err, ErrNoEvents) {
		t.Errorf("subscribe: %v", err)
	}
	if who, err := c.Version(ctx); err != nil || who.Protocol != Protocol || who.Version != "1.2.3" || who.PID == 0 {
		t.Errorf("version: %+v, %v", who, err)
	}
}

func TestAnOperationIsFollowedToItsEnd(t *testing.T) {
	h := open(t, &engine{})
	c := h.client(t)
	cmd := ops.Command{Kind: ops.CommandRestart, Shards: []int{0, 1, 2, 3}, By: "ann"}
	op, err := c.Do(t.Context(), cmd)
	if err != nil {
		t.Fatal(err)
	}
	if p := op.Progress(); p.Total != 4 || p.Text != "waits for READY" {
		t.Errorf("at first: %+v", p)
	}
	if !reflect.DeepEqual(h.commands, []ops.Command{cmd}) {
		t.Errorf("the engine was asked %+v", h.commands)
	}
	h.begun[0].set(4, "")
	h.begun[0].end(nil, "restart 4 shards: done in 2s")
	within(t, "the end", op.Done())
	if p := op.Progress(); op.Err() != nil || p.Done != 4 || p.Text != "restart 4 shards: done in 2s" {
		t.Errorf("at last: %+v, %v", p, op.Err())
	}
}

func TestAFailedOperationSaysWhy(t *testing.T) {
	h := open(t, &engine{})
	op, err := h.client(t).Do(t.Context(), ops.Command{Kind: ops.CommandStart, Shards: []int{0}})
	if err != nil {
		t.Fatal(err)
	}
	h.begun[0].end(errors.New("shard 0 failed: token"), "start shard 0: shard 0 failed: token")
	within(t, "the end", op.Done())
	if err := op.Err(); err == nil || err.Error() != "shard 0 failed: token" {
		t.Errorf("got %v", err)
	}
}

func TestARefusalIsTheEnginesOwn(t *testing.T) {
	h := open(t, &engine{refuse: "shard 3 is stopped already"})
	cmd := ops.Command{Kind: ops.CommandStop, Shards: []int{3}}
	_, err := h.client(t).Do(t.Context(), cmd)
	refused := (*ops.RefusedError)(nil)
	if !errors.As(err, &refused) || refused.Reason != "shard 3 is stopped already" || !reflect.DeepEqual(refused.Command, cmd) {
		t.Errorf("got %v", err)
	}
	status, body := h.raw(t, "POST", "/v1/actions", strings.NewReader(`{"action":"stop","shards":[3]}`))
	if status != http.StatusConflict || body != `{"code":"refused","message":"shard 3 is stopped already"}`+"\n" {
		t.Errorf("%d %s", status, body)
	}
}

// A drain ends the engine and with it the server: whoever waits for the drain is
// told first, though he may not have asked yet.
func TestTheEndOfADrainIsToldBeforeTheServerEnds(t *testing.T) {
	h := open(t, &engine{})
	op, err := h.client(t).Do(t.Context(), ops.Command{Kind: ops.CommandDrain})
	if err != nil {
		t.Fatal(err)
	}
	h.begun[0].end(nil, "drained")
	h.close(t)
	within(t, "the end", op.Done())
	if op.Err() != nil || op.Progress().Text != "drained" {
		t.Errorf("%+v, %v", op.Progress(), op.Err())
	}
}

func TestAnOperationWhoseGatehouseGoesIsNotCalledDone(t *testing.T) {
	h := open(t, &engine{})
	op, err := h.client(t).Do(t.Context(), ops.Command{Kind: ops.CommandRestart, Shards: []int{0}})
	if err != nil {
		t.Fatal(err)
	}
	h.close(t)
	within(t, "the end", op.Done())
	if err := op.Err(); err == nil || !strings.Contains(err.Error(), "how it came out is not known: no Gatehouse answers at ") {
		t.Errorf("got %v", err)
	}
}

func TestClosingAClientLeavesTheActionAlone(t *testing.T) {
	h := open(t, &engine{})
	c := h.client(t)
	op, err := c.Do(t.Context(), ops.Command{Kind: ops.CommandRestart, Shards: []int{0}})
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	within(t, "the end of following", op.Done())
	if op.Err() == nil {
		t.Error("an operation that nobody follows any more counts as done")
	}
	select {
	case <-h.begun[0].Done():
		t.Error("the action itself has ended")
	default:
	}
}

func TestProgressWithoutAClient(t *testing.T) {
	h := open(t, &engine{})
	_, body := h.raw(t, "POST", "/v1/actions", strings.NewReader(`{"action":"restart","shards":[1]}`))
	var a action
	if err := json.Unmarshal([]byte(body), &a); err != nil || a.State != actionRunning || a.Action != "restart" || a.Total != 4 {
		t.Fatalf("%s %v", body, err)
	}
	h.begun[0].set(2, "waits for READY")
	if status, body := h.raw(t, "GET", "/v1/actions/"+a.ID+"?wait=1ms", nil); status != http.StatusOK || !strings.Contains(body, `"state":"running","done":2,"total":4`) {
		t.Errorf("under way: %d %s", status, body)
	}
	h.begun[0].end(errors.New("no"), "no")
	if status, body := h.raw(t, "GET", "/v1/actions/"+a.ID+"?wait=1h", nil); status != http.StatusOK || !strings.Contains(body, `"state":"failed"`) || !strings.Contains(body, `"error":"no"`) {
		t.Errorf("ended: %d %s", status, body)
	}
	if status, body := h.raw(t, "GET", "/v1/actions/other-1", nil); status != http.StatusNotFound || !strings.Contains(body, `"code":"no_action"`) {
		t.Errorf("another: %d %s", status, body)
	}
}

func TestBadRequestsAreAnswered(t *testing.T) {
	h := open(t, &engine{})
	for _, c := range []struct {
		method, target, body string
		status               int
		want                 string
	}{
		{"GET", "/v1/nothing", "", 404, `there is no GET \"/v1/nothing\" here`},
		{"DELETE", "/v1/status", "", 404, `there is no DELETE \"/v1/status\" here`},
		{"GET", "/v1/shards/many", "", 400, `\"many\" is not the id of a shard`},
		{"GET", "/v1/shards/9", "", 404, `"code":"no_shard"`},
		{"GET", "/v1/log?level=loud", "", 400, "allowed: debug, info, warn, error"},
		{"GET", "/v1/log?max=-1", "", 400, `max: \"-1\" is not a number from 0`},
		{"GET", "/v1/log?after=x", "", 400, `after: \"x\" is not the number of a line`},
		{"GET", "/v1/log?shard=-2", "", 400, "is not the id of a shard"},
		{"GET", "/v1/dead-letters?max=x", "", 400, `max: \"x\"`},
		{"POST", "/v1/actions", "{}", 400, `"code":"bad_request"`},
		{"POST", "/v1/actions", strings.Repeat(" ", maxBody+1), 413, "the body is larger than 1048576 bytes"},
	} {
		status, body := h.raw(t, c.method, c.target, strings.NewReader(c.body))
		if status != c.status || !strings.Contains(body, c.want) {
			t.Errorf("%s %s: %d %s", c.method, c.target, status, body)
		}
	}
	if h.commands != nil {
		t.Errorf("the engine was asked %+v", h.commands)
	}
}

func TestAnEngineThatCannotAnswerIsSaid(t *testing.T) {
	h := open(t, &engine{fail: errors.New("on fire")})
	if _, err := h.client(t).Snapshot(t.Context()); err == nil || err.Error() != "on fire" {
		t.Errorf("got %v", err)
	}
}

func TestClientAndServerOfDifferentVersionsSaySo(t *testing.T) {
	h := open(t, &engine{})
	status, body := h.raw(t, "GET", "/v1/status", nil, protocolHeader, "9")
	if status != 400 || !strings.Contains(body, `this Gatehouse 1.2.3 speaks control protocol 3, the client speaks \"9\"; use a gatehouse of the same version`) {
		t.Errorf("%d %s", status, body)
	}
	if status, body := h.raw(t, "GET", "/v1/version", nil, protocolHeader, "9"); status != 200 || !strings.Contains(body, `"protocol":3`) {
		t.Errorf("%d %s", status, body)
	}
	for header, want := range map[string]string{"9": `speaks control protocol "9", this program speaks 3`, "": "is not a Gatehouse"} {
		path := other(t, header)
		c := NewClient(ClientConfig{Socket: path})
		defer c.Close()
		_, err := c.Snapshot(t.Context())
		wrong := (*VersionError)(nil)
		if !errors.As(err, &wrong) || !strings.Contains(err.Error(), want) {
			t.Errorf("protocol %q: %v", header, err)
		}
	}
}

// other is a server that is not ours, or not of our version.
func other(t *testing.T, protocol string) string {
	t.Helper()
	path := socketPath(t)
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if protocol != "" {
			w.Header().Set(protocolHeader, protocol)
		}
		io.WriteString(w, `{"protocol":9,"pid":1}`)
	}))
	web.Listener.Close()
	web.Listener = l
	web.Start()
	t.Cleanup(web.Close)
	return path
}

func TestTooManyRequestsAtATimeAreTurnedAway(t *testing.T) {
	e := &engine{gate: make(chan struct{}), asked: make(chan struct{})}
	h := open(t, e)
	answers := make(chan error, maxRequests)
	for range maxRequests {
		c := h.client(t)
		go func() {
			_, err := c.Snapshot(context.Background())
			answers <- err
		}()
		within(t, "a request under way", e.asked)
	}
	status, body := h.raw(t, "GET", "/v1/version", nil)
	if status != http.StatusServiceUnavailable || !strings.Contains(body, `"code":"busy"`) {
		t.Errorf("%d %s", status, body)
	}
	close(e.gate)
	for range maxRequests {
		if err := <-answers; err != nil {
			t.Error(err)
		}
	}
	if status, _ := h.raw(t, "GET", "/v1/version", nil); status != http.StatusOK {
		t.Errorf("afterwards: %d", status)
	}
}

func TestTooManyConnectionsAreClosedAndTheOthersServed(t *testing.T) {
	h := open(t, &engine{})
	c := h.client(t)
	if _, err := c.Snapshot(t.Context()); err != nil { // keeps its connection
		t.Fatal(err)
	}
	var last net.Conn
	for range maxConns {
		conn, err := net.Dial("unix", h.path)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		last = conn
	}
	last.SetReadDeadline(time.Now().Add(patience))
	if _, err := last.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("the connection above the bound reads %v", err)
	}
	if _, err := c.Snapshot(t.Context()); err != nil {
		t.Errorf("the one that was there before: %v", err)
	}
}

// hurried is a clock that is always late enough to cut off whoever does not send
// or read.
type hurried struct{ clock.Clock }

func (hurried) Now() time.Time { return time.Now().Add(-readWithin + 50*time.Millisecond) }

func TestABodyThatDoesNotComeIsNotWaitedFor(t *testing.T) {
	h := open(t, &engine{})
	h.server.cfg.Clock = hurried{clock.System()}
	conn, err := net.Dial("unix", h.path)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "POST /v1/actions HTTP/1.1\r\nHost: gatehouse\r\nContent-Length: 100\r\n\r\n{")
	conn.SetReadDeadline(time.Now().Add(patience))
	answer, err := io.ReadAll(conn)
	if err != nil || !bytes.HasPrefix(answer, []byte("HTTP/1.1 400 ")) || !bytes.Contains(answer, []byte("the body did not come")) {
		t.Errorf("%q %v", answer, err)
	}
}

func TestAStopDoesNotWaitForAnEngineThatHangs(t *testing.T) {
	e := &engine{gate: make(chan struct{}), asked: make(chan struct{})}
	h := open(t, e)
	answer := make(chan error, 1)
	c := h.client(t)
	go func() {
		_, err := c.Snapshot(context.Background())
		answer <- err
	}()
	within(t, "a request under way", e.asked)
	h.close(t)
	if err := <-answer; err == nil {
		t.Error("an answer came from an engine that hangs")
	}
}

// Somebody who had an action begun and went away is not waited for.
func TestAStopWaitsOnlyForThoseWhoStillAsk(t *testing.T) {
	later := clock.NewManual(time.Now())
	s := NewServer(Config{Operator: &engine{}, Clock: later})
	gone := &job{done: make(chan struct{})}
	a := s.actions.add(ops.Command{Kind: ops.CommandRestart}, gone)
	a.hear(later.Now())
	gone.end(nil, "done")
	if !a.owed(later.Now()) {
		t.Error("one who asked a moment ago is not waited for")
	}
	later.Advance(stopWithin)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	s.actions.awaitTold(ctx, later.Now())
	if ctx.Err() != nil {
		t.Error("one who has gone is waited for")
	}
}

func TestEndedActionsAreForgottenAndThoseUnderWayAreNot(t *testing.T) {
	s := newActions()
	first := s.add(ops.Command{Kind: ops.CommandDrain}, &job{done: make(chan struct{})})
	var ended []*accepted
	for range keptEnded + 5 {
		j := &job{done: make(chan struct{})}
		j.end(nil, "")
		ended = append(ended, s.add(ops.Command{Kind: ops.CommandRestart}, j))
	}
	if s.find(first.id) == nil || s.find(ended[4].id) != nil || s.find(ended[5].id) == nil || len(s.list) != keptEnded+1 {
		t.Errorf("%d are kept", len(s.list))
	}
	if !s.room() {
		t.Error("no room beside one action")
	}
	for range maxActions {
		s.add(ops.Command{Kind: ops.CommandRestart}, &job{done: make(chan struct{})})
	}
	if s.room() {
		t.Error("room above the bound")
	}
}

// big is an engine whose snapshot fits into no socket's buffer.
type big struct{ engine }

func (b *big) Snapshot(context.Context) (*ops.Snapshot, error) {
	return &ops.Snapshot{Shards: make([]ops.Shard, 4096)}, nil
}

func TestAClientThatDoesNotReadIsCutOff(t *testing.T) {
	b := &big{}
	h := open(t, &b.engine)
	h.server.cfg.Operator, h.server.cfg.Clock = b, hurried{clock.System()}
	conn, err := net.Dial("unix", h.path)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "GET /v1/status HTTP/1.1\r\nHost: gatehouse\r\n\r\n")
	if _, err := io.ReadFull(conn, make([]byte, 12)); err != nil { // the answer has begun
		t.Fatal(err)
	}
	free := make(chan struct{})
	go func() {
		defer close(free)
		for range maxRequests { // every place is to be had again
			h.server.places <- struct{}{}
		}
	}()
	within(t, "the end of the request", free)
	rest, err := io.ReadAll(conn)
	if len(rest) > 1<<20 {
		t.Errorf("%d bytes came all the same, %v", len(rest), err)
	}
	for range maxRequests {
		<-h.server.places
	}
}

func BenchmarkStatusOf4096Shards(b *testing.B) {
	snap := filled[ops.Snapshot]()
	for len(snap.Shards) < 4096 {
		snap.Shards = append(snap.Shards, snap.Shards[0])
	}
	for b.Loop() {
		data, err := Marshal(&snap)
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(len(data)))
	}
}
