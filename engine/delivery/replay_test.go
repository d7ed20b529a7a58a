package delivery

import (
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/event"
)

func TestALetterGoesBackAsItCame(t *testing.T) {
	c := newCemetery(t)
	c.bury("no", 1, 2, 3)
	c = c.restarted()
	taken := c.take()
	if len(taken.Events) != 3 || taken.Missing != nil {
		t.Fatalf("%+v", taken)
	}
	for i, got := range taken.Events {
		want := numbered(int64(i + 1))
		if string(got.Data) != string(want.Data) || !got.Received.Equal(want.Received) || got.ID != want.ID || got.Kind != want.Kind ||
			got.Type != want.Type || got.Guild != want.Guild || got.ShardID != want.ShardID || got.Shards != want.Shards {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
	}
	c.has(0, 1, 2, 3) // until they are safe elsewhere
	c.restarted().has(0, 1, 2, 3)
	c.done(taken, 3)
	c.has(0)
	if _, err := os.Stat(c.path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("an empty file is left: %v", err)
	}
	c.bury("again", 4)
	c.has(0, 4)
}

func TestSomeLettersGoBack(t *testing.T) {
	c := newCemetery(t)
	c.bury("no", 1, 2, 3, 4, 5)
	taken := c.take(numbered(4).ID.String(), "nonsense", numbered(2).ID.String(), numbered(9).ID.String())
	if len(taken.Events) != 2 || taken.Events[0].ID.Seq != 2 || taken.Events[1].ID.Seq != 4 {
		t.Errorf("taken %+v", taken.Events)
	}
	if want := []string{"nonsense", numbered(9).ID.String()}; fmt.Sprint(taken.Missing) != fmt.Sprint(want) {
		t.Errorf("missing %v", taken.Missing)
	}
	if _, err := c.Take("bot", nil); !errors.Is(err, ErrReplaying) {
		t.Errorf("a second replay: %v", err)
	}
	c.done(taken, 1) // then the queue was full
	c.has(0, 1, 3, 4, 5)
	c.restarted().has(0, 1, 3, 4, 5)
	c.done(taken, 2) // does nothing any more
	c.has(0, 1, 3, 4, 5)
	c.done(c.take(), 0)
	c.has(0, 1, 3, 4, 5)
	c.done(c.take(), 4)
	c.has(0)
}

func TestALetterThatIsThereTwiceGoesBackOnce(t *testing.T) {
	c := newCemetery(t)
	c.bury("no", 1, 2, 1) // a crash came between the letter and its acknowledgement
	taken := c.take()
	if len(taken.Events) != 2 {
		t.Errorf("%d events", len(taken.Events))
	}
	c.done(taken, 2)
	c.has(0)
}

func TestAReplayedEventThatIsRefusedAgainStaysALetter(t *testing.T) {
	c := newCemetery(t)
	c.bury("no", 1, 2)
	taken := c.take()
	c.bury("no again", 1) // before the replay has ended
	c.done(taken, 2)
	c.has(0, 1)
	if letters, _, _ := c.List("bot", 0); letters[0].Reason != "no again" {
		t.Errorf("%+v", letters)
	}
}

func TestAnExpiredInteractionThatAPersonWantsIsMarked(t *testing.T) {
	c := newCemetery(t)
	ev := event.Event{Type: event.TypeInteraction, Received: noon, Data: []byte(`{"t":"INTERACTION_CREATE","op":0,"d":{}}`)}
	if _, err := c.Bury("bot", []event.Event{ev}, "no"); err != nil {
		t.Fatal(err)
	}
	c.clock.Advance(10 * time.Minute)
	taken := c.take()
	if k := taken.Events[0].Kind; k != event.KindNone {
		t.Errorf("after ten minutes: %q", k)
	}
	c.done(taken, 0)
	c.clock.Advance(10 * time.Minute)
	if k := c.take().Events[0].Kind; k != event.KindExpired {
		t.Errorf("after twenty minutes: %q", k)
	}
}
