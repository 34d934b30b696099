package plot

import (
	"math"
	"slices"

	"golang.org/x/text/unicode/bidi"
)

const halfPi = math.Pi / 2

// visual reorders a line from the order in which it is read to the order in
// which its runes stand from left to right, for canvases that place runes
// themselves. It is the Unicode bidirectional algorithm (UAX 9) without
// explicit marks, which [display] removes, and without pairing of brackets.
// Letters are not joined: Arabic stays in its isolated forms.
func visual(s string) string {
	rtl := false
	for _, r := range s {
		if r >= 0x590 && (r < 0x900 || r >= 0xfb1d) {
			rtl = true
			break
		}
	}
	if !rtl {
		return s
	}
	runes := []rune(s)
	const (
		left   = iota // letters, and numbers after them
		right         // letters
		number        // after letters of right: reads to the right, stands as one of them
		neutral
	)
	kind := make([]int, len(runes))
	base, last, found := left, left, false
	for i, r := range runes {
		p, _ := bidi.LookupRune(r)
		switch p.Class() {
		case bidi.L:
			kind[i], last = left, left
		case bidi.R, bidi.AL:
			kind[i], last = right, right
		case bidi.EN, bidi.AN:
			if kind[i] = left; last == right {
				kind[i] = number
			}
			continue
		case bidi.NSM:
			if kind[i] = neutral; i > 0 {
				kind[i] = kind[i-1]
			}
			continue
		default:
			kind[i] = neutral
			continue
		}
		if !found { // the first letter gives the line's direction
			base, found = last, true
		}
	}
	if base == right { // numbers before the first letter
		for i := range kind {
			if kind[i] == right {
				break
			}
			if kind[i] == left {
				kind[i] = number
			}
		}
	}
	// What is neutral follows its neighbours where they agree, else the line.
	side := func(i int) int {
		if i < 0 || i >= len(kind) {
			return base
		}
		return min(kind[i], right)
	}
	for i := 0; i < len(kind); i++ {
		if kind[i] != neutral {
			continue
		}
		j := i
		for j < len(kind) && kind[j] == neutral {
			j++
		}
		set := base
		if before := side(i - 1); before == side(j) {
			set = before
		}
		for ; i < j; i++ {
			kind[i] = set
		}
	}
	level := make([]int, len(runes))
	for i, k := range kind {
		switch k {
		case left:
			level[i] = 2 * base
		case right:
			level[i] = 1
		case number:
			level[i] = 2
		}
	}
	for l := 2; l >= 1; l-- {
		for i := 0; i < len(runes); i++ {
			if level[i] < l {
				continue
			}
			j := i
			for j < len(runes) && level[j] >= l {
				j++
			}
			if l == 1 {
				for k := i; k < j; k++ {
					if m, ok := mirrored[runes[k]]; ok && level[k] == 1 {
						runes[k] = m
					}
				}
			}
			slices.Reverse(runes[i:j])
			i = j
		}
	}
	return string(runes)
}

var mirrored = map[rune]rune{'(': ')', ')': '(', '[': ']', ']': '[', '{': '}', '}': '{', '<': '>', '>': '<', '«': '»', '»': '«'}
