package bpe

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

// The patterns of Split, which HF gives to the engine Oniguruma (syntax: Ruby,
// with Unicode 16), and those of tiktoken, which are for Rust's engine. What is
// read here means the same there; all else is an error. Character classes come
// from the tables of unicode_tables.go.

// A dialect says which engine a pattern is for.
type dialect uint8

const (
	ruby dialect = iota // ^ and $ are about lines, a{2,3}+ is (?:a{2,3})+
	rust                // ^ and $ are about the text, a{2,3}+ is possessive
)

// A node is a part of a pattern.
type node struct {
	op       nodeOp
	set      runeSet // opSet
	subs     []*node // opSeq, opAlt; one for opRepeat, opLook, opAtomic
	min, max int     // opRepeat; max < 0: no limit
	mode     byte    // opRepeat: 0, '?' lazy, '+' possessive; opAssert: the letter
	not      bool    // opLook
	back     bool    // opLook
}

type nodeOp uint8

const (
	opSeq nodeOp = iota
	opSet
	opAlt
	opRepeat
	opLook
	opAtomic
	opAssert
)

// maxProgram limits the size of a pattern, repeats written out.
const maxProgram = 20000

type regexParser struct {
	src     string
	i       int
	dialect dialect
	fold    bool
	dotAll  bool
	depth   int
	err     error
}

func (p *regexParser) fail(at int, format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf("%s at offset %d", fmt.Sprintf(format, args...), at)
	}
	p.i = len(p.src)
}

func (p *regexParser) more() bool { return p.i < len(p.src) }

func (p *regexParser) eat(s string) bool {
	if strings.HasPrefix(p.src[p.i:], s) {
		p.i += len(s)
		return true
	}
	return false
}

// alternatives reads up to a closing parenthesis or the end.
func (p *regexParser) alternatives() *node {
	if p.depth++; p.depth > 100 {
		p.fail(p.i, "too many groups in one another")
	}
	defer func() { p.depth-- }()
	fold, dotAll := p.fold, p.dotAll
	alt := &node{op: opAlt, subs: []*node{p.sequence()}}
	for p.eat("|") {
		alt.subs = append(alt.subs, p.sequence())
	}
	p.fold, p.dotAll = fold, dotAll
	if len(alt.subs) == 1 {
		return alt.subs[0]
	}
	return alt
}

func (p *regexParser) sequence() *node {
	seq := &node{op: opSeq}
	last := rune(0) // the letter before, where case does not matter
	for p.more() && p.src[p.i] != '|' && p.src[p.i] != ')' {
		at := p.i
		if n, ok := p.option(); ok {
			if n != nil {
				seq.subs = append(seq.subs, n)
			}
			continue
		}
		n, letter := p.atom()
		if p.err != nil {
			break
		}
		if p.fold && letter != 0 {
			// Other characters are these two: ß, ﬁ and the like.
			if pair := string([]rune{last | 0x20, letter | 0x20}); slices.Contains([]string{"ss", "st", "ff", "fi", "fl"}, pair) {
				p.fail(at, "%q where case does not matter", pair)
			}
		}
		q := p.quantified(n)
		if last = letter; q != n {
			last = 0
		}
		seq.subs = append(seq.subs, q)
	}
	if len(seq.subs) == 1 {
		return seq.subs[0]
	}
	return seq
}

// option reads (?i) and the like, which hold to the end of the group. In Ruby
// what follows, with its alternatives, is a group of its own, in Rust it is not.
func (p *regexParser) option() (*node, bool) {
	start := p.i
	if !p.eat("(?") {
		return nil, false
	}
	fold, dotAll, ok := p.flags()
	if !ok || !p.eat(")") {
		p.i = start
		return nil, false
	}
	p.fold, p.dotAll = fold, dotAll
	if p.dialect == rust {
		return nil, true
	}
	return p.alternatives(), true
}

// flags reads letters such as i or -i.
func (p *regexParser) flags() (fold, dotAll, ok bool) {
	fold, dotAll = p.fold, p.dotAll
	on, start := true, p.i
	for p.more() {
		switch c := p.src[p.i]; {
		case c == '-':
			on = false
		case c == 'i':
			fold = on
		case c == 'm' && p.dialect == ruby, c == 's' && p.dialect == rust:
			dotAll = on
		default:
			return fold, dotAll, p.i > start
		}
		p.i++
	}
	return fold, dotAll, false
}

// atom reads one element; letter is set if it is one letter of ASCII.
func (p *regexParser) atom() (n *node, letter rune) {
	at := p.i
	switch c := p.src[p.i]; c {
	case '(':
		return p.group(), 0
	case '[':
		p.i++
		set := p.class(at)
		return &node{op: opSet, set: set}, 0
	case '.':
		p.i++
		if p.dotAll {
			return &node{op: opSet, set: runeSet{0, utf8.MaxRune}}, 0
		}
		return &node{op: opSet, set: runeSet{'\n', '\n'}.not()}, 0
	case '^', '$':
		p.i++
		if p.dialect == rust {
			c = map[byte]byte{'^': 'A', '$': 'z'}[c]
		}
		return &node{op: opAssert, mode: c}, 0
	case '*', '+', '?':
		p.fail(at, "nothing to repeat")
		return nil, 0
	case '\\':
		if rest := p.src[p.i+1:]; rest != "" && strings.IndexByte("AzZbB", rest[0]) >= 0 {
			if rest[0] == 'Z' && p.dialect == rust {
				p.fail(at, `\Z`)
				return nil, 0
			}
			p.i += 2
			return &node{op: opAssert, mode: rest[0]}, 0
		}
		set, r := p.escape(false)
		if set != nil {
			return &node{op: opSet, set: set}, 0
		}
		return p.literal(at, r)
	}
	r, size := utf8.DecodeRuneInString(p.src[p.i:])
	p.i += size
	return p.literal(at, r)
}

func (p *regexParser) literal(at int, r rune) (*node, rune) {
	set := runeSet{r, r}
	if p.fold {
		set = p.folded(at, set)
	}
	if l := r | 0x20; 'a' <= l && l <= 'z' {
		return &node{op: opSet, set: set}, r
	}
	return &node{op: opSet, set: set}, 0
}

// folded adds the other case of letters. Beyond ASCII there is only what is
// known to match letters of ASCII.
func (p *regexParser) folded(at int, set runeSet) runeSet {
	if n := len(set); n > 0 && set[n-1] >= utf8.RuneSelf {
		p.fail(at, "characters beyond ASCII where case does not matter")
		return set
	}
	more := runeSet{}
	for i := 0; i < len(set); i += 2 {
		for r := set[i]; r <= set[i+1]; r++ {
			l := r | 0x20
			if l < 'a' || l > 'z' {
				continue
			}
			more = more.add(runeSet{r ^ 0x20, r ^ 0x20})
			switch l {
			case 's':
				more = more.add(runeSet{0x17F, 0x17F})
			case 'k':
				more = more.add(runeSet{0x212A, 0x212A})
			}
		}
	}
	return set.add(more)
}

func (p *regexParser) group() *node {
	at := p.i
	p.i++
	n := &node{op: opLook}
	fold, dotAll := p.fold, p.dotAll
	switch {
	case p.eat("?:"):
		n = nil
	case p.eat("?="):
	case p.eat("?!"):
		n.not = true
	case p.eat("?<="):
		n.back = true
	case p.eat("?<!"):
		n.back, n.not = true, true
	case p.eat("?>"):
		n.op = opAtomic
	case strings.HasPrefix(p.src[p.i:], "?"):
		p.i++
		var ok bool
		if p.fold, p.dotAll, ok = p.flags(); !ok || !p.eat(":") {
			p.fail(at, "a group of the kind %.4q", p.src[at:])
			return nil
		}
		n = nil
	default:
		n = nil // a group that is numbered: nothing refers to it
	}
	body := p.alternatives()
	p.fold, p.dotAll = fold, dotAll
	if p.err == nil && !p.eat(")") {
		p.fail(at, "a group without end")
	}
	if p.err != nil {
		return nil
	}
	if n == nil {
		return body
	}
	n.subs = []*node{body}
	if n.back {
		if _, ok := width(body); !ok {
			p.fail(at, "a look behind of several lengths")
		}
	}
	return n
}

// quantified reads the quantifiers after an element.
func (p *regexParser) quantified(n *node) *node {
	for p.err == nil && p.more() {
		at := p.i
		lo, hi, braces := 0, 0, false
		switch {
		case p.eat("*"):
			hi = -1
		case p.eat("+"):
			lo, hi = 1, -1
		case p.eat("?"):
			hi = 1
		default:
			var ok bool
			if lo, hi, ok = p.interval(); !ok {
				return n
			}
			braces = true
		}
		if n.op == opLook || n.op == opAssert {
			p.fail(at, "a repeated condition")
			return n
		}
		if lo > 1000 || hi > 1000 || hi >= 0 && lo > hi {
			p.fail(at, "the interval {%d,%d}", lo, hi)
			return n
		}
		r := &node{op: opRepeat, subs: []*node{n}, min: lo, max: hi}
		switch {
		case braces && lo == hi && p.dialect == ruby && strings.HasPrefix(p.src[p.i:], "?"):
			p.fail(at, "an interval that is lazy")
		case p.eat("?"):
			r.mode = '?'
		case (!braces || p.dialect == rust) && p.eat("+"):
			r.mode = '+'
		}
		if hi < 0 || hi > 1 {
			if shortest(n) == 0 {
				p.fail(at, "a repeat of what may be empty")
			}
		}
		n = r
	}
	return n
}

// interval reads {2}, {2,}, {,3} or {2,3}. Other braces are characters.
func (p *regexParser) interval() (lo, hi int, ok bool) {
	rest := p.src[p.i:]
	end := strings.IndexByte(rest, '}')
	if end < 0 || rest[0] != '{' {
		return 0, 0, false
	}
	a, b, comma := strings.Cut(rest[1:end], ",")
	number := func(s string, v int) (int, bool) {
		if s == "" {
			return v, true
		}
		for i := range len(s) {
			if s[i] < '0' || s[i] > '9' {
				return 0, false
			}
		}
		n, err := strconv.Atoi(s)
		return n, err == nil
	}
	if a == "" && (!comma || b == "" || p.dialect == rust) {
		return 0, 0, false
	}
	lo, ok1 := number(a, 0)
	hi, ok2 := number(b, -1)
	if !ok1 || !ok2 {
		return 0, 0, false
	}
	if !comma {
		hi = lo
	}
	p.i += end + 1
	return lo, hi, true
}

// escape reads a backslash and what follows: a set, or one character.
func (p *regexParser) escape(inClass bool) (runeSet, rune) {
	at := p.i
	p.i++
	if !p.more() {
		p.fail(at, "a backslash at the end")
		return nil, 0
	}
	c, size := utf8.DecodeRuneInString(p.src[p.i:])
	p.i += size
	var set runeSet
	switch c {
	case 'n':
		return nil, '\n'
	case 'r':
		return nil, '\r'
	case 't':
		return nil, '\t'
	case 'f':
		return nil, '\f'
	case 'v':
		return nil, '\v'
	case 'a':
		return nil, '\a'
	case 'e':
		return nil, 0x1B
	case 's', 'S':
		set = setOf(spaceRanges[:])
	case 'd', 'D':
		set, _ = property("Nd")
	case 'w', 'W':
		set = words(p.dialect)
	case 'h', 'H':
		if p.dialect == rust {
			p.fail(at, `\%c`, c)
		}
		set = runeSet{'0', '9', 'A', 'F', 'a', 'f'}
	case 'p', 'P':
		return p.property(at, c == 'P'), 0
	case 'x', 'u':
		return nil, p.hexadecimal(at, c)
	default:
		if c < utf8.RuneSelf && (c == '_' || ascii[c] == letter || ascii[c] == number) {
			p.fail(at, `\%c`, c)
		}
		return nil, c
	}
	if p.fold && inClass {
		p.fail(at, `\%c where case does not matter`, c)
	}
	if c < 'a' {
		set = set.not()
	}
	return set, 0
}

func (p *regexParser) property(at int, not bool) runeSet {
	end := strings.IndexByte(p.src[p.i:], '}')
	if end < 0 || !p.eat("{") {
		p.fail(at, "a property without braces")
		return nil
	}
	name := p.src[p.i : p.i+end-1]
	p.i += end
	if s, ok := strings.CutPrefix(name, "^"); ok {
		name, not = s, !not
	}
	set, ok := property(name)
	switch {
	case !ok:
		p.fail(at, "the property %q", name)
		return nil
	case p.fold:
		p.fail(at, "a property where case does not matter")
	}
	if not {
		return set.not()
	}
	return set
}

// hexadecimal reads \x41, \x{1F600} or \u0041.
func (p *regexParser) hexadecimal(at int, c rune) rune {
	digits := ""
	switch rest := p.src[p.i:]; {
	case strings.HasPrefix(rest, "{") && (c == 'x' || p.dialect == rust):
		end := strings.IndexByte(rest, '}')
		if end < 0 {
			end = 1
		}
		digits = rest[1:end]
		p.i += end + 1
	case c == 'x' && len(rest) >= 2:
		digits = rest[:2]
		p.i += 2
	case c == 'u' && len(rest) >= 4:
		digits = rest[:4]
		p.i += 4
	}
	v, err := strconv.ParseUint(digits, 16, 32)
	if err != nil || v > utf8.MaxRune || v >= 0xD800 && v < 0xE000 || c == 'x' && len(digits) == 2 && v >= 0x80 && p.dialect == ruby {
		p.fail(at, "the escape %q", p.src[at:min(p.i, len(p.src))])
		return 0
	}
	return rune(v)
}

// class reads what follows "[".
func (p *regexParser) class(at int) runeSet {
	if p.depth++; p.depth > 100 {
		p.fail(p.i, "too many classes in one another")
	}
	defer func() { p.depth-- }()
	not := p.eat("^")
	var set, all runeSet // set is in no order yet
	both := false        // && was read: all is to be met as well
	if strings.HasPrefix(p.src[p.i:], "]") {
		p.fail(at, "a class that begins with ]")
	}
	for {
		if !p.more() {
			p.fail(at, "a class without end")
			return nil
		}
		if p.eat("]") {
			break
		}
		if p.eat("&&") {
			if both {
				all = all.and(set.sorted())
			} else {
				all, both = set.sorted(), true
			}
			set = nil
			continue
		}
		if p.src[p.i] == '[' {
			here := p.i
			p.i++
			if strings.HasPrefix(p.src[p.i:], ":") {
				p.fail(here, "a class of the kind [:name:]")
				return nil
			}
			set = append(set, p.class(here)...)
			continue
		}
		if p.dialect == rust && (strings.HasPrefix(p.src[p.i:], "--") || strings.HasPrefix(p.src[p.i:], "~~")) {
			p.fail(p.i, "the operator %.2s", p.src[p.i:])
			return nil
		}
		here := p.i
		sub, lo := p.member()
		if sub != nil {
			if strings.HasPrefix(p.src[p.i:], "-") && !strings.HasPrefix(p.src[p.i:], "-]") {
				p.fail(here, "a range from a class")
				return nil
			}
			set = append(set, sub...)
			continue
		}
		hi := lo
		if strings.HasPrefix(p.src[p.i:], "-") && !strings.HasPrefix(p.src[p.i:], "-]") {
			p.i++
			if !p.more() {
				continue
			}
			if p.src[p.i] == '[' || strings.HasPrefix(p.src[p.i:], "&&") {
				p.fail(here, "a range to a class")
				return nil
			}
			if sub, hi = p.member(); sub != nil || hi < lo {
				p.fail(here, "the range %q", p.src[here:p.i])
				return nil
			}
		}
		if p.err != nil {
			return nil
		}
		one := runeSet{lo, hi}
		if p.fold {
			one = p.folded(here, one)
		}
		set = append(set, one...)
	}
	set = set.sorted()
	if both {
		set = all.and(set)
	}
	if not {
		set = set.not()
	}
	return set
}

// member reads a character of a class, or an escape that is a set.
func (p *regexParser) member() (runeSet, rune) {
	if p.src[p.i] == '\\' {
		if strings.HasPrefix(p.src[p.i:], `\b`) {
			p.i += 2
			return nil, '\b'
		}
		return p.escape(true)
	}
	r, size := utf8.DecodeRuneInString(p.src[p.i:])
	p.i += size
	return nil, r
}

// shortest returns the smallest number of characters that a node matches.
func shortest(n *node) int {
	switch n.op {
	case opSet:
		return 1
	case opSeq, opAtomic:
		sum := 0
		for _, s := range n.subs {
			sum = min(sum+shortest(s), 1)
		}
		return sum
	case opAlt:
		least := 1
		for _, s := range n.subs {
			least = min(least, shortest(s))
		}
		return least
	case opRepeat:
		if n.min > 0 {
			return shortest(n.subs[0])
		}
	}
	return 0
}

// width returns the number of characters that a node matches, if it is one
// number.
func width(n *node) (int, bool) {
	switch n.op {
	case opSet:
		return 1, true
	case opSeq, opAtomic:
		sum := 0
		for _, s := range n.subs {
			w, ok := width(s)
			if sum += w; !ok || sum > 1000 {
				return 0, false
			}
		}
		return sum, true
	case opAlt:
		first, ok := width(n.subs[0])
		for _, s := range n.subs[1:] {
			if w, ok2 := width(s); !ok2 || w != first {
				return 0, false
			}
		}
		return first, ok
	case opRepeat:
		w, ok := width(n.subs[0])
		return w * n.min, ok && n.min == n.max && w*n.min <= 1000
	}
	return 0, true
}

// A regex is a pattern that is ready to match.
type regex struct {
	start *inst
	first filter
}

// An inst is one step of a match; next is what follows.
type inst struct {
	op       nodeOp
	set      *charSet
	min, max int
	mode     byte
	not      bool
	back     int // opLook: characters to go back, if it looks behind
	behind   bool
	next     *inst // nil: the match is complete
	alts     []choice
	sub      *inst // opLook, opAtomic
}

// A choice is an alternative and how it may begin.
type choice struct {
	in    *inst
	first filter
}

// A filter says how a match may begin. It may say yes in vain.
type filter struct {
	ascii [2]uint64
	wide  bool // a character beyond ASCII may begin it
	empty bool // it may be empty, or depend on something else
}

func (f *filter) admits(s string, i int) bool {
	if f.empty {
		return true
	}
	if i >= len(s) {
		return false
	}
	if c := s[i]; c < utf8.RuneSelf {
		return f.ascii[c>>6]>>(c&63)&1 != 0
	}
	return f.wide
}

func (f *filter) or(g filter) {
	f.ascii[0] |= g.ascii[0]
	f.ascii[1] |= g.ascii[1]
	f.wide = f.wide || g.wide
	f.empty = f.empty || g.empty
}

var errPatternSize = errors.New("the pattern is too large")

// compileRegex reads a pattern.
func compileRegex(src string, d dialect) (*regex, error) {
	p := &regexParser{src: src, dialect: d}
	if !utf8.ValidString(src) {
		return nil, errors.New("not UTF-8")
	}
	n := p.alternatives()
	if p.err == nil && p.more() {
		p.fail(p.i, "an unmatched )")
	}
	if p.err != nil {
		return nil, p.err
	}
	c := &regexCompiler{filters: map[*inst]filter{}}
	start := c.compile(n, nil)
	if c.size > maxProgram {
		return nil, errPatternSize
	}
	return &regex{start, c.filter(start)}, nil
}

type regexCompiler struct {
	size    int
	filters map[*inst]filter
}

func (c *regexCompiler) emit(in inst) *inst {
	c.size++
	return &in
}

// compile returns the steps of n, followed by next.
func (c *regexCompiler) compile(n *node, next *inst) *inst {
	if c.size > maxProgram {
		return nil
	}
	switch n.op {
	case opSet:
		return c.emit(inst{op: opSet, set: newCharSet(n.set), next: next})
	case opSeq:
		for _, s := range slices.Backward(n.subs) {
			next = c.compile(s, next)
		}
		if next == nil {
			return c.emit(inst{op: opSeq})
		}
		return next
	case opAlt:
		in := c.emit(inst{op: opAlt})
		for _, s := range n.subs {
			a := c.compile(s, next)
			if a == nil {
				a = c.emit(inst{op: opSeq})
			}
			in.alts = append(in.alts, choice{a, c.filter(a)})
		}
		return in
	case opLook:
		in := c.emit(inst{op: opLook, not: n.not, behind: n.back, next: next})
		in.back, _ = width(n.subs[0])
		in.sub = c.compile(n.subs[0], nil)
		return in
	case opAtomic:
		return c.emit(inst{op: opAtomic, sub: c.compile(n.subs[0], nil), next: next})
	case opAssert:
		return c.emit(inst{op: opAssert, mode: n.mode, next: next})
	}
	return c.repeat(n, next)
}

func (c *regexCompiler) repeat(n *node, next *inst) *inst {
	sub := n.subs[0]
	if sub.op == opSet {
		return c.emit(inst{op: opRepeat, set: newCharSet(sub.set), min: n.min, max: n.max, mode: n.mode, next: next})
	}
	if n.mode == '+' {
		greedy := *n
		greedy.mode = 0
		return c.emit(inst{op: opAtomic, sub: c.compile(&greedy, nil), next: next})
	}
	end := next
	if end == nil {
		end = c.emit(inst{op: opSeq})
	}
	// choose sets whether body or the end comes first.
	choose := func(in, body *inst) *inst {
		in.alts = []choice{{body, c.filter(body)}, {end, c.filter(end)}}
		if n.mode == '?' {
			slices.Reverse(in.alts)
		}
		return in
	}
	if n.max < 0 {
		loop := c.emit(inst{op: opAlt})
		c.filters[loop] = filter{empty: true} // until it is known
		next = choose(loop, c.compile(sub, loop))
		delete(c.filters, loop)
	} else {
		next = end
		for range n.max - n.min {
			next = choose(c.emit(inst{op: opAlt}), c.compile(sub, next))
		}
	}
	for range n.min {
		next = c.compile(sub, next)
	}
	if next == nil {
		return c.emit(inst{op: opSeq})
	}
	return next
}

// filter returns how a match from in on may begin.
func (c *regexCompiler) filter(in *inst) filter {
	if in == nil {
		return filter{empty: true}
	}
	if f, ok := c.filters[in]; ok {
		return f
	}
	var f filter
	switch in.op {
	case opSet, opRepeat:
		f.ascii = in.set.ascii
		f.wide = len(in.set.wide) > 0
		if in.op == opRepeat && in.min == 0 {
			f.or(c.filter(in.next))
		}
	case opAlt:
		for _, a := range in.alts {
			f.or(a.first)
		}
	case opAtomic:
		if f = c.filter(in.sub); f.empty {
			f = filter{empty: true}
		}
	default:
		f.empty = true
	}
	c.filters[in] = f
	return f
}

// errPattern: the pattern takes too long.
var errPattern = errors.New("the pattern takes too many steps")

// Limits of a machine.
const (
	maxSteps = 1 << 26
	maxDepth = 50000
)

// A machine matches a regex in a text.
type machine struct {
	s       string
	dialect dialect
	steps   int
	depth   int
	over    bool
}

// next returns the first match from i on; ok is false if there is none.
func (re *regex) next(m *machine, i int) (from, to int, ok bool) {
	for {
		for !re.first.admits(m.s, i) && i < len(m.s) {
			i++
		}
		if e := m.match(re.start, i); e >= 0 {
			return i, e, true
		}
		if i >= len(m.s) || m.over {
			return 0, 0, false
		}
		_, n := utf8.DecodeRuneInString(m.s[i:])
		i += n
	}
}

// words returns what \w matches. Oniguruma takes some superscripts and
// fractions and not the joiners.
func words(d dialect) runeSet {
	s := setOf(wordRanges[:])
	if d == ruby {
		s = s.add(runeSet{0xB2, 0xB3, 0xB9, 0xB9, 0xBC, 0xBE}).and(runeSet{0x200C, 0x200D}.not())
	}
	return s
}

var wordSets = [...]func() *charSet{
	ruby: sync.OnceValue(func() *charSet { return newCharSet(words(ruby)) }),
	rust: sync.OnceValue(func() *charSet { return newCharSet(words(rust)) }),
}

// match returns the end of the match from in on at i, or -1.
func (m *machine) match(in *inst, i int) int {
	if m.depth++; m.depth > maxDepth {
		m.over = true
	}
	end := m.follow(in, i)
	m.depth--
	return end
}

func (m *machine) follow(in *inst, i int) int {
	for in != nil {
		if m.steps++; m.steps > maxSteps || m.over {
			m.over = true
			return -1
		}
		switch in.op {
		case opSet:
			n := m.char(in.set, i)
			if n == 0 {
				return -1
			}
			i += n
		case opRepeat:
			e, done := m.run(in, i)
			if done {
				return e
			}
			i = e
		case opAlt:
			last := -1 // all but the last admitted one are tried on the side
			e := -1
			for k := range in.alts {
				if !in.alts[k].first.admits(m.s, i) {
					continue
				}
				if last >= 0 {
					if e = m.match(in.alts[last].in, i); e >= 0 || m.over {
						return e
					}
				}
				last = k
			}
			if last < 0 {
				return -1
			}
			in = in.alts[last].in
			continue
		case opLook:
			if m.look(in, i) == in.not {
				return -1
			}
		case opAtomic:
			if i = m.match(in.sub, i); i < 0 {
				return -1
			}
		case opAssert:
			if !m.holds(in.mode, i) {
				return -1
			}
		}
		in = in.next
	}
	return i
}

// char returns the length of the character at i if it is in the set, else 0.
func (m *machine) char(set *charSet, i int) int {
	if i >= len(m.s) {
		return 0
	}
	if c := m.s[i]; c < utf8.RuneSelf {
		return int(set.ascii[c>>6] >> (c & 63) & 1)
	}
	if r, n := utf8.DecodeRuneInString(m.s[i:]); set.has(r) {
		return n
	}
	return 0
}

// run matches a repeat of one character and, where it must choose, what
// follows; then done is true and the result is that of match.
func (m *machine) run(in *inst, i int) (end int, done bool) {
	j, n := i, 0
	if in.mode != '?' {
		for in.max < 0 || n < in.max {
			size := m.char(in.set, j)
			if size == 0 {
				break
			}
			j += size
			n++
		}
		m.steps += n / 8
		if n < in.min {
			return -1, true
		}
		if in.mode == '+' || in.next == nil || n == in.min {
			return j, false
		}
		for {
			if e := m.match(in.next, j); e >= 0 || m.over || n == in.min {
				return e, true
			}
			_, size := utf8.DecodeLastRuneInString(m.s[i:j])
			j -= size
			n--
		}
	}
	for {
		if n >= in.min {
			if e := m.match(in.next, j); e >= 0 || m.over {
				return e, true
			}
		}
		size := m.char(in.set, j)
		if size == 0 || in.max >= 0 && n == in.max {
			return -1, true
		}
		j += size
		n++
	}
}

func (m *machine) look(in *inst, i int) bool {
	if in.behind {
		for range in.back {
			if i == 0 {
				return false
			}
			_, n := utf8.DecodeLastRuneInString(m.s[:i])
			i -= n
		}
	}
	return m.match(in.sub, i) >= 0
}

// holds reports whether an assertion is true at i.
func (m *machine) holds(mode byte, i int) bool {
	s := m.s
	switch mode {
	case 'A':
		return i == 0
	case 'z':
		return i == len(s)
	case 'Z':
		return i == len(s) || i == len(s)-1 && s[i] == '\n'
	case '^':
		return i == 0 || s[i-1] == '\n' && i < len(s)
	case '$':
		return i == len(s) || s[i] == '\n'
	}
	before, after := false, false
	if i > 0 {
		r, _ := utf8.DecodeLastRuneInString(s[:i])
		before = wordSets[m.dialect]().has(r)
	}
	if i < len(s) {
		r, _ := utf8.DecodeRuneInString(s[i:])
		after = wordSets[m.dialect]().has(r)
	}
	return (before != after) == (mode == 'b')
}
