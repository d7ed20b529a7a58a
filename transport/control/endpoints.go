package control

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

func (s *Server) status(r *http.Request) (int, any, error) {
	snap, err := s.cfg.Operator.Snapshot(r.Context())
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, wireSnapshot(snap), nil
}

func (s *Server) shard(r *http.Request) (int, any, error) {
	id, err := strconv.Atoi(r.PathValue("id"))
	if err != nil || id < 0 {
		return 0, nil, badRequest("%.40q is not the id of a shard", r.PathValue("id"))
	}
	d, err := s.cfg.Operator.Shard(r.Context(), id)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, wireDetail(d), nil
}

func (s *Server) log(r *http.Request) (int, any, error) {
	q, err := logQuery(r.URL.Query())
	if err != nil {
		return 0, nil, err
	}
	page, err := s.cfg.Operator.Log(r.Context(), q)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, wireLogPage(page), nil
}

// maxTotal bounds the number of shards that may be asked about.
const maxTotal = 1 << 20

func (s *Server) where(r *http.Request) (int, any, error) {
	id, err := strconv.ParseUint(r.PathValue("id"), 10, 64)
	if err != nil || id == 0 {
		return 0, nil, badRequest("%.40q is not the id of a guild", r.PathValue("id"))
	}
	total, err := count(r.URL.Query(), "total")
	if err != nil {
		return 0, nil, err
	}
	if total > maxTotal {
		return 0, nil, badRequest("total: %d are more shards than a bot can have", total)
	}
	p, err := s.cfg.Operator.Where(r.Context(), id, total)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, wirePlace(p), nil
}

func (s *Server) guilds(r *http.Request) (int, any, error) {
	id, err := strconv.Atoi(r.PathValue("id"))
	if err != nil || id < 0 {
		return 0, nil, badRequest("%.40q is not the id of a shard", r.PathValue("id"))
	}
	values := r.URL.Query()
	most, err := count(values, "max")
	if err != nil {
		return 0, nil, err
	}
	page, err := s.cfg.Operator.Guilds(r.Context(), ops.GuildQuery{Shard: id, Contains: values.Get("contains"), Max: most})
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, wireGuildPage(page), nil
}

func (s *Server) history(r *http.Request) (int, any, error) {
	which, err := ops.ParseHistoryRange(cmp.Or(r.URL.Query().Get("range"), ops.History5m.String()))
	if err != nil {
		return 0, nil, badRequest("%.60v", err)
	}
	h, err := s.cfg.Operator.History(r.Context(), which)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, wireHistory(h), nil
}

// logQuery reads the parameters of the log. Without any it is the whole ring.
func logQuery(values url.Values) (ops.LogQuery, error) {
	q := ops.LogQuery{Level: ops.LevelDebug, Shard: -1}
	var err error
	if text := values.Get("after"); text != "" {
		if q.After, err = strconv.ParseUint(text, 10, 64); err != nil {
			return q, badRequest("after: %.40q is not the number of a line", text)
		}
	}
	if q.Max, err = count(values, "max"); err != nil {
		return q, err
	}
	if text := values.Get("level"); text != "" {
		var ok bool
		if q.Level, ok = Level(text); !ok {
			return q, badRequest("level: %.40q is not known; allowed: debug, info, warn, error", text)
		}
	}
	if text := values.Get("shard"); text != "" {
		if q.Shard, err = strconv.Atoi(text); err != nil || q.Shard < -1 {
			return q, badRequest("shard: %.40q is not the id of a shard, or -1 for all", text)
		}
	}
	return q, nil
}

// count reads a number that is not below zero; it is 0 if there is none.
func count(values url.Values, name string) (int, error) {
	text := values.Get(name)
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, badRequest("%s: %.40q is not a number from 0", name, text)
	}
	return n, nil
}

func (s *Server) deadLetters(r *http.Request) (int, any, error) {
	values := r.URL.Query()
	most, err := count(values, "max")
	if err != nil {
		return 0, nil, err
	}
	if most == 0 || most > maxDead {
		most = maxDead // an answer is made in memory
	}
	page, err := s.cfg.Operator.DeadLetters(r.Context(), ops.DeadLetterQuery{Sink: values.Get("sink"), Max: most})
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, wireLetterPage(page), nil
}

func (s *Server) begin(r *http.Request) (int, any, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return 0, nil, err
	}
	cmd, err := decodeCommand(body)
	if err != nil {
		return 0, nil, badRequest("%v", err)
	}
	if cmd.By == "" {
		cmd.By = asker(r.Context())
	}
	if !s.actions.room() {
		return 0, nil, &problem{http.StatusServiceUnavailable, fault{Code: codeBusy, Message: fmt.Sprintf("%d actions are under way already; wait for one to end", maxActions)}}
	}
	op, err := s.cfg.Operator.Do(r.Context(), cmd)
	if err != nil {
		return 0, nil, err
	}
	a := s.actions.add(cmd, op)
	if r.URL.Query().Get("follow") == "true" {
		a.hear(s.cfg.Clock.Now())
	}
	now := a.now()
	if now.State != actionRunning {
		a.markTold()
	}
	return http.StatusAccepted, now, nil
}

// follow answers how far an action has come, after waiting for its end as long
// as it was asked to.
func (s *Server) follow(r *http.Request) (int, any, error) {
	a := s.actions.find(r.PathValue("id"))
	if a == nil {
		return 0, nil, &problem{http.StatusNotFound, fault{Code: codeNoAction, Message: fmt.Sprintf("there is no action %.40q; it ended long ago, or Gatehouse has been started since", r.PathValue("id"))}}
	}
	text := r.URL.Query().Get("wait")
	if text == "" {
		return http.StatusOK, a.now(), nil
	}
	wait, err := time.ParseDuration(text)
	if err != nil || wait < 0 {
		return 0, nil, badRequest("wait: %.40q is not a duration such as 10s", text)
	}
	timer := s.cfg.Clock.NewTimer(min(wait, maxWait))
	defer timer.Stop()
	select {
	case <-a.op.Done():
		a.markTold()
	case <-timer.C():
		a.hear(s.cfg.Clock.Now())
	case <-s.life.Done():
	case <-r.Context().Done():
		a.hear(time.Time{})
	}
	return http.StatusOK, a.now(), nil
}
