package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/url"

	"github.com/gatehouse-gateway/gatehouse/cmd/gatehouse/internal/config"
	"github.com/gatehouse-gateway/gatehouse/engine"
	"github.com/gatehouse-gateway/gatehouse/transport/gateway"
	"github.com/gatehouse-gateway/gatehouse/transport/rest"
	httpsink "github.com/gatehouse-gateway/gatehouse/transport/sink/http"
)

// engineConfig joins the transports with the engine, as a configuration says.
// Run and demo both come through here: what the demo shows is what runs.
func engineConfig(l *config.Loaded, log *slog.Logger) (engine.Config, error) {
	base, err := rest.ParseBase(l.Discord.APIBase)
	if err != nil {
		return engine.Config{}, usagef("config: discord.api_base: %w", err)
	}
	sinks, err := sinkConfigs(l.Sinks)
	if err != nil {
		return engine.Config{}, err
	}
	version := buildInfo().Version
	dialer := &gateway.Dialer{Compress: gateway.Compression(l.Discord.Compress), UserAgent: "gatehouse/" + version}
	return engine.Config{
		Version:        version,
		Token:          l.Discord.Token,
		Intents:        l.Discord.Intents,
		Presence:       l.Discord.Presence,
		Properties:     l.Discord.Properties,
		LargeThreshold: l.Discord.LargeThreshold,
		Capabilities:   l.Discord.Capabilities,
		Compress:       string(l.Discord.Compress),
		NoWatchdog:     !l.Discord.Watchdog,
		Shards:         l.Shards,
		Identify:       l.Identify,
		Queue:          l.Queue.QueueConfig,
		Reshard:        l.Reshard,
		Filter:         l.Filter,
		DeadLetterDir:  l.Queue.Dir,
		Sinks:          sinks,
		Gateway:        &rest.Client{Base: base, Token: l.Discord.Token, Authorization: l.Discord.RESTAuthorization, Version: version},
		Dialer:         dialer,
		Logger:         log,

		PayloadCompress: dialer.Compress.InIdentify(),
	}, nil
}

func sinkConfigs(sinks []config.Sink) ([]engine.SinkConfig, error) {
	var out []engine.SinkConfig
	for _, s := range sinks {
		sink, err := sinkConfig(&s)
		if err != nil {
			return nil, usagef("config: sinks: %s: %w", s.Name, err)
		}
		out = append(out, sink)
	}
	return out, nil
}

func sinkConfig(s *config.Sink) (engine.SinkConfig, error) {
	target, err := httpsink.ParseURL(s.URL)
	if err != nil {
		return engine.SinkConfig{}, err
	}
	sink, err := httpsink.New(httpsink.Config{
		URL: target, Authorization: s.Authorization, Timeout: s.Timeout, MaxConns: s.Parallel,
		UserAgent: "gatehouse/" + buildInfo().Version,
	})
	if err != nil {
		return engine.SinkConfig{}, err
	}
	return engine.SinkConfig{
		Name: s.Name, Kind: s.Kind, Target: display(target), Sink: sink, Version: sinkVersion(s),
		Batch: s.Batch, Parallel: s.Parallel, MaxAttempts: s.MaxAttempts, Rules: s.Rules,
		Priority: s.Priority, Expired: s.Expired, Commands: s.Commands,
	}, nil
}

// sinkVersion is a digest of all that makes the sender of a sink what it is.
func sinkVersion(s *config.Sink) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q %d %d", s.Kind, s.URL, s.Authorization, s.Timeout, s.Parallel))
	return hex.EncodeToString(sum[:])
}

// display is a URL without its query, which may hold a secret.
func display(u *url.URL) string {
	shown := *u
	shown.RawQuery, shown.ForceQuery = "", false
	return shown.String()
}
