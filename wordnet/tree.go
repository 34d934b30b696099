package wordnet

import (
	"errors"
	"fmt"
	"strings"
)

// ErrTooLarge is returned by [Synset.Tree] for a tree of more than a million
// nodes. Relations with many cycles, such as also_sees, have such trees.
var ErrTooLarge = errors.New("tree is too large")

// A Tree is a synset with the trees of what a relation leads to.
type Tree struct {
	Synset   Synset
	Children []*Tree

	// Cut says why a branch ends here. It is CutNone for synsets that stand
	// in the tree in full, and then Children has all of them.
	Cut Cut

	// depth is what was left at a cycle, mark the text that shows a cut.
	depth int
	mark  string
}

// A Cut is a reason for the end of a branch.
type Cut uint8

const (
	CutNone  Cut = iota
	CutDepth     // the depth is used up; Synset is the zero value
	CutCycle     // Synset was met before
)

// Tree returns the tree of what the relation r leads to, down to depth steps;
// a negative depth sets no limit. A branch is cut at a synset that is on it
// already, but the same synset may stand in several branches. With a mark,
// the cuts are shown, as in NLTK; without, they are left out.
//
// A tree of more than a million nodes gives [ErrTooLarge].
func (s Synset) Tree(r Relation, depth int, mark string) (*Tree, error) {
	b := treeBuilder{db: s.db, r: r, mark: mark, left: maxSearch}
	b.seen.add(s.id)
	t := b.grow(s.id, depth, true)
	if b.left < 0 {
		return nil, fmt.Errorf("wordnet: %v of %v: %w", r, s, ErrTooLarge)
	}
	return t, nil
}

// AcyclicTree is as [Synset.Tree], but a synset stands in the tree only once:
// a branch is cut where it meets one seen before, depth first.
func (s Synset) AcyclicTree(r Relation, depth int, mark string) *Tree {
	b := treeBuilder{db: s.db, r: r, mark: mark, left: maxBudget}
	b.seen.add(s.id)
	return b.grow(s.id, depth, false)
}

type treeBuilder struct {
	db   *DB
	r    Relation
	mark string
	left int
	seen idSet // with branches, what is on the branch
}

// grow builds the tree below a synset without recursion, since a chain in a
// made-up database may be as long as the database.
func (b *treeBuilder) grow(id uint32, depth int, branches bool) *Tree {
	type level struct {
		t     *Tree
		todo  []uint32
		depth int
	}
	enter := func(id uint32, depth int) level {
		t := &Tree{Synset: Synset{b.db, id}}
		if depth != 0 {
			return level{t, b.db.related(id, b.r), depth}
		}
		if b.mark != "" {
			t.Children = append(t.Children, &Tree{Cut: CutDepth, mark: b.mark})
		}
		return level{t, nil, 0}
	}
	stack := []level{enter(id, depth)}
	for b.left >= 0 {
		top := &stack[len(stack)-1]
		if len(top.todo) == 0 {
			if branches {
				b.seen.remove(top.t.Synset.id)
			}
			if len(stack) == 1 {
				return top.t
			}
			stack = stack[:len(stack)-1]
			continue
		}
		c := top.todo[0]
		top.todo = top.todo[1:]
		b.left--
		if !b.seen.add(c) {
			if b.mark != "" {
				top.t.Children = append(top.t.Children,
					&Tree{Synset: Synset{b.db, c}, Cut: CutCycle, depth: top.depth - 1, mark: b.mark})
			}
			continue
		}
		next := enter(c, top.depth-1)
		top.t.Children = append(top.t.Children, next.t)
		stack = append(stack, next)
	}
	return nil
}

// SpanningTree returns the tree in which each synset that the relation leads
// to stands once, in the place where a breadth first search finds it. NLTK
// calls it mst, for minimum spanning tree.
func (s Synset) SpanningTree(r Relation) *Tree {
	root := &Tree{Synset: s}
	var seen idSet
	seen.add(s.id)
	queue := []*Tree{root}
	for head := 0; head < len(queue); head++ {
		t := queue[head]
		for _, c := range s.db.related(t.Synset.id, r) {
			if seen.add(c) {
				child := &Tree{Synset: Synset{s.db, c}}
				t.Children = append(t.Children, child)
				queue = append(queue, child)
			}
		}
	}
	return root
}

// String returns the tree as Python prints NLTK's nested lists.
func (t *Tree) String() string {
	var b strings.Builder
	type level struct {
		t    *Tree
		next int
	}
	open := func(t *Tree) level {
		b.WriteString("[" + t.Synset.String())
		return level{t, 0}
	}
	if t.Cut != CutNone {
		return t.cutString()
	}
	for stack := []level{open(t)}; len(stack) > 0; {
		top := &stack[len(stack)-1]
		if top.next == len(top.t.Children) {
			b.WriteByte(']')
			stack = stack[:len(stack)-1]
			continue
		}
		c := top.t.Children[top.next]
		top.next++
		b.WriteString(", ")
		if c.Cut != CutNone {
			b.WriteString(c.cutString())
		} else {
			stack = append(stack, open(c))
		}
	}
	return b.String()
}

func (t *Tree) cutString() string {
	if t.Cut == CutDepth {
		return pythonRepr(t.mark)
	}
	return pythonRepr(fmt.Sprintf("Cycle(%v,%d,%s)", t.Synset, t.depth, t.mark))
}

// pythonRepr quotes a string as Python's repr does.
func pythonRepr(s string) string {
	quote := byte('\'')
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		quote = '"'
	}
	b := []byte{quote}
	for _, r := range s {
		switch {
		case r == rune(quote) || r == '\\':
			b = append(b, '\\', byte(r))
		case r == '\n':
			b = append(b, `\n`...)
		case r == '\r':
			b = append(b, `\r`...)
		case r == '\t':
			b = append(b, `\t`...)
		case r < ' ' || r == 0x7f:
			b = fmt.Appendf(b, `\x%02x`, r)
		default:
			b = append(b, string(r)...)
		}
	}
	return string(append(b, quote))
}
