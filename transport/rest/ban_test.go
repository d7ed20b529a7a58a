package rest

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
)

// accessDenied is the shape of Cloudflare's page for people.
const accessDenied = `<!DOCTYPE html><html><head><title>Access denied | discord.com used Cloudflare to restrict access</title></head>
<body><h1><span>Error</span> <span class="cf-error-code">1020</span></h1><p>You do not have access to discord.com.</p></body></html>`

func TestABannedAddressIsNotTheTokensFault(t *testing.T) {
	for _, c := range []struct {
		status  int
		body    string
		headers []string
		code    int
		after   time.Duration
	}{
		{429, "error code: 1015", []string{"Retry-After", "3600"}, 1015, time.Hour},
		{429, "error code: 1015", nil, 1015, 0},
		{403, "error code: 1020\n", nil, 1020, 0},
		{403, accessDenied, []string{"Server", "cloudflare"}, 1020, 0},
		{403, "<title>You are being rate limited</title><h1>Error 1015</h1>", nil, 1015, 0},
		{403, "<title>Just a moment…</title>", []string{"Server", "cloudflare"}, 0, 0},
		{403, `{"message": "internal network error", "code": 40333}`, []string{"Server", "cloudflare"}, 40333, 0},
		{429, `{"code": 0, "message": "You are being blocked from accessing our API temporarily due to exceeding our rate limits frequently."}`, nil, 0, 0},
	} {
		_, err := ask(t, answers(c.status, c.body, c.headers...))
		var e *BanError
		if !errors.As(err, &e) || e.Status != c.status || e.Code != c.code || e.BannedFor() != c.after {
			t.Errorf("%d %.40s: %v", c.status, c.body, err)
			continue
		}
		if text := err.Error(); strings.ContainsAny(text, "\n<>") || len(text) > 400 || !strings.Contains(text, "has banned this machine's address") {
			t.Errorf("%d %.40s: %q", c.status, c.body, text)
		}
		// It must not pass for a refusal of the token.
		if refusal := (*discord.RESTError)(nil); errors.As(err, &refusal) {
			t.Errorf("%d %.40s: it is a RESTError", c.status, c.body)
		}
	}
}

func TestARefusalIsNotTakenForABan(t *testing.T) {
	for _, c := range []struct {
		status int
		body   string
		server string
		fatal  bool
	}{
		{403, `{"message":"Missing Access","code":50001}`, "cloudflare", true},
		{403, `{"message":"error code: 1015","code":0}`, "cloudflare", true}, // a number in JSON may mean anything
		{429, `{"message":"You are being rate limited.","retry_after":1,"global":false}`, "cloudflare", false},
		{403, "<title>403 Forbidden</title><hr>nginx", "nginx", true},
		{403, "", "cloudflare", true},
		{401, "error code: 1015", "cloudflare", true},
		{503, "error code: 1015", "cloudflare", false},
		{403, "error code: 2015", "", true},
	} {
		_, err := ask(t, answers(c.status, c.body, "Server", c.server))
		var e *discord.RESTError
		if !errors.As(err, &e) || e.Fatal() != c.fatal {
			t.Errorf("%d %s: %v", c.status, c.body, err)
		}
	}
}

func TestALimitOfTheWholeBotIsToldFromThatOfTheRoute(t *testing.T) {
	for _, c := range []struct {
		body    string
		headers []string
		want    string
	}{
		{`{"global":true,"retry_after":1}`, nil, "all requests of this bot together"},
		{`{"retry_after":1}`, []string{"X-RateLimit-Global", "true"}, "all requests of this bot together"},
		{`{"retry_after":1}`, []string{"X-RateLimit-Scope", "global"}, "all requests of this bot together"},
		{`{"retry_after":1}`, []string{"X-RateLimit-Scope", "shared"}, "others have used this route up"},
		{`{"retry_after":1,"global":"yes"}`, []string{"X-RateLimit-Scope", "user"}, "this route has been asked too often"},
		{"", []string{"Retry-After", "82721"}, "this route has been asked too often"},
	} {
		_, err := ask(t, answers(429, c.body, c.headers...))
		var e *discord.RESTError
		if !errors.As(err, &e) || e.RetryAfter < time.Second || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %q: %v", c.body, c.headers, err)
		}
	}
}
