package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// Limits of a client.
const (
	dialWithin  = 5 * time.Second
	maxAnswer   = 256 << 20 // bytes; a snapshot of 4096 shards has two million
	idleClients = 4         // connections kept open between two requests
)

// ErrNoEvents is what [Client.Subscribe] returns: this version of the protocol has
// no stream of events. What happens is in the log, which [Client.Log] reads on from
// any line.
var ErrNoEvents = errors.New("the control API has no stream of events; read the log instead")

// NotRunningError says that no Gatehouse answers at a socket.
type NotRunningError struct {
	Path string
	Err  error
}

func (e *NotRunningError) Error() string {
	return fmt.Sprintf("no Gatehouse answers at %s: %v", e.Path, e.Err)
}

func (e *NotRunningError) Unwrap() error { return e.Err }

// VersionError says that client and server do not speak the same protocol.
type VersionError struct {
	Path   string
	Theirs string // protocol of the server; empty if what answers is no Gatehouse
}

func (e *VersionError) Error() string {
	if e.Theirs == "" {
		return fmt.Sprintf("what answers at %s is not a Gatehouse", e.Path)
	}
	return fmt.Sprintf("the Gatehouse at %s speaks control protocol %.20q, this program speaks %d; use a gatehouse of the same version",
		e.Path, e.Theirs, Protocol)
}

// ClientConfig says where a Gatehouse runs.
type ClientConfig struct {
	Socket string      // path
	Clock  clock.Clock // nil for the machine's
}

// Client is a running Gatehouse, reached over its socket. Make one with
// [NewClient], and close it.
//
// Errors of its methods are those of [ops.Operator], a [*NotRunningError], a
// [*VersionError], or say in words what went wrong.
type Client struct {
	cfg  ClientConfig
	http *http.Client

	life      context.Context // of the goroutines that follow operations
	end       context.CancelFunc
	followers sync.WaitGroup
}

var _ ops.Operator = (*Client)(nil)

// NewClient returns a client. Nothing is dialled before it is asked for something.
func NewClient(c ClientConfig) *Client {
	if c.Clock == nil {
		c.Clock = clock.System()
	}
	life, end := context.WithCancel(context.Background())
	dialer := &net.Dialer{Timeout: dialWithin}
	return &Client{cfg: c, life: life, end: end, http: &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "unix", c.Socket)
		},
		MaxIdleConnsPerHost: idleClients,
		DisableCompression:  true,
	}}}
}

// Close ends what follows operations, waits for it, and closes the connections.
// Operations under way go on in Gatehouse.
func (c *Client) Close() {
	c.end()
	c.followers.Wait()
	c.http.CloseIdleConnections()
}

// Version asks which Gatehouse answers. Beside a [*VersionError] it returns what
// was told.
func (c *Client) Version(ctx context.Context) (Identity, error) {
	var who Identity
	err := c.get(ctx, "/v1/version", nil, &who)
	return who, err
}

// Snapshot is the engine's state now.
func (c *Client) Snapshot(ctx context.Context) (*ops.Snapshot, error) {
	var s status
	if err := c.get(ctx, "/v1/status", nil, &s); err != nil {
		return nil, err
	}
	return s.snapshot()
}

// Shard is what the snapshot leaves out about one shard.
func (c *Client) Shard(ctx context.Context, id int) (*ops.ShardDetail, error) {
	var d detail
	if err := c.get(ctx, "/v1/shards/"+strconv.Itoa(id), nil, &d); err != nil {
		return nil, err
	}
	return d.detail()
}

// Log returns lines of the engine's log ring, oldest first.
func (c *Client) Log(ctx context.Context, q ops.LogQuery) (ops.LogPage, error) {
	var p logPage
	if err := c.get(ctx, "/v1/log", url.Values{
		"after": {strconv.FormatUint(q.After, 10)}, "max": {strconv.Itoa(q.Max)},
		"level": {q.Level.String()}, "shard": {strconv.Itoa(max(q.Shard, -1))},
	}, &p); err != nil {
		return ops.LogPage{}, err
	}
	return p.page()
}

// Where says which shard a guild is on, now and among total shards.
func (c *Client) Where(ctx context.Context, guild uint64, total int) (ops.GuildPlace, error) {
	var p place
	if err := c.get(ctx, "/v1/guilds/"+strconv.FormatUint(guild, 10), url.Values{"total": {strconv.Itoa(total)}}, &p); err != nil {
		return ops.GuildPlace{}, err
	}
	return p.place()
}

// Guilds lists guilds of a shard.
func (c *Client) Guilds(ctx context.Context, q ops.GuildQuery) (ops.GuildPage, error) {
	var p guildPage
	if err := c.get(ctx, "/v1/shards/"+strconv.Itoa(q.Shard)+"/guilds", url.Values{"contains": {q.Contains}, "max": {strconv.Itoa(q.Max)}}, &p); err != nil {
		return ops.GuildPage{}, err
	}
	return p.page()
}

// History is what was measured over a range.
func (c *Client) History(ctx context.Context, r ops.HistoryRange) (*ops.History, error) {
	var a answeredHistory
	if err := c.get(ctx, "/v1/history", url.Values{"range": {r.String()}}, &a); err != nil {
		return nil, err
	}
	return a.history()
}

// DeadLetters are the events that were put aside, oldest first; of more than
// 10 000 the newest.
func (c *Client) DeadLetters(ctx context.Context, q ops.DeadLetterQuery) (ops.DeadLetterPage, error) {
	var p letterPage
	if err := c.get(ctx, "/v1/dead-letters", url.Values{"sink": {q.Sink}, "max": {strconv.Itoa(q.Max)}}, &p); err != nil {
		return ops.DeadLetterPage{}, err
	}
	return p.page(), nil
}

// Subscribe fails with [ErrNoEvents].
func (c *Client) Subscribe(context.Context, int) (<-chan ops.Event, error) { return nil, ErrNoEvents }

func (c *Client) get(ctx context.Context, path string, query url.Values, answer any) error {
	return c.ask(ctx, http.MethodGet, path, query, nil, answer)
}

// ask sends a request and reads its answer into a wire type.
func (c *Client) ask(ctx context.Context, method, path string, query url.Values, body []byte, answer any) error {
	target := url.URL{Scheme: "http", Host: "gatehouse", Path: path, RawQuery: query.Encode()}
	req, err := http.NewRequestWithContext(ctx, method, target.String(), bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("control: %w", err)
	}
	req.Header.Set(protocolHeader, strconv.Itoa(Protocol))
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return c.unreached(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("control: reading the answer: %w", err)
	}
	wrong := c.wrongVersion(resp)
	if resp.StatusCode >= http.StatusMultipleChoices {
		if wrong != nil {
			return wrong
		}
		return readFault(resp.Status, data)
	}
	if err := json.Unmarshal(data, answer); err != nil && wrong == nil {
		return fmt.Errorf("control: the answer cannot be read: %w", err)
	}
	return wrong
}

// unreached words why a request got no answer.
func (c *Client) unreached(err error) error {
	if bad := (*url.Error)(nil); errors.As(err, &bad) {
		err = bad.Err
	}
	if nobodyAnswers(err) || errors.Is(err, syscall.EACCES) || errors.Is(err, fs.ErrPermission) {
		return &NotRunningError{Path: c.cfg.Socket, Err: cause(err)}
	}
	if errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) {
		return fmt.Errorf("control: %s closed the connection without an answer; it stops, or has too many clients: %w", c.cfg.Socket, err)
	}
	return fmt.Errorf("control: %w", err)
}

// wrongVersion is an error if what answered speaks another protocol.
func (c *Client) wrongVersion(resp *http.Response) error {
	if theirs := resp.Header.Get(protocolHeader); theirs != strconv.Itoa(Protocol) {
		return &VersionError{Path: c.cfg.Socket, Theirs: theirs}
	}
	return nil
}

// faultError is what a server answered instead of what was asked for.
type faultError struct{ fault }

func (e *faultError) Error() string { return e.Message }

// Is makes a fault the error that it stands for.
func (e *faultError) Is(target error) bool {
	switch target {
	case ops.ErrNoShard:
		return e.Code == codeNoShard
	case context.DeadlineExceeded:
		return e.Code == codeTimeout
	}
	return false
}

func readFault(status string, body []byte) error {
	var e faultError
	if err := json.Unmarshal(body, &e.fault); err != nil || e.Message == "" {
		return fmt.Errorf("control: the server answered %s", status)
	}
	return &e
}
