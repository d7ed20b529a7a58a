package main

import (
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
		target, err := httpsink.ParseURL(s.URL)
		if err != nil {
			return nil, usagef("config: sinks: %s: %w", s.Name, err)
		}
		sink, err := httpsink.New(httpsink.Config{
			URL: target, Authorization: s.Authorization, Timeout: s.Timeout, MaxConns: s.Parallel,
			UserAgent: "gatehouse/" + buildInfo().Version,
		})
		if err != nil {
			return nil, usagef("config: sinks: %s: %w", s.Name, err)
		}
		out = append(out, engine.SinkConfig{
			Name: s.Name, Kind: s.Kind, Target: display(target), Sink: sink,
			Batch: s.Batch, Parallel: s.Parallel, MaxAttempts: s.MaxAttempts, Only: s.Only, Drop: s.Drop,
			Priority: s.Priority, Expired: s.Expired, Commands: s.Commands,
		})
	}
	return out, nil
}

// display is a URL without its query, which may hold a secret.
func display(u *url.URL) string {
	shown := *u
	shown.RawQuery, shown.ForceQuery = "", false
	return shown.String()
}
