package delivery

import (
	"fmt"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/event"
)

// ExpiredPolicy says what becomes of an interaction that is older than
// [event.TokenValid] when its turn comes: Discord takes nothing for it any more.
type ExpiredPolicy uint8

// The policies for expired interactions.
const (
	DeliverExpired ExpiredPolicy = iota // to the bot, with the kind that says so
	DropExpired                         // acknowledged and counted, without a delivery
	BuryExpired                         // kept as a dead letter
)

var expiredNames = [...]string{DeliverExpired: "deliver", DropExpired: "drop", BuryExpired: "dead_letter"}

// String is the policy as it is configured.
func (p ExpiredPolicy) String() string {
	if int(p) < len(expiredNames) {
		return expiredNames[p]
	}
	return "unknown"
}

// asideTogether is how many expired interactions in a row are put aside at a
// time: after a long outage there are many, and each burial waits for the disk.
const asideTogether = 64

// reach is how many events of a lane are looked at for a delivery of n.
func (r *Runner) reach(l *lane, n int) int {
	if r.cfg.Expired != DeliverExpired && l.items[l.head].Event.Type == event.TypeInteraction {
		return max(n, asideTogether)
	}
	return n
}

// judge marks interactions that are too old, and leaves in the delivery what is
// to be sent together. It reports whether these are expired ones, which are not
// to be sent at all.
func (r *Runner) judge(now time.Time, d *load) (aside bool) {
	n := 0
	for ; n < len(d.events); n++ {
		if !aside && n == d.most {
			break
		}
		e := &d.events[n]
		useless := false
		if e.Type == event.TypeInteraction {
			// One that says already that it has expired was put aside before,
			// and a person has asked for it.
			asked := e.Kind == event.KindExpired
			e.Kind = e.Lateness(now)
			useless = e.Kind == event.KindExpired && !asked && r.cfg.Expired != DeliverExpired
		}
		if n == 0 {
			aside = useless
		} else if useless != aside {
			break
		}
	}
	d.cut(n)
	return aside
}

// putAside deals with expired interactions in the place of a delivery.
func (r *Runner) putAside(now time.Time, d *load) {
	r.expired.Add(uint64(len(d.events)))
	oldest := d.events[0].Age(now).Truncate(time.Second)
	if r.cfg.Expired == BuryExpired {
		reason := fmt.Sprintf("expired: it was %v old when its turn came, and Discord takes nothing for an interaction after %v",
			oldest, event.TokenValid)
		r.bury(d.events, reason, "interaction expired before it could be delivered")
	} else {
		r.cfg.Logger.Info("interactions expired before they could be delivered, and are dropped",
			"events", len(d.events), "shard", d.events[0].ShardID, "age", oldest)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.inFlight--
	d.lane.src.busy--
	r.trouble.abandon(d.lane) // it was no probe
	r.finish(d.lane, d.positions)
	r.release(d.lane)
}

// bury keeps events as dead letters, as well as that goes. r.mu is not held.
func (r *Runner) bury(events []event.Event, reason, what string) {
	log := r.cfg.Logger.With("event", events[0].ID.String(), "type", events[0].Type, "shard", events[0].ShardID)
	if len(events) > 1 {
		log = log.With("events", len(events))
	}
	gone, err := r.cfg.DeadLetters.Bury(r.cfg.Name, events, reason)
	if err != nil {
		r.lost.Add(uint64(len(events)))
		log.Error(what+", and lost: the dead-letter file cannot be written", "reason", reason, "error", err)
	} else {
		r.buried.Add(uint64(len(events)))
		log.Error(what+", kept as a dead letter", "reason", reason)
	}
	if gone > 0 {
		r.lost.Add(uint64(gone))
		r.cfg.Logger.Error("the oldest dead letters are lost: their file is full; replay or remove what is in it", "letters", gone)
	}
}

// announceLetters says what waits for a person.
func (r *Runner) announceLetters() {
	if letters, damaged := r.cfg.DeadLetters.Count(r.cfg.Name); letters+damaged > 0 {
		r.cfg.Logger.Warn("dead letters wait to be replayed or removed", "letters", letters, "damaged_lines", damaged)
	}
}
