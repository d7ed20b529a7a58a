//go:build !race

package httpsink

const raceEnabled = false
