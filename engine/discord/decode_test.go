package discord

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestDecodeHello(t *testing.T) {
	got, err := DecodeHello([]byte(`{"heartbeat_interval":41250,"_trace":[]}`))
	if err != nil || got != 41250*time.Millisecond {
		t.Fatalf("got %v, %v", got, err)
	}
	for _, bad := range []string{"", "null", "{}", `{"heartbeat_interval":0}`, `{"heartbeat_interval":-5}`,
		`{"heartbeat_interval":1e300}`, `{"heartbeat_interval":"41250"}`} {
		if got, err := DecodeHello([]byte(bad)); err == nil {
			t.Errorf("%q gave %v", bad, got)
		}
	}
}

func scanData(t *testing.T, msg string) []byte {
	t.Helper()
	var f Frame
	if err := Scan([]byte(msg), &f); err != nil {
		t.Fatal(err)
	}
	return f.Data
}

func TestDecodeReady(t *testing.T) {
	got, err := DecodeReady(scanData(t, sampleReady))
	want := Ready{
		Version: 10, SessionID: "5d41402abc4b2a76b9719d911017c592", ResumeURL: "wss://gateway-eu-west4-b.discord.gg",
		UserID: 1180011223344556677, Guilds: []uint64{1290331204774989846, 1290331204774989999}, Shard: &[2]int{3, 8},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("got %+v, %v", got, err)
	}
}

func TestDecodeReadyBearsOddFields(t *testing.T) {
	got, err := DecodeReady([]byte(`{"session_id":"s","v":"ten","user":7,"guilds":[{"id":5},"x",{"id":"six"},null],"shard":[1,2,3],"resume_gateway_url":null}`))
	if err != nil || !reflect.DeepEqual(got, Ready{SessionID: "s", Guilds: []uint64{5}}) {
		t.Fatalf("got %+v, %v", got, err)
	}
	for _, bad := range []string{"", "null", "[]", "{}", `{"session_id":""}`, `{"session_id":5}`} {
		if _, err := DecodeReady([]byte(bad)); err == nil {
			t.Errorf("%q names no session", bad)
		}
	}
}

func TestDecodeInvalidSession(t *testing.T) {
	for d, want := range map[string]bool{"true": true, "false": false, "null": false, "": false, `"true"`: false} {
		if got := DecodeInvalidSession([]byte(d)); got != want {
			t.Errorf("%q is resumable: %v", d, got)
		}
	}
}

func TestGuildUnavailable(t *testing.T) {
	for _, tc := range []struct {
		d              string
		present, value bool
	}{
		{`{"id":"1","unavailable":true}`, true, true},
		{`{"unavailable":false,"id":"1"}`, true, false},
		{`{"id":"1"}`, false, false},
		{`{}`, false, false},
		{`{"members":[{"unavailable":true}],"x":{"unavailable":true}}`, false, false},
		{`{"name":"\"unavailable\":true","id":"1"}`, false, false},
		{`{"unavail\u0061ble":true}`, true, true},
		{`null`, false, false},
		{``, false, false},
	} {
		if present, value := GuildUnavailable([]byte(tc.d)); present != tc.present || value != tc.value {
			t.Errorf("%s: got %v, %v", tc.d, present, value)
		}
	}
}

func TestMaskReadyTakesOutTheSecretsAlone(t *testing.T) {
	want := strings.NewReplacer(
		`"5d41402abc4b2a76b9719d911017c592"`, `""`,
		`"wss://gateway-eu-west4-b.discord.gg"`, `""`,
	).Replace(sampleReady)
	original := []byte(sampleReady)
	if got := string(MaskReady(original)); got != want {
		t.Fatalf("got %s", got)
	}
	if string(original) != sampleReady {
		t.Fatal("the original was written to")
	}
	if got := MaskReady([]byte(sampleReady[:200])); got != nil {
		t.Fatalf("half a READY became %q", got)
	}
}
