// Package engine runs a bot's gateway: it asks Discord how many shards the bot
// needs, keeps them connected, and forwards every event to the bot in order,
// at least once, with an id that never changes.
//
// An [Engine] is made with [New], runs in [Engine.Run] until its context ends,
// and is watched and steered through the ops.Operator that it implements. It
// imports nothing but the standard library and its own parts: what it needs
// from the world is in [Config], and package transport has all of it ready.
//
//	cfg := engine.Config{
//		Token:         token,                          // discord.NewToken
//		Intents:       discord.IntentGuilds,
//		Shards:        engine.ShardsConfig{Last: -1},  // all that Discord recommends
//		Gateway:       &rest.Client{Base: base, Token: token},
//		Dialer:        &gateway.Dialer{},
//		DeadLetterDir: dir,
//	}
//	e, err := engine.New(cfg, engine.WithSink("bot", forward))
//	…
//	err = e.Run(ctx)
//
// The examples run as they stand, against a simulated Discord. Every step can be
// overridden: the interfaces of Config stand for what the engine needs, [Hooks] for
// what it does. There is no state outside of an Engine, so that several bots can live
// in one process.
//
// With Sessions and Store set (engine/session.NewFile, engine/spool.NewFolder), a
// restart resumes every shard, and what the bot had not taken waits on disk.
package engine
