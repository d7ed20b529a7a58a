package discordtest

import (
	"bytes"
	"context"
	"encoding/json"
	"hash/fnv"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/event"
)

// relay is a small honest gateway: it keeps one shard and posts each event to the
// bot, again until the bot has taken it. A flaw makes it dishonest.
type relay struct {
	t             *testing.T
	server        *Server
	dial          dialFunc
	bot           http.Handler
	shard, shards int
	slots         *slots
	flaw          func(r *relay, e event.Event) []event.Event // nil for none

	session string
	seq     int64
	seqMu   sync.Mutex // seq is read by the heart
}

// slots hands out identifies 5 s apart.
type slots struct {
	mu   sync.Mutex
	next time.Time
}

func (s *slots) wait(ctx context.Context) {
	s.mu.Lock()
	at := s.next
	if now := time.Now(); at.Before(now) {
		at = now
	}
	s.next = at.Add(5 * time.Second)
	s.mu.Unlock()
	pause(ctx, time.Until(at))
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// startRelays runs a fleet until ctx ends; the returned function waits for its end.
func startRelays(ctx context.Context, r *relay, shards int) (wait func()) {
	var all sync.WaitGroup
	r.slots = new(slots)
	for shard := range shards {
		one := &relay{
			t: r.t, server: r.server, dial: r.dial, bot: r.bot, slots: r.slots, flaw: r.flaw,
			shard: shard, shards: shards,
		}
		all.Go(func() {
			for ctx.Err() == nil {
				one.connection(ctx)
				pause(ctx, time.Duration(200+rand.IntN(800))*time.Millisecond)
			}
		})
	}
	return all.Wait
}

// connection lives one connection.
func (r *relay) connection(ctx context.Context) {
	c, err := dialGateway(r.t, r.dial, r.server.GatewayURL()+query)
	if err != nil {
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	var heart sync.WaitGroup
	defer heart.Wait()
	defer cancel()
	defer c.ws.Close()
	stop := context.AfterFunc(ctx, func() { _ = c.ws.NetConn().Close() })
	defer stop()
	acked := make(chan struct{}, 16)
	var writing sync.Mutex
	send := func(text string) {
		writing.Lock()
		defer writing.Unlock()
		_ = c.ws.WriteMessage(1, []byte(text)) // the reader notices
	}
	for {
		f, err := c.read()
		if err != nil {
			return
		}
		switch f.Op {
		case 10:
			heart.Go(func() { r.beat(ctx, send, acked, func() { _ = c.ws.NetConn().Close() }) })
			r.begin(ctx, send)
		case 1:
			send(r.heartbeat())
		case 11:
			acked <- struct{}{}
		case 7:
			return
		case 9:
			if string(f.D) == "false" {
				r.session = ""
				r.setSeq(0)
				c.goodbye(4000)
			}
			return
		case 0:
			r.take(ctx, f)
		}
	}
}

func (r *relay) begin(ctx context.Context, send func(string)) {
	if r.session != "" {
		send(`{"op":6,"d":{"token":"` + DefaultToken + `","session_id":"` + r.session + `","seq":` + strconv.FormatInt(r.seq, 10) + `}}`)
		return
	}
	r.slots.wait(ctx)
	send(identifyFrame(DefaultToken, AllIntents, r.shard, r.shards))
}

// beat keeps the heartbeat and drops the connection if one is not acknowledged.
func (r *relay) beat(ctx context.Context, send func(string), acked <-chan struct{}, drop func()) {
	const interval = 41250 * time.Millisecond
	pause(ctx, time.Duration(rand.Float64()*float64(interval)))
	for ctx.Err() == nil {
		for len(acked) > 0 {
			<-acked
		}
		send(r.heartbeat())
		pause(ctx, interval)
		if ctx.Err() == nil && len(acked) == 0 {
			drop()
			return
		}
	}
}

func (r *relay) heartbeat() string {
	r.seqMu.Lock()
	defer r.seqMu.Unlock()
	if r.seq == 0 {
		return `{"op":1,"d":null}`
	}
	return `{"op":1,"d":` + strconv.FormatInt(r.seq, 10) + `}`
}

func (r *relay) setSeq(seq int64) {
	r.seqMu.Lock()
	defer r.seqMu.Unlock()
	r.seq = seq
}

// take delivers a dispatch and then counts it as received.
func (r *relay) take(ctx context.Context, f frame) {
	if f.T == "READY" {
		var body readyBody
		if err := json.Unmarshal(f.D, &body); err != nil {
			r.t.Error(err)
		}
		r.session = body.SessionID
	}
	digest := fnv.New64a()
	_, _ = digest.Write([]byte(r.session))
	e := event.Event{
		ID: event.ID{Session: digest.Sum64(), Seq: f.S}, ShardID: r.shard, Shards: r.shards,
		Type: f.T, Received: time.Now(), Data: f.raw,
	}
	all := []event.Event{e}
	if r.flaw != nil {
		all = r.flaw(r, e)
	}
	for i := range all {
		for attempt := 1; !r.post(&all[i], attempt); attempt++ {
			if pause(ctx, 100*time.Millisecond); ctx.Err() != nil {
				return
			}
		}
	}
	r.setSeq(f.S)
}

// post hands one event to the bot and reports whether it took it.
func (r *relay) post(e *event.Event, attempt int) (taken bool) {
	defer func() {
		if recover() == http.ErrAbortHandler {
			taken = false
		}
	}()
	req := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(e.AppendJSON(nil)))
	req.Header.Set("Authorization", "secret")
	req.Header.Set("Gatehouse-Attempt", strconv.Itoa(attempt))
	w := httptest.NewRecorder()
	r.bot.ServeHTTP(w, req)
	return w.Code/100 == 2
}
