package shard

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
)

var update = flag.Bool("update", false, "write the transcripts that the machine gives")

// Every file in testdata is a story told to a machine: a line is an input, and
// the lines behind it that begin with "> " are what the machine did about it.
func TestStories(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no stories: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) { tellStory(t, file) })
	}
}

func tellStory(t *testing.T, file string) {
	script, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	teller := newTeller()
	var told strings.Builder
	for line := range strings.Lines(string(script)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, ">") {
			continue
		}
		fmt.Fprintln(&told, line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		answers, err := teller.tell(line)
		if err != nil {
			t.Fatalf("%s: %s: %v", file, line, err)
		}
		for _, a := range answers {
			fmt.Fprintln(&told, "> "+a)
		}
	}
	if *update {
		if err := os.WriteFile(file, []byte(told.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if told.String() != string(script) {
		t.Errorf("the story went otherwise:\n%s", told.String())
	}
}

// teller turns lines into inputs, and effects into lines.
type teller struct {
	m      *Machine
	now    time.Time
	random float64
}

func newTeller() *teller {
	t := &teller{now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC), random: 0.5}
	t.m = NewMachine(DefaultMachineConfig("wss://main", func() float64 { return t.random }), t.now)
	return t
}

func (t *teller) tell(line string) ([]string, error) {
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case "wait":
		d, err := time.ParseDuration(rest)
		t.now = t.now.Add(d)
		return nil, err
	case "random":
		var err error
		t.random, err = strconv.ParseFloat(rest, 64)
		return nil, err
	case "status":
		return t.status(), nil
	case "events":
		return t.events(rest)
	}
	in, err := input(word, rest)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, e := range t.m.Step(t.now, in) {
		out = append(out, describe(e))
	}
	if len(out) == 0 {
		out = append(out, "nothing")
	}
	return out, nil
}

// events tells of many dispatches: how many, how far apart, from which number on.
func (t *teller) events(line string) ([]string, error) {
	var n, from int
	var gap string
	if _, err := fmt.Sscan(line, &n, &gap, &from); err != nil {
		return nil, err
	}
	d, err := time.ParseDuration(gap)
	if err != nil {
		return nil, err
	}
	for i := range n {
		t.now = t.now.Add(d)
		out, err := t.tell(fmt.Sprintf("event %d", from+i))
		if err != nil || len(out) != 1 || out[0] != "deliver" {
			return out, fmt.Errorf("event %d: %v %w", from+i, out, err)
		}
	}
	return []string{fmt.Sprintf("deliver %d", n)}, nil
}

func (t *teller) status() []string {
	st := t.m.Status(t.now)
	out := []string{fmt.Sprintf("%s for %s, seq %d, latency %s", st.State, t.now.Sub(st.Since), st.Seq, st.Latency)}
	c := st.Counts
	out = append(out, fmt.Sprintf("events %d, identifies %d, resumes %d, reconnects %d, repeats %d",
		c.Events, c.Identifies, c.Resumes, c.Reconnects, c.Repeats))
	if !st.LastClose.At.IsZero() {
		out = append(out, fmt.Sprintf("last close %d by us %v: %s", st.LastClose.Code, st.LastClose.ByUs, st.LastClose.Meaning))
	}
	if host := t.m.ResumeHost(); host != "" {
		out = append(out, "resumes at "+host)
	}
	if st.Fault != "" {
		out = append(out, "fault: "+st.Fault)
	}
	if st.Replacing {
		out = append(out, "a replacement is on its way")
	}
	if st.Quiet != 0 {
		out = append(out, fmt.Sprintf("may be quiet for %s, has been for %s, probes %d, deaf %d", st.Quiet, t.now.Sub(st.LastEvent), c.Probes, c.Deaf))
	}
	return out
}

// inputs that need no further words.
var inputs = map[string]Input{
	"start":      {Kind: InStart},
	"restart":    {Kind: InRestart},
	"reidentify": {Kind: InReidentify},
	"open":       {Kind: InOpened},
	"slot":       {Kind: InSlot},
	"noprobe":    {Kind: InNoProbe},
	"return":     {Kind: InReturn},
}

func input(word, rest string) (Input, error) {
	if in, ok := inputs[word]; ok {
		return in, nil
	}
	switch word {
	case "spare":
		word, rest, _ = strings.Cut(rest, " ")
		in, err := input(word, rest)
		in.Spare = true
		return in, err
	case "stop":
		return Input{Kind: InStop, Keep: rest == "keep"}, nil
	case "dialfail":
		return Input{Kind: InDialFailed, Err: errors.New(rest)}, nil
	case "timer":
		return timerInput(rest)
	case "close":
		code, reason, _ := strings.Cut(rest, " ")
		n, err := strconv.Atoi(code)
		return Input{Kind: InClosed, Close: &discord.CloseError{Code: n, Reason: reason}}, err
	case "frame":
		var f discord.Frame
		err := discord.Scan([]byte(rest), &f)
		return Input{Kind: InFrame, Frame: &f}, err
	case "noidentify":
		return Input{Kind: InNoIdentify, Err: errors.New(rest)}, nil
	case "ready":
		return input("frame", `{"t":"READY","s":1,"op":0,"d":{"v":10,"session_id":"`+rest+
			`","resume_gateway_url":"wss://resume-`+rest+`","guilds":[]}}`)
	case "event":
		return input("frame", `{"t":"MESSAGE_CREATE","s":`+rest+`,"op":0,"d":{}}`)
	}
	return Input{}, fmt.Errorf("no such input")
}

func timerInput(rest string) (Input, error) {
	name, stalled, _ := strings.Cut(rest, " ")
	for k := range timerKinds {
		if k.String() == name {
			return Input{Kind: InTimer, Timer: k, Stalled: stalled == "stalled"}, nil
		}
	}
	return Input{}, fmt.Errorf("no timer %q", name)
}

func describe(e Effect) string {
	switch e.Kind {
	case DoDial:
		return "dial " + e.URL
	case DoClose:
		return fmt.Sprintf("close %d: %s", e.Code, e.Text)
	case DoHeartbeat:
		return fmt.Sprintf("send heartbeat %d", e.Seq)
	case DoIdentify:
		return "send identify"
	case DoResume:
		return fmt.Sprintf("send resume of %s at %d", e.Session, e.Seq)
	case DoSetTimer:
		return fmt.Sprintf("set %s timer to %s", e.Timer, e.After)
	case DoStopTimer:
		return fmt.Sprintf("stop %s timer", e.Timer)
	case DoAcquireSlot:
		return "queue for an identify"
	case DoDropSlot:
		return "leave the identify queue"
	case DoRejectSlot:
		return "report the identify as refused"
	case DoConfirmSlot:
		return "report the identify as taken"
	case DoDeliver:
		return "deliver"
	case DoReady:
		return "new session " + e.Ready.SessionID
	case DoState:
		return fmt.Sprintf("%s → %s: %s", e.From, e.To, e.Text)
	case DoDialSpare:
		return "dial a replacement at " + e.URL
	case DoPromote:
		if e.Code == 0 {
			return "put the replacement in place"
		}
		return fmt.Sprintf("put the replacement in place, close %d: %s", e.Code, e.Text)
	case DoCloseSpare:
		return fmt.Sprintf("give up the replacement, close %d: %s", e.Code, e.Text)
	case DoProbe:
		return "probe"
	case DoTell:
		return "log: " + e.Text
	default:
		return "unknown effect"
	}
}
