package discord

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestPolicies(t *testing.T) {
	want := map[Recovery][]int{
		RecoverResume:   {0, 1000, 1001, 1005, 1006, 1011, 1012, 4000, 4001, 4002, 4005, 4008, 4016, 4999},
		RecoverIdentify: {4003, 4006, 4007, 4009},
		RecoverStop:     {4004, 4010, 4011, 4012, 4013, 4014},
	}
	for recovery, codes := range want {
		for _, code := range codes {
			p := PolicyFor(code)
			if p.Recovery != recovery || p.Code != code || p.Fatal() != (recovery == RecoverStop) {
				t.Errorf("%d: %+v, want %v", code, p, recovery)
			}
		}
	}
	if p := PolicyFor(4008); p.Wait < 10*time.Second || p.Wait > time.Minute {
		t.Errorf("after 4008 it waits %v: too short to calm down, or too long for the session", p.Wait)
	}
}

func TestPoliciesCanBeRead(t *testing.T) {
	policies := ClosePolicies()
	if !slices.IsSortedFunc(policies, func(a, b ClosePolicy) int { return a.Code - b.Code }) {
		t.Error("not by code")
	}
	for _, p := range append(policies, PolicyFor(4999)) {
		if p.Name == "" || p.Meaning == "" || len(p.Meaning) > 75 || strings.HasSuffix(p.Meaning, ".") {
			t.Errorf("%d cannot stand on a screen: %q", p.Code, p.Meaning)
		}
		if p.Fatal() && p.Hint == "" {
			t.Errorf("%d is fatal and does not say what to do", p.Code)
		}
	}
	policies[0].Name = "changed"
	if PolicyFor(policies[0].Code).Name == "changed" {
		t.Error("the table can be changed from outside")
	}
}

func TestRecoveryNames(t *testing.T) {
	for recovery, want := range map[Recovery]string{RecoverResume: "resume", RecoverIdentify: "identify", RecoverStop: "stop", 9: "unknown"} {
		if recovery.String() != want {
			t.Errorf("got %s, want %s", recovery, want)
		}
	}
}
