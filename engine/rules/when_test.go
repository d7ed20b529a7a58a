package rules

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/gatehouse-gateway/gatehouse/engine/event"
)

// must compiles rules that can be.
func must(t testing.TB, c Config) *Set {
	t.Helper()
	s, err := Compile(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// message is a MESSAGE_CREATE whose d holds some members.
func message(members string) *event.Event {
	return &event.Event{
		ID: event.ID{Session: 7, Seq: 42}, ShardID: 3, Shards: 8, Type: "MESSAGE_CREATE", Guild: 81384788765712384,
		Data: []byte(`{"t":"MESSAGE_CREATE","s":42,"op":0,"d":{` + members + `}}`),
	}
}

func TestWhatAnExpressionSees(t *testing.T) {
	human := message(`"id":"1209231463430062098","type":0,"guild_id":"81384788765712384","content":"hi \"you\" \u00e9",` +
		`"author":{"id":"80351110224678912","username":"nelly"},"member":{"roles":["41771983423143936"],"nick":null},` +
		`"flags":64,"nonce":1209231463430062099,"ratio":0.5,"embeds":[{"type":"rich","fields":[{"inline":true},{"inline":false}]},{"type":"image","footer":null}],"mentions":[]`)
	bot := message(`"author":{"id":"5","bot":true},"content":"beep"`)
	joined := &event.Event{Type: "GUILD_CREATE", Guild: 9, Kind: event.KindJoined, Shards: 1, Data: []byte(`{"d":{"id":"9","member_count":250}}`)}
	private := message(`"content":"psst"`)
	private.Guild = 0
	for _, c := range []struct {
		when   string
		passes string // which of them
	}{
		{`true`, "human bot joined private"},
		{`type == "MESSAGE_CREATE"`, "human bot private"},
		{`type startsWith "GUILD_"`, "joined"},
		{`shard == 3 and shards == 8`, "human bot private"},
		{`shard in 0..2`, "joined"},
		{`size < 200`, "bot joined private"},
		{`kind == "joined"`, "joined"},
		{`seq == 42`, "human bot private"},

		{`guild == 81384788765712384`, "human bot"},
		{`guild == "81384788765712384"`, "human bot"},
		{`guild != 81384788765712384`, "joined private"},
		{`guild in [9, 81384788765712384]`, "human bot joined"},
		{`guild in ["9", 81384788765712384]`, "human bot joined"},
		{`guild not in ["81384788765712384"]`, "joined private"},
		{`81384788765712384 == guild`, "human bot"},
		{`guild == 81384788765712385`, ""}, // no float holds it
		{`guild == 0`, "private"},
		{`guild == ""`, "private"},

		{`d.author.bot != true`, "human joined private"},
		{`d.author.bot == true`, "bot"},
		{`d.author?.bot == true`, "bot"},
		{`d?.author?.bot == true`, "bot"},
		{`d["author"]["bot"] == true`, "bot"},
		{`d.author.bot`, "bot"},
		{`not d.author.bot`, "human joined private"},
		{`!d.author.bot && type == "MESSAGE_CREATE"`, "human private"},
		{`type == "MESSAGE_CREATE" && d.author.bot`, "bot"},
		{`d.author.bot || kind == "joined"`, "bot joined"},
		{`d.author.bot or d.member.pending == nil and guild == 0`, "bot private"},
		{`d.author.bot ? false : true`, "human joined private"},
		{`d.author == nil`, "joined private"},
		{`d.nothing.at.all == nil`, "human bot joined private"},
		{`(d.author ?? {"id": "5"}).id == 5`, "bot joined private"},

		{`d.id == 1209231463430062098`, "human"},
		{`d.author.id == 5`, "bot"},
		{`d.author.id in [5, 6]`, "bot"},
		{`d.guild_id == guild`, "human"},
		{`41771983423143936 in d.member.roles`, "human"},
		{`any(d.member.roles ?? [], # == 41771983423143936)`, "human"},
		{`any(d.member.roles ?? [], # in [41771983423143936])`, "human"},
		{`d.nonce == 1209231463430062099`, "human"},
		{`d.nonce == 1209231463430062098`, ""},
		{`d.nonce == "1209231463430062099"`, "human"},
		{`d.type == 0`, "human"},
		{`d.ratio == 0.5 and d.ratio < 1`, "human"},
		{`d.type in 0..5`, "human"},
		{`d.type in [0, 19]`, "human"},
		{`bitand(d.flags ?? 0, 64) != 0`, "human"},
		{`d.content == "hi \"you\" é"`, "human"},
		{`d.content contains "you"`, "human"},
		{`d.content matches "^b.*p$"`, "bot"},
		{`lower(d.content ?? "") endsWith "psst"`, "private"},
		{`(d.member_count ?? 0) > 100`, "joined"},

		{`(d.type ?? 20) + 1.5 + shard < 5`, "human"},
		{`size + shards > 10`, "human bot joined private"},

		{`d.embeds[0].type == "rich"`, "human"},
		{`d.embeds[1].type == "image"`, "human"},
		{`d.embeds[2].type == "image"`, ""},
		{`d.embeds[-1].type == "image"`, "human"},
		{`d.embeds.type == "rich"`, ""},
		{`d.content[0] == "h"`, ""},
		{`any(d.embeds ?? [], .type == "image")`, "human"},
		{`any(d.embeds ?? [], .footer.text == "x")`, ""},
		{`any(d.embeds ?? [], any(.fields ?? [], .inline))`, "human"},
		{`all(d.embeds ?? [], .fields == nil)`, "bot joined private"},
		{`len(d.embeds) == 2`, "human"},
		{`len(d.embeds ?? []) == 2`, "human"},
		{`len(d.author.username) == 5`, "human"},
		{`any(d.embeds, any(.fields, .inline))`, "human"},
		{`all(d.embeds, .type != nil)`, "human bot joined private"},
		{`count(d.mentions) == 0 and len(filter(d.embeds, .type == "rich")) == 1`, "human"},
		{`any(d.embeds, .spoiler)`, ""},
		{`first(d.embeds).type == "rich"`, "human"},
		{`count(d.embeds ?? [], .type == "rich") == 1`, "human"},
		{`d.mentions == []`, "human"},
		{`len(d) > 3`, "human"},
		{`"author" in d`, "human bot"},
		{`d[type == "MESSAGE_CREATE" ? "content" : "id"] in ["beep", "9"]`, "bot joined"},
		{"type == \"MESSAGE_CREATE\"\n  and shard == 3", "human bot private"},
	} {
		s, err := Compile(Config{When: c.when})
		if err != nil {
			t.Errorf("%s: %v", c.when, err)
			continue
		}
		var passes []string
		for _, e := range []struct {
			name string
			ev   *event.Event
		}{{"human", human}, {"bot", bot}, {"joined", joined}, {"private", private}} {
			if s.Wants(e.ev) {
				passes = append(passes, e.name)
			}
		}
		r := s.Rules()[0]
		if got := strings.Join(passes, " "); got != c.passes || r.Errors != 0 {
			t.Errorf("%s: %q pass, want %q; %d errors: %s", c.when, got, c.passes, r.Errors, r.Err)
		}
	}
}

func TestWhatCannotBeJudgedPassesAndIsCounted(t *testing.T) {
	for when, why := range map[string]string{
		`d.member_count > 100`:           "column 16: invalid operation: nil > int",
		`lower(d.flags) == "x"`:          "column 1: the value is nil, not string",
		`d.content + d.content == "x"`:   "column 11: a string cannot be added",
		`d.content > 5`:                  "column 11: invalid operation: string > int",
		`d.content`:                      "column 1: invalid operation: bool(string)",
		`d.content and shard == 3`:       "column 3: a string is neither true nor false",
		`any(d, .x == 1)`:                "column ",
		`len(d.flags ?? 5) == 1`:         "invalid argument for len (type int)",
		`size % (shard - 3) == 0`:        "column 6: runtime error: integer divide by zero",
		`d.content.x in 5 .. 6 or shard`: "",
	} {
		s, err := Compile(Config{When: when})
		if why == "" {
			if err == nil {
				t.Errorf("%s: compiled", when)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", when, err)
			continue
		}
		for range 2 {
			if !s.Wants(message(`"content":"hello"`)) {
				t.Errorf("%s: refused", when)
			}
		}
		r := s.Rules()[0]
		if r.Errors != 2 || r.Dropped != 0 || !strings.Contains(r.Err, why) || strings.Contains(r.Err, "\n") {
			t.Errorf("%s: %d errors, %q", when, r.Errors, r.Err)
		}
	}
}

func TestAFaultyExpressionIsPointedAt(t *testing.T) {
	for _, c := range []struct {
		when   string
		column int
		text   string
	}{
		{`tipe == "X"`, 1, "unknown name tipe; there are type, guild, shard, shards, size, kind, seq and d"},
		{`type == "X" and tipe`, 17, "unknown name tipe"},
		{`type == "é" and tipe`, 17, "unknown name tipe"},
		{`type ==`, 7, "unexpected token EOF"},
		{`type = "X"`, 6, `unexpected token Operator("="); values are compared with ==`},
		{`"X`, 3, "literal not terminated"},
		{`size`, 1, "the expression gives int, not true or false; compare it"},
		{`type`, 1, "the expression gives string, not true or false"},
		{`type == 5`, 6, "invalid operation: == (mismatched types string and int)"},
		{`guild < 5`, 7, "mismatched types string and int"},
		{`guild in 5..6`, 7, "cannot use string as type int"},
		{`type and shard == 1`, 6, "mismatched types string and bool"},
		{`now() > 5`, 1, "now cannot be called; there are the functions all, any, "},
		{`shard == 1 or d.author.delete()`, 24, "a method cannot be called"},
		{`$env.d == 1`, 1, "unknown name $env"},
		{`let x = d; x.bot`, 5, "a rule is one expression, without let"},
		{`true; false`, 1, "a rule is one expression"},
		{`any(0..1000, # == shard)`, 6, "a range can only stand behind in"},
		{`d.type in 0..1000000`, 12, "a range goes from one number to another"},
		{`shard in 0..shards`, 11, "a range goes from one number to another"},
		{`d.content matches d.content`, 21, "what is matched must be written in quotes"},
		{`d.content matches "("`, 11, "error parsing regexp: missing closing )"},
		{`type + kind == ""`, 6, "only numbers can be added"},
		{`any(d.a, any(.b, any(.c, any(.d, #))))`, 1, "at most 3 loops can stand in each other"},
		{`len() == 1`, 1, "invalid number of arguments (expected 1, got 0)"},
		{`any(d.members, "yes")`, 16, "predicate should return boolean (got string)"},
		{`reduce(d.members, #acc + #)`, 1, "reduce cannot be called"},
		{`repeat("a", 5) == ""`, 1, "repeat cannot be called"},
		{`guild == 99999999999999999999`, 29, "out of range"},
		{"size < 5\nand tipe", 14, "line 2: unknown name tipe"},
		{`1 % 0 == 1`, 3, "divide"},
		{"\xff", 1, "the expression is not UTF-8"},
		{strings.Repeat("(", 70_000), 1, "70000 bytes are too long for an expression; at most 65536 are allowed"},
	} {
		s, err := Compile(Config{When: c.when})
		var bad *Error
		if !errors.As(err, &bad) || s != nil {
			t.Errorf("%.40q: no *Error but %v", c.when, err)
			continue
		}
		if bad.Key != "when" || bad.Column != c.column || !strings.Contains(bad.Text, c.text) || strings.Contains(bad.Text, "\n") {
			t.Errorf("%.40q: %s: column %d, %q; want column %d, %q", c.when, bad.Key, bad.Column, bad.Text, c.column, c.text)
		}
	}
}

func TestALoopThatTakesTooLongIsGivenUp(t *testing.T) {
	guild := &event.Event{Type: "GUILD_CREATE", Data: []byte(`{"d":{"members":[` + strings.TrimSuffix(strings.Repeat(`{"id":"5","roles":["6","7"]},`, 20_000), ",") + `]}}`)}
	for when, tooLong := range map[string]bool{
		`all(d.members, .id != 9)`:                  false,
		`all(d.members, all(.roles, # != 9))`:       false,
		`none(d.members, .id == 9 or 9 in .roles)`:  false,
		`all(d.members, none(d.members, .id == 9))`: true,
		`all(d.members, .id not in d.members)`:      true,
		`all(d.members, d.members != .roles)`:       true,
		`all(d.members, d.members[0].id == .id)`:    false,
	} {
		s := must(t, Config{When: when})
		if !s.Wants(guild) {
			t.Errorf("%s: refused", when)
		}
		r := s.Rules()[0]
		if got := strings.Contains(r.Err, "loops of more than 1000000 rounds"); got != tooLong || r.Errors > 0 != tooLong {
			t.Errorf("%s: %d errors: %s", when, r.Errors, r.Err)
		}
		s.Wants(message(`"members":[{"id":"5","roles":[]}]`))
		if s.Rules()[0].Errors != r.Errors {
			t.Errorf("%s: the next event pays for the last", when)
		}
	}
}

func TestOnlyWhatAnExpressionNamesIsRead(t *testing.T) {
	// What follows the author is no JSON at all: nobody looks there.
	e := message(`"author":{"id":"5","bot":true},]]`)
	s := must(t, Config{When: `d.author.bot and type != "X"`})
	if !s.Wants(e) || s.Rules()[0].Errors != 0 {
		t.Error("the bot was not seen")
	}
	e.Data = nil
	if s.Wants(e) {
		t.Error("an event without a frame has an author")
	}
}

func TestALongListOfGuildsIsFound(t *testing.T) {
	var list strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&list, "%d, ", 1209231463430062098+i)
	}
	s := must(t, Config{When: "guild in [" + strings.TrimSuffix(list.String(), ", ") + "]"})
	for i, want := range map[int]bool{0: true, 2999: true, 3000: false, -1: false} {
		e := message("")
		e.Guild = uint64(1209231463430062098 + i)
		if s.Wants(e) != want {
			t.Errorf("guild %d: %t", e.Guild, !want)
		}
	}
}
