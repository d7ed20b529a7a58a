package httpsink

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/delivery"
)

func TestOneEventIsAJSONBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := answering(t, ok)
		if err := b.sink().Deliver(t.Context(), someEvents(1, 3), 2); err != nil {
			t.Fatal(err)
		}
		_, requests := b.seen()
		got := requests[0]
		want := `{"id":"0000000000000abc-42","shardId":3,"shards":8,"receivedAt":1763750467936,"data":{"t":"MESSAGE_CREATE","s":42,"op":0,"d":"xxx"}}`
		if got.body != want {
			t.Errorf("body %s", got.body)
		}
		for name, want := range map[string]string{
			"Content-Type":       "application/json",
			"Authorization":      "Secret s3cr3t-value",
			"Gatehouse-Event-Id": "0000000000000abc-42",
			"Gatehouse-Attempt":  "2",
			"User-Agent":         "gatehouse",
		} {
			if got.header.Get(name) != want {
				t.Errorf("%s: %q, want %q", name, got.header.Get(name), want)
			}
		}
	})
}

func TestSeveralEventsAreALineEach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := answering(t, ok)
		events := someEvents(3, 3)
		if err := b.sink(func(c *Config) { c.Authorization = "" }).Deliver(t.Context(), events, 1); err != nil {
			t.Fatal(err)
		}
		_, requests := b.seen()
		want := ""
		for i := range events {
			want += string(events[i].AppendJSON(nil)) + "\n"
		}
		if requests[0].body != want {
			t.Errorf("body %q", requests[0].body)
		}
		if got := requests[0].header.Get("Content-Type"); got != "application/x-ndjson" {
			t.Errorf("type %q", got)
		}
		if got := requests[0].header.Get("Gatehouse-Event-Id"); got != "0000000000000abc-42" {
			t.Errorf("id %q", got)
		}
		if _, there := requests[0].header["Authorization"]; there {
			t.Error("an Authorization that nobody configured")
		}
	})
}

func TestWhatEachStatusMeans(t *testing.T) {
	const acknowledged = delivery.Verdict(99)
	want := map[int]delivery.Verdict{
		200: acknowledged, 201: acknowledged, 202: acknowledged, 204: acknowledged, 206: acknowledged, 299: acknowledged,
		408: delivery.Retry, 425: delivery.Retry, 429: delivery.Retry, 500: delivery.Retry, 502: delivery.Retry,
		503: delivery.Retry, 504: delivery.Retry, 599: delivery.Retry,
		401: delivery.Unauthorized, 403: delivery.Unauthorized,
		101: delivery.Refused, 301: delivery.Refused, 302: delivery.Refused, 304: delivery.Refused, 307: delivery.Refused,
		400: delivery.Refused, 404: delivery.Refused, 405: delivery.Refused, 409: delivery.Refused,
		413: delivery.Refused, 415: delivery.Refused, 422: delivery.Refused,
	}
	for code, verdict := range want {
		story(t, fmt.Sprint(code), func(t *testing.T) {
			b := answering(t, status(code))
			err := deliver(t, b.sink())
			if verdict == acknowledged {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			e := failure(t, err)
			if e.Verdict != verdict || e.Status != code {
				t.Fatalf("verdict %d, status %d: %v", e.Verdict, e.Status, err)
			}
			if _, requests := b.seen(); len(requests) != 1 {
				t.Fatalf("%d requests", len(requests))
			}
		})
	}
}

func TestErrorsSayWhatToDo(t *testing.T) {
	cases := []struct{ answer, want string }{
		{status(401), "the bot answered 401: Unauthorized: the sink's authorization is not what the bot expects"},
		{"HTTP/1.1 302 Found\r\nLocation: https://other.test/x?key=1\r\nContent-Length: 0\r\n\r\n",
			"the bot answered 302: Found: it redirects to https://other.test; redirects are not followed: set the sink's url to the final address"},
		{status(404), "the bot answered 404: Not Found: nothing is served at the path of the sink's url"},
		{"HTTP/1.1 500 Oops\r\nContent-Length: 23\r\n\r\nTypeError: x\n is\tnull\x00\n ", "the bot answered 500: Internal Server Error (TypeError: x is null)"},
		{"HTTP/1.1 400 Bad\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nbad\r\n5;x=y\r\n body\r\n0\r\n\r\n", "the bot answered 400: Bad Request (bad body)"},
		{"HTTP/1.1 400 Bad\r\nContent-Length: 28\r\n\r\nno s3cr3t-value known, sorry", "the bot answered 400: Bad Request (no [authorization] known, sorry)"},
	}
	for _, c := range cases {
		story(t, c.want, func(t *testing.T) {
			if err := deliver(t, answering(t, c.answer).sink()); err == nil || err.Error() != c.want {
				t.Fatalf("got  %v", err)
			}
		})
	}
}

func TestSecretCutOffByTheExcerptIsNotShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		text := strings.Repeat(" ", maxExcerpt-12) + "Secret s3cr3t-value"
		b := answering(t, fmt.Sprintf("HTTP/1.1 400 Bad\r\nContent-Length: %d\r\n\r\n%s", len(text), text))
		if err := deliver(t, b.sink()); strings.Contains(err.Error(), "Secret") {
			t.Fatal(err)
		}
	})
}

func TestRetryAfterIsPassedOn(t *testing.T) {
	cases := map[string]time.Duration{
		"7": 7 * time.Second, "1.25": 2 * time.Second, "0": 0, "86400": 5 * time.Minute, "soon": 0, "-3": 0,
		"99999999999999999999999": 0,
	}
	for value, want := range cases {
		story(t, value, func(t *testing.T) {
			e := failure(t, deliver(t, answering(t, status(429, "Retry-After: "+value+"\r\n")).sink()))
			if e.RetryAfter != want {
				t.Fatalf("got %s, want %s", e.RetryAfter, want)
			}
		})
	}
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	if got := parseRetryAfter("Fri, 20 Nov 2026 12:00:40 GMT", now); got != 40*time.Second {
		t.Errorf("a date: %s", got)
	}
	if got := parseRetryAfter("Fri, 20 Nov 2026 11:00:00 GMT", now); got != 0 {
		t.Errorf("a date that is over: %s", got)
	}
	if got := parseRetryAfter("Fri, 20 Nov 2027 11:00:00 GMT", now); got != maxRetryAfter {
		t.Errorf("a date next year: %s", got)
	}
}

func TestSlowBotIsWaitedForAsLongAsConfigured(t *testing.T) {
	for _, delay := range []time.Duration{9 * time.Second, 11 * time.Second} {
		story(t, delay.String(), func(t *testing.T) {
			b := newBot(t, func(c *botConn) {
				for c.request() {
					<-time.After(delay)
					if _, err := io.WriteString(c, ok); err != nil {
						return
					}
				}
			})
			begin := time.Now()
			err := deliver(t, b.sink())
			took := time.Since(begin)
			if delay < DefaultTimeout {
				if err != nil || took != delay {
					t.Fatalf("after %s: %v", took, err)
				}
				return
			}
			if e := failure(t, err); e.Verdict != delivery.Retry || took != DefaultTimeout {
				t.Fatalf("after %s: %v", took, err)
			}
			if want := "bot.test:8080: no answer within 10s: the bot is overloaded or hangs"; err.Error() != want {
				t.Fatalf("got %v", err)
			}
			if dials, requests := b.seen(); dials != 1 || len(requests) != 1 {
				t.Fatalf("%d connections, %d requests: a slow bot got the event twice", dials, len(requests))
			}
		})
	}
}

func TestBotThatHangsUpIsRetried(t *testing.T) {
	handlers := map[string]func(c *botConn){
		"at once":           func(*botConn) {},
		"after the request": func(c *botConn) { c.request() },
		"in the head":       func(c *botConn) { c.request(); _, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-") },
		"with nonsense":     func(c *botConn) { c.request(); _, _ = io.WriteString(c, "220 smtp.test ESMTP\r\n") },
		"with a huge head": func(c *botConn) {
			c.request()
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nX: "+strings.Repeat("x", 20_000))
		},
		"with many headers": func(c *botConn) {
			c.request()
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n"+strings.Repeat("X: y\r\n", 10_000))
		},
		"without a status": func(c *botConn) {
			c.request()
			_, _ = io.WriteString(c, strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 50))
		},
	}
	for name, handle := range handlers {
		story(t, name, func(t *testing.T) {
			b := newBot(t, handle)
			e := failure(t, deliver(t, b.sink()))
			if e.Verdict != delivery.Retry || e.Status != 0 {
				t.Fatalf("%d: %v", e.Verdict, e)
			}
			if dials, _ := b.seen(); dials != 1 {
				t.Fatalf("%d connections: a new one is not tried twice", dials)
			}
		})
	}
}

// A bot may refuse a large request without reading it; with nobody reading, the
// request would never be written to its end.
func TestAnswerBeforeTheRequestIsReadCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBot(t, func(c *botConn) {
			_, _ = io.ReadFull(c, make([]byte, 100))
			_, _ = io.WriteString(c, "HTTP/1.1 413 Too Large\r\nContent-Length: 4\r\n\r\nlong")
			<-t.Context().Done() // and reads no more
		})
		begin := time.Now()
		err := b.sink().Deliver(t.Context(), someEvents(1, 1<<20), 1)
		if e := failure(t, err); e.Status != 413 || e.Verdict != delivery.Refused {
			t.Fatal(err)
		}
		if !strings.Contains(err.Error(), "(long): the request has 1048") {
			t.Fatal(err)
		}
		if time.Since(begin) != 0 {
			t.Fatalf("it took %s", time.Since(begin))
		}
	})
}

func TestLargeRequestsKeepTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBot(t, func(c *botConn) {
			for c.request() {
				<-time.After(time.Millisecond) // a bot answers after it has read
				_, _ = io.WriteString(c, ok)
			}
		})
		s := b.sink()
		for range 5 {
			if err := s.Deliver(t.Context(), someEvents(4, 300_000), 1); err != nil {
				t.Fatal(err)
			}
		}
		dials, requests := b.seen()
		if dials != 1 {
			t.Fatalf("%d connections", dials)
		}
		for _, r := range requests {
			if len(r.body) != len(appendBody(nil, someEvents(4, 300_000))) {
				t.Fatalf("a body of %d bytes", len(r.body))
			}
		}
	})
}

func TestEndOfTheContextAbortsAtOnce(t *testing.T) {
	for _, size := range []int{10, 1 << 20} {
		story(t, fmt.Sprint(size), func(t *testing.T) {
			b := newBot(t, func(c *botConn) {
				for c.request() && c.bot.count() == 1 {
					_, _ = io.WriteString(c, ok)
				}
				_, _ = io.Copy(io.Discard, c.br)
			})
			s := b.sink()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if err := s.Deliver(ctx, someEvents(1, size), 1); err != nil {
				t.Fatal(err)
			}
			result := make(chan error)
			go func() { result <- s.Deliver(ctx, someEvents(1, size), 1) }()
			synctest.Wait()
			begin := time.Now()
			cancel()
			if err := <-result; !errors.Is(err, context.Canceled) {
				t.Fatalf("got %v", err)
			}
			if time.Since(begin) != 0 {
				t.Fatalf("it took %s", time.Since(begin))
			}
			if err := s.Deliver(ctx, someEvents(1, 1), 1); !errors.Is(err, context.Canceled) {
				t.Fatalf("then %v", err)
			}
		})
	}
}

func (b *bot) count() int {
	_, requests := b.seen()
	return len(requests)
}

func TestNoEventsAreNoRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := answering(t, ok)
		if err := b.sink().Deliver(t.Context(), nil, 1); err != nil {
			t.Fatal(err)
		}
		if dials, _ := b.seen(); dials != 0 {
			t.Fatal("it has connected")
		}
	})
}
