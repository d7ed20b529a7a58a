package gateway

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"

	"github.com/gorilla/websocket"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/transport/gateway/inflate"
)

// Stage is how far a dial came.
type Stage string

// The stages of a dial.
const (
	StageURL     Stage = "url"     // the URL or the dialer's own settings are wrong
	StageResolve Stage = "resolve" // the name of the host
	StageConnect Stage = "connect"
	StageTLS     Stage = "tls"
	StageUpgrade Stage = "upgrade" // from HTTP to WebSocket
)

// DialError is a dial that failed.
type DialError struct {
	Host   string // host and port
	Stage  Stage
	Status int    // HTTP status of a refused upgrade, else 0
	Reason string // for people, without secrets
	Hint   string // what to do; may be empty
	Err    error  // the cause; may be nil
}

func (e *DialError) Error() string {
	text := e.Reason
	if e.Host != "" {
		text = "connect to " + e.Host + ": " + text
	}
	if e.Hint != "" {
		text += ": " + e.Hint
	}
	return text
}

// Unwrap is the cause.
func (e *DialError) Unwrap() error { return e.Err }

// explain makes a [*DialError] of whatever ended a dial.
func (d *Dialer) explain(target *url.URL, answer *http.Response, err error) error {
	e := &DialError{Host: target.Host, Stage: StageUpgrade, Reason: plain(err), Err: err}
	var (
		dns     *net.DNSError
		op      *net.OpError
		record  tls.RecordHeaderError
		cert    *tls.CertificateVerificationError
		unknown x509.UnknownAuthorityError
	)
	switch {
	case errors.As(err, &dns):
		e.Stage, e.Hint = StageResolve, "check the machine's DNS and network"
	case errors.As(err, &cert), errors.As(err, &unknown):
		e.Stage, e.Hint = StageTLS, "check the clock and the root certificates of this machine, and for a proxy that intercepts TLS"
	case errors.As(err, &record):
		e.Stage, e.Hint = StageTLS, "the host does not speak TLS on this port; use ws:// if it should not"
	case errors.Is(err, websocket.ErrBadHandshake) && answer != nil:
		e.refusal(answer)
	case errors.Is(err, syscall.ECONNREFUSED):
		e.Stage, e.Reason = StageConnect, "connection refused"
		e.Hint = "nothing listens there, or a firewall is in the way"
	case isTimeout(err):
		e.Reason = fmt.Sprintf("no connection within %s", orDefault(d.HandshakeTimeout, DefaultHandshakeTimeout))
		e.Hint = "the network or the host is slow or drops packets"
	case errors.As(err, &op) && op.Op == "dial":
		e.Stage = StageConnect
	}
	return e
}

// refusal describes an answer that is not the upgrade asked for.
func (e *DialError) refusal(answer *http.Response) {
	e.Status = answer.StatusCode
	e.Reason = fmt.Sprintf("the host answered %d %s instead of opening a WebSocket", e.Status, http.StatusText(e.Status))
	switch {
	case e.Status == http.StatusSwitchingProtocols:
		e.Reason, e.Hint = "the host answered the upgrade with a wrong key", "something between here and Discord changes traffic"
	case e.Status == http.StatusTooManyRequests:
		e.Hint = "too many connections from this address; it is tried again later"
	case e.Status >= 500:
		e.Hint = "Discord or a proxy before it is in trouble; it is tried again"
	case e.Status >= 300 && e.Status < 400:
		e.Hint = "redirects are not followed"
	default:
		e.Hint = "check that this address is a gateway"
	}
}

// closeError is how a connection ended, for people and for the shard.
func closeError(err error) *discord.CloseError {
	var closed *websocket.CloseError
	if errors.As(err, &closed) {
		switch closed.Code {
		case websocket.CloseAbnormalClosure: // gorilla's name for an end without a close frame
			return &discord.CloseError{Reason: "it ended without a close frame"}
		case websocket.CloseNoStatusReceived:
			return &discord.CloseError{Reason: "closed without a code"}
		}
		return &discord.CloseError{Code: closed.Code, Reason: printable(closed.Text)}
	}
	return &discord.CloseError{Reason: plain(err)}
}

// plain is an error in words that name neither addresses nor packages.
func plain(err error) string {
	var dns *net.DNSError
	var op *net.OpError
	switch {
	case errors.Is(err, inflate.ErrCorrupt), errors.Is(err, inflate.ErrTooLarge), errors.Is(err, inflate.ErrWindow):
		return "cannot inflate what came: " + err.Error()
	case errors.Is(err, websocket.ErrReadLimit):
		return fmt.Sprintf("a message of more than %d bytes", MaxMessage)
	case errors.As(err, &dns) && dns.IsNotFound:
		return "there is no host of that name"
	case errors.As(err, &dns):
		return "the name cannot be resolved: " + dns.Err
	case isTimeout(err):
		return "timed out"
	case errors.Is(err, syscall.ECONNRESET):
		return "connection reset by the other side"
	case errors.Is(err, net.ErrClosed), errors.Is(err, io.ErrClosedPipe):
		return "the connection has been cut"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the other side hung up"
	case errors.As(err, &op):
		return op.Err.Error()
	}
	return printable(strings.TrimPrefix(err.Error(), "websocket: "))
}

// isTimeout asks the error itself, since gorilla hides what it wraps.
func isTimeout(err error) bool {
	var timeout net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()
}

// printable is text from outside made fit for a line of a log or a screen.
func printable(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return ' '
		}
		return r
	}, text)
	return cut(strings.TrimSpace(text), 200)
}
