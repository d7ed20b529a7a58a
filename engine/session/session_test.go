package session

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/pipeline"
)

var (
	at  = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	bot = Identity{Token: "abc", Intents: 513, Total: 8}
)

func saved() *Saved {
	return &Saved{At: at, Identity: bot, Sessions: []Session{{Shard: 3, ID: "s", ResumeURL: "wss://r", Seq: 42, Since: at}}}
}

func TestSessionsOutliveTheProcess(t *testing.T) {
	dir := t.TempDir()
	if got, err := NewFile(dir).Load(); got != nil || err != nil {
		t.Fatalf("from an empty folder: %v, %v", got, err)
	}
	for range 2 { // the second replaces the first
		if err := NewFile(dir).Save(saved()); err != nil {
			t.Fatal(err)
		}
	}
	got, err := NewFile(dir).Load()
	want := saved()
	want.Version = version
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
	files, _ := os.ReadDir(dir)
	info, _ := os.Stat(filepath.Join(dir, sessionsName))
	if len(files) != 1 || info.Mode().Perm() != 0o600 {
		t.Errorf("%d files, mode %v", len(files), info.Mode())
	}
}

func TestGuildsAreKeptApart(t *testing.T) {
	dir := t.TempDir()
	if got, err := NewFile(dir).LoadGuilds(); got != nil || err != nil {
		t.Fatalf("from an empty folder: %v, %v", got, err)
	}
	want := &Guilds{Shards: []ShardGuilds{{Shard: 3, Session: "s", Guilds: pipeline.Known{Available: []uint64{1 << 62}}}}}
	if err := NewFile(dir).SaveGuilds(want); err != nil {
		t.Fatal(err)
	}
	if got, err := NewFile(dir).LoadGuilds(); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestADamagedFileSaysSoAndStays(t *testing.T) {
	for text, want := range map[string]string{"{": "damaged", `{"version":9}`: "format 9"} {
		dir := t.TempDir()
		path := filepath.Join(dir, sessionsName)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := NewFile(dir).Load(); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", text, err)
		}
		if left, _ := os.ReadFile(path); string(left) != text {
			t.Errorf("the damaged file was changed to %q", left)
		}
	}
}

func TestSavingFailsWithoutAFolder(t *testing.T) {
	if err := NewFile(filepath.Join(t.TempDir(), "none")).Save(saved()); err == nil {
		t.Error("saved into a folder that is not there")
	}
}

func TestSessionsThatNoLongerFit(t *testing.T) {
	for want, change := range map[string]func(*Identity, *time.Time){
		"":               func(*Identity, *time.Time) {},
		"another token":  func(id *Identity, _ *time.Time) { id.Token = "x" },
		"intents were":   func(id *Identity, _ *time.Time) { id.Intents = 1 },
		"had 8 shards":   func(id *Identity, _ *time.Time) { id.Total = 9 },
		"are 2h0m0s old": func(_ *Identity, now *time.Time) { *now = at.Add(2 * time.Hour) },
	} {
		id, now := bot, at.Add(time.Minute)
		change(&id, &now)
		err := saved().Usable(now, id)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

func TestAFolderBelongsToOneProcess(t *testing.T) {
	dir := t.TempDir()
	release, err := Lock(dir)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Lock(dir)
	var held *HeldError
	if !errors.As(err, &held) || held.Holder != fmt.Sprintf("process %d", os.Getpid()) {
		t.Fatalf("the second lock: %v", err)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
	release, err = Lock(dir)
	if err != nil {
		t.Fatal(err)
	}
	release()
	if _, err := Lock(filepath.Join(dir, "none")); err == nil || errors.As(err, &held) {
		t.Errorf("a folder that is not there: %v", err)
	}
}
