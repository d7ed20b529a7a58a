package main

import (
	"fmt"
	"path"
	"strings"

	"github.com/gatehouse-gateway/gatehouse/engine/discordtest"
)

// The phases in which a life can be when it is killed.
const (
	phaseStarting = "starting"
	phaseResuming = "resuming"
	phaseRunning  = "running"
	phaseStopping = "stopping"
	phaseEnded    = "stopped before the kill"
	phaseFailed   = "failed by itself"
)

// killTally counts what many deaths were like.
type killTally struct {
	kills      int
	phases     map[string]int
	persist    map[string]int
	moods      map[botMood]int
	unsaved    int    // sessions that no file named when their process died
	identifies uint64 // after the first life

	files      map[string]bool // of the queue, now
	left       int             // lives that left files of the queue behind
	writing    int             // lives that left files which were not there before
	reading    int             // lives after which files of earlier ones were gone
	merging    int             // lives that left a file in the place of several
	mostFiles  int
	unfinished int // lives that were killed while a file was written

	audits [2]discordtest.Report // of the bot and the copy
	bots   [2]discordtest.BotStats
}

// add counts a life.
func (k *killTally) add(phase string, plan lifePlan) {
	if k.phases == nil {
		k.phases, k.persist, k.moods = map[string]int{}, map[string]int{}, map[botMood]int{}
	}
	k.kills++
	k.phases[phase]++
	k.persist[plan.persist.String()]++
	k.moods[plan.bot]++
}

// seeFiles compares the queue's files with those of a life ago.
func (k *killTally) seeFiles(before, now map[string]bool, unfinished int) {
	fresh, merged := 0, 0
	for name := range now {
		if before[name] {
			continue
		}
		fresh++
		if joinedOf(name, before) > 1 {
			merged++
		}
	}
	k.left += one(len(now) > 0)
	k.writing += one(fresh > 0)
	k.reading += one(len(before)+fresh > len(now))
	k.merging += one(merged > 0)
	k.unfinished += one(unfinished > 0)
	k.files, k.mostFiles = now, max(k.mostFiles, len(now))
}

// joinedOf is how many files of a life ago are within a file: it has the same
// folder, and begins and ends where they do.
func joinedOf(name string, before map[string]bool) (n int) {
	folder, own := path.Split(name)
	first, next, _ := strings.Cut(strings.TrimSuffix(own, ".chunk"), "-")
	for old := range before {
		dir, part := path.Split(old)
		from, to, _ := strings.Cut(strings.TrimSuffix(part, ".chunk"), "-")
		n += one(dir == folder && from >= first && to <= next)
	}
	return n
}

func one(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// String is the tally for people.
func (k *killTally) String() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("%d lives, killed while", k.kills)
	for _, phase := range []string{phaseStarting, phaseResuming, phaseRunning, phaseStopping, phaseEnded, phaseFailed} {
		line("  %-24s %6d", phase, k.phases[phase])
	}
	line("persist_after %v, bot %v", k.persist, k.moods)
	line("queue: %d lives left files behind, at most %d; %d lives wrote some, %d were done with some, %d joined some; %d were killed in a write",
		k.left, k.mostFiles, k.writing, k.reading, k.merging, k.unfinished)
	for i, r := range k.audits {
		line("%s: %d issued, %d owed, %d received, %d repeated, %d altered, %d out of order, %d lost, %d pending; %d gaps for %d events; forfeited %v",
			[]string{"bot", "copy"}[i], r.Issued, r.Expected, r.Received, r.Repeated, r.Altered, r.OutOfOrderShard, r.Lost, r.Pending,
			k.bots[i].Gaps, k.bots[i].Gapped, r.Forfeited)
	}
	r := k.audits[0]
	line("sessions: %d resumes, %d identifies after the first life, %d sessions never saved; rules broken %v",
		r.Resumes, k.identifies, k.unsaved, r.Violations)
	return b.String()
}
