package control

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// endpoint answers a request: with a status and something to be written as JSON,
// or with an error.
type endpoint func(r *http.Request) (status int, answer any, err error)

// problem is an error that decides its own status.
type problem struct {
	status int
	fault
}

func (p *problem) Error() string { return p.Message }

func badRequest(format string, args ...any) error {
	return &problem{http.StatusBadRequest, fault{Code: codeBadRequest, Message: fmt.Sprintf(format, args...)}}
}

// handler is the whole API.
func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	for pattern, e := range map[string]endpoint{
		"GET /v1/version":            func(*http.Request) (int, any, error) { return http.StatusOK, s.identity(), nil },
		"GET /v1/status":             s.status,
		"GET /v1/shards/{id}":        s.shard,
		"GET /v1/log":                s.log,
		"GET /v1/history":            s.history,
		"GET /v1/guilds/{id}":        s.where,
		"GET /v1/shards/{id}/guilds": s.guilds,
		"GET /v1/dead-letters":       s.deadLetters,
		"POST /v1/plan":              s.plan,
		"POST /v1/actions":           s.begin,
		"GET /v1/actions/{id}":       s.follow,
		"/":                          nowhere,
	} {
		mux.Handle(pattern, s.serve(e, s.places, maxBody))
	}
	mux.Handle("POST /v1/send", s.serve(s.send, s.senders, maxSend))
	return mux
}

func nowhere(r *http.Request) (int, any, error) {
	return 0, nil, &problem{http.StatusNotFound, fault{Code: codeNotFound, Message: fmt.Sprintf("there is no %s %.100q here", r.Method, r.URL.Path)}}
}

// serve puts the limits around an endpoint and writes what it answers. A request
// takes one of the places.
func (s *Server) serve(e endpoint, places chan struct{}, most int64) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case places <- struct{}{}:
			defer func() { <-places }()
		default:
			s.answer(w, 0, nil, &problem{http.StatusServiceUnavailable,
				fault{Code: codeBusy, Message: fmt.Sprintf("%d requests are under way already; try again soon", cap(places))}})
			return
		}
		status, answer, err := 0, any(nil), s.admit(w, r, most)
		if err == nil {
			status, answer, err = e(r)
		}
		s.answer(w, status, answer, err)
	})
}

// admit checks the client's version and takes the whole body in, so that no
// endpoint ever waits for one.
func (s *Server) admit(w http.ResponseWriter, r *http.Request, most int64) error {
	if theirs := r.Header.Get(protocolHeader); theirs != "" && theirs != strconv.Itoa(Protocol) && r.URL.Path != "/v1/version" {
		return &problem{http.StatusBadRequest, fault{Code: codeProtocol, Message: fmt.Sprintf(
			"this Gatehouse %s speaks control protocol %d, the client speaks %.20q; use a gatehouse of the same version", s.cfg.Version, Protocol, theirs)}}
	}
	// A connection without deadlines is one that is closed already.
	deadline := http.NewResponseController(w)
	_ = deadline.SetReadDeadline(s.cfg.Clock.Now().Add(readWithin))
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	if err != nil {
		if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
			return &problem{http.StatusRequestEntityTooLarge, fault{Code: codeBadRequest, Message: fmt.Sprintf("the body is larger than %d bytes", most)}}
		}
		return badRequest("the body did not come: %v", err)
	}
	_ = deadline.SetReadDeadline(time.Time{})
	r.Body = io.NopCloser(bytes.NewReader(body))
	return nil
}

// answer writes an answer or an error.
func (s *Server) answer(w http.ResponseWriter, status int, answer any, err error) {
	if err != nil {
		status, answer = faultOf(err)
	}
	body, err := plainJSON(answer)
	if err != nil {
		s.cfg.Logger.Error("the control API cannot answer", "error", err)
		status, body = http.StatusInternalServerError, []byte(`{"code":"failed","message":"the answer cannot be written as JSON"}`+"\n")
	}
	_ = http.NewResponseController(w).SetWriteDeadline(s.cfg.Clock.Now().Add(writeWithin(len(body))))
	header := w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("Content-Length", strconv.Itoa(len(body)))
	header.Set(protocolHeader, strconv.Itoa(Protocol))
	header.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	// A client that has gone cannot be told.
	_, _ = w.Write(body)
}

// writeWithin is how long an answer of a size may take: who reads slower than
// leastPace is cut off.
func writeWithin(size int) time.Duration {
	return replyWithin + time.Duration(size)*time.Second/leastPace
}

// faultOf is an error as it is answered.
func faultOf(err error) (int, fault) {
	var (
		known   *problem
		refused *ops.RefusedError
		unsent  *ops.SendError
	)
	switch {
	case errors.As(err, &known):
		return known.status, known.fault
	case errors.As(err, &refused):
		return http.StatusConflict, fault{Code: codeRefused, Message: refused.Reason}
	case errors.As(err, &unsent):
		return http.StatusConflict, notSent(unsent)
	case errors.Is(err, ops.ErrNoShard):
		return http.StatusNotFound, fault{Code: codeNoShard, Message: err.Error()}
	}
	return http.StatusInternalServerError, fault{Code: codeFailed, Message: err.Error()}
}
