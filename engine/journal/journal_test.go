package journal

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

func texts(p ops.LogPage) string {
	var out []string
	for _, l := range p.Lines {
		out = append(out, fmt.Sprintf("%d %s %d %s", l.Seq, l.Level, l.Shard, l.Text))
	}
	return strings.Join(out, "\n")
}

var all = ops.LogQuery{Level: ops.LevelDebug, Shard: -1}

func TestLinesCarryShardLevelAndAttributes(t *testing.T) {
	j := New(10, nil)
	log := slog.New(j.Handler(slog.LevelInfo, nil))
	log.Debug("not kept")
	log.With("sink", "bot").Warn("slow", "shard", 7, "took", "3 s", slog.Group("http", "status", 503))
	log.With("shard", 2).Error("bad", "error", errors.New("a\x1b[2Jb"))
	want := `1 warn 7 slow sink=bot took="3 s" http.status=503
2 error 2 bad: a [2Jb`
	if got := texts(j.Page(all)); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestARingForgetsAndSaysSo(t *testing.T) {
	j := New(3, nil)
	log := slog.New(j.Handler(slog.LevelInfo, nil))
	for n := range 5 {
		log.Info("line", "shard", n%2)
	}
	page := j.Page(all)
	if page.Lost != 2 || page.Last != 5 || len(page.Lines) != 3 || page.Lines[0].Seq != 3 {
		t.Errorf("page %+v", page)
	}
	q := all
	q.After, q.Shard = 3, 1
	if got := texts(j.Page(q)); got != "4 info 1 line" {
		t.Errorf("of shard 1 after 3: %s", got)
	}
	q = all
	q.Max = 1
	if got := texts(j.Page(q)); got != "5 info 0 line" {
		t.Errorf("the newest: %s", got)
	}
}

func TestSecretsAreCutOutAndRecordsPassedOn(t *testing.T) {
	var out bytes.Buffer
	j := New(3, func(s string) string { return strings.ReplaceAll(s, "s3cret", "[token]") })
	log := slog.New(j.Handler(slog.LevelInfo, slog.NewTextHandler(&out, nil)))
	log.With("a", 1).Info("sent s3cret", "b", 2)
	if got := texts(j.Page(all)); got != "1 info -1 sent [token] a=1 b=2" {
		t.Errorf("journal: %s", got)
	}
	if !strings.Contains(out.String(), "a=1 b=2") {
		t.Errorf("passed on: %s", out.String())
	}
}
