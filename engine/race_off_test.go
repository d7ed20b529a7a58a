//go:build !race

package engine_test

// raceEnabled says that everything takes several times as long.
const raceEnabled = false
