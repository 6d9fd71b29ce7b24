package main

// Random numbers below any end, as in dice.hpp, but of another generator. Source: Steele, Lea and
// Flood, "Fast splittable pseudorandom number generators".
type dice struct {
	state uint64
}

// Requires: 0 < end < 2^32.
func (d *dice) below(end int) int {
	d.state += 0x9e3779b97f4a7c15
	bits := d.state
	bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9
	bits = (bits ^ (bits >> 27)) * 0x94d049bb133111eb
	bits ^= bits >> 31
	return int(((bits >> 32) * uint64(end)) >> 32)
}

func (d *dice) shuffle(count int, swap func(i, j int)) {
	for left := count; left > 1; left-- {
		swap(d.below(left), left-1)
	}
}
