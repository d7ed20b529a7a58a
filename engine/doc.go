// Package engine runs a bot's gateway: it asks Discord how many shards the bot
// needs, keeps them connected, and forwards every event to the bot in order,
// at least once, with an id that never changes.
//
// # A first program
//
// An [Engine] is made with [New] and runs in [Engine.Run] until its context ends.
// This holds all shards of a bot, and prints what happens:
//
//	func main() {
//		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
//		defer stop()
//		token := discord.NewToken(os.Getenv("DISCORD_TOKEN"))
//		base, _ := rest.ParseBase("https://discord.com/api/v10")
//		e, err := engine.New(engine.Config{
//			Token:         token,
//			Intents:       discord.IntentGuilds | discord.IntentGuildMessages,
//			Shards:        engine.ShardsConfig{Last: -1}, // as many as Discord recommends
//			Gateway:       &rest.Client{Base: base, Token: token},
//			Dialer:        &gateway.Dialer{},
//			DeadLetterDir: "dead-letters",
//		}, engine.WithSink("bot", func(_ context.Context, events []event.Event, _ int) error {
//			fmt.Printf("%s of guild %d\n%s\n", events[0].Type, events[0].Guild, events[0].Data)
//			return nil // done; after an error it comes again
//		}))
//		if err == nil {
//			err = e.Run(ctx)
//		}
//		if err != nil {
//			log.Fatal(err)
//		}
//	}
//
// The packages are engine/discord, engine/event, transport/rest and
// transport/gateway of this module. [ExampleNew] is the same against a simulated
// Discord (engine/discordtest), which needs no token: start there.
//
// # What is delivered
//
// Events of one shard come in the order in which Discord sent them, one at a time
// unless the sink's Batch says otherwise; those of several shards at the same time.
// One that is refused with an error comes again, and what is behind it waits: a
// [delivery.Error] can also say that the event itself is at fault, so that it is put
// aside in DeadLetterDir, or that the bot wants a pause. An event may come twice, as
// after a crash, with the same [event.ID]: who must not do a thing twice remembers the
// ids.
//
// Beside Discord's own there are events whose type begins with GATEHOUSE_, such as
// [LoadedType] once all guilds are there. Events of the type GUILD_CREATE tell in their
// Kind whether the bot has just been added to the guild.
//
// # What outlives the process
//
// Nothing, unless it is told to: with [WithSessions] a restart resumes where it
// stopped, and Discord sends what came meanwhile; with [WithStore] events that wait
// long for the bot are kept. session.File and spool.Folder keep both on disk.
//
// # Steps of one's own
//
// [Hooks] override steps from Go: which worker holds which shard, whether a shard may
// identify now and with what, what becomes of an event, how many shards a reshard
// makes. What is an interface of [Config] can be replaced, too. A panic in either is
// caught, counted and shown, and no shard ends of it.
//
// # Watching and steering
//
// An Engine is an [ops.Operator], which is all that the console and `gatehouse ctl`
// use: Snapshot says how everything is, Subscribe and Log tell what happens, Do and
// Plan change it. [Reloaded] is what of a configuration may change while it runs.
//
// # Several in one process
//
// An engine shares nothing with another: there are no variables of the package that
// change, and it writes, logs and listens nowhere but through its Config. Two bots are
// two engines, each with its Token, its DeadLetterDir and its stores.
package engine
