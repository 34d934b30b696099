package bpe

import (
	"fmt"
	"sync"
	"unicode/utf8"
)

// A Step is a pre-tokenizer: it cuts each piece of text into smaller ones.
type Step struct {
	Kind     StepKind
	Behavior Behavior
	Invert   bool // what does not match is the match
	Pattern  string
	Dialect  dialect
	re       *regex
	rule     Split // a rule for the pattern, if fast is set
	fast     bool
	class    *charSet
	bytes    bool // the text is in byte-level form by now
}

// A StepKind is what a Step looks for.
type StepKind uint8

const (
	Pattern     StepKind = iota // matches of Pattern
	Digits                      // characters of \p{N}, and newer ones
	Punctuation                 // characters of punctuation
	PrefixSpace                 // nothing: it puts a space before what begins with none
	ToBytes                     // nothing: text is in byte-level form from here on
)

// A Behavior says what becomes of matches and of the text between them.
type Behavior uint8

const (
	Isolated           Behavior = iota // each match is a piece
	Removed                            // matches are dropped
	MergedWithPrevious                 // a match ends the piece before it
	MergedWithNext                     // a match begins the piece after it
	Contiguous                         // neighboring matches are one piece
)

var behaviors = map[string]Behavior{
	"Isolated": Isolated, "Removed": Removed, "MergedWithPrevious": MergedWithPrevious,
	"MergedWithNext": MergedWithNext, "Contiguous": Contiguous,
}

var (
	digitSet = sync.OnceValue(func() *charSet { return newCharSet(setOf(numberRanges[:]).add(setOf(digitRanges[:]))) })
	punctSet = sync.OnceValue(func() *charSet { return newCharSet(setOf(punctRanges[:])) })
)

// compile makes a step ready for use.
func (st *Step) compile() (err error) {
	switch st.Kind {
	case Digits:
		st.class = digitSet()
	case Punctuation:
		st.class = punctSet()
	case Pattern:
		// The patterns with a rule leave nothing between matches, so that
		// removing what does not match is isolating what does.
		whole := st.Behavior == Isolated && !st.Invert || st.Behavior == Removed && st.Invert
		if st.rule, st.fast = patterns[st.Pattern]; st.fast && whole && !st.bytes {
			return nil
		}
		if st.fast = false; st.re == nil {
			st.re, err = compileRegex(st.Pattern, st.Dialect)
		}
	}
	return err
}

// setSteps prepares the steps. The usual ones are a rule alone, perhaps with a
// space in front of the text.
func (t *BPE) setSteps(steps []Step) error {
	t.split = None
	var rest []Step
	bytes := false
	for _, st := range steps {
		if st.bytes = bytes; st.Kind == ToBytes {
			bytes = true
			continue
		}
		if err := st.compile(); err != nil {
			return fmt.Errorf("%w: a pattern: %w: %s", ErrUnsupported, err, st.Pattern)
		}
		rest = append(rest, st)
	}
	if len(rest) > 0 && rest[0].Kind == PrefixSpace {
		t.prefixSpace = true
		rest = rest[1:]
	}
	if len(rest) > 0 && rest[0].fast {
		t.split = rest[0].rule
		rest = rest[1:]
	}
	t.steps = rest
	return nil
}

// A stretch is a part of the text that is being encoded.
type stretch struct {
	s    string
	at   int // where s[0] is in the normalized text; one less if it is a space put in front
	from int // where the stretch begins there
}

func (w stretch) sub(i, j int) stretch {
	return stretch{w.s[i:j], w.at + i, max(w.from, w.at+i)}
}

// prefixed returns the stretch with a space in front, if it has none.
func (w stretch) prefixed() stretch {
	if w.s != "" && w.s[0] != ' ' {
		return stretch{" " + w.s, w.at - 1, w.from}
	}
	return w
}

// cut takes a stretch through the steps from the kth on, and encodes what
// comes out.
func (t *BPE) cut(o *sink, w stretch, k int) error {
	if k == len(t.steps) {
		return t.whole(o, w)
	}
	if w.s == "" {
		return nil
	}
	st := &t.steps[k]
	if st.Kind == PrefixSpace {
		return t.cut(o, w.prefixed(), k+1)
	}
	if st.fast {
		for i := 0; i < len(w.s); {
			j := st.rule.next(w.s, i)
			if err := t.cut(o, w.sub(i, j), k+1); err != nil {
				return err
			}
			i = j
		}
		return nil
	}
	return st.segments(w.s, func(i, j int) error {
		if i == j {
			return nil
		}
		return t.cut(o, w.sub(i, j), k+1)
	})
}

// segments calls yield for the parts into which the step cuts s.
func (st *Step) segments(s string, yield func(from, to int) error) error {
	join := joiner{behavior: st.Behavior, yield: yield}
	if err := st.matches(s, func(from, to int, match bool) error { return join.add(from, to, match != st.Invert) }); err != nil {
		return err
	}
	return join.flush()
}

// matches calls yield for all of s in order, matches and what lies between.
func (st *Step) matches(s string, yield func(from, to int, match bool) error) error {
	done := 0
	found := func(from, to int) error {
		if from > done {
			if err := yield(done, from, false); err != nil {
				return err
			}
		}
		done = to
		return yield(from, to, true)
	}
	if st.Kind == Pattern {
		text := s
		if st.bytes {
			text = ByteLevel(s)
		}
		m := machine{s: text, dialect: st.Dialect}
		at, atByte := 0, 0 // text[at] stands for s[atByte]
		place := func(i int) int {
			if !st.bytes {
				return i
			}
			atByte += utf8.RuneCountInString(text[at:i])
			at = i
			return atByte
		}
		last := -1 // the end of the last match: no empty one is taken there
		for i := 0; i <= len(text); {
			from, to, ok := st.re.next(&m, i)
			if m.over {
				return fmt.Errorf("%w: %w: %s", ErrText, errPattern, st.Pattern)
			}
			if !ok {
				break
			}
			if i = to; from == to {
				_, n := utf8.DecodeRuneInString(text[to:])
				i += max(n, 1)
				if to == last {
					continue
				}
			}
			last = to
			a := place(from)
			if err := found(a, place(to)); err != nil {
				return err
			}
		}
	} else {
		for i := 0; i < len(s); {
			r, n := rune(byteChars[s[i]]), 1
			if !st.bytes {
				r, n = utf8.DecodeRuneInString(s[i:])
			}
			if st.class.has(r) {
				if err := found(i, i+n); err != nil {
					return err
				}
			}
			i += n
		}
	}
	if done < len(s) {
		return yield(done, len(s), false)
	}
	return nil
}

// A joiner puts matches and the text between them together as a Behavior
// says.
type joiner struct {
	behavior Behavior
	yield    func(from, to int) error
	from, to int // what is not yet given out
	held     bool
	match    bool // the part before was a match
}

func (j *joiner) add(from, to int, match bool) error {
	extend := false
	switch j.behavior {
	case Isolated:
		return j.yield(from, to)
	case Removed:
		if match {
			return nil
		}
		return j.yield(from, to)
	case MergedWithPrevious:
		extend = match && !j.match
	case MergedWithNext:
		extend = !match && j.match
	case Contiguous:
		extend = match == j.match
	}
	j.match = match
	if extend && j.held {
		j.to = to
		return nil
	}
	err := j.flush()
	j.from, j.to, j.held = from, to, true
	return err
}

func (j *joiner) flush() error {
	if !j.held {
		return nil
	}
	j.held = false
	return j.yield(j.from, j.to)
}
