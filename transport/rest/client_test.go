package rest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine"
	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/engine/discord"
)

var _ engine.GatewayInfo = (*Client)(nil)

const secret = "MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs"

const good = `{"url":"wss://gateway.discord.gg","shards":9,"session_start_limit":{"total":1000,"remaining":999,"reset_after":14400000,"max_concurrency":16},"new":true}`

// ask starts an API and asks it for the gateway.
func ask(t *testing.T, handle http.HandlerFunc, change ...func(*Client)) (discord.GatewayBot, error) {
	t.Helper()
	api := httptest.NewServer(handle)
	t.Cleanup(api.Close)
	base, err := ParseBase(api.URL + "/api/v10/")
	if err != nil {
		t.Fatal(err)
	}
	c := &Client{Base: base, Token: discord.NewToken(secret), Version: "1.2.3"}
	for _, f := range change {
		f(c)
	}
	gateway, err := c.GatewayBot(t.Context())
	if err != nil && strings.Contains(err.Error(), secret) {
		t.Errorf("the token is shown: %v", err)
	}
	return gateway, err
}

// answers gives every request the same answer.
func answers(status int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func TestTheGatewayIsAskedForAsDiscordWantsIt(t *testing.T) {
	var got *http.Request
	gateway, err := ask(t, func(w http.ResponseWriter, r *http.Request) {
		got = r
		_, _ = io.WriteString(w, good)
	})
	if err != nil {
		t.Fatal(err)
	}
	want := discord.GatewayBot{URL: "wss://gateway.discord.gg", Shards: 9, Limit: discord.SessionStartLimit{
		Total: 1000, Remaining: 999, ResetAfterMS: 14_400_000, MaxConcurrency: 16}}
	if gateway != want {
		t.Errorf("got %+v", gateway)
	}
	if got.Method != "GET" || got.URL.Path != "/api/v10/gateway/bot" || got.Header.Get("Authorization") != "Bot "+secret ||
		got.UserAgent() != "DiscordBot (https://github.com/gatehouse-gateway/gatehouse, 1.2.3)" {
		t.Errorf("asked %s %s with %v", got.Method, got.URL, got.Header)
	}
}

func TestAProxysSecretStandsInForTheToken(t *testing.T) {
	var got string
	_, err := ask(t, func(w http.ResponseWriter, r *http.Request) {
		got = r.Header.Get("Authorization")
		_, _ = io.WriteString(w, good)
	}, func(c *Client) { c.Authorization = "proxy-secret" })
	if err != nil || got != "proxy-secret" {
		t.Fatalf("sent %q, %v", got, err)
	}
}

func TestAnswersThatMakeNoSense(t *testing.T) {
	limit := `"session_start_limit":{"total":1000,"remaining":999,"reset_after":0,"max_concurrency":1}`
	for body, want := range map[string]string{
		"":                           "not the JSON",
		"[]":                         "not the JSON",
		"<html></html>":              "not the JSON",
		good + "{}":                  "not the JSON",
		`{"shards":1,` + limit + "}": "no url",
		`{"url":"https://discord.gg","shards":1,` + limit + "}":                                             "not a WebSocket's",
		`{"url":"wss://","shards":1,` + limit + "}":                                                         "not a WebSocket's",
		`{"url":"wss://x","shards":0,` + limit + "}":                                                        "recommends 0 shards",
		`{"url":"wss://x","shards":"1",` + limit + "}":                                                      "not the JSON",
		`{"url":"wss://x","shards":1,"session_start_limit":{"total":1,"remaining":-1}}`:                     "below zero",
		`{"url":"wss://x","shards":1,"session_start_limit":{"total":1,"remaining":1,"max_concurrency":-1}}`: "max_concurrency of -1",
		`{"url":"wss://x","shards":1,"session_start_limit":{"total":1,"remaining":1,"reset_after":-1}}`:     "below zero",
		`{"url":"wss://x","shards":1,` + limit + `,"x":"` + strings.Repeat("x", maxAnswer) + `"}`:           "too long",
	} {
		_, err := ask(t, answers(200, body))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "discord.api_base") {
			t.Errorf("%.60s: %v, want %q", body, err, want)
		}
	}
	gateway, err := ask(t, answers(200, `{"url":"ws://x/","shards":1,"session_start_limit":{"total":1,"remaining":1}}`))
	if err != nil || gateway.Limit.MaxConcurrency != 1 {
		t.Errorf("without max_concurrency: %+v, %v", gateway, err)
	}
}

func TestRefusalsSayWhatToDo(t *testing.T) {
	page := `<!DOCTYPE html><html><head><title>discord.com | 502: Bad&nbsp;gateway</title><style>x{}</style></head><body>…</body></html>`
	cases := []struct {
		handle http.HandlerFunc
		fatal  bool
		want   string
	}{
		{answers(401, `{"message":"401: Unauthorized","code":0}`), true, "discord answered 401 (401: Unauthorized): the token is wrong or has been reset"},
		{answers(403, `{"message":"Forbidden"}`), true, "discord answered 403 (Forbidden): the token may not do this"},
		{answers(404, "nope"), true, "discord answered 404 (nope): discord.api_base does not lead to a Discord REST API"},
		{answers(502, page), false, "discord answered 502 (discord.com | 502: Bad gateway): Discord, or the proxy"},
		{answers(500, "<style>a</style><p>It\n broke &amp; burns</p><!-- x -->"), false, "discord answered 500 (It broke & burns): Discord"},
		{answers(503, ""), false, "discord answered 503: Discord"},
		{answers(400, `{"message":"`+secret+` is odd"}`), true, "discord answered 400 ([token] is odd)"},
		{answers(400, strings.Repeat("ä", 5000)), true, "discord answered 400 (" + strings.Repeat("ä", maxMessage/2) + "…)"},
		{answers(500, strings.Repeat("x", 10*maxAnswer)), false, "discord answered 500 (xxx"},
	}
	for _, c := range cases {
		_, err := ask(t, c.handle)
		var e *discord.RESTError
		if !errors.As(err, &e) || !strings.HasPrefix(err.Error(), c.want) || e.Fatal() != c.fatal {
			t.Errorf("got  %v\nwant %s", err, c.want)
		}
	}
	_, err := ask(t, answers(401, ""), func(c *Client) { c.Authorization = "proxy" })
	if err == nil || err.Error() != "discord answered 401: check discord.rest_authorization" {
		t.Errorf("a proxy's: %v", err)
	}
}

func TestTooManyRequestsSaysHowLongToWait(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	cases := []struct {
		body, header string
		want         time.Duration
	}{
		{`{"message":"You are being rate limited.","retry_after":64.57,"global":false}`, "65", 65 * time.Second},
		{`{"retry_after":64.57}`, "", 64570 * time.Millisecond},
		{"slow down", "1.5", 1500 * time.Millisecond},
		{`{"retry_after":"64.57","message":4}`, "", 64570 * time.Millisecond},
		{`{"retry_after":82721.4}`, "82721", 82721400 * time.Millisecond}, // observed
		{"", "Fri, 20 Nov 2026 12:01:00 GMT", time.Minute},
		{"", "Fri, 20 Nov 2026 11:01:00 GMT", 0},
		{`{"retry_after":1e99}`, "NaN", 24 * time.Hour},
		{`{"retry_after":-4}`, "soon", 0},
	}
	for _, c := range cases {
		_, err := ask(t, answers(429, c.body, "Retry-After", c.header), func(k *Client) { k.Clock = clock.NewManual(now) })
		var e *discord.RESTError
		if !errors.As(err, &e) || e.RetryAfter != c.want || e.Fatal() {
			t.Errorf("%s, %s: %s, %v", c.body, c.header, e.RetryAfter, err)
		}
	}
}

func TestTheTokenDoesNotFollowARedirectElsewhere(t *testing.T) {
	var leaked []string
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		leaked = append(leaked, r.Header.Get("Authorization"))
	}))
	defer elsewhere.Close()
	_, err := ask(t, http.RedirectHandler(elsewhere.URL+"/x", http.StatusFound).ServeHTTP)
	if len(leaked) > 0 {
		t.Errorf("the other host was asked with %q", leaked)
	}
	if err == nil || !strings.Contains(err.Error(), "it redirects to "+elsewhere.URL+", which is not followed") {
		t.Errorf("got %v", err)
	}
	_, err = ask(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Path, http.StatusFound)
	})
	if err == nil || !strings.Contains(err.Error(), "again and again") {
		t.Errorf("a loop: %v", err)
	}
	gateway, err := ask(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/moved" {
			http.Redirect(w, r, "/moved", http.StatusFound)
			return
		}
		answers(200, good)(w, r)
	})
	if err != nil || gateway.Shards != 9 {
		t.Errorf("on the same host: %v", err)
	}
}

func TestWhatTheNetworkDoesIsSaidInWords(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	tls := httptest.NewUnstartedServer(answers(200, good))
	tls.Config.ErrorLog = log.New(io.Discard, "", 0)
	tls.StartTLS()
	defer tls.Close()
	plain := httptest.NewServer(answers(200, good))
	defer plain.Close()
	for address, want := range map[string]string{
		"http://" + l.Addr().String(): "ask " + l.Addr().String() + ": connection refused: nothing listens there",
		tls.URL:                       "check the clock and the root certificates",
		strings.Replace(plain.URL, "http", "https", 1): "does not speak TLS",
	} {
		base, err := ParseBase(address)
		if err != nil {
			t.Fatal(err)
		}
		_, err = (&Client{Base: base, Token: discord.NewToken(secret)}).GatewayBot(t.Context())
		var e *NetworkError
		if !errors.As(err, &e) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %v, want %q", address, err, want)
		}
	}
}

// stuck is a transport that never answers.
type stuck struct{}

func (stuck) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func TestNoAnswerIsNotWaitedForForEver(t *testing.T) {
	base, _ := ParseBase("https://discord.test/api/v10")
	c := &Client{Base: base, Token: discord.NewToken(secret), Transport: stuck{}}
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		_, err := c.GatewayBot(t.Context())
		if err == nil || err.Error() != "ask discord.test: no answer within 10s: check the network" || time.Since(begin) != DefaultTimeout {
			t.Fatalf("after %s: %v", time.Since(begin), err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := c.GatewayBot(ctx); err != context.DeadlineExceeded {
			t.Fatalf("got %v", err)
		}
	})
}

func TestBasesThatWork(t *testing.T) {
	for text, want := range map[string]string{
		"https://discord.com/api/v10":   "https://discord.com/api/v10",
		" http://127.0.0.1:3000/a/b// ": "http://127.0.0.1:3000/a/b",
		"http://[::1]:80":               "http://[::1]:80",
	} {
		if u, err := ParseBase(text); err != nil || u.String() != want {
			t.Errorf("%s: %v, %v", text, u, err)
		}
	}
}

func TestBasesThatDoNotSayWhatIsWrong(t *testing.T) {
	for text, want := range map[string]string{
		"":                       "https:// or http://",
		"discord.com/api":        "https:// or http://",
		"wss://discord.com":      "https:// or http://",
		"https://":               "no host",
		"https://a:pw@host/":     "rest_authorization",
		"https://host/?token=pw": "query",
		"https://host/#x":        "query",
		"https://ho st/":         "cannot be parsed",
	} {
		_, err := ParseBase(text)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(fmt.Sprint(err), "pw") {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

func TestAnAnswerMayLeaveTheBudgetOut(t *testing.T) {
	gateway, err := ask(t, answers(200, `{"url":"ws://x/","shards":2}`))
	if err != nil || gateway.Limit != (discord.SessionStartLimit{MaxConcurrency: 1}) {
		t.Errorf("%+v, %v", gateway, err)
	}
}

func TestNumbersThatNoBotCanHave(t *testing.T) {
	for _, body := range []string{
		`{"url":"ws://x/","shards":9000000000}`,
		`{"url":"ws://x/","shards":1,"session_start_limit":{"total":9000000000,"remaining":1}}`,
		`{"url":"ws://x/","shards":1,"session_start_limit":{"total":1,"remaining":1,"max_concurrency":9000000000}}`,
	} {
		if _, err := ask(t, answers(200, body)); err == nil || !strings.Contains(err.Error(), "no bot can have") {
			t.Errorf("%s: %v", body, err)
		}
	}
	gateway, err := ask(t, answers(200, `{"url":"ws://x/","shards":1,"session_start_limit":{"total":1,"remaining":1,"reset_after":9200000000000000000}}`))
	if err != nil || gateway.Limit.ResetAfter() != 24*time.Hour {
		t.Errorf("a reset in %s, %v", gateway.Limit.ResetAfter(), err)
	}
}

func TestAProxysBaseMayHaveAPath(t *testing.T) {
	for path, want := range map[string]string{
		"":                  "/gateway/bot",
		"/":                 "/gateway/bot",
		"/discord/api/v10":  "/discord/api/v10/gateway/bot",
		"/a%2Fb/api/v10///": "/a%2Fb/api/v10/gateway/bot",
	} {
		var got string
		api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			got = r.URL.EscapedPath()
			_, _ = io.WriteString(w, good)
		}))
		base, err := ParseBase(api.URL + path)
		if err == nil {
			_, err = (&Client{Base: base, Token: discord.NewToken(secret)}).GatewayBot(t.Context())
		}
		api.Close()
		if err != nil || got != want {
			t.Errorf("%s: asked for %s, %v", path, got, err)
		}
	}
}

// failing is a transport that fails with whatever it was asked, as a careless
// one might.
type failing struct{}

func (failing) RoundTrip(r *http.Request) (*http.Response, error) {
	return nil, fmt.Errorf("cannot send %s with %v", r.URL, r.Header)
}

func TestNoErrorShowsTheTokenOrTheProxysSecret(t *testing.T) {
	const proxy = "proxy-secret-7781"
	base, _ := ParseBase("http://proxy.test/discord")
	for name, c := range map[string]*Client{
		"a transport that tells all": {Base: base, Token: discord.NewToken(secret), Transport: failing{}},
		"the same with a proxy":      {Base: base, Token: discord.NewToken(secret), Authorization: proxy, Transport: failing{}},
		"a token that is no header":  {Base: base, Token: discord.NewToken(secret + "\n" + secret)},
		"a secret that is no header": {Base: base, Token: discord.NewToken(secret), Authorization: proxy + "\x00"},
	} {
		_, err := c.GatewayBot(t.Context())
		if err == nil {
			t.Fatalf("%s: no error", name)
		}
		shown := fmt.Sprintf("%v %+v %s %q", err, err, err.Error(), err)
		if strings.Contains(shown, secret) || strings.Contains(shown, proxy) || strings.Contains(shown, "ZnCjm1") {
			t.Errorf("%s: %s", name, shown)
		}
	}
}
