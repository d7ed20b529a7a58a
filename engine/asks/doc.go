// Package asks is the book of what bots, operators and the watchdog have asked
// Discord for through the gateway, of all fleets of the process: who asked, under
// which nonce, and how much of the answer has come.
//
// Op 8 goes out with a nonce of the book's own, so that the chunks find the asker
// whatever nonce it had chosen; it is put back before anybody sees them. Answers
// to op 31 and 43 carry no nonce: everybody gets them, as from Discord itself, and
// whoever waits gets them by op and guild.
//
// The book also holds back lists of all members of a guild that come sooner than
// Discord answers them: one in 30 s for each guild and bot (Discord docs, Gateway:
// rate limiting; change log of 14 August 2025).
//
// A [Book] and its requests are safe for concurrent use. No goroutine is started:
// what is overdue ends when anybody asks for something, in [Book.Sweep], or in the
// [Ask.Wait] of the one who waits for it. Memory is bounded in requests and in
// bytes.
package asks
