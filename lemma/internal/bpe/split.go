package bpe

import (
	"strings"
	"unicode/utf8"
)

// A Split is the rule that cuts text into pieces, each of which is encoded by
// itself.
type Split uint8

const (
	// GPT2 is the pattern of GPT-2, GPT-NeoX, OPT and others:
	//
	//	's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
	GPT2 Split = iota
	// CL100K is the pattern of tiktoken's cl100k_base and of Llama 3:
	//
	//	(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
	CL100K
	// Qwen2 is CL100K with every digit by itself (\p{N}).
	Qwen2
	// None cuts nothing.
	None
	splits // number of rules
)

// next returns the end of the piece that begins at s[i], i < len(s).
func (k Split) next(s string, i int) int {
	switch k {
	case GPT2:
		return nextGPT2(s, i)
	case CL100K:
		return nextCL100K(s, i, 3)
	case Qwen2:
		return nextCL100K(s, i, 1)
	}
	return len(s)
}

// at returns the properties of the code point at s[i] and its length.
func at(s string, i int) (prop uint8, n int) {
	if p := ascii[s[i]]; p != multibyte {
		return p, 1
	}
	r, n := utf8.DecodeRuneInString(s[i:])
	return props().of(r), n
}

// run returns the end of the run of code points of class c from s[i] on.
func run(s string, i int, c uint8) int {
	for i < len(s) {
		p := ascii[s[i]]
		if p == c {
			i++
			continue
		}
		if p != multibyte {
			return i
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if props().of(r)&class != c {
			return i
		}
		i += n
	}
	return i
}

// nextGPT2 tries the alternatives in the order of the pattern.
func nextGPT2(s string, i int) int {
	c := s[i]
	if c == '\'' {
		if n := contraction(s[i+1:], false); n > 0 {
			return i + 1 + n
		}
	}
	j := i
	if c == ' ' && i+1 < len(s) {
		j++
	}
	if p, n := at(s, j); p&class != space {
		return run(s, j+n, p&class)
	}
	return nextSpace(s, i)
}

// nextSpace matches \s+(?!\S)|\s+: a run of white space gives up its last
// code point to what follows, unless it is all there is.
func nextSpace(s string, i int) int {
	end := run(s, i, space)
	if end == len(s) {
		return end
	}
	if _, n := utf8.DecodeLastRuneInString(s[i:end]); end-n > i {
		return end - n
	}
	return end
}

// contraction returns the length of s, t, m, d, re, ve or ll in front of s; if
// fold is set, case does not matter and the long s is an s.
func contraction(s string, fold bool) int {
	for _, w := range [...]string{"s", "t", "m", "d", "re", "ve", "ll"} {
		if n := len(w); len(s) >= n && (s[:n] == w || fold && strings.EqualFold(s[:n], w)) {
			return n
		}
	}
	if fold && strings.HasPrefix(s, "\u017f") {
		return 2
	}
	return 0
}

func nextCL100K(s string, i, digits int) int {
	c := s[i]
	if c == '\'' {
		if n := contraction(s[i+1:], true); n > 0 {
			return i + 1 + n
		}
	}
	p, n := at(s, i)
	switch p & class {
	case letter:
		return run(s, i+n, letter)
	case number:
		for j := i + n; ; j += n {
			if digits--; digits == 0 || j == len(s) {
				return j
			}
			if p, n = at(s, j); p&class != number {
				return j
			}
		}
	}
	// Any one code point, but no end of line, may lead a run of letters.
	j := i + n
	var q uint8
	if j < len(s) {
		if q, n = at(s, j); q&class == letter && c != '\r' && c != '\n' {
			return run(s, j+n, letter)
		}
	}
	if p&class == other || c == ' ' && j < len(s) && q&class == other {
		end := run(s, j, other)
		for end < len(s) && (s[end] == '\r' || s[end] == '\n') {
			end++
		}
		return end
	}
	// \s*[\r\n]+ reaches to the last end of line of the run.
	for end := run(s, i, space); end > i; end-- {
		if s[end-1] == '\r' || s[end-1] == '\n' {
			return end
		}
	}
	return nextSpace(s, i)
}
