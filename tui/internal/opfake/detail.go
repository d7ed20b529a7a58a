package opfake

import (
	"fmt"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

func (o *Operator) detail(id int, now time.Time) *ops.ShardDetail {
	d := &ops.ShardDetail{Shard: o.shard(id, now)}
	if !d.Shard.SessionSince.IsZero() {
		d.ResumeHost = "gateway-us-east1-b.discord.gg"
	}
	for i := range 60 {
		d.Latencies = append(d.Latencies, time.Duration(35+40*hash(id, i))*time.Millisecond)
	}
	for i := range 120 {
		d.EventPerSecond = append(d.EventPerSecond, 20+15*hash(id, int(now.Unix())-120+i))
	}
	d.Types = []ops.TypeCount{{Type: "MESSAGE_CREATE", Count: 41000, Rate: 9}, {Type: "TYPING_START", Count: 28000, Rate: 6}}
	steps := []ops.ShardState{ops.ShardConnecting, ops.ShardQueued, ops.ShardIdentifying, ops.ShardReady}
	from := ops.ShardIdle
	for i, to := range steps {
		reason := ""
		if to == ops.ShardReady {
			reason = "READY, 1200 guilds"
		}
		d.History = append(d.History, ops.Transition{At: o.start.Add(time.Duration(i) * time.Second), From: from, To: to, Reason: reason})
		from = to
	}
	if d.Shard.State != ops.ShardReady {
		d.History = append(d.History, ops.Transition{At: d.Shard.Since, From: from, To: d.Shard.State, Reason: d.Shard.LastClose.Meaning})
	}
	return d
}

// lastLog grows by three lines every two seconds.
func (o *Operator) lastLog(now time.Time) uint64 { return uint64(now.Sub(o.start).Seconds() * 1.5) }

func (o *Operator) page(q ops.LogQuery, now time.Time) ops.LogPage {
	last := o.lastLog(now)
	page := ops.LogPage{Last: last}
	first := q.After + 1
	if last > 500 && first < last-500 {
		first = last - 500
	}
	for seq := first; seq <= last; seq++ {
		line := o.line(seq)
		if line.Level >= q.Level && (q.Shard < 0 || line.Shard == q.Shard) {
			page.Lines = append(page.Lines, line)
		}
	}
	if q.Max > 0 && len(page.Lines) > q.Max {
		page.Lines = page.Lines[len(page.Lines)-q.Max:]
	}
	return page
}

func (o *Operator) line(seq uint64) ops.LogLine {
	line := ops.LogLine{Seq: seq, At: o.start.Add(time.Duration(float64(seq)/1.5) * time.Second), Shard: int(seq*7) % max(o.Shards, 1)}
	if r := o.run; r != nil && seq%6 == 3 && line.At.After(r.begun) {
		line.Level, line.Shard, line.Text = ops.LevelInfo, -1, fmt.Sprintf("reshard %d to %d %s is under way", r.plan.From, r.plan.To, r.phase)
		return line
	}
	switch seq % 6 {
	case 0:
		line.Level, line.Text = ops.LevelInfo, "session resumed replayed=231 took=812ms"
	case 1:
		line.Level, line.Text = ops.LevelDebug, "heartbeat acknowledged latency=41ms"
	case 2:
		line.Level, line.Text = ops.LevelWarn, "connection lost: connection reset by peer; resuming in 1.2s"
	case 3:
		line.Level, line.Shard, line.Text = ops.LevelInfo, -1, fmt.Sprintf("identify budget remaining=988 reset=21h bucket=%d", seq%16)
	case 4:
		line.Level, line.Text = ops.LevelInfo, "guild available id=81384788765712384"
	default:
		line.Level, line.Shard = ops.LevelError, 7
		line.Text = "closed with 4014 disallowed intents: enable GUILD_MEMBERS in the developer portal or take it out of discord.intents"
	}
	return line
}
