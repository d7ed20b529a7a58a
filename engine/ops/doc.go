// Package ops is the operator's port: everything a console, the control API or
// a script can see of a running engine and do to it.
//
// The port is pull-first. An observer asks for an immutable [Snapshot] as often
// as it redraws; only rare facts ([Event]) are pushed. Whatever an observer
// does, it never blocks the engine: snapshots are copies, and a slow subscriber
// is told how much it missed instead of being waited for.
//
// The package holds data and one interface, imports the standard library alone,
// and owns no goroutine. Values handed out are never written again and may be
// shared between goroutines.
package ops
