package discordtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
)

// bubble runs a story against a server in memory, in fake time.
func bubble(t *testing.T, cfg Config, story func(t *testing.T, s *Server, dial dialFunc)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l := NewMemoryListener()
		cfg.Listener = l
		s, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Start(context.Background()); err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}()
		story(t, s, l.DialContext)
	})
}

type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// frame is a gateway message as a client decodes it.
type frame struct {
	Op  int             `json:"op"`
	S   int64           `json:"s"`
	T   string          `json:"t"`
	D   json.RawMessage `json:"d"`
	raw []byte
}

// client is a small raw gateway client.
type client struct {
	t      *testing.T
	ws     *websocket.Conn
	seq    int64
	closed int // code the server closed with
}

// connect dials and reads Hello.
func connect(t *testing.T, dial dialFunc, url string) *client {
	t.Helper()
	c, err := dialGateway(t, dial, url)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func dialGateway(t *testing.T, dial dialFunc, url string) (*client, error) {
	d := websocket.Dialer{NetDialContext: dial}
	ws, _, err := d.Dial(url, nil)
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { _ = ws.Close() })
	return &client{t: t, ws: ws}, nil
}

const query = "/?v=10&encoding=json"

// hello connects and expects Hello.
func hello(t *testing.T, s *Server, dial dialFunc) *client {
	t.Helper()
	c := connect(t, dial, s.GatewayURL()+query)
	if f := c.next(); f.Op != 10 {
		t.Fatalf("first frame is %s, want Hello", f.raw)
	}
	return c
}

// read returns the next frame, or an error when the connection has ended.
func (c *client) read() (frame, error) {
	_, raw, err := c.ws.ReadMessage()
	if closed, ok := errors.AsType[*websocket.CloseError](err); ok {
		c.closed = closed.Code
	}
	if err != nil {
		return frame{}, err
	}
	f := frame{raw: raw}
	if err := json.Unmarshal(raw, &f); err != nil {
		c.t.Errorf("not JSON: %v: %s", err, raw)
	}
	if f.S > 0 {
		c.seq = f.S
	}
	return f, nil
}

// next is the next frame; the connection must live.
func (c *client) next() frame {
	c.t.Helper()
	f, err := c.read()
	if err != nil {
		c.t.Fatalf("reading: %v", err)
	}
	return f
}

// until reads up to a dispatch of a type and returns it.
func (c *client) until(dispatch string) frame {
	c.t.Helper()
	for {
		if f := c.next(); f.T == dispatch {
			return f
		}
	}
}

// wantClose reads until the server closes and checks the code.
func (c *client) wantClose(code int) {
	c.t.Helper()
	for {
		if _, err := c.read(); err != nil {
			break
		}
	}
	if c.closed != code {
		c.t.Errorf("closed with %d, want %d", c.closed, code)
	}
}

func (c *client) send(format string, args ...any) {
	c.t.Helper()
	if err := c.ws.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, format, args...)); err != nil {
		c.t.Fatalf("sending: %v", err)
	}
}

func (c *client) beat() { c.t.Helper(); c.send(`{"op":1,"d":%d}`, c.seq) }

func (c *client) identify(shard, shards int) {
	c.t.Helper()
	c.send("%s", identifyFrame(DefaultToken, AllIntents, shard, shards))
}

func identifyFrame(token string, intents, shard, shards int) string {
	return fmt.Sprintf(`{"op":2,"d":{"token":%q,"intents":%d,"shard":[%d,%d],"large_threshold":50,"properties":{"os":"linux","browser":"t","device":"t"}}}`,
		token, intents, shard, shards)
}

func (c *client) resume(session string, seq int64) {
	c.t.Helper()
	c.send(`{"op":6,"d":{"token":%q,"session_id":%q,"seq":%d}}`, DefaultToken, session, seq)
}

// goodbye closes with a code.
func (c *client) goodbye(code int) {
	c.t.Helper()
	payload := websocket.FormatCloseMessage(code, "")
	if err := c.ws.WriteControl(websocket.CloseMessage, payload, time.Time{}); err != nil {
		c.t.Fatal(err)
	}
	_ = c.ws.Close()
}

// ready identifies and returns READY's body.
func (c *client) ready(shard, shards int) readyBody {
	c.t.Helper()
	c.identify(shard, shards)
	f := c.next()
	if f.T != "READY" || f.S != 1 {
		c.t.Fatalf("got %.200s, want READY with s 1", f.raw)
	}
	var body readyBody
	if err := json.Unmarshal(f.D, &body); err != nil {
		c.t.Fatal(err)
	}
	return body
}

type readyBody struct {
	V         int    `json:"v"`
	SessionID string `json:"session_id"`
	ResumeURL string `json:"resume_gateway_url"`
	Shard     []int  `json:"shard"`
	Guilds    []struct {
		ID          string `json:"id"`
		Unavailable bool   `json:"unavailable"`
	} `json:"guilds"`
	Application struct {
		ID string `json:"id"`
	} `json:"application"`
	PrivateChannels []any `json:"private_channels"`
}

// backfill reads n GUILD_CREATEs.
func (c *client) backfill(n int) []frame {
	c.t.Helper()
	var all []frame
	for len(all) < n {
		if f := c.next(); f.T == "GUILD_CREATE" {
			all = append(all, f)
		}
	}
	return all
}

// get asks the REST API.
func get(t *testing.T, s *Server, dial dialFunc, path, auth string) (*http.Response, string) {
	t.Helper()
	transport := &http.Transport{DialContext: dial, DisableKeepAlives: true}
	req, err := http.NewRequest(http.MethodGet, strings.TrimSuffix(s.URL(), "/api/v10")+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", auth)
	res, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body)
}

func wantViolations(t *testing.T, s *Server, want map[string]uint64) {
	t.Helper()
	if got := s.Stats().Violations; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("violations are %v, want %v", got, want)
	}
}
