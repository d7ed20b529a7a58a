// Package engine runs a bot's gateway: it asks Discord how many shards the bot
// needs, keeps them connected, and forwards every event to the bot in order,
// at least once, with an id that never changes.
//
// An [Engine] is made with [New], runs in [Engine.Run] until its context ends,
// and is watched and steered through the ops.Operator that it implements.
package engine
