package rest

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
)

// FuzzAnswers gives the client whatever may come from the network: what it takes
// for an answer must be safe to act on, and what it makes an error of must be one
// short line without the token.
func FuzzAnswers(f *testing.F) {
	f.Add(200, good, "")
	f.Add(200, `{"url":"wss://x","shards":1}`, "")
	f.Add(401, `{"message":"401: Unauthorized","code":0}`, "")
	f.Add(403, accessDenied, "cloudflare")
	f.Add(403, `{"message":"internal network error","code":40333}`, "cloudflare")
	f.Add(429, `{"message":"You are being rate limited.","retry_after":64.57,"global":true}`, "3600")
	f.Add(429, "error code: 1015", "Fri, 20 Nov 2026 12:01:00 GMT")
	f.Add(502, "<title>a &amp; "+secret+"</title>", "-1")
	base, err := ParseBase("https://discord.test/api/v10")
	if err != nil {
		f.Fatal(err)
	}
	c := &Client{Base: base, Token: discord.NewToken(secret)}
	f.Fuzz(func(t *testing.T, status int, body, header string) {
		if status == http.StatusOK {
			checkGateway(t, []byte(body))
			return
		}
		h := http.Header{"Retry-After": {header}, "Server": {header}, "X-Ratelimit-Scope": {header}}
		checkRefusal(t, c.refusal(answer{status, h, []byte(body)}))
	})
}

func checkGateway(t *testing.T, body []byte) {
	gateway, err := parseGatewayBot(body)
	if err != nil {
		return
	}
	limit := gateway.Limit
	if gateway.Shards < 1 || limit.MaxConcurrency < 1 || limit.Total < 0 || limit.Remaining < 0 ||
		limit.ResetAfter() < 0 || limit.ResetAfter() > 24*time.Hour || checkGatewayURL(gateway.URL) != nil {
		t.Errorf("accepted %+v", gateway)
	}
}

func checkRefusal(t *testing.T, err error) {
	var (
		refusal *discord.RESTError
		ban     *BanError
		after   time.Duration
	)
	switch {
	case errors.As(err, &ban):
		after = ban.RetryAfter
	case errors.As(err, &refusal):
		after = refusal.RetryAfter
	default:
		t.Fatalf("%T", err)
	}
	text := err.Error()
	if after < 0 || after > maxRetryAfter || len(text) > 600 || !utf8.ValidString(text) ||
		strings.ContainsAny(text, "\n\r\x1b\x00") || strings.Contains(text, secret) {
		t.Errorf("after %s: %q", after, text)
	}
}
