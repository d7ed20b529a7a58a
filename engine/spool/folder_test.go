package spool

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func newFolder(t *testing.T) (*Folder, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "state", "queue")
	f, err := NewFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	return f, dir
}

func put(t *testing.T, f *Folder, name, text string) {
	t.Helper()
	if err := f.Put(name, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

func listed(t *testing.T, f *Folder) string {
	t.Helper()
	files, err := f.List()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, s := range files {
		out = append(out, fmt.Sprintf("%s(%d)", s.Name, s.Size))
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

func TestAFolderKeepsWhatIsPut(t *testing.T) {
	f, dir := newFolder(t)
	put(t, f, "a/b/one", "first")
	put(t, f, "a/b/one", "second")
	put(t, f, "top", "x")
	if got := listed(t, f); got != "a/b/one(6) top(1)" {
		t.Errorf("listed %s", got)
	}
	if got, err := f.Get("a/b/one", []byte("> "), 0); string(got) != "> second" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := f.Get("a/b/one", nil, 3); string(got) != "sec" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := f.Get("nothing", nil, 0); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
	for range 2 {
		if err := f.Delete("a/b/one"); err != nil {
			t.Error(err)
		}
	}
	if got := listed(t, f); got != "top(1)" {
		t.Errorf("listed %s", got)
	}
	if _, err := os.Stat(filepath.Join(dir, "a")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the empty folder is left: %v", err)
	}
	put(t, f, "a/b/one", "third") // its folder has gone meanwhile
	info, err := os.Stat(filepath.Join(dir, "a", "b", "one"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
}

func TestAFolderThatIsRemovedIsMadeAgain(t *testing.T) {
	f, dir := newFolder(t)
	put(t, f, "a/b/one", "x")
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	put(t, f, "a/b/two", "y")
	if got := listed(t, f); got != "a/b/two(1)" {
		t.Errorf("listed %s", got)
	}
}

func TestHalfAFileIsNone(t *testing.T) {
	f, dir := newFolder(t)
	put(t, f, "a/one", "x")
	half := filepath.Join(dir, "a", "two.writing-123")
	if err := os.WriteFile(half, []byte("ha"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := listed(t, f); got != "a/one(1)" {
		t.Errorf("listed %s", got)
	}
	if _, err := os.Stat(half); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it is still there: %v", err)
	}
}

func TestWhatIsSetAsideStays(t *testing.T) {
	f, dir := newFolder(t)
	for i, text := range []string{"bad", "worse"} {
		put(t, f, "a/one", text)
		if err := f.SetAside("a/one"); err != nil {
			t.Fatal(err)
		}
		put(t, f, "a/one", "mended")
		if err := f.Delete("a/one"); err != nil {
			t.Fatal(err)
		}
		names, _ := filepath.Glob(filepath.Join(dir, "a", "*"))
		if len(names) != i+1 {
			t.Fatalf("%d files are aside: %v", len(names), names)
		}
		if got, err := os.ReadFile(names[i]); string(got) != text || err != nil {
			t.Errorf("%s holds %q, %v", names[i], got, err)
		}
	}
	if err := f.SetAside("nothing"); err != nil {
		t.Error(err)
	}
	if got := listed(t, f); got != "" {
		t.Errorf("listed %s", got)
	}
}

func TestAQueueInAFolderOutlivesItsProcess(t *testing.T) {
	f, _ := newFolder(t)
	r := newRig(t, func(r *rig) { r.cfg.Store = f; r.cfg.Bounds.Memory = 100_000 })
	r.add(0, 500)
	r.pass(3 * time.Second)
	r.add(1, 10)
	r.restart()
	r.expect("after a restart", r.take("bot"), "0:1-500 1:1-10")
	r.empty()
	if got := listed(t, f); got != "queue.json(22)" {
		t.Errorf("left in the folder: %s", got)
	}
}
