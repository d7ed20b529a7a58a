package rest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/engine/discord"
)

// Limits and defaults.
const (
	DefaultTimeout = 10 * time.Second
	maxAnswer      = 64 << 10 // bytes of a body that are read
	maxRedirects   = 3
)

// Client asks one REST API. Base and either Token or Authorization are
// required. The fields must not change after the first call.
type Client struct {
	Base          *url.URL      // from [ParseBase]
	Token         discord.Token // sent as "Bot TOKEN"
	Authorization string        // sent instead, as it is, if not empty
	Version       string        // of the program, for the User-Agent; default "dev"
	Timeout       time.Duration // of a whole request; default 10 s
	Clock         clock.Clock   // for Retry-After dates; default: the system's
	// Transport carries the requests; default: one that uses no proxy and keeps
	// no idle connection, since questions are hours apart.
	Transport http.RoundTripper
}

// GatewayBot asks where the gateway is and what the bot may do there (Discord
// docs, Gateway: Get Gateway Bot). An answer that is not a success gives a
// [*discord.RESTError]; one that makes no sense, or none, an error that says so
// and what to do. It fails with ctx's error once ctx has ended.
func (c *Client) GatewayBot(ctx context.Context) (discord.GatewayBot, error) {
	timeout := c.Timeout
	if timeout <= 0 {
		timeout = DefaultTimeout
	}
	bounded, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	answer, err := c.get(bounded, "/gateway/bot")
	if err != nil {
		if ctx.Err() != nil {
			return discord.GatewayBot{}, ctx.Err()
		}
		return discord.GatewayBot{}, c.explain(err, timeout)
	}
	if answer.status != http.StatusOK {
		return discord.GatewayBot{}, c.refusal(answer)
	}
	gateway, err := parseGatewayBot(answer.body)
	if err != nil {
		return discord.GatewayBot{}, fmt.Errorf(
			"GET /gateway/bot from %s: %w: check that discord.api_base is the base of a Discord REST API", c.Base.Host, err)
	}
	return gateway, nil
}

// answer is a response, read.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// errTooLong is a body beyond maxAnswer.
var errTooLong = errors.New("the answer is too long")

// get asks for a path under the base and reads the answer.
func (c *Client) get(ctx context.Context, path string) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.Base.JoinPath(path).String(), nil)
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Authorization", c.authorization())
	version := c.Version
	if version == "" {
		version = "dev"
	}
	req.Header.Set("User-Agent", "DiscordBot (https://github.com/gatehouse-gateway/gatehouse, "+version+")")
	resp, err := c.http().Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if len(body) > maxAnswer {
		if resp.StatusCode == http.StatusOK {
			return answer{}, errTooLong
		}
		body = body[:maxAnswer]
	}
	if err != nil && resp.StatusCode == http.StatusOK {
		return answer{}, err
	}
	return answer{resp.StatusCode, resp.Header, body}, nil
}

func (c *Client) authorization() string {
	if c.Authorization != "" {
		return c.Authorization
	}
	return "Bot " + c.Token.Reveal()
}

// http is the client of one question.
func (c *Client) http() *http.Client {
	transport := c.Transport
	if transport == nil {
		transport = &http.Transport{
			DialContext:            (&net.Dialer{}).DialContext,
			DisableKeepAlives:      true,
			ForceAttemptHTTP2:      true,
			MaxResponseHeaderBytes: maxAnswer,
		}
	}
	return &http.Client{Transport: transport, CheckRedirect: sameHost}
}

// redirectError is a redirect that is not followed.
type redirectError struct{ why string }

func (e *redirectError) Error() string { return e.why }

// sameHost refuses to carry the secret to another host, or in the clear.
func sameHost(next *http.Request, earlier []*http.Request) error {
	first := earlier[0].URL
	switch {
	case next.URL.Scheme != first.Scheme || !strings.EqualFold(next.URL.Host, first.Host):
		return &redirectError{fmt.Sprintf(
			"it redirects to %s://%s, which is not followed because the token must not go there: set discord.api_base to the final address",
			next.URL.Scheme, next.URL.Host)}
	case len(earlier) > maxRedirects:
		return &redirectError{"it redirects again and again: check discord.api_base"}
	}
	return nil
}
