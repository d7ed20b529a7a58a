package httpsink

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

const sentBack = `{"send":[{"op":8,"d":{"guild_id":"7"}}]}`

// asked notes what a bot sends back.
type asked struct {
	mu   sync.Mutex
	list []string
}

func (a *asked) take(request []byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.list = append(a.list, string(request))
}

// got is what was sent back so far.
func (a *asked) got() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]string(nil), a.list...)
}

// hears is a sink that listens to its bot.
func (b *bot) hears() (*Sink, *asked) {
	s, a := b.sink(), &asked{}
	s.Asks(a.take)
	return s, a
}

func jsonAnswer(body string, headers ...string) string {
	return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%s\r\n%s", len(body), strings.Join(headers, ""), body)
}

func chunked(pieces ...string) string {
	text := "HTTP/1.1 200 OK\r\ncontent-type:Application/JSON ; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n"
	for _, p := range pieces {
		text += fmt.Sprintf("%x\r\n%s\r\n", len(p), p)
	}
	return text + "0\r\nX: y\r\n\r\n"
}

// However the bot frames its answer, what it sends back comes whole, and the
// connection is used again.
func TestWhatABotSendsBackIsHeard(t *testing.T) {
	long := `{"send":[` + strings.Repeat(" ", 3*readBuffer) + `]}`
	for name, c := range map[string]struct{ answer, want string }{
		"with a length":                 {jsonAnswer(sentBack), sentBack},
		"long":                          {jsonAnswer(long), long},
		"of the greatest length":        {jsonAnswer(strings.Repeat("x", maxRequest)), strings.Repeat("x", maxRequest)},
		"in chunks":                     {chunked(sentBack[:9], sentBack[9:]), sentBack},
		"in chunks, long":               {chunked(long, " "), long + " "},
		"created":                       {strings.Replace(jsonAnswer(sentBack), "200 OK", "201 Created", 1), sentBack},
		"after an interim answer":       {"HTTP/1.1 103 Early Hints\r\nContent-Type: text/html\r\n\r\n" + jsonAnswer(sentBack), sentBack},
		"something that makes no sense": {jsonAnswer("\x00<html>"), "\x00<html>"},
	} {
		story(t, name, func(t *testing.T) {
			b := answering(t, c.answer)
			s, heard := b.hears()
			for range 2 {
				if err := s.Deliver(t.Context(), someEvents(2, 10), 1); err != nil {
					t.Fatal(err)
				}
			}
			if got := heard.got(); len(got) != 2 || got[0] != c.want || got[1] != c.want {
				t.Errorf("%d bodies, the first of %d bytes: %.80q", len(got), len(got[0]), got)
			}
			if dials, _ := b.seen(); dials != 1 {
				t.Errorf("%d connections", dials)
			}
		})
	}
}

func TestWhatABotSendsBackWithTheEndOfItsConnectionIsHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBot(t, func(c *botConn) {
			if c.request() {
				io.WriteString(c, "HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n"+sentBack)
			}
		})
		s, heard := b.hears()
		if err := deliver(t, s); err != nil {
			t.Fatal(err)
		}
		if got := heard.got(); len(got) != 1 || got[0] != sentBack {
			t.Errorf("got %q", got)
		}
	})
}

func TestWhatIsNotARequestIsIgnored(t *testing.T) {
	for name, answer := range map[string]string{
		"nothing":              status(204, "Content-Type: application/json\r\n"),
		"an empty body":        jsonAnswer(""),
		"another type":         strings.Replace(jsonAnswer(sentBack), "application/json", "text/plain", 1),
		"a type like it":       strings.Replace(jsonAnswer(sentBack), "application/json", "application/json-seq", 1),
		"no type":              strings.Replace(jsonAnswer(sentBack), "Content-Type", "Content-Tape", 1),
		"too long":             jsonAnswer(strings.Repeat("x", maxRequest+1)),
		"too long, in chunks":  chunked(strings.Repeat("x", maxRequest), "x"),
		"much too long":        jsonAnswer(strings.Repeat("x", 4*maxDrain)),
		"in too many pieces":   chunked(strings.Split(strings.Repeat("x", maxPieces+1), "")...),
		"a chunk without size": "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
	} {
		story(t, name, func(t *testing.T) {
			b := answering(t, answer)
			s, heard := b.hears()
			for range 2 {
				if err := deliver(t, s); err != nil {
					t.Errorf("the events are acknowledged, and yet: %v", err)
				}
			}
			if got := heard.got(); len(got) != 0 {
				t.Errorf("heard %.80q", got)
			}
		})
	}
}

// What fails is sent again, and what came back with the failure counts for
// nothing.
func TestWhatComesWithAFailureIsIgnored(t *testing.T) {
	for _, code := range []string{"500 Oh", "429 Slow", "400 Bad", "302 There", "401 Who"} {
		synctest.Test(t, func(t *testing.T) {
			b := answering(t, strings.Replace(jsonAnswer(sentBack), "200 OK", code, 1))
			s, heard := b.hears()
			if err := deliver(t, s); err == nil {
				t.Errorf("%s is a success", code)
			}
			if got := heard.got(); len(got) != 0 {
				t.Errorf("%s: heard %q", code, got)
			}
		})
	}
}

func TestNobodyListensByDefault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := answering(t, jsonAnswer(sentBack))
		s := b.sink()
		for range 2 {
			if err := deliver(t, s); err != nil {
				t.Fatal(err)
			}
		}
		if dials, _ := b.seen(); dials != 1 {
			t.Errorf("%d connections", dials)
		}
	})
}

// A bot that is slow with the rest of its answer is waited for until the time for
// the delivery is over. Its events are acknowledged all the same.
func TestABotThatIsSlowToSendBack(t *testing.T) {
	for pause, want := range map[time.Duration]int{5 * time.Second: 1, DefaultTimeout + time.Second: 0} {
		story(t, pause.String(), func(t *testing.T) {
			b := newBot(t, func(c *botConn) {
				if !c.request() {
					return
				}
				answer := jsonAnswer(sentBack)
				io.WriteString(c, answer[:len(answer)-9])
				<-time.After(pause)
				io.WriteString(c, answer[len(answer)-9:])
				c.request()
			})
			s, heard := b.hears()
			began := time.Now()
			if err := deliver(t, s); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(began); took > DefaultTimeout {
				t.Errorf("the delivery took %s", took)
			}
			if got := heard.got(); len(got) != want {
				t.Errorf("heard %q", got)
			}
			<-time.After(pause)
		})
	}
}

func TestABotThatHangsUpInTheMiddleSendsNothingBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBot(t, func(c *botConn) {
			if c.request() {
				answer := jsonAnswer(sentBack)
				io.WriteString(c, answer[:len(answer)-1])
			}
		})
		s, heard := b.hears()
		if err := deliver(t, s); err != nil {
			t.Fatal(err)
		}
		if got := heard.got(); len(got) != 0 {
			t.Errorf("heard %q", got)
		}
	})
}

// A request larger than sockets hold is written while the answer is read.
func TestABotSendsBackBeforeItHasReadAll(t *testing.T) {
	heard := &asked{}
	s := sinkTo(t, listen(t, "127.0.0.1:0", func(c *net.TCPConn) {
		buf := make([]byte, 4<<20)
		n, err := c.Read(buf)
		if err != nil {
			return
		}
		io.WriteString(c, jsonAnswer(sentBack))
		for size := requestSize(buf[:n]); n < size; {
			more, err := c.Read(buf)
			if err != nil {
				return
			}
			n += more
		}
		c.Read(buf)
	}))
	s.Asks(heard.take)
	if err := s.Deliver(t.Context(), someEvents(1, 1<<20), 1); err != nil {
		t.Fatal(err)
	}
	if got := heard.got(); len(got) != 1 || got[0] != sentBack {
		t.Errorf("heard %q", got)
	}
}

func TestListeningDoesNotAllocateUnlessTheBotSpeaks(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector empties pools at random")
	}
	s := sinkTo(t, minimal(t))
	s.Asks(func([]byte) { t.Error("heard something") })
	events := benchEvents(4)
	once := func() {
		if err := s.Deliver(t.Context(), events, 1); err != nil && !errors.Is(err, t.Context().Err()) {
			t.Fatal(err)
		}
	}
	once()
	if got := testing.AllocsPerRun(500, once); got > 0.5 {
		t.Fatalf("%.1f allocations a delivery", got)
	}
}
