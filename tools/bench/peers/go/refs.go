// midden-bench refs (refs.cpp): a slice of references. A target is 16 bytes.
package main

import "unsafe"

type target struct {
	payload [2]uint64
}

var targetSlice []*target

func fill(targetCount int, shuffled bool) {
	targets := make([]*target, targetCount)
	for i := range targets {
		targets[i] = new(target)
		targetSlice[i] = targets[i]
	}
	if !shuffled {
		for i := targetCount; i < len(targetSlice); i++ {
			targetSlice[i] = targets[i%targetCount]
		}
		return
	}
	random := dice{uint64(len(targetSlice))}
	random.shuffle(targetCount, func(i, j int) { targets[i], targets[j] = targets[j], targets[i] })
	copy(targetSlice, targets)
	for i := targetCount; i < len(targetSlice); i++ {
		targetSlice[i] = targets[random.below(targetCount)]
	}
}

func runRefs(entries, targetCount int, shuffled bool, cycles int) {
	targetSlice = make([]*target, entries)
	fill(targetCount, shuffled)
	pointer := uint64(unsafe.Sizeof(uintptr(0)))
	writeMarking(cycles, uint64(entries)*pointer+uint64(targetCount)*uint64(unsafe.Sizeof(target{})))
}
