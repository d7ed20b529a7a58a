package shard

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/outbox"
)

// fate is what became of a command.
type fate struct {
	done int
	at   time.Time
	err  error
}

// post queues a command that may wait for half a minute.
func post(r *Runner, op discord.Opcode, frame string) *fate {
	f := &fate{}
	r.Send(outbox.Item{Op: op, Frame: []byte(frame), Deadline: time.Now().Add(30 * time.Second), Done: func(at time.Time, err error) {
		f.done++
		f.at, f.err = at, err
	}})
	synctest.Wait()
	return f
}

func TestACommandIsWrittenOnceTheShardIsReady(t *testing.T) {
	withRunner(t, func(t *testing.T, d *desk, r *Runner) {
		w := d.connect()
		voice := post(r, discord.OpVoiceStateUpdate, "voice")
		shown := post(r, discord.OpPresenceUpdate, "presence")
		if voice.done != 0 || r.Status().Outbox != 2 {
			t.Errorf("%+v, %d wait before READY", voice, r.Status().Outbox)
		}
		// The Identify, sent before, has carried another presence.
		w.say(readyFrame)
		expect(t, "sent", w.frames(), "identify voice presence")
		for _, f := range []*fate{voice, shown} {
			if f.done != 1 || f.err != nil || f.at.IsZero() {
				t.Errorf("%+v", f)
			}
		}
		if st := r.Status(); st.Outbox != 0 || st.Sends != 3 {
			t.Errorf("%d wait, %d sent", st.Outbox, st.Sends)
		}
	})
}

func TestACommandWaitsThroughAResume(t *testing.T) {
	withRunner(t, func(t *testing.T, d *desk, r *Runner) {
		w := d.connect()
		w.say(readyFrame)
		close(w.in)
		synctest.Wait()
		f := post(r, discord.OpRequestGuildMembers, "members")
		pass(time.Second)
		w = d.connect()
		if strings.Contains(w.frames(), "members") {
			t.Error("sent before RESUMED")
		}
		w.say(`{"t":"RESUMED","s":2,"op":0,"d":{}}`)
		expect(t, "sent", w.frames(), "resume:abc:1 members")
		if f.done != 1 || f.err != nil {
			t.Errorf("%+v", f)
		}
	})
}

func TestACommandIsGivenUpAtItsDeadline(t *testing.T) {
	withRunner(t, func(t *testing.T, d *desk, r *Runner) {
		w := d.connect()
		w.say(readyFrame)
		close(w.in)
		synctest.Wait()
		f := post(r, discord.OpVoiceStateUpdate, "voice")
		pass(31 * time.Second)
		if f.done != 1 || !errors.Is(f.err, outbox.ErrDown) {
			t.Errorf("%+v", f)
		}
	})
}

func TestCommandsNeverCrowdOutHeartbeats(t *testing.T) {
	withRunner(t, func(t *testing.T, d *desk, r *Runner) {
		w := d.connect()
		w.say(readyFrame)
		fates := make([]*fate, 0, 200)
		for i := range 200 {
			fates = append(fates, post(r, discord.OpRequestChannelInfo, fmt.Sprint("c", i)))
		}
		written := func() (n int) {
			for _, f := range fates {
				if f.done == 1 && f.err == nil {
					n++
				}
			}
			return n
		}
		if n := written(); n < 110 || n > 116 {
			t.Errorf("%d commands at once", n)
		}
		for range 9 {
			pass(10 * time.Second)
			w.say(`{"op":11}`)
		}
		if n := strings.Count(w.frames(), `"op":1,`); n != 2 {
			t.Errorf("%d heartbeats in 90 s", n)
		}
		for _, f := range fates {
			if f.done != 1 {
				t.Fatalf("%+v", f)
			}
		}
	})
}

func TestAStoppedShardSendsNothing(t *testing.T) {
	withRunner(t, func(t *testing.T, d *desk, r *Runner) {
		w := d.connect()
		waiting := post(r, discord.OpVoiceStateUpdate, "voice")
		r.Stop(false)
		late := post(r, discord.OpVoiceStateUpdate, "voice")
		for _, f := range []*fate{waiting, late} {
			if f.done != 1 || !errors.Is(f.err, errStopped) {
				t.Errorf("%+v", f)
			}
		}
		if strings.Contains(w.frames(), "voice") {
			t.Error("it was sent all the same")
		}
	})
}
