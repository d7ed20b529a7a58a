package httpsink

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"time"
	"unicode/utf8"

	"github.com/gatehouse-gateway/gatehouse/engine/delivery"
)

// maxShown is how much of an answer's text an error shows, in bytes.
const maxShown = 160

// verdictOf is what a status that is not a success means (design of the sink:
// what may be better next time is tried again, for as long as there is room in
// the queue).
func verdictOf(status int) delivery.Verdict {
	switch {
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return delivery.Unauthorized
	case status == http.StatusRequestTimeout, status == http.StatusTooEarly,
		status == http.StatusTooManyRequests, status >= 500:
		return delivery.Retry
	default:
		return delivery.Refused
	}
}

// refusal is the error for an answer that is not a success.
func (s *Sink) refusal(answer *response, text []byte, now time.Time, size int) error {
	words := http.StatusText(answer.status)
	if words == "" {
		words = "a status without a name"
	}
	if len(text) == maxExcerpt { // its end may be the beginning of our secret
		text = text[:maxExcerpt-min(len(s.config.Authorization), maxExcerpt)]
	}
	if shown := s.clean(string(text)); shown != "" {
		words += " (" + shown + ")"
	}
	if hint := s.hint(answer, size); hint != "" {
		words += ": " + hint
	}
	e := &delivery.Error{Verdict: verdictOf(answer.status), Status: answer.status, Err: errors.New(words)}
	if e.Verdict == delivery.Retry && answer.retryAfter != "" {
		e.RetryAfter = parseRetryAfter(answer.retryAfter, now)
	}
	return e
}

// hint is what to do about a status.
func (s *Sink) hint(answer *response, size int) string {
	switch status := answer.status; {
	case (status == http.StatusUnauthorized || status == http.StatusForbidden) && s.config.Authorization == "":
		return "it wants a secret: set the sink's authorization"
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return "the sink's authorization is not what the bot expects"
	case status >= 300 && status < 400:
		if to := s.clean(hostOf(answer.location)); to != "" {
			return "it redirects to " + to + "; redirects are not followed: set the sink's url to the final address"
		}
		return "redirects are not followed: set the sink's url to the final address"
	case status == http.StatusNotFound:
		return "nothing is served at the path of the sink's url"
	case status == http.StatusMethodNotAllowed:
		return "the path of the sink's url does not take POST"
	case status == http.StatusRequestEntityTooLarge:
		return fmt.Sprintf("the request has %d bytes: raise the limit of the bot's server, or lower the sink's batch", size)
	case status == http.StatusUnsupportedMediaType:
		return "the bot must take application/json, and application/x-ndjson if the sink has a batch"
	case status == http.StatusSwitchingProtocols:
		return "the bot wants another protocol"
	}
	return ""
}

// hostOf is scheme and host of a redirect: the rest may hold secrets.
func hostOf(location string) string {
	scheme, rest, ok := strings.Cut(location, "://")
	if !ok {
		return "" // on the same host
	}
	host, _, _ := strings.Cut(rest, "/")
	host, _, _ = strings.Cut(host, "?")
	if i := strings.LastIndexByte(host, '@'); i >= 0 {
		host = host[i+1:]
	}
	return scheme + "://" + host
}

// clean makes one short line of text from outside, without our secret.
func (s *Sink) clean(text string) string {
	if secret := s.config.Authorization; secret != "" {
		text = strings.ReplaceAll(text, secret, "[authorization]")
		if _, bare, ok := strings.Cut(secret, " "); ok && bare != "" {
			text = strings.ReplaceAll(text, bare, "[authorization]")
		}
	}
	text = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || r < ' ' || r >= 0x7f && r < 0xa0 {
			return ' '
		}
		return r
	}, text)
	text = strings.Join(strings.Fields(text), " ")
	if len(text) <= maxShown {
		return text
	}
	end := maxShown
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "…"
}

// noConnection is the error for a bot that cannot be reached.
func (s *Sink) noConnection(err error) error {
	var dns *net.DNSError
	var cert *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	words := ""
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		words = "connection refused: is the bot running, and does it listen there?"
	case errors.As(err, &dns) && dns.IsNotFound:
		words = "there is no host of that name: check the sink's url"
	case errors.As(err, &dns):
		words = "its name cannot be resolved (" + dns.Err + "): check the DNS of this machine"
	case errors.As(err, &cert):
		words = cert.Err.Error() + ": check the bot's certificate and the roots of this machine"
	case errors.As(err, &record):
		words = "it does not speak TLS: use http:// in the sink's url, or another port"
	case isTimeout(err):
		words = fmt.Sprintf("no connection within %s: is the bot's machine up, and no firewall in the way?", s.config.Timeout)
	default:
		words = s.clean(innermost(err))
	}
	return s.retry("cannot connect to "+s.pool.address+": "+words, err)
}

// noAnswer is the error for a request that has got none that makes sense.
func (s *Sink) noAnswer(err error) error {
	words := ""
	switch {
	case isTimeout(err):
		words = fmt.Sprintf("no answer within %s: the bot is overloaded or hangs", s.config.Timeout)
	case errors.Is(err, errMalformed), errors.Is(err, errHeadSize):
		words = err.Error() + ": is this the bot's HTTP port?"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.EPIPE):
		words = "the bot closed the connection without an answer"
	case errors.Is(err, syscall.ECONNRESET):
		words = "the bot reset the connection without an answer"
	default:
		words = s.clean(innermost(err))
	}
	return s.retry(s.pool.address+": "+words, err)
}

func (s *Sink) retry(words string, cause error) error {
	return &delivery.Error{Verdict: delivery.Retry, Err: &wordedError{words, cause}}
}

// wordedError is a cause in words for people.
type wordedError struct {
	words string
	cause error
}

func (e *wordedError) Error() string { return e.words }
func (e *wordedError) Unwrap() error { return e.cause }

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) ||
		errors.As(err, &timeout) && timeout.Timeout()
}

// innermost is the text of the last error of a chain: those around it repeat
// addresses.
func innermost(err error) string {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err.Error()
		}
		err = next
	}
}
