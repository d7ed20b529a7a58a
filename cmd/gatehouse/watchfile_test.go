package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/cmd/gatehouse/internal/config"
)

// watched is a file under watch, and who is told.
type watched struct {
	t    *testing.T
	path string
	told chan string // what the file held when a change was told; "" for no file
}

// watch begins to watch a file until the end of the test.
func watch(t *testing.T, path string) *watched {
	t.Helper()
	sum, err := config.Sum(path)
	if err != nil {
		t.Fatal(err)
	}
	f := &watched{t: t, path: path, told: make(chan string, 100)}
	w, err := newFileWatch(path, sum, func(context.Context) {
		text, _ := os.ReadFile(path)
		f.told <- string(text)
	})
	if err != nil {
		t.Fatal(err)
	}
	w.settles = 2 * time.Millisecond
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		w.run(ctx)
	}()
	t.Cleanup(func() {
		stop()
		<-ended
	})
	return f
}

// expect waits until a text is told.
func (f *watched) expect(why, text string) {
	f.t.Helper()
	for deadline := time.After(patience); ; {
		select {
		case got := <-f.told:
			if got == text {
				return
			}
			// One half of a change was told by itself.
		case <-deadline:
			f.t.Fatalf("%s: %q is not told", why, text)
		}
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// replace writes a file beside and renames it, as careful programs do.
func replace(t *testing.T, path, text string) {
	t.Helper()
	write(t, path+".new", text)
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// relink points a symbolic link somewhere else, in one step.
func relink(t *testing.T, target, link string) {
	t.Helper()
	if err := os.Symlink(target, link+".new"); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(link+".new", link); err != nil {
		t.Fatal(err)
	}
}

func TestAChangeOfAFileIsToldHoweverItIsWritten(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "gatehouse.yaml")
	write(t, path, "one")
	f := watch(t, path)

	write(t, path, "two")
	f.expect("written in place", "two")
	replace(t, path, "three")
	f.expect("replaced", "three")
	replace(t, path, "four")
	f.expect("replaced again", "four")
	if err := os.Rename(path, path+"~"); err != nil { // as vim keeps a copy
		t.Fatal(err)
	}
	write(t, path, "five")
	f.expect("written anew", "five")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	f.expect("removed", "")
	write(t, path, "five")
	f.expect("back as it was", "five")
}

func TestAFileThatHoldsTheSameIsNotTold(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "gatehouse.yaml")
	write(t, path, "one")
	f := watch(t, path)
	replace(t, path, "one")
	write(t, filepath.Join(dir, "other.yaml"), "x")
	replace(t, path, "two")
	if got := <-f.told; got != "two" {
		t.Errorf("%q is told", got)
	}
	if len(f.told) != 0 {
		t.Errorf("%q is told too", <-f.told)
	}
}

// Kubernetes mounts a link to a link to a folder, and swaps the one in the middle.
func TestAMountedConfigMapIsFollowed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for version, text := range map[string]string{"..1": "one", "..2": "two", "..3": "three"} {
		if err := os.Mkdir(filepath.Join(dir, version), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, version, "gatehouse.yaml"), text)
	}
	relink(t, "..1", filepath.Join(dir, "..data"))
	relink(t, "..data/gatehouse.yaml", filepath.Join(dir, "gatehouse.yaml"))
	f := watch(t, filepath.Join(dir, "gatehouse.yaml"))
	relink(t, "..2", filepath.Join(dir, "..data"))
	f.expect("a new version", "two")
	if err := os.RemoveAll(filepath.Join(dir, "..1")); err != nil {
		t.Fatal(err)
	}
	relink(t, "..3", filepath.Join(dir, "..data"))
	f.expect("the next", "three")
}

// A release is a folder, and the one in use is a link to it.
func TestALinkFarFromTheFileIsFollowed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, release := range []string{"a", "b"} {
		if err := os.MkdirAll(filepath.Join(dir, "releases", release, "etc"), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, "releases", release, "etc", "gatehouse.yaml"), release)
	}
	current := filepath.Join(dir, "current")
	relink(t, filepath.Join(dir, "releases", "a"), current)
	f := watch(t, filepath.Join(current, "etc", "gatehouse.yaml"))
	relink(t, "releases/b", current)
	f.expect("another release", "b")
	replace(t, filepath.Join(dir, "releases", "b", "etc", "gatehouse.yaml"), "b2")
	f.expect("an edit there", "b2")
}

func TestTheWayToAFile(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	in := func(names ...string) string { return filepath.Join(append([]string{dir}, names...)...) }
	if err := os.MkdirAll(in("real", "deep"), 0o700); err != nil {
		t.Fatal(err)
	}
	relink(t, "real", in("link"))
	relink(t, "../deep/file", in("real", "deep", "up"))
	relink(t, "round", in("round"))
	for _, c := range []struct {
		path string
		want []string
	}{
		{in("real", "file"), []string{in("real", "file")}},
		{in("link", "file"), []string{in("link"), in("real", "file")}},
		{in("link", "deep", "up"), []string{in("link"), in("real", "deep", "up"), in("real", "deep", "file")}},
		{in("gone", "file"), []string{in("gone", "file")}},
	} {
		if got := wayTo(c.path); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.path, got, c.want)
		}
	}
	if got := wayTo(in("round")); len(got) != maxLinks+1 {
		t.Errorf("a link to itself gives %d steps", len(got))
	}
}
