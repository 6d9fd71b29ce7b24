// midden-bench churn (churn.cpp). A node is 64 bytes; slots are in the same order at first and random
// by numbers of another generator.
package main

import (
	"math"
	"sort"
	"time"
)

const batch = 1000

type churnNode struct {
	next    *churnNode
	payload [7]uint64
}

func newChurnNode(word uint64) *churnNode {
	node := new(churnNode)
	for i := range node.payload {
		node.payload[i] = word
	}
	return node
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

func replaceAll(table []*churnNode) {
	step := len(table)*5/8 + 1
	for gcd(step, len(table)) != 1 {
		step++
	}
	slot := 0
	for range table {
		table[slot] = newChurnNode(uint64(slot))
		slot = (slot + step) % len(table)
	}
}

// Of values in ascending order, the least that this part of all do not exceed.
func quantile(sorted []float64, fraction float64) float64 {
	wanted := int(math.Ceil(fraction * float64(len(sorted))))
	if wanted < 1 {
		wanted = 1
	}
	return sorted[wanted-1]
}

func runChurn(slots, milliseconds int) {
	table := make([]*churnNode, slots)
	for slot := range table {
		table[slot] = newChurnNode(uint64(slot))
	}
	replaceAll(table)

	pauses := beginPauses()
	random := dice{uint64(slots)}
	limit := time.Duration(milliseconds) * time.Millisecond
	batches := make([]float64, 0, 1<<16)
	whole := time.Now()
	for {
		begin := time.Now()
		for i := 0; i < batch; i++ {
			slot := random.below(slots)
			table[slot] = newChurnNode(uint64(slot))
		}
		batches = append(batches, time.Since(begin).Seconds()*1e6)
		if time.Since(whole) >= limit {
			break
		}
	}
	seconds := time.Since(whole).Seconds()
	found := pauses.figures()

	for slot, node := range table {
		for _, word := range node.payload {
			if word != uint64(slot) {
				fail("slot %d has a node that says %d", slot, word)
			}
		}
	}
	sort.Float64s(batches)
	found["operations_per_s"] = float64(len(batches)*batch) / 1e6 / seconds
	found["p50"] = quantile(batches, 0.5)
	found["p99"] = quantile(batches, 0.99)
	found["p99.9"] = quantile(batches, 0.999)
	found["p99.99"] = quantile(batches, 0.9999)
	found["max"] = quantile(batches, 1)
	write(found)
}
