package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// How long a command for Discord may take. A shard that has used up what Discord
// allows waits for up to a minute, and the members of a large guild come in
// hundreds of pieces.
const (
	sendUsual = 30 * time.Second
	sendMost  = 5 * time.Minute
)

// send has a command sent and waits for it. It has places of its own: it may wait
// for minutes, and is not to keep others from asking how things stand.
func (s *Server) send(r *http.Request) (int, any, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return 0, nil, err
	}
	command, err := decodeSend(body)
	if err != nil {
		return 0, nil, badRequest("%v", err)
	}
	if command.By == "" {
		command.By = asker(r.Context())
	}
	wait, err := sendTimeout(r.URL.Query())
	if err != nil {
		return 0, nil, err
	}
	ctx, cancel := context.WithTimeout(r.Context(), wait)
	defer cancel()
	defer context.AfterFunc(s.life, cancel)()
	got, err := s.cfg.Operator.Send(ctx, command)
	known := (*ops.SendError)(nil)
	switch {
	case err == nil:
		return http.StatusOK, wireSent(got), nil
	case errors.As(err, &known):
	case s.life.Err() != nil:
		return 0, nil, &problem{http.StatusServiceUnavailable, fault{Code: codeStopping, Message: "Gatehouse stops; whether the command was sent is not known"}}
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return 0, nil, &problem{http.StatusGatewayTimeout, fault{Code: codeTimeout,
			Message: fmt.Sprintf("not done within %s; what was written by then stays written", wait)}}
	}
	return 0, nil, err
}

// sendTimeout reads how long a command may take.
func sendTimeout(values url.Values) (time.Duration, error) {
	text := values.Get("timeout")
	if text == "" {
		return sendUsual, nil
	}
	wait, err := time.ParseDuration(text)
	if err != nil || wait <= 0 {
		return 0, badRequest("timeout: %.40q is not a duration such as 10s, up to %s", text, sendMost)
	}
	return min(wait, sendMost), nil
}

// Send has one gateway command sent to Discord by the shards that it concerns,
// and returns what came of it; see [ops.Operator]. It takes five minutes at most,
// whatever ctx says, and may be used for 16 commands at a time.
func (c *Client) Send(ctx context.Context, s ops.Send) (ops.Sent, error) {
	body, err := plainJSON(wireSend(s))
	if err != nil {
		return ops.Sent{}, &ops.SendError{Op: s.Op, Reason: "its data is not JSON: " + jsonCause(err)}
	}
	wait := sendMost
	if deadline, ok := ctx.Deadline(); ok {
		wait = min(wait, max(deadline.Sub(c.cfg.Clock.Now()), time.Millisecond))
	}
	var got sent
	err = c.ask(ctx, http.MethodPost, "/v1/send", url.Values{"timeout": {wait.String()}}, body, &got)
	if ctx.Err() != nil && err != nil {
		return ops.Sent{}, ctx.Err()
	}
	if bad := (*faultError)(nil); errors.As(err, &bad) {
		if e := bad.sendError(s.Op); e != nil {
			return ops.Sent{}, e
		}
	}
	if err != nil {
		return ops.Sent{}, err
	}
	return got.ops(), nil
}

// plainJSON is a value as JSON and a line feed. Texts in it stay as they are:
// escapes for HTML would make what is meant for Discord longer than it was, and
// what came from Discord other than it was.
func plainJSON(v any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(v)
	return out.Bytes(), err
}
