package shard

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
)

// Every row of the two tables is told by a story: a close code where it is met, any
// other trouble where a line "# row: its name" stands.
func TestEveryRowHasItsStory(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	told := make(map[string]bool)
	mark := regexp.MustCompile(`(?m)^(?:close (\d+).*|# row: (.*))$`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range mark.FindAllStringSubmatch(string(text), -1) {
			told[m[1]+m[2]] = true
		}
	}
	for _, p := range discord.ClosePolicies() {
		if !told[fmt.Sprint(p.Code)] {
			t.Errorf("no story tells of close code %d", p.Code)
		}
	}
	for _, trouble := range discord.Troubles() {
		if !told[trouble.Name] {
			t.Errorf("no story tells of %q", trouble.Name)
		}
	}
}
