package main

import (
	"log/slog"
	"testing"

	"github.com/gatehouse-gateway/gatehouse/cmd/gatehouse/internal/config"
	"github.com/gatehouse-gateway/gatehouse/engine/delivery"
	"github.com/gatehouse-gateway/gatehouse/transport/gateway"
)

// What is configured reaches the engine and the transports.
func TestHowDiscordIsSpokenToReachesTheEngine(t *testing.T) {
	for _, compress := range []config.Compression{config.CompressZlib, config.CompressZstd, config.CompressPayload, config.CompressNone} {
		l := &config.Loaded{Config: config.Default()}
		l.Discord.Compress, l.Discord.Capabilities, l.Discord.Watchdog = compress, 1<<15, false
		l.Sinks = []config.Sink{{Name: "bot", Kind: "http", URL: "http://127.0.0.1:1/", Commands: true}, {Name: "other", Kind: "http", URL: "http://127.0.0.1:2/"}}
		c, err := engineConfig(l, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		dialer := c.Dialer.(*gateway.Dialer)
		if dialer.Compress != gateway.Compression(compress) || c.Compress != string(compress) || c.PayloadCompress != (compress == config.CompressPayload) {
			t.Errorf("%s: the dialer has %q, the engine %q, %t", compress, dialer.Compress, c.Compress, c.PayloadCompress)
		}
		if c.Capabilities != 1<<15 || !c.NoWatchdog || !c.Sinks[0].Commands || c.Sinks[1].Commands {
			t.Errorf("%s: %+v", compress, c)
		}
		if _, asks := c.Sinks[0].Sink.(delivery.Asking); !asks {
			t.Error("the bot cannot send commands")
		}
	}
}

func TestTheCompressionsAreThoseOfTheGateway(t *testing.T) {
	for ours, theirs := range map[config.Compression]gateway.Compression{
		config.CompressZlib: gateway.ZlibStream, config.CompressZstd: gateway.ZstdStream, config.CompressPayload: gateway.Payload, config.CompressNone: gateway.None,
	} {
		if string(ours) != string(theirs) {
			t.Errorf("%s is %s there", ours, theirs)
		}
	}
}
