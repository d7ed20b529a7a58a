package event

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"
	"time"
)

var noon = time.UnixMilli(1795348800000) // 2026-11-22 12:00 UTC

// interaction is an INTERACTION_CREATE that Discord made at one instant and we
// received at another.
func interaction(made, received time.Time) Event {
	id := uint64(made.UnixMilli()-discordEpoch)<<22 | 5
	return Event{Type: TypeInteraction, Received: received, Data: fmt.Appendf(nil,
		`{"t":"INTERACTION_CREATE","s":9,"op":0,"d":{"version":1,"token":"a\"b\\","member":{"user":{"id":"505748907887423529"},`+
			`"roles":["1",{"id":"2"}]},"n":-1.5e3,"b":null,"id":"%d","guild":{"id":"3"}}}`, id)}
}

func TestAnInteractionAgesFromItsOwnId(t *testing.T) {
	for age, want := range map[time.Duration]Kind{
		-time.Hour: KindNone, 0: KindNone, 3 * time.Second: KindNone,
		3*time.Second + time.Millisecond: KindLate, 15 * time.Minute: KindLate,
		15*time.Minute + time.Millisecond: KindExpired, 23 * time.Hour: KindExpired,
	} {
		// A RESUME has just brought it.
		e := interaction(noon.Add(-age), noon)
		if got := e.Lateness(noon); got != want {
			t.Errorf("after %v: %q, want %q", age, got, want)
		}
	}
}

func TestWithoutACredibleIdAnInteractionAgesFromItsReception(t *testing.T) {
	received := noon.Add(-5 * time.Second)
	odd := map[string]Event{
		"an id in the future":      interaction(noon.Add(time.Hour), received),
		"an id of years ago":       interaction(noon.AddDate(-2, 0, 0), received),
		"no id":                    {Data: []byte(`{"op":0,"d":{"ids":"1795348800000","x":{"id":"1"}}}`)},
		"an id that is no number":  {Data: []byte(`{"op":0,"d":{"id":"one"}}`)},
		"an id without quotes":     {Data: []byte(`{"op":0,"d":{"id":1573408791340957712}}`)},
		"an id of too many digits": {Data: []byte(`{"op":0,"d":{"id":"15734087913409577120000"}}`)},
		"an empty id":              {Data: []byte(`{"op":0,"d":{"id":""}}`)},
		"no d":                     {Data: []byte(`{"op":0}`)},
		"d of another kind":        {Data: []byte(`{"op":0,"d":[{"id":"1"}]}`)},
		"no JSON":                  {Data: []byte(`{"d":{"id":"15`)},
		"nothing":                  {},
	}
	for name, e := range odd {
		e.Type, e.Received = TypeInteraction, received
		if got := e.Age(noon); got != 5*time.Second {
			t.Errorf("%s: %v", name, got)
		}
		if got := e.Lateness(noon); got != KindLate {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestAnInteractionThatWaitedIsAsOldAsItWaited(t *testing.T) {
	e := interaction(noon.Add(-16*time.Minute), noon.Add(-16*time.Minute))
	e.Kind = KindExpired // as it came out of a dead letter
	if got := e.Lateness(noon); got != KindExpired {
		t.Errorf("%q", got)
	}
	if got := e.Lateness(noon.Add(-15 * time.Minute)); got != KindLate {
		t.Errorf("a minute after it was made: %q", got)
	}
	if got := e.Lateness(noon.Add(-16 * time.Minute)); got != KindNone {
		t.Errorf("at once: %q", got)
	}
}

func TestOtherEventsAreNeverLate(t *testing.T) {
	e := interaction(noon.Add(-time.Hour), noon.Add(-time.Hour))
	e.Type, e.Kind = "GUILD_CREATE", KindReplayed
	if got := e.Lateness(noon); got != KindReplayed {
		t.Errorf("%q", got)
	}
}

// FuzzMember holds the scanner against encoding/json, on texts that it may be
// given: those that are JSON, without escapes in keys.
func FuzzMember(f *testing.F) {
	e := interaction(noon, noon)
	f.Add(e.Data)
	f.Add([]byte(`{"d" : {"a":[1,{"id":"2"}], "b\"":"}", "id":"77" } }`))
	f.Fuzz(func(t *testing.T, frame []byte) {
		id, ok := digits(member(member(frame, "d"), "id")) // whatever it is, without a panic
		if !json.Valid(frame) || bytes.Contains(frame, []byte(`\u`)) {
			return
		}
		want, wantOK := digits(firstMember(t, firstMember(t, frame, "d"), "id"))
		if id != want || ok != wantOK {
			t.Fatalf("%q: %d, %t; encoding/json has %d, %t", frame, id, ok, want, wantOK)
		}
	})
}

// firstMember is member, by encoding/json.
func firstMember(t *testing.T, object []byte, name string) []byte {
	d := json.NewDecoder(bytes.NewReader(object))
	if first, err := d.Token(); err != nil || first != json.Delim('{') {
		return nil
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			t.Fatal(err)
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			t.Fatal(err)
		}
		if key == name {
			return value
		}
	}
	return nil
}

func BenchmarkLateness(b *testing.B) {
	e := interaction(noon, noon)
	b.ReportAllocs()
	for b.Loop() {
		if e.Lateness(noon) != KindNone {
			b.Fatal("late")
		}
	}
}
