package rules_test

import (
	"fmt"

	"github.com/gatehouse-gateway/gatehouse/engine/event"
	"github.com/gatehouse-gateway/gatehouse/engine/rules"
)

// A sink that takes what people write, and a tenth of when they begin to.
func Example() {
	set, err := rules.Compile(rules.Config{
		Only:   []string{"MESSAGE_*", "TYPING_START"},
		Sample: map[string]float64{"TYPING_START": 10},
		When:   `!d.author.bot`,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, frame := range []string{
		`{"t":"MESSAGE_CREATE","s":7,"op":0,"d":{"author":{"id":"53908099506183680"},"content":"hello"}}`,
		`{"t":"MESSAGE_CREATE","s":8,"op":0,"d":{"author":{"id":"80351110224678912","bot":true},"content":"beep"}}`,
	} {
		fmt.Println(set.Wants(&event.Event{Type: "MESSAGE_CREATE", Data: []byte(frame)}))
	}
	for _, r := range set.Rules() {
		fmt.Printf("%s (%s): %d kept away\n", r.Key, r.Text, r.Dropped)
	}
	// Output:
	// true
	// false
	// events.only (MESSAGE_*, TYPING_START): 0 kept away
	// sample.TYPING_START (10 %): 0 kept away
	// when (!d.author.bot): 1 kept away
}

// What is wrong with an expression is said with the column.
func ExampleError() {
	_, err := rules.Compile(rules.Config{When: `type == "MESSAGE_CREATE" and guilds in [81384788765712384]`})
	fmt.Println(err)
	// Output:
	// when, column 30: unknown name guilds; there are type, guild, shard, shards, size, kind, seq and d
}
