package discovery

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestADamagedFileSaysSo(t *testing.T) {
	dir := t.TempDir()
	for text, want := range map[string]string{
		"":                "is damaged",
		`{"version":1`:    "is damaged",
		`{"version":"1"}`: "is damaged",
		`{"version":7}`:   "has format 7, this version reads format 1",
	} {
		path := filepath.Join(dir, fileName)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := NewFile(dir).LoadGateway()
		if s != nil || err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %+v, %v", text, s, err)
		}
	}
	if err := NewFile(filepath.Join(dir, "none")).SaveGateway(&Saved{}); err == nil || !strings.HasPrefix(err.Error(), "save the gateway's address: ") {
		t.Errorf("into no folder: %v", err)
	}
}

func TestTheFileIsItsOwnersAlone(t *testing.T) {
	dir := t.TempDir()
	if err := NewFile(dir).SaveGateway(&Saved{Owner: "o"}); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(dir, fileName))
	if err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}
