// midden-bench gcbench (gcbench.cpp). A node is 24 bytes.
package main

import "time"

const (
	stretch     = 2
	numberCount = 500000
)

type benchNode struct {
	left, right *benchNode
	i, j        int32
}

func (node *benchNode) topDown(depth int) {
	if depth == 0 {
		return
	}
	node.left = new(benchNode)
	node.right = new(benchNode)
	node.left.topDown(depth - 1)
	node.right.topDown(depth - 1)
}

func bottomUp(depth int) *benchNode {
	if depth == 0 {
		return new(benchNode)
	}
	return &benchNode{left: bottomUp(depth - 1), right: bottomUp(depth - 1)}
}

func (node *benchNode) count() int {
	if node.left == nil {
		return 1
	}
	return 1 + node.left.count() + node.right.count()
}

func treeSize(depth int) int {
	return 2<<depth - 1
}

func runGcbench(depth int) {
	pauses := beginPauses()
	begin := time.Now()
	bottomUp(depth + stretch)
	kept := new(benchNode)
	kept.topDown(depth)
	array := make([]float64, numberCount)
	for i := 1; i < numberCount/2; i++ {
		array[i] = 1 / float64(i)
	}
	for d := leastDepth; d <= depth; d += 2 {
		trees := 2 * treeSize(depth+stretch) / treeSize(d)
		for left := trees; left > 0; left-- {
			new(benchNode).topDown(d)
		}
		for left := trees; left > 0; left-- {
			bottomUp(d)
		}
	}
	seconds := time.Since(begin).Seconds()
	if nodes := kept.count(); nodes != treeSize(depth) || array[1000] != 1.0/1000 {
		fail("%d long-lived nodes are left of %d", nodes, treeSize(depth))
	}
	found := pauses.figures()
	found["seconds"] = seconds
	write(found)
}
