package tui

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/internal/opfake"
)

// sent fails unless the engine was given these commands for Discord.
func (d *driver) sent(want ...ops.Send) {
	d.t.Helper()
	if got := d.op.Sends(); len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
		d.t.Fatalf("the engine was to send %+v, want %+v", got, want)
	}
}

func TestAPresenceIsTypedWeighedAndSent(t *testing.T) {
	drive(t, at(opfake.SceneHealthy), func(d *driver) {
		d.press("u")
		d.sees("what people see of the bot", "costs  1 frame,", "no identify", "← shard 0 →", `"activities":[]`)
		d.press("tab", "right", "enter", "right", "right", "enter")
		d.write("y {{shard}}<3")
		d.sees(`{"name":"y`, `{{shard}}<3","type":3}`, `"status":"idle"`)
		d.press("enter", "enter") // on to Cancel
		d.seesNot("Presence:")
		d.sent()
		d.press("u")
		d.sees("y {{shard}}<3") // it is kept
		d.press("up", "y")
		d.sent(ops.Send{Op: 3, Shards: []int{0}, By: "ann",
			Data: json.RawMessage(`{"since":null,"activities":[{"name":"y {{shard}}<3","type":3}],"status":"idle","afk":false}`)})
		d.sees("✓ presence of shard 0: sent by 1 shard")
		d.press("H")
		d.sees("presence of shard 0: sent by 1 shard")
	})
}

func TestAPresenceForTheMarkedOrForAll(t *testing.T) {
	drive(t, at(opfake.SceneHealthy), func(d *driver) {
		d.press("m", "m", "u")
		d.sees("2 marked: 0-1")
		d.press("up", "y")
		d.press("u", "right")
		d.sees("all 32 shards", "32 frames")
		d.press("down", "down", "down")
		d.write("up")
		d.press("up", "up", "up", "up", "y")
		idle := json.RawMessage(`{"since":null,"activities":[],"status":"online","afk":false}`)
		custom := json.RawMessage(`{"since":null,"activities":[{"name":"Custom Status","type":4,"state":"up"}],"status":"online","afk":false}`)
		d.sent(ops.Send{Op: 3, Shards: []int{0, 1}, Data: idle, By: "ann"}, ops.Send{Op: 3, Data: custom, By: "ann"})
		d.sees("presence of all shards: sent by 32 shards")
	})
}

func TestAPresenceAsJSONIsPastedAndMustBeJSON(t *testing.T) {
	drive(t, at(opfake.SceneHealthy), func(d *driver) {
		d.press("u", "tab", "tab", "tab")
		d.send(tea.PasteMsg{Content: "{\"status\":\"dnd\",\n\t\"activities\":[]"})
		d.sees("This is not JSON yet")
		d.press("tab", "y")
		d.sent()
		d.sees("This is not JSON yet")
		d.write("}")
		d.seesNot("not JSON")
		d.press("tab", "y")
		d.sent(ops.Send{Op: 3, Shards: []int{0}, Data: json.RawMessage(`{"status":"dnd", "activities":[]}`), By: "ann"})
	})
}

func TestWhatTheEngineDoesNotSendItSaysInItsWords(t *testing.T) {
	drive(t, at(opfake.SceneHealthy), func(d *driver) {
		d.op.Unsend(&ops.SendError{Op: 3, Reason: "5 presence updates in 20 s are the limit", RetryAt: d.m.now().Add(12 * time.Second), Sent: []int{4, 5}})
		d.press("u", "up", "y")
		d.sees("✖ presence of shard 0 not sent (possible at 00:00:12, in 12s): 5 presence updates in 20 s are the limit; 2 shards sent")
		d.op.Unsend(errors.New("socket closed"))
		d.press("u", "up", "y")
		d.sees("✖ presence of shard 0 failed: socket closed")
	})
}

func TestASendThatTakesLongIsShownAndNotWaitedForForEver(t *testing.T) {
	drive(t, at(opfake.SceneHealthy), func(d *driver) {
		d.op.Silence()
		d.press("u", "up", "y")
		d.pass(9 * time.Second)
		if line := d.messageLine(); !strings.Contains(line, "presence of shard 0 for 9s: waits for its turn") {
			t.Fatalf("the message line says %q", line)
		}
		d.pass(sendTimeout)
		d.sees("not written by every shard within 1m15s")
	})
}

// told is a console over a fleet whose shards show this presence.
func told(template string) setup { return changed(func(s *ops.Snapshot) { s.Presence = template }) }

func TestTheFormOfThePresenceBeginsWithWhatIsInForce(t *testing.T) {
	template := `{"status":"idle","since":null,"activities":[{"name":"shard {{shard}}","type":3}],"afk":false}`
	drive(t, told(template), func(d *driver) {
		d.press("u")
		d.sees("status      idle", "activity    Watching", "text        shard {{shard}}")
		d.seesNot("draft")
		d.press("up", "y") // sent as it is, it wipes nothing
		d.sent(ops.Send{Op: 3, Shards: []int{0}, By: "ann",
			Data: json.RawMessage(`{"since":null,"activities":[{"name":"shard {{shard}}","type":3}],"status":"idle","afk":false}`)})
	})
	drive(t, told(`{"status":"dnd","activities":[{"name":"Custom Status","type":4,"state":"up"}]}`), func(d *driver) {
		d.press("u")
		d.sees("status      dnd", "activity    custom status", "text        up")
	})
	for _, template := range []string{
		`{"status":"online","activities":[{"name":"a","type":1,"url":"https://b"}]}`, // more than the fields can say
		`{"status":"online","activities":[],"since":{{guilds}}}`,                     // no JSON before it is filled in
	} {
		drive(t, told(template), func(d *driver) {
			d.press("u")
			if got := d.m.dialogs.Top().Fields[fieldText].Line.Text(); got != template {
				t.Errorf("the text is %s, want %s", got, template)
			}
		})
	}
}

func TestADraftOfAPresenceIsMarkedAndCanBeDropped(t *testing.T) {
	drive(t, told(`{"status":"idle","activities":[{"name":"you","type":3}]}`), func(d *driver) {
		d.press("u", "right", "down", "right") // for all shards, do not disturb
		d.press("esc", "u")
		d.sees("draft  not sent yet;  in force: idle, Watching you", "dnd", "Drop the draft")
		d.press("down", "down", "down", "down", "right", "enter")
		d.sees("idle", "all 32 shards")
		d.seesNot("draft")
		d.press("down", "right", "up", "up", "y")
		d.press("u")
		d.seesNot("draft") // it has been sent
	})
}
