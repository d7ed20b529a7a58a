package rest

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"math"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode/utf8"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/engine/discord"
)

const (
	maxMessage    = 200 // bytes of an answer's message that are shown
	maxRetryAfter = 24 * time.Hour
)

// refusal is the error for an answer that is not a success.
func (c *Client) refusal(a answer) error {
	said := readError(a.body)
	retryAfter := max(said.retryAfter, c.retryAfterHeader(a.header.Get("Retry-After")))
	if code, is := ban(a, said); is {
		return &BanError{Status: a.status, Code: code, Message: c.clean(said.message), RetryAfter: retryAfter}
	}
	e := &discord.RESTError{Status: a.status, Message: c.clean(said.message)}
	switch {
	case a.status == http.StatusUnauthorized && c.Authorization != "":
		e.Hint = "check discord.rest_authorization"
	case a.status == http.StatusUnauthorized:
		e.Hint = "the token is wrong or has been reset: copy it again from the bot's page of the developer portal"
	case a.status == http.StatusForbidden:
		e.Hint = "the token may not do this, or what stands before Discord does not let this machine through"
	case a.status == http.StatusNotFound:
		e.Hint = "discord.api_base does not lead to a Discord REST API; it should end in /api/v10"
	case a.status == http.StatusTooManyRequests:
		e.RetryAfter = retryAfter
		e.Hint = limitHint(a.header, said)
	case a.status >= 500:
		e.Hint = "Discord, or the proxy before it, is in trouble: try again later"
	case a.status >= 300 && a.status < 400:
		e.Hint = "it redirects without saying where: check discord.api_base"
	}
	return e
}

// limitHint tells a limit of the whole bot from one of this route (Discord docs,
// Rate limits).
func limitHint(h http.Header, said errorBody) string {
	scope := strings.ToLower(h.Get("X-RateLimit-Scope"))
	switch {
	case said.global || strings.EqualFold(h.Get("X-RateLimit-Global"), "true") || scope == "global":
		return "all requests of this bot together are over Discord's limit: something else uses the token heavily; ask again later"
	case scope == "shared":
		return "others have used this route up as well: ask again later"
	default:
		return "this route has been asked too often, by this bot or from this address: ask again later, and seldom"
	}
}

// errorBody is what an answer that is not a success says.
type errorBody struct {
	message    string
	code       int // Discord's, or Cloudflare's
	json       bool
	global     bool
	retryAfter time.Duration
}

// readError takes an error's body: JSON from Discord, or a page from what stands
// before it.
func readError(body []byte) errorBody {
	var parsed struct {
		Message    text    `json:"message"`
		Code       number  `json:"code"`
		Global     boolean `json:"global"`
		RetryAfter number  `json:"retry_after"`
	}
	if json.Unmarshal(body, &parsed) == nil {
		code := 0
		if c := float64(parsed.Code); c > 0 && c < 1e9 {
			code = int(c)
		}
		return errorBody{message: string(parsed.Message), code: code, json: true,
			global: bool(parsed.Global), retryAfter: seconds(float64(parsed.RetryAfter))}
	}
	return errorBody{message: stripPage(string(body))}
}

// text, number and boolean are fields that may be of another kind than expected
// without costing the others.
type (
	text    string
	number  float64
	boolean bool
)

func (t *text) UnmarshalJSON(data []byte) error {
	_ = json.Unmarshal(data, (*string)(t))
	return nil
}

func (n *number) UnmarshalJSON(data []byte) error {
	if json.Unmarshal(data, (*float64)(n)) == nil {
		return nil
	}
	var quoted string
	if json.Unmarshal(data, &quoted) == nil {
		f, _ := strconv.ParseFloat(quoted, 64)
		*n = number(f)
	}
	return nil
}

func (b *boolean) UnmarshalJSON(data []byte) error {
	_ = json.Unmarshal(data, (*bool)(b))
	return nil
}

var (
	titleElement = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title>`)
	hidden       = regexp.MustCompile(`(?is)<(script|style|head)[^>]*>.*?</(script|style|head)>|<!--.*?-->`)
	tag          = regexp.MustCompile(`(?s)<[^>]*>`)
)

// stripPage is the title of an HTML page, or else its text.
func stripPage(page string) string {
	if title := titleElement.FindStringSubmatch(page); title != nil {
		return html.UnescapeString(title[1])
	}
	page = hidden.ReplaceAllString(page, " ")
	return html.UnescapeString(tag.ReplaceAllString(page, " "))
}

// clean makes one short line of text from outside, without secrets.
func (c *Client) clean(text string) string {
	if c.Authorization != "" {
		text = strings.ReplaceAll(text, c.Authorization, "[authorization]")
	}
	text = c.Token.Redact(text)
	text = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || r < ' ' || r >= 0x7f && r < 0xa0 {
			return ' '
		}
		return r
	}, text)
	text = strings.Join(strings.Fields(text), " ")
	if len(text) <= maxMessage {
		return text
	}
	end := maxMessage
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "…"
}

// retryAfterHeader reads seconds, with a fraction as Discord sends them, or a date.
func (c *Client) retryAfterHeader(value string) time.Duration {
	if s, err := strconv.ParseFloat(strings.TrimSpace(value), 64); err == nil {
		return seconds(s)
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	now := clock.System()
	if c.Clock != nil {
		now = c.Clock
	}
	return min(max(0, at.Sub(now.Now())), maxRetryAfter)
}

// seconds is a duration between nothing and a day.
func seconds(s float64) time.Duration {
	if math.IsNaN(s) || s <= 0 {
		return 0
	}
	if s >= maxRetryAfter.Seconds() {
		return maxRetryAfter
	}
	return time.Duration(math.Ceil(s*1000)) * time.Millisecond
}

// explain is the error for a question that got no answer.
func (c *Client) explain(err error, timeout time.Duration) error {
	var (
		redirect *redirectError
		dns      *net.DNSError
		cert     *tls.CertificateVerificationError
		record   tls.RecordHeaderError
	)
	what, hint := "", ""
	switch {
	case errors.As(err, &redirect):
		what = redirect.why
	case errors.Is(err, errTooLong):
		what, hint = "the answer is too long", "check that discord.api_base is the base of a Discord REST API"
	case errors.Is(err, context.DeadlineExceeded):
		what, hint = fmt.Sprintf("no answer within %s", timeout), "check the network"
	case errors.As(err, &dns) && dns.IsNotFound:
		what, hint = "there is no host of that name", "check discord.api_base and the machine's DNS"
	case errors.As(err, &dns):
		what, hint = "the name cannot be resolved: "+dns.Err, "check the machine's DNS and network"
	case errors.As(err, &cert):
		what, hint = cert.Error(), "check the clock and the root certificates of this machine, and for a proxy that intercepts TLS"
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		what, hint = "it does not speak TLS on this port", "use http:// if it should not"
	case errors.Is(err, syscall.ECONNREFUSED):
		what, hint = "connection refused", "nothing listens there, or a firewall is in the way"
	default:
		what, hint = c.clean(innermost(err)), "check the network"
	}
	if hint != "" {
		what += ": " + hint
	}
	return &NetworkError{Host: c.Base.Host, Reason: what, Err: err}
}

// innermost is the text of the last error of a chain: those around it repeat
// the URL.
func innermost(err error) string {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err.Error()
		}
		err = next
	}
}

// NetworkError is a question that got no usable answer.
type NetworkError struct {
	Host   string // host and port asked
	Reason string // for people, with what to do
	Err    error  // the cause
}

func (e *NetworkError) Error() string { return "ask " + e.Host + ": " + e.Reason }

// Unwrap is the cause.
func (e *NetworkError) Unwrap() error { return e.Err }
