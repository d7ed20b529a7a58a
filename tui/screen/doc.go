// Package screen draws the parts of the dashboard: header, alert line, shard
// grid, drawer, curves, sinks, log, and the bars at the bottom.
//
// Every function is pure: what it shows and the size come in, a block or a line
// of exactly that size comes out. Nothing here knows about keys, time or Bubble
// Tea; all of it may be called concurrently.
package screen
