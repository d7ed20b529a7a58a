package durable

import (
	"os"
	"path/filepath"
	"testing"
)

func TestReplaceLeavesNothingElseBehind(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	if err := MkdirAll(dir); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "file")
	for _, text := range []string{"old", "new"} {
		if err := Replace(path, []byte(text)); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		if err != nil || string(got) != text {
			t.Errorf("%q, %v", got, err)
		}
	}
	if names, _ := os.ReadDir(dir); len(names) != 1 {
		t.Errorf("%d files", len(names))
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder: %v, %v", info.Mode(), err)
	}
}

func TestAFailedReplaceKeepsTheOldFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "taken")
	if err := os.MkdirAll(filepath.Join(path, "inside"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := Replace(path, []byte("new")); err == nil {
		t.Fatal("a folder was replaced by a file")
	}
	if names, _ := os.ReadDir(dir); len(names) != 1 {
		t.Errorf("%d names are left", len(names))
	}
}

func TestANameThatSomebodyHasChosenIsNotTakenForALeftover(t *testing.T) {
	for name, want := range map[string]bool{"/q/sessions.json.writing-1234": true, "/q/bot.writing-1.ndjson": false, "/q/a.writing-b": false} {
		if IsTemp(name) != want {
			t.Errorf("%s: %v", name, !want)
		}
	}
}

func TestAFolderThatCannotBeSyncedIsNoFailure(t *testing.T) {
	const unsyncable = "/proc" // like some shared folders
	if _, err := os.Stat(unsyncable); err != nil {
		t.Skip(err)
	}
	if err := SyncDir(unsyncable); err != nil {
		t.Error(err)
	}
}
