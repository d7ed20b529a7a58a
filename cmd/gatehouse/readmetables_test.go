package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
)

// Run with -update, this test writes what it wants to see into README.
var update = flag.Bool("update", false, "write the tables of README anew")

const readme = "../../README.md"

// README shows the very tables that the shards go by.
func TestReadmeShowsWhatHappensWhenAConnectionEnds(t *testing.T) {
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	want := string(text)
	for name, table := range map[string]string{"close codes": closeTable(), "troubles": troubleTable()} {
		if want, err = withBlock(want, name, table); err != nil {
			t.Fatal(err)
		}
	}
	if string(text) == want {
		return
	}
	if !*update {
		t.Fatal("the tables are not those of engine/discord; go test ./cmd/gatehouse -run Readme -update writes them anew")
	}
	if err := os.WriteFile(readme, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

// withBlock puts a block between its two comments.
func withBlock(text, name, block string) (string, error) {
	begin, end := "<!-- "+name+" -->\n", "<!-- /"+name+" -->"
	before, rest, found := strings.Cut(text, begin)
	_, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		return "", fmt.Errorf("README has no %s…%s", strings.TrimSpace(begin), end)
	}
	return before + begin + block + end + after, nil
}

func closeTable() string {
	rows := [][3]string{{"the connection ends with", "which means", "and the shard"}}
	for _, p := range discord.ClosePolicies() {
		what := fmt.Sprintf("%d, %s", p.Code, p.Name)
		if p.Code == 0 {
			what = "no code"
		}
		rows = append(rows, [3]string{what, p.Meaning, closeAction(p)})
	}
	other := discord.PolicyFor(4999)
	return markdown(append(rows, [3]string{"any other", other.Meaning, closeAction(other)}))
}

// closeAction is a policy in words.
func closeAction(p discord.ClosePolicy) string {
	text := "resumes the session"
	switch {
	case p.Fatal():
		text = "stops, for a person has to act"
	case p.Recovery == discord.RecoverIdentify:
		text = "identifies a new session"
	}
	if p.Wait > 0 {
		text += fmt.Sprintf(", after %s", p.Wait)
	}
	if p.Hint != "" {
		text += ": " + p.Hint
	}
	return text
}

func troubleTable() string {
	rows := [][3]string{{"what happens", "which means", "what Gatehouse does"}}
	for _, p := range discord.Troubles() {
		rows = append(rows, [3]string{p.Name, p.Meaning, p.Action})
	}
	return markdown(rows)
}

// markdown is a table whose first row is its head.
func markdown(rows [][3]string) string {
	var out strings.Builder
	for i, row := range rows {
		for _, cell := range row {
			out.WriteString("| " + strings.ReplaceAll(cell, "|", `\|`) + " ")
		}
		out.WriteString("|\n")
		if i == 0 {
			out.WriteString("|---|---|---|\n")
		}
	}
	return out.String()
}
