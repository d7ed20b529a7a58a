package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fill has both bots away until the queue is in several files, and nothing but
// there: Discord has been told that it need not send any of it again. The process
// is dead then.
func (w *killWorld) fill(t *testing.T) {
	t.Helper()
	w.introduce(t)
	for _, b := range w.bots {
		moodBusy.apply(b.Bot)
	}
	p := w.start(t, "GATEHOUSE_QUEUE_PERSIST_AFTER=20ms")
	defer p.kill()
	w.server.SetRate(killRate)
	files := 0
	if !p.until(func() bool {
		queue, _ := w.folder(t)
		files = len(queue)
		return files >= 5 && w.outstanding() > 300
	}, patience) {
		t.Fatalf("%d files:\n%s", files, p.stderr.String())
	}
	w.server.SetRate(0)
	if !p.until(func() bool { return w.undurable(t) == 0 }, patience) {
		t.Fatalf("not everything is on disk:\n%s", p.stderr.String())
	}
}

// introduce is a first life that leaves sessions and an empty queue.
func (w *killWorld) introduce(t *testing.T) {
	t.Helper()
	p := w.start(t)
	if !p.until(func() bool { return len(w.saved(t)) == killShards }, patience) {
		t.Fatalf("no sessions were saved:\n%s", p.stderr.String())
	}
	w.settle(t, p)
	p.stop(t)
}

// deliver lets the bots take what they can get from a life, which is over then.
func (w *killWorld) deliver(t *testing.T, lost uint64, settings ...string) (log string) {
	t.Helper()
	for _, b := range w.bots {
		moodUp.apply(b.Bot)
	}
	p := w.start(t, settings...)
	if !p.until(func() bool { return p.up(w) && w.outstanding() == lost }, patience) {
		t.Errorf("%d events do not come, want %d:\n%s", w.outstanding(), lost, p.stderr.String())
	}
	p.stop(t)
	return p.stderr.String()
}

// complete reports what is wrong if the bots have not got everything as it was.
func (w *killWorld) complete(t *testing.T) {
	t.Helper()
	for i, b := range w.bots {
		r := b.audit.Report()
		ok := r.OK()
		r.LostSamples = nil
		if !ok || r.Pending > 0 || len(r.Forfeited) > 0 || b.Stats().Gaps > 0 {
			t.Errorf("bot %d: %+v, %+v", i, r, b.Stats())
		}
	}
}

// largest is the queue's largest file.
func (w *killWorld) largest(t *testing.T) string {
	t.Helper()
	files, _ := w.folder(t)
	best, most := "", int64(0)
	for name := range files {
		path := filepath.Join(w.state, filepath.FromSlash(name))
		if info, err := os.Stat(path); err == nil && info.Size() > most {
			best, most = path, info.Size()
		}
	}
	if best == "" {
		t.Fatal("the queue has no files")
	}
	return best
}

// setAside lists the files that were put aside.
func (w *killWorld) setAside(t *testing.T) (names []string) {
	t.Helper()
	err := filepath.WalkDir(w.state, func(path string, _ fs.DirEntry, err error) error {
		if strings.Contains(path, ".damaged") {
			names = append(names, path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	return names
}
