package fleet

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
)

// Place gives a number of shards to workers: perWorker to each at most, unless there
// may be no more than maxWorkers (0 for no limit). Their sizes differ by one at most.
// The result is the worker of each shard by its place. Neighbours share a worker, or
// with roundRobin are given to different ones.
func Place(shards, perWorker, maxWorkers int, roundRobin bool) []int {
	workers := (shards + perWorker - 1) / perWorker
	if maxWorkers > 0 {
		workers = min(workers, maxWorkers)
	}
	place := make([]int, shards)
	for i := range place {
		if roundRobin {
			place[i] = i % workers
		} else {
			// The first shards%workers workers hold one more than the others.
			size, larger := shards/workers, shards%workers
			if place[i] = i / (size + 1); place[i] >= larger {
				place[i] = larger + (i-larger*(size+1))/size
			}
		}
	}
	return place
}

// PlacementName tells placements apart: by the most shards that a worker holds, and,
// unless so many in turn are given to one worker after another, by a digest.
func PlacementName(place []int) (perWorker int, digest string) {
	sizes := make(map[int]int)
	for _, w := range place {
		sizes[w]++
		perWorker = max(perWorker, sizes[w])
	}
	h, plain := fnv.New32a(), true
	for i, w := range place {
		plain = plain && w == i/perWorker
		_, _ = h.Write(binary.AppendUvarint(nil, uint64(w)))
	}
	if plain {
		return perWorker, ""
	}
	return perWorker, fmt.Sprintf("%08x", h.Sum32())
}

// CheckPlace says why a placement cannot be; nil if it can.
func CheckPlace(place []int, shards int) error {
	if len(place) != shards {
		return fmt.Errorf("%d shards were placed, there are %d", len(place), shards)
	}
	held := make(map[int]bool)
	most := 0
	for i, w := range place {
		if w < 0 || w >= shards {
			return fmt.Errorf("the shard at %d was given to worker %d; workers count from 0 and are no more than shards", i, w)
		}
		held[w], most = true, max(most, w)
	}
	if len(held) != most+1 {
		return fmt.Errorf("of %d workers only %d hold shards; workers count from 0 without holes", most+1, len(held))
	}
	return nil
}
