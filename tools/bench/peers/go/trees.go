// midden-bench trees (trees.cpp). A node is 16 bytes.
package main

import "time"

const leastDepth = 4

type treeNode struct {
	left, right *treeNode
}

func makeTree(depth int) *treeNode {
	if depth == 0 {
		return &treeNode{}
	}
	return &treeNode{makeTree(depth - 1), makeTree(depth - 1)}
}

func (node *treeNode) count() int {
	if node.left == nil {
		return 1
	}
	return 1 + node.left.count() + node.right.count()
}

func runTrees(depth int) {
	pauses := beginPauses()
	begin := time.Now()
	nodes := makeTree(depth + 1).count()
	kept := makeTree(depth)
	for d := leastDepth; d <= depth; d += 2 {
		for left := 1 << (depth - d + leastDepth); left > 0; left-- {
			nodes += makeTree(d).count()
		}
	}
	nodes += kept.count()
	seconds := time.Since(begin).Seconds()
	found := pauses.figures()
	found["seconds"] = seconds
	found["nodes"] = nodes
	write(found)
}
