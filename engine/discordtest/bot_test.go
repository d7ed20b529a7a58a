package discordtest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const delivered = `{"id":"00000000000000ab-42","shardId":0,"shards":1,"receivedAt":1763750467936,"kind":"loaded",` +
	`"data":{"t":"X","s":42,"op":0,"d":{"id":"1","gatehouse_n":N}}}`

// botAudit is an audit in which events 1 to 9 were issued.
func botAudit() *Audit {
	a := newAudit(Config{}, func(uint32) uint64 { return 0 }, func() uint32 { return 0 })
	a.complete = func(*Report) situation { return situation{} }
	ses := a.open("s", 0, 1)
	for n := uint64(1); n < 10; n++ {
		a.issue(entry{number: n, kind: kindTyping}, []put{{ses, int64(n)}}, false)
	}
	return a
}

func deliver(b *Bot, secret, body string) (status int, dropped bool) {
	defer func() { dropped = recover() == http.ErrAbortHandler }()
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("Authorization", secret)
	w := httptest.NewRecorder()
	b.ServeHTTP(w, r)
	return w.Code, false
}

func posted(n string) string { return strings.Replace(delivered, "N", n, 1) }

func TestBotTakesSingleEventsAndLines(t *testing.T) {
	a := botAudit()
	b := NewBot(a, "s3cret", nil)
	if status, _ := deliver(b, "wrong", posted("1")); status != 401 {
		t.Errorf("a wrong secret gets %d", status)
	}
	notice := `{"id":"00000000000000ab-43","shardId":0,"data":{"t":"GATEHOUSE_GAP","s":0,"op":0,"d":{"count":3}}}`
	for _, body := range []string{posted("1"), posted("2") + "\n" + posted("3") + "\n" + notice + "\nrubbish\n", posted("1")} {
		if status, _ := deliver(b, "s3cret", body); status != 204 {
			t.Errorf("got %d for %s", status, body)
		}
	}
	st := b.Stats()
	if st.Requests != 4 || st.Unauthorized != 1 || st.Malformed != 1 || st.Events != 5 || st.Notices["GATEHOUSE_GAP"] != 1 {
		t.Errorf("stats are %+v", st)
	}
	if r := a.Report(); r.Received != 3 || r.Repeated != 1 || r.Lost != 6 {
		t.Errorf("audit says %+v", r)
	}
}

// A gap marker is never taken for an event, whatever it tells of those that are
// gone, and counts once a delivery.
func TestBotCountsWhatGapsSpeakOf(t *testing.T) {
	a := botAudit()
	b := NewBot(a, "", nil)
	for _, gap := range []string{
		`{"id":"gap-1","shardId":0,"shards":1,"data":{"t":"GATEHOUSE_GAP","s":null,"op":0,"d":{"reason":"full","count":30,"types":{"TYPING_START":30}}}}`,
		`{"id":"gap-2","data":{"t":"GATEHOUSE_GAP","s":null,"op":0,"d":{"count":4,"first":{"gatehouse_n":5}}}}`,
	} {
		if status, _ := deliver(b, "", gap); status != 204 {
			t.Errorf("got %d for %s", status, gap)
		}
	}
	if st := b.Stats(); st.Gaps != 2 || st.Gapped != 34 || st.Malformed != 0 || st.Notices[gapType] != 2 {
		t.Errorf("stats are %+v", st)
	}
	if r := a.Report(); r.Received != 0 || r.Unknown != 0 || r.Altered != 0 {
		t.Errorf("audit says %+v", r)
	}
}

func TestBotFailsAsTold(t *testing.T) {
	for _, test := range []struct {
		mode     BotMode
		status   int
		dropped  bool
		received uint64
	}{
		{BotUp, 204, false, 1},
		{BotBusy, 503, false, 0},
		{BotCrashed, 0, true, 0},
		{BotForgets, 0, true, 1},
	} {
		a := botAudit()
		b := NewBot(a, "", nil)
		b.SetMode(test.mode)
		status, dropped := deliver(b, "", posted("4"))
		if !dropped && status != test.status || dropped != test.dropped || a.Received() != test.received {
			t.Errorf("mode %d: status %d, dropped %v, received %d", test.mode, status, dropped, a.Received())
		}
	}
}

func TestBotHangsUntilItIsLetGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := botAudit()
		b := NewBot(a, "", nil)
		b.SetMode(BotHung)
		done := make(chan int)
		go func() {
			status, _ := deliver(b, "", posted("4"))
			done <- status
		}()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := a.AwaitSettled(ctx); err == nil {
			t.Fatal("a hung bot took an event")
		}
		b.SetMode(BotUp)
		if status := <-done; status != 204 {
			t.Errorf("then it answers %d", status)
		}
	})
}

func TestBotsStatusAndDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBot(botAudit(), "", nil)
		b.SetDelay(time.Second)
		b.SetStatus(func(n uint64) int {
			if n%2 == 1 {
				return 429
			}
			return 200
		})
		before := time.Now()
		first, _ := deliver(b, "", posted("1"))
		second, _ := deliver(b, "", posted("1"))
		if first != 429 || second != 200 || time.Since(before) != 2*time.Second {
			t.Errorf("got %d and %d after %v", first, second, time.Since(before))
		}
	})
}

func FuzzScanDelivery(f *testing.F) {
	f.Add([]byte(posted("7")))
	f.Add([]byte(`{"id":"x","shardId":1,"data":{"d":{"gatehouse_n":1}}}`))
	f.Add([]byte(`{"id":"`))
	f.Fuzz(func(_ *testing.T, line []byte) {
		if len(line) > 0 {
			scanDelivery(line)
		}
		EventNumber(line)
	})
}
