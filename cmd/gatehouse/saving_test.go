package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

func TestWhatTheConsoleSavesIsForItsOwnerAlone(t *testing.T) {
	dir := t.TempDir()
	where, err := saver{dir}.save(time.Date(2026, 11, 23, 4, 5, 6, 0, time.UTC), []byte("screen\n"), []byte("{}"))
	base, found := strings.CutSuffix(where, ".txt and .json")
	if err != nil || !found || !strings.HasSuffix(base, "gatehouse-20261123-040506") {
		t.Fatalf("%q, %v", where, err)
	}
	for suffix, want := range map[string]string{".txt": "screen\n", ".json": "{}"} {
		data, err := os.ReadFile(base + suffix)
		info, _ := os.Stat(base + suffix)
		if err != nil || string(data) != want || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %q, %v", suffix, data, err)
		}
	}
	if err := os.WriteFile(dir+"/file", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := (saver{dir + "/file"}).save(time.Now(), nil, nil); err == nil {
		t.Error("a folder that cannot be made is no error")
	}
}

func TestARowIsWrittenAsTheControlAPIShowsIt(t *testing.T) {
	data, err := rowJSON(ops.Shard{ID: 3, State: ops.ShardReady})
	if err != nil || !strings.Contains(string(data), `"state": "ready"`) {
		t.Errorf("%s, %v", data, err)
	}
	if data, err = rowJSON(struct{ A int }{1}); err != nil || !strings.Contains(string(data), `"A": 1`) {
		t.Errorf("%s, %v", data, err)
	}
}
