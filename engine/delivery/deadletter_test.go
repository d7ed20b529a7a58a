package delivery

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/engine/event"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// cemetery is dead letters in a folder of the test.
type cemetery struct {
	*DeadLetterFiles
	t     *testing.T
	clock *clock.Manual
	path  string // of sink "bot"
}

func newCemetery(t *testing.T) *cemetery {
	dir := filepath.Join(t.TempDir(), "queue")
	c := clock.NewManual(noon)
	return &cemetery{NewDeadLetterFiles(dir, c), t, c, filepath.Join(dir, "bot.ndjson")}
}

// restarted is what the next run finds.
func (c *cemetery) restarted() *cemetery {
	return &cemetery{NewDeadLetterFiles(c.dir, c.clock), c.t, c.clock, c.path}
}

// numbered is an event whose id ends in n.
func numbered(n int64) event.Event {
	return event.Event{
		ID: event.ID{Session: 0xabc, Seq: n}, ShardID: 3, Shards: 8, Type: "GUILD_CREATE", Kind: event.KindJoined,
		Guild: 7, Received: noon.Add(-time.Minute),
		Data: fmt.Appendf(nil, `{"t":"GUILD_CREATE","s":%d,"op":0,"d":{"name":"<a> & \u2028","id":"7"}}`, n),
	}
}

func (c *cemetery) bury(reason string, numbers ...int64) (gone int) {
	c.t.Helper()
	var events []event.Event
	for _, n := range numbers {
		events = append(events, numbered(n))
	}
	gone, err := c.Bury("bot", events, reason)
	if err != nil {
		c.t.Fatal(err)
	}
	return gone
}

// has checks which letters there are, and damaged lines beside them.
func (c *cemetery) has(damaged int, want ...int64) {
	c.t.Helper()
	letters, total, err := c.List("bot", 0)
	if err != nil {
		c.t.Fatal(err)
	}
	got := make([]int64, 0, len(letters))
	for _, l := range letters {
		id, ok := event.ParseID([]byte(l.ID))
		if !ok {
			c.t.Errorf("id %q", l.ID)
		}
		got = append(got, id.Seq)
	}
	if want == nil {
		want = []int64{}
	}
	if fmt.Sprint(got) != fmt.Sprint(want) || total != len(want) {
		c.t.Errorf("letters %v of %d, want %v", got, total, want)
	}
	if n, bad := c.Count("bot"); n != len(want) || bad != damaged {
		c.t.Errorf("counted %d letters and %d damaged lines, want %d and %d", n, bad, len(want), damaged)
	}
}

func (c *cemetery) take(ids ...string) *Taken {
	c.t.Helper()
	taken, err := c.Take("bot", ids)
	if err != nil {
		c.t.Fatal(err)
	}
	return taken
}

func (c *cemetery) done(taken *Taken, n int) {
	c.t.Helper()
	if err := taken.Done(n); err != nil {
		c.t.Fatal(err)
	}
}

func (c *cemetery) write(text string) {
	c.t.Helper()
	if err := os.WriteFile(c.path, []byte(text), 0o600); err != nil {
		c.t.Fatal(err)
	}
}

func (c *cemetery) text() string {
	c.t.Helper()
	text, err := os.ReadFile(c.path)
	if err != nil {
		c.t.Fatal(err)
	}
	return string(text)
}

func TestALetterIsALineForAPerson(t *testing.T) {
	c := newCemetery(t)
	c.bury(`the bot answered 422: "no" <b>`, 5)
	want := `{"at":"2026-11-22T12:00:00Z","reason":"the bot answered 422: \"no\" \u003cb\u003e","event":` +
		`{"id":"0000000000000abc-5","shardId":3,"shards":8,"receivedAt":1795348740000,"kind":"joined","data":` +
		`{"t":"GUILD_CREATE","s":5,"op":0,"d":{"name":"<a> & \u2028","id":"7"}}}}` + "\n"
	if got := c.text(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for path, want := range map[string]os.FileMode{c.path: 0o600, c.dir: 0o700} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
}

func TestLettersAreListedOldestFirst(t *testing.T) {
	c := newCemetery(t)
	c.has(0)
	c.bury("no", 1, 2)
	c.clock.Advance(time.Hour)
	c.bury("never", 3)
	for _, c := range []*cemetery{c, c.restarted()} {
		c.has(0, 1, 2, 3)
		newest, total, err := c.List("bot", 2)
		if err != nil || total != 3 || len(newest) != 2 || newest[0].ID != numbered(2).ID.String() {
			t.Errorf("the two newest of %d: %+v, %v", total, newest, err)
		}
		last := newest[1]
		if last.Sink != "bot" || !last.At.Equal(noon.Add(time.Hour)) || last.Reason != "never" || last.Type != "GUILD_CREATE" || last.Shard != 3 {
			t.Errorf("%+v", last)
		}
		ev := numbered(3)
		if string(last.Event) != string(ev.AppendJSON(nil)) {
			t.Errorf("event %s", last.Event)
		}
	}
}

func TestHalfALineIsKeptAndDoesNoHarm(t *testing.T) {
	c := newCemetery(t)
	c.bury("no", 1, 2)
	whole := c.text()
	half := whole[:len(whole)-30]
	c.write(half)
	c = c.restarted()
	c.has(1, 1)
	c.bury("no", 3)
	c.has(1, 1, 3)
	c = c.restarted()
	c.has(1, 1, 3)
	c.done(c.take(), 2)
	c.has(1)
	if want := half[strings.IndexByte(half, '\n')+1:] + "\n"; c.text() != want {
		t.Errorf("left %q, want the damaged line %q", c.text(), want)
	}
	c.restarted().has(1)
}

func TestWhatAPersonLeavesInTheFileCounts(t *testing.T) {
	c := newCemetery(t)
	c.bury("no", 1, 2, 3)
	lines := strings.SplitAfter(c.text(), "\n")
	c.write(lines[0] + "# looked into this\n\n" + strings.TrimSuffix(lines[2], "\n")) // an editor without a last line feed
	c.has(2, 1, 3)
	c.bury("no", 4)
	c.has(2, 1, 3, 4)

	taken := c.take()
	c.write(lines[1])
	if err := taken.Done(3); err == nil || !strings.Contains(err.Error(), "changed by somebody else") {
		t.Errorf("err = %v", err)
	}
	c.has(0, 2)
	if err := os.Remove(c.path); err != nil {
		t.Fatal(err)
	}
	c.has(0)
	c.bury("no", 5)
	c.has(0, 5)
}

func TestAFullFileLosesItsOldestLetters(t *testing.T) {
	c := newCemetery(t)
	c.bury("no", 100)
	size := int64(len(c.text()))
	c.limit = 16 * size
	gone := 0
	for n := int64(101); n <= 150; n++ {
		gone += c.bury("no", n)
		if info, err := os.Stat(c.path); err != nil || info.Size() > c.limit {
			t.Fatalf("%d bytes, %v", info.Size(), err)
		}
	}
	letters, _, err := c.List("bot", 0)
	if err != nil || len(letters)+gone != 51 || len(letters) < 12 {
		t.Fatalf("%d letters, %d gone, %v", len(letters), gone, err)
	}
	for i, l := range letters {
		if want := numbered(int64(151 - len(letters) + i)).ID.String(); l.ID != want {
			t.Errorf("letter %d is %s, want %s", i, l.ID, want)
		}
	}
}

func TestAFullFileDuringAReplay(t *testing.T) {
	c := newCemetery(t)
	c.bury("no", 100, 101, 102, 103, 104, 105, 106, 107)
	c.limit = int64(len(c.text()))
	taken := c.take(numbered(100).ID.String(), numbered(105).ID.String())
	if gone := c.bury("no", 108); gone != 2 {
		t.Errorf("%d gone", gone)
	}
	c.done(taken, 2)
	c.has(0, 102, 103, 104, 106, 107, 108)
}

func TestAFolderThatCannotBeWrittenSaysSo(t *testing.T) {
	c := newCemetery(t)
	if err := os.WriteFile(c.dir, nil, 0o600); err != nil { // in the place of the folder
		t.Fatal(err)
	}
	if _, err := c.Bury("bot", []event.Event{numbered(1)}, "no"); err == nil || !strings.HasPrefix(err.Error(), "dead letter: ") {
		t.Errorf("err = %v", err)
	}
	if err := os.Remove(c.dir); err != nil {
		t.Fatal(err)
	}
	c.bury("no", 2)
	c.has(0, 2)
	if err := os.Mkdir(c.path+".new", 0o700); err != nil {
		t.Fatal(err)
	}
	c.bury("no", 3)
	taken := c.take()
	if err := os.WriteFile(filepath.Join(c.path+".new", "x"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := taken.Done(1); err == nil { // the new file cannot be made
		t.Error("no error")
	}
	c.has(0, 2, 3)
}

func TestSinksHaveFilesOfTheirOwn(t *testing.T) {
	c := newCemetery(t)
	for i, sink := range []string{"bot", "../bot", "a/b", "a%2Fb", "..", ""} {
		if _, err := c.Bury(sink, []event.Event{numbered(int64(i))}, "no"); err != nil {
			t.Fatal(err)
		}
	}
	for i, sink := range []string{"bot", "../bot", "a/b", "a%2Fb", "..", ""} {
		letters, total, err := c.List(sink, 0)
		if err != nil || total != 1 || letters[0].ID != numbered(int64(i)).ID.String() || letters[0].Sink != sink {
			t.Errorf("%q: %+v, %v", sink, letters, err)
		}
	}
	if files, err := os.ReadDir(c.dir); err != nil || len(files) != 6 {
		t.Errorf("%v, %v", files, err)
	}
}

// Nothing may be lost or doubled however burials, replays and looks meet.
func TestManyAtATime(t *testing.T) {
	c := newCemetery(t)
	var burying, replaying sync.WaitGroup
	buried := make(chan struct{})
	for worker := range int64(4) {
		burying.Go(func() {
			for n := range int64(20) {
				c.bury("no", 1000*worker+n)
			}
		})
	}
	back := make(map[int64]int)
	replaying.Go(func() {
		for over := false; !over; {
			select {
			case <-buried:
				over = true // one last time
			default:
			}
			taken, err := c.Take("bot", nil)
			if err != nil {
				t.Error(err)
				return
			}
			for _, ev := range taken.Events {
				back[ev.ID.Seq]++
			}
			if err := taken.Done(len(taken.Events)); err != nil {
				t.Error(err)
			}
			c.Count("bot")
			if _, _, err := c.List("bot", 3); err != nil {
				t.Error(err)
			}
		}
	})
	burying.Wait()
	close(buried)
	replaying.Wait()
	c.has(0)
	for worker := range int64(4) {
		for n := range int64(20) {
			if got := back[1000*worker+n]; got != 1 {
				t.Errorf("event %d came back %d times", 1000*worker+n, got)
			}
		}
	}
}
