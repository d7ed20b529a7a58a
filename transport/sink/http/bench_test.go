package httpsink

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
	"testing"

	"github.com/gatehouse-gateway/gatehouse/engine/event"
)

// minimal is the cheapest server that keeps to the protocol: it finds the end
// of each request and answers it, without parsing anything else.
func minimal(tb testing.TB) string {
	answer := []byte("HTTP/1.1 204 No Content\r\n\r\n")
	return listen(tb, "127.0.0.1:0", func(c *net.TCPConn) {
		buf := make([]byte, 0, 1<<20)
		for {
			n, err := c.Read(buf[len(buf):cap(buf)])
			if err != nil {
				return
			}
			buf = buf[:len(buf)+n]
			for {
				size := requestSize(buf)
				if size == 0 || size > len(buf) {
					break
				}
				buf = append(buf[:0], buf[size:]...)
				if _, err := c.Write(answer); err != nil {
					return
				}
			}
		}
	})
}

// requestSize is the size of the request at the front, 0 if it is not known yet.
func requestSize(buf []byte) int {
	end := bytes.Index(buf, []byte("\r\n\r\n"))
	if end < 0 {
		return 0
	}
	const key = "Content-Length: "
	at := bytes.Index(buf[:end], []byte(key))
	if at < 0 {
		return 0
	}
	digits := buf[at+len(key) : end+2]
	length, err := strconv.Atoi(string(digits[:bytes.IndexByte(digits, '\r')]))
	if err != nil {
		return 0
	}
	return end + 4 + length
}

func benchEvents(n int) []event.Event { return someEvents(n, 1200) }

func BenchmarkDeliver(b *testing.B) {
	for _, batch := range []int{1, 16} {
		b.Run("batch="+strconv.Itoa(batch), func(b *testing.B) {
			s := sinkTo(b, minimal(b))
			events := benchEvents(batch)
			ctx, cancel := context.WithCancel(b.Context())
			defer cancel()
			b.ReportAllocs()
			for b.Loop() {
				if err := s.Deliver(ctx, events, 1); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(batch*b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// BenchmarkNetHTTP is the same work done with the standard library's client.
func BenchmarkNetHTTP(b *testing.B) {
	for _, batch := range []int{1, 16} {
		b.Run("batch="+strconv.Itoa(batch), func(b *testing.B) {
			address := minimal(b)
			client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
			defer client.CloseIdleConnections()
			events := benchEvents(batch)
			var body []byte
			b.ReportAllocs()
			for b.Loop() {
				body = appendBody(body[:0], events)
				req, err := http.NewRequestWithContext(b.Context(), http.MethodPost, address, bytes.NewReader(body))
				if err != nil {
					b.Fatal(err)
				}
				req.Header["Content-Type"] = []string{"application/json"}
				req.Header["Authorization"] = []string{"secret"}
				req.Header["Gatehouse-Event-Id"] = []string{events[0].ID.String()}
				req.Header["Gatehouse-Attempt"] = []string{"1"}
				resp, err := client.Do(req)
				if err != nil {
					b.Fatal(err)
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
			b.ReportMetric(float64(batch*b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

func TestSteadyStateDoesNotAllocate(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector empties pools at random")
	}
	s := sinkTo(t, minimal(t))
	events := benchEvents(4)
	deliver := func() {
		if err := s.Deliver(t.Context(), events, 1); err != nil {
			t.Fatal(err)
		}
	}
	deliver()
	if got := testing.AllocsPerRun(500, deliver); got > 0.5 {
		t.Fatalf("%.1f allocations a delivery", got)
	}
}
