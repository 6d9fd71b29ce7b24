// What the cycles of the collector cost.
//
//	cycle    stop | mark, beside the program | stop | sweep, beside the program
//
// The program stands at the stops alone, but helps to mark and to sweep when it allocates: that
// shows in its own times. pauses counts the stops, pause_ns is all of them together; pause_ns_max, of
// one of them, is the end of its interval in the histogram that Go keeps, up to 12 % more than it was.
//
// mark_ns of a cycle that was asked for is from the request to the end of the second stop: with both
// of them, without sweeping. Nothing else runs meanwhile, and threads that are idle mark, too.
package main

import (
	"math"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// What had been when it was made.
type pauses struct {
	cycles uint32
	total  uint64
	counts []uint64
}

func readHistogram() *metrics.Float64Histogram {
	sample := []metrics.Sample{{Name: "/gc/pauses:seconds"}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindFloat64Histogram {
		fail("this Go has no histogram of pauses")
	}
	return sample[0].Value.Float64Histogram()
}

func beginPauses() pauses {
	var all runtime.MemStats
	runtime.ReadMemStats(&all)
	counts := append([]uint64(nil), readHistogram().Counts...)
	return pauses{all.NumGC, all.PauseTotalNs, counts}
}

// Those since the beginning.
func (begin pauses) figures() figures {
	var all runtime.MemStats
	runtime.ReadMemStats(&all)
	histogram := readHistogram()
	stops := uint64(0)
	longest := 0.0
	for i, count := range histogram.Counts {
		if count > begin.counts[i] {
			stops += count - begin.counts[i]
			longest = histogram.Buckets[i+1]
			if math.IsInf(longest, 1) {
				longest = histogram.Buckets[i]
			}
		}
	}
	return figures{
		"cycles":       all.NumGC - begin.cycles,
		"pauses":       stops,
		"pause_ns":     all.PauseTotalNs - begin.total,
		"pause_ns_max": uint64(longest * 1e9),
	}
}

// Collects as often as asked after a first time, and writes for how long it marked.
func writeMarking(cycles int, leastBytes uint64) {
	debug.SetGCPercent(-1)
	mark := make([]int64, 0, cycles)
	pause := make([]uint64, 0, cycles)
	var before, after runtime.MemStats
	for i := 0; i <= cycles; i++ {
		runtime.ReadMemStats(&before)
		begin := time.Now().UnixNano()
		runtime.GC()
		runtime.ReadMemStats(&after)
		if after.NumGC != before.NumGC+1 {
			fail("runtime.GC() made %d cycles, not one", after.NumGC-before.NumGC)
		}
		if i > 0 {
			mark = append(mark, int64(after.LastGC)-begin)
			pause = append(pause, after.PauseTotalNs-before.PauseTotalNs)
		}
	}
	if after.HeapAlloc < leastBytes {
		fail("%d bytes are left, less than the %d built", after.HeapAlloc, leastBytes)
	}
	write(figures{"mark_ns": mark, "pause_ns": pause})
}
