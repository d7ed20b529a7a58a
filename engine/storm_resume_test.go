package engine_test

import (
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discordtest"
)

// A resume host that is dead, in whatever way: three dials in vain, then the same
// session on the main URL.
func TestADeadResumeHost(t *testing.T) {
	for how, url := range map[discordtest.Death]string{
		discordtest.DeadRefused:     "ws://" + resumeHost,
		discordtest.DeadTimeout:     "ws://" + resumeHost,
		discordtest.DeadUnavailable: "ws://" + resumeHost,
		discordtest.DeadPlain:       "wss://" + resumeHost,
		discordtest.DeadCertificate: "wss://" + resumeHost,
	} {
		t.Run(how.String(), func(t *testing.T) {
			sim := small
			sim.ResumeURL = url
			inStorm(t, sim, func(w *world, n *discordtest.Network) {
				before := w.awaitReady()
				w.pass(30 * time.Second)
				n.Kill(resumeHost, how)
				start := time.Now()
				w.must(w.discord.DropConnection(shardOf(3)))
				w.pass(time.Second)
				s := w.awaitReady()
				took := time.Since(start)
				w.settle()
				w.judgeIdentifies(8)
				if dials := n.Dials(resumeHost); dials != 3 {
					t.Errorf("%d dials to the dead host", dials)
				}
				d, r := w.discord.Stats(), w.discord.Audit().Report()
				if d.Resumes != 1 || len(r.Forfeited) > 0 || !s.Shards[3].SessionSince.Equal(before.Shards[3].SessionSince) {
					t.Errorf("%d resumes, forfeited %v", d.Resumes, r.Forfeited)
				}
				t.Logf("%v: resumed on the main URL after %v", how, took.Round(10*time.Millisecond))
			})
		})
	}
}

// With op 7 the old connection brings events while the resume host is found dead.
func TestADeadResumeHostAfterOp7(t *testing.T) {
	inStorm(t, small, func(w *world, n *discordtest.Network) {
		w.awaitReady()
		w.pass(30 * time.Second)
		n.Kill(resumeHost, discordtest.DeadTimeout)
		w.must(w.discord.Reconnect(shardOf(3)))
		w.pass(2 * time.Minute)
		w.awaitReady()
		w.settle()
		w.judgeIdentifies(8)
		if d := w.discord.Stats(); d.Resumes != 1 {
			t.Errorf("%d resumes", d.Resumes)
		}
	})
}
