// midden-bench alloc (alloc.cpp). An object is an array of numbers, without references; the one that
// was made last is referred to, or the compiler would do without it.
//
// Threads: as many as asked for, the main goroutine one of them.
package main

import (
	"sync"
	"time"
	"unsafe"
)

// The last object of a thread, in a cache line of its own.
type lastMade struct {
	object unsafe.Pointer
	_      [15]uint64
}

func makeObjects[T any](objects int, last *lastMade) {
	for i := 0; i < objects; i++ {
		object := unsafe.Pointer(new(T))
		*(*uint64)(object) = uint64(i)
		last.object = object
	}
}

var makers = map[int]func(objects int, last *lastMade){
	16:   makeObjects[[2]uint64],
	32:   makeObjects[[4]uint64],
	64:   makeObjects[[8]uint64],
	128:  makeObjects[[16]uint64],
	256:  makeObjects[[32]uint64],
	512:  makeObjects[[64]uint64],
	1024: makeObjects[[128]uint64],
	2048: makeObjects[[256]uint64],
	4096: makeObjects[[512]uint64],
}

func runAlloc(bytes, threads, objects int) {
	makeAll := makers[bytes]
	if makeAll == nil {
		fail("there are no objects of %d bytes", bytes)
	}
	pauses := beginPauses()
	var ready, done sync.WaitGroup
	ready.Add(threads)
	done.Add(threads)
	seconds := make([]float64, threads)
	last := make([]lastMade, threads)
	work := func(thread int) {
		ready.Done()
		ready.Wait()
		begin := time.Now()
		makeAll(objects, &last[thread])
		seconds[thread] = time.Since(begin).Seconds()
		done.Done()
	}
	for thread := 1; thread < threads; thread++ {
		go work(thread)
	}
	work(0)
	done.Wait()
	slowest := 0.0
	for _, one := range seconds {
		if one > slowest {
			slowest = one
		}
	}
	found := pauses.figures()
	found["seconds"] = slowest
	write(found)
}
