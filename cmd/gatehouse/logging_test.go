package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/cmd/gatehouse/internal/config"
)

func TestSecretsAreCutOutOfEveryLogLine(t *testing.T) {
	var stderr bytes.Buffer
	a := &app{stderr: &stderr}
	for _, format := range []string{"json", "text", "auto"} {
		log, err := a.openLog(config.Log{Level: "info", Format: format}, false, []string{testToken, "bot-secret", ""})
		if err != nil {
			t.Fatal(err)
		}
		log.Info("leak "+testToken, "authorization", "bot-secret")
		log.close()
	}
	if got := stderr.String(); strings.Contains(got, testToken) || strings.Contains(got, "bot-secret") {
		t.Errorf("a secret is in the log: %s", got)
	}
	if n := strings.Count(stderr.String(), "[secret]"); n != 6 {
		t.Errorf("%d places are marked, want 6:\n%s", n, stderr.String())
	}
}

func TestLogsOfTheConsoleNeverReachTheScreen(t *testing.T) {
	var stderr bytes.Buffer
	a := &app{stderr: &stderr}
	path := filepath.Join(t.TempDir(), "gatehouse.log")
	for _, file := range []string{"", path} {
		log, err := a.openLog(config.Log{Level: "warn", Format: "auto", File: file}, true, nil)
		if err != nil {
			t.Fatal(err)
		}
		log.Warn("something", "after", 1500*time.Millisecond)
		log.Info("too quiet")
		log.close()
	}
	if stderr.Len() > 0 {
		t.Errorf("written to the screen: %s", stderr.String())
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var line map[string]any
	if err := json.Unmarshal(data, &line); err != nil || line["msg"] != "something" || line["after"] != "1.5s" {
		t.Errorf("the file holds %q, want one line of JSON", data)
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Errorf("the log has mode %o, want 600", info.Mode().Perm())
	}
}
