// midden-bench graph (graph.cpp), without its comb: the list of nodes keeps them alive while they are
// made. A node is 64 bytes.
package main

import "unsafe"

const places = 4

type graphNode struct {
	to      [places]*graphNode
	payload [4]uint64
}

var graphRoot *graphNode

func linkShuffled(nodes []*graphNode) *graphNode {
	random := dice{uint64(len(nodes))}
	random.shuffle(len(nodes), func(i, j int) { nodes[i], nodes[j] = nodes[j], nodes[i] })
	taken := make([]uint8, len(nodes))
	open := make([]uint32, 1, len(nodes)) // the numbers of those that have a place left
	for k := 1; k < len(nodes); k++ {
		choice := random.below(len(open))
		parent := open[choice]
		nodes[parent].to[taken[parent]] = nodes[k]
		taken[parent]++
		if taken[parent] < places {
			open = append(open, uint32(k))
		} else {
			open[choice] = uint32(k)
		}
	}
	for k, node := range nodes {
		for place := taken[k]; place < places; place++ {
			node.to[place] = nodes[random.below(len(nodes))]
		}
	}
	return nodes[0]
}

// A binary tree of the nodes, of which each subtree stands in a row.
func linkAsMade(nodes []*graphNode) *graphNode {
	if len(nodes) == 0 {
		return nil
	}
	middle := 1 + (len(nodes)-1)/2
	nodes[0].to[0] = linkAsMade(nodes[1:middle])
	nodes[0].to[1] = linkAsMade(nodes[middle:])
	return nodes[0]
}

func makeGraph(count int, shuffled bool) *graphNode {
	nodes := make([]*graphNode, count)
	for i := range nodes {
		nodes[i] = new(graphNode)
	}
	if shuffled {
		return linkShuffled(nodes)
	}
	return linkAsMade(nodes)
}

func runGraph(count int, shuffled bool, cycles int) {
	graphRoot = makeGraph(count, shuffled)
	writeMarking(cycles, uint64(count)*uint64(unsafe.Sizeof(graphNode{})))
}
