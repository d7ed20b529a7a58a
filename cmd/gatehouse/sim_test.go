package main

import (
	"net"
	"strings"
	"testing"

	"github.com/gatehouse-gateway/gatehouse/engine/discordtest"
)

func TestSimSaysHowToPointABotAtIt(t *testing.T) {
	got := gatehouse(t, nil, "sim", "--listen", "127.0.0.1:0", "--duration", "1ms")
	for _, part := range []string{"REST     http://127.0.0.1:", "gateway  ws://127.0.0.1:", "token    " + discordtest.DefaultToken, "GATEHOUSE_DISCORD_API_BASE=http://", "rules broken: none"} {
		if !strings.Contains(got.stdout, part) {
			t.Errorf("%q is missing in:\n%s", part, got.stdout)
		}
	}
	if got.code != exitDone || got.stderr != "" {
		t.Errorf("code %d, %q", got.code, got.stderr)
	}
}

func TestAddressesThatCannotBeListenedOn(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, c := range []struct {
		address string
		code    int
		want    string
	}{
		{taken.Addr().String(), exitUsage, "is in use by another program; choose another port, or 0 for any"},
		{"127.0.0.1:80000", exitUsage, "invalid port; write it like 127.0.0.1:8081"},
		{"nonsense", exitUsage, "missing port in address; write it like 127.0.0.1:8081"},
		{"192.0.2.1:8081", exitUsage, "is not an address of this machine"},
	} {
		got := gatehouse(t, nil, "sim", "--listen", c.address)
		if got.code != c.code || !strings.Contains(got.stderr, c.want) || strings.Count(got.stderr, "\n") != 1 {
			t.Errorf("--listen %s: code %d: %s", c.address, got.code, got.stderr)
		}
	}
}
