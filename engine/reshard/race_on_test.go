//go:build race

package reshard

// raceEnabled says that everything takes several times as long.
const raceEnabled = true
