package discordtest

import (
	"context"
	"crypto/tls"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
)

func TestDeadHostsAreDeadInTheirWays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, err := NewNetwork()
		must(t, err)
		for how, want := range map[Death]string{
			DeadRefused: "refused", DeadTimeout: "timeout", DeadUnavailable: "bad handshake",
			DeadPlain: "TLS handshake", DeadCertificate: "certificate",
		} {
			n.Kill("gone.test", how)
			scheme := "ws"
			if how == DeadPlain || how == DeadCertificate {
				scheme = "wss"
			}
			d := websocket.Dialer{NetDialContext: n.DialContext, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			_, answer, err := d.DialContext(ctx, scheme+"://gone.test/", nil)
			cancel()
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v: %v", how, err)
			}
			if how == DeadUnavailable && answer.StatusCode != http.StatusServiceUnavailable {
				t.Errorf("answered with %v", answer.Status)
			}
		}
		if got := n.Dials("gone.test"); got != 5 {
			t.Errorf("%d dials", got)
		}
		must(t, n.Close())
	})
}

func TestARevivedHostLeadsToTheServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := NewMemoryListener()
		n, err := NewNetwork()
		must(t, err)
		s, err := New(Config{Listener: gate, Network: n, Guilds: 1})
		must(t, err)
		must(t, s.Start(context.Background()))
		n.Kill("resume.test", DeadRefused)
		if _, err := dialGateway(t, n.DialContext, "ws://resume.test"+query); err == nil {
			t.Error("a dead host answered")
		}
		n.Revive("resume.test")
		connect(t, n.DialContext, "ws://resume.test"+query).next()
		must(t, s.Close())
		must(t, n.Close())
	})
}

func TestAFullOutageEndsWhatStandsAndLeavesSessions(t *testing.T) {
	bubble(t, Config{Guilds: 1}, func(t *testing.T, s *Server, dial dialFunc) {
		c, me := settle(t, s, dial)
		start := time.Now()
		s.FullOutage(true)
		if f, err := c.read(); err == nil || c.closed != 1006 {
			t.Errorf("got %s, closed with %d", f.raw, c.closed)
		}
		if res, _ := get(t, s, dial, "/api/v10/gateway/bot", "Bot "+DefaultToken); res.StatusCode != 503 {
			t.Errorf("REST says %d", res.StatusCode)
		}
		for range 3 {
			if _, err := dialGateway(t, dial, s.GatewayURL()+query); err == nil {
				t.Error("the gateway answered during its outage")
			}
			<-time.After(time.Second)
		}
		inject(t, s, 1)
		s.FullOutage(false)
		c = hello(t, s, dial)
		c.resume(me.SessionID, 2)
		if f := c.next(); f.T != "TYPING_START" {
			t.Errorf("got %s", f.raw)
		}
		if got, all := s.DialPeak(start, 1500*time.Millisecond), len(s.Dials()); got != 2 || all != 5 {
			t.Errorf("at most %d dials in 1.5 s, %d altogether", got, all)
		}
		c.until("RESUMED")
		s.DropAll()
		if _, err := c.read(); err == nil {
			t.Error("the connection stands")
		}
	})
}
