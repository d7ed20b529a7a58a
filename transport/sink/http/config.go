package httpsink

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
)

// Defaults of [Config].
const (
	DefaultTimeout  = 10 * time.Second
	DefaultMaxConns = 64
	DefaultMaxIdle  = 60 * time.Second
)

// Config is what a sink is made of. Only URL is required.
type Config struct {
	URL           *url.URL      // from [ParseURL]
	Authorization string        // header of every request, as it is; none if empty
	UserAgent     string        // default "gatehouse"
	Timeout       time.Duration // from the start of a delivery to the head of its answer; default 10 s
	MaxConns      int           // connections at a time, further deliveries wait; default 64
	MaxIdle       time.Duration // unused connections are closed after this; default 60 s
	TLS           *tls.Config   // for https; default: the system's roots
	Clock         clock.Clock   // of deadlines; must run in real time; default: the system's
	// Dial opens a TCP connection; default: a [net.Dialer].
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// ParseURL checks the address of a sink: http or https, a host, no user and no
// fragment. Errors do not repeat it, since its query may hold secrets.
func ParseURL(text string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSpace(text))
	switch {
	case err != nil:
		return nil, badURL("it cannot be parsed: write it like http://127.0.0.1:8080/events")
	case u.Scheme == "":
		return nil, badURL("it has no scheme: begin it with http:// or https://")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, badURL(fmt.Sprintf("its scheme is %q: use http or https", u.Scheme))
	case u.Hostname() == "":
		return nil, badURL("it names no host: write it like http://127.0.0.1:8080/events")
	case u.User != nil:
		return nil, badURL("it holds a user or password: put the whole Authorization header into the sink's authorization instead")
	case u.Fragment != "" || strings.HasSuffix(text, "#"):
		return nil, badURL("it has a fragment (#…), which is never sent: leave it out")
	}
	if port := u.Port(); port == "0" || strings.HasSuffix(u.Host, ":") {
		return nil, badURL("its port is missing or 0: write a number, or leave the colon out")
	}
	return u, nil
}

func badURL(what string) error { return fmt.Errorf("url of the sink: %w", errors.New(what)) }

// withDefaults checks the configuration and fills what is left out.
func (c Config) withDefaults() (Config, error) {
	if c.URL == nil {
		return c, badURL("it is missing: write it like http://127.0.0.1:8080/events")
	}
	if _, err := ParseURL(c.URL.String()); err != nil {
		return c, err
	}
	if strings.ContainsFunc(c.Authorization, notInHeader) {
		return c, errors.New("authorization of the sink: it has a line break, control character or character beyond Latin: remove it")
	}
	if strings.ContainsFunc(c.UserAgent, notInHeader) {
		return c, errors.New("user agent of the sink: it has a line break, control character or character beyond Latin: remove it")
	}
	if c.Timeout < 0 || c.MaxConns < 0 || c.MaxIdle < 0 {
		return c, errors.New("timeout and connections of the sink: they are below zero: use 0 for the default")
	}
	c.UserAgent = orDefault(c.UserAgent, "gatehouse")
	c.Timeout = orDefault(c.Timeout, DefaultTimeout)
	c.MaxConns = orDefault(c.MaxConns, DefaultMaxConns)
	c.MaxIdle = orDefault(c.MaxIdle, DefaultMaxIdle)
	if c.Clock == nil {
		c.Clock = clock.System()
	}
	if c.Dial == nil {
		c.Dial = (&net.Dialer{KeepAlive: 30 * time.Second}).DialContext
	}
	return c, nil
}

// notInHeader reports what must not stand in a header: a line break in a
// secret would write headers of its own.
func notInHeader(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f || r > 0xff }

func orDefault[T comparable](value, fallback T) T {
	var zero T
	if value == zero {
		return fallback
	}
	return value
}
