package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// How an operation is followed.
const (
	followEvery = time.Second // between two looks at its progress
	followTries = 3           // that fail in a row until it is given up
	followPause = 500 * time.Millisecond
)

// Do starts an action and returns as soon as Gatehouse has accepted it. The
// operation follows its progress about once a second until it ends or the client
// is closed.
func (c *Client) Do(ctx context.Context, cmd ops.Command) (ops.Operation, error) {
	body, err := json.Marshal(wireCommand(cmd))
	if err != nil {
		return nil, fmt.Errorf("control: %w", err)
	}
	op := &operation{client: c, ended: make(chan struct{})}
	err = c.ask(ctx, http.MethodPost, "/v1/actions", url.Values{"follow": {"true"}}, body, &op.action)
	if bad := (*faultError)(nil); errors.As(err, &bad) && bad.Code == codeRefused {
		return nil, &ops.RefusedError{Command: cmd, Reason: bad.Message}
	}
	if err != nil {
		return nil, err
	}
	if op.take(op.action) {
		return op, nil
	}
	c.followers.Go(op.follow)
	return op, nil
}

// operation is an action in another process.
type operation struct {
	client *Client
	ended  chan struct{}

	mu     sync.Mutex
	action action
	err    error
}

var _ ops.Operation = (*operation)(nil)

// Progress is how far it had come at the last look.
func (o *operation) Progress() ops.Progress {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.action.progress()
}

// Done is closed when the operation has ended, or cannot be followed any more.
func (o *operation) Done() <-chan struct{} { return o.ended }

// Err is nil while it runs and after success.
func (o *operation) Err() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}

// take books what the server said and reports whether that was the end.
func (o *operation) take(now action) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.action = now
	if now.State == actionRunning {
		return false
	}
	if now.State == actionFailed {
		o.err = errors.New(now.Error)
	}
	close(o.ended)
	return true
}

// lose ends an operation whose outcome will not be known.
func (o *operation) lose(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.err = fmt.Errorf("how it came out is not known: %w", err)
	close(o.ended)
}

// follow asks for progress until the end.
func (o *operation) follow() {
	for failed := 0; ; {
		now, err := o.ask()
		if err == nil {
			failed = 0
			if o.take(now) {
				return
			}
			continue
		}
		bad := (*faultError)(nil)
		answered := errors.As(err, &bad)
		if !answered || bad.Code != codeBusy {
			failed++
		}
		if failed == followTries || answered && bad.Code != codeBusy || !o.pause() {
			o.lose(err)
			return
		}
	}
}

// ask waits for the end for as long as a look lasts.
func (o *operation) ask() (action, error) {
	ctx, cancel := context.WithTimeout(o.client.life, followEvery+dialWithin)
	defer cancel()
	var now action
	err := o.client.get(ctx, "/v1/actions/"+o.action.ID, url.Values{"wait": {followEvery.String()}}, &now)
	return now, err
}

// pause reports whether a pause has passed before the client was closed.
func (o *operation) pause() bool {
	timer := o.client.cfg.Clock.NewTimer(followPause)
	defer timer.Stop()
	select {
	case <-timer.C():
		return true
	case <-o.client.life.Done():
		return false
	}
}
