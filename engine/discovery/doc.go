// Package discovery asks Discord where its gateway is and what the bot may do
// there (GET /gateway/bot), for the whole engine: one question at a time, an
// answer for everybody who waits for it, and no question while Discord has told
// to wait or cannot answer. The route can be limited for hours (observed), and
// refused requests count towards a ban of the machine's address (Discord docs,
// Rate limits: invalid request limit).
//
// A [Caller] starts no goroutine: who asks first asks for those who come
// meanwhile, and if it gives up the next of them asks. It does no other IO, and
// is safe for concurrent use. What a start needs while Discord's REST API is away
// is a [Saved], which whoever owns the disk keeps in a [Store].
package discovery
