// Wordnet answers questions about WordNet from the command line.
//
//	wordnet [-wordnet DIR] lookup [-pos P] WORD...
//	wordnet [-wordnet DIR] tree [-relation R] [-depth N] SYNSET
//	wordnet [-wordnet DIR] similarity [-pos P] [-ic FILE] A B
//	wordnet [-wordnet DIR] domains [-all]
//	wordnet [-wordnet DIR] dump [-pos P] [-glosses]
//	wordnet [-wordnet DIR] check
//
// Without -wordnet it uses the WordNet 3.0 that is built in, which has no
// definitions and examples. DIR is a folder of WordNet's files or a zip
// archive of one; "find" looks in the places where WordNet and NLTK keep
// theirs.
package main

import (
	"bufio"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"strings"

	"github.com/semamap/semamap/examples/internal/cli"
	"github.com/semamap/semamap/wordnet"
	"github.com/semamap/semamap/wordnet/wn30"
)

func main() {
	cli.Main("wordnet", func(ctx context.Context, args []string, stdout, _ io.Writer) error {
		return run(ctx, args, stdout)
	})
}

const usage = `Usage: wordnet [-wordnet DIR] COMMAND ...

  lookup [-pos P] WORD...             the senses of words
  tree [-relation R] [-depth N] SYN   what a relation of a synset leads to
  similarity [-pos P] [-ic FILE] A B  how alike two synsets, or two words, are
  domains [-all]                      table of topic domains with counts
  dump [-pos P] [-glosses]            all synsets as JSON lines
  check                               doubtful places of the database

DIR is a folder of WordNet's files or a zip archive of one, or "find"; without
it the built-in WordNet 3.0 is used, which has no definitions. P is one of n,
v, a, s, r. SYN is a name such as dog.n.01; R a name such as hyponyms or a
symbol such as ~.
`

// A command is one of the things the program does. It gets its own arguments.
type command struct {
	flags *flag.FlagSet
	dir   *string
	pos   *string
	ctx   context.Context
	out   *bufio.Writer
}

func run(ctx context.Context, args []string, stdout io.Writer) error {
	top := flag.NewFlagSet("wordnet", flag.ContinueOnError)
	top.SetOutput(stdout)
	top.Usage = func() { io.WriteString(stdout, usage) }
	dir := top.String("wordnet", "", "")
	if err := top.Parse(args); err != nil {
		return err
	}
	commands := map[string]func(*command, []string) error{
		"lookup": lookup, "tree": tree, "similarity": similarity, "domains": domains, "dump": dump, "check": check,
	}
	f, ok := commands[top.Arg(0)]
	if !ok {
		if top.NArg() == 0 {
			return errors.New("no command; wordnet -help lists them")
		}
		return fmt.Errorf("unknown command %q; wordnet -help lists them", top.Arg(0))
	}
	c := &command{flags: flag.NewFlagSet(top.Arg(0), flag.ContinueOnError), ctx: ctx, out: bufio.NewWriter(stdout)}
	c.flags.SetOutput(stdout)
	c.flags.Usage = top.Usage
	c.dir = c.flags.String("wordnet", *dir, "")
	if err := f(c, top.Args()[1:]); err != nil {
		return err
	}
	return c.out.Flush()
}

// parse reads the command's flags and checks the number of arguments; a
// negative most sets no limit.
func (c *command) parse(args []string, least, most int, what string) error {
	if err := c.flags.Parse(args); err != nil {
		return err
	}
	if n := c.flags.NArg(); n < least || most >= 0 && n > most {
		return fmt.Errorf("%s: want %s, got %d arguments", c.flags.Name(), what, n)
	}
	return nil
}

// open opens the database.
func (c *command) open(s *wordnet.Settings) (*wordnet.DB, error) {
	switch *c.dir {
	case "":
		return wordnet.Open(wn30.FS, s)
	case "find":
		dir, err := wordnet.Find()
		if err != nil {
			return nil, err
		}
		return wordnet.OpenDir(dir, s)
	}
	return wordnet.OpenDir(*c.dir, s)
}

func (c *command) posFlag() { c.pos = c.flags.String("pos", "", "") }

// parts returns the parts of speech of the flag -pos.
func (c *command) parts() ([]wordnet.POS, error) {
	var pos []wordnet.POS
	for _, letter := range *c.pos {
		p, err := wordnet.ParsePOS(string(letter))
		if err != nil {
			return nil, err
		}
		pos = append(pos, p)
	}
	return pos, nil
}

func lookup(c *command, args []string) error {
	c.posFlag()
	if err := c.parse(args, 1, -1, "one word or more"); err != nil {
		return err
	}
	pos, err := c.parts()
	if err != nil {
		return err
	}
	db, err := c.open(nil)
	if err != nil {
		return err
	}
	var missing []string
	for _, word := range c.flags.Args() {
		senses := db.AppendSynsets(nil, strings.ReplaceAll(word, " ", "_"), pos...)
		if len(senses) == 0 {
			missing = append(missing, word)
		}
		for _, s := range senses {
			if err := c.ctx.Err(); err != nil {
				return err
			}
			c.describe(s)
		}
	}
	if len(missing) > 0 {
		c.out.Flush()
		return fmt.Errorf("not in WordNet: %s", strings.Join(missing, ", "))
	}
	return nil
}

// describe prints a synset.
func (c *command) describe(s wordnet.Synset) {
	fmt.Fprintf(c.out, "%s  %s  %s", s.Name(), s.LexName(), strings.Join(lemmas(s), ", "))
	if topics := names(s.TopicDomains()); len(topics) > 0 {
		fmt.Fprintf(c.out, "  [%s]", strings.Join(topics, ", "))
	}
	c.out.WriteByte('\n')
	if def, err := s.Definition(); err == nil {
		fmt.Fprintf(c.out, "    %s\n", def)
		examples, _ := s.Examples()
		for _, e := range examples {
			fmt.Fprintf(c.out, "    %q\n", e)
		}
	}
}

func lemmas(s wordnet.Synset) []string {
	list := make([]string, 0, s.NumLemmas())
	for l := range s.Lemmas() {
		list = append(list, l.Name())
	}
	return list
}

func names(synsets iter.Seq[wordnet.Synset]) []string {
	list := []string{}
	for s := range synsets {
		list = append(list, s.Name())
	}
	return list
}

func tree(c *command, args []string) error {
	relation := c.flags.String("relation", "hyponyms", "")
	depth := c.flags.Int("depth", -1, "")
	if err := c.parse(args, 1, 1, "one synset"); err != nil {
		return err
	}
	r, err := wordnet.ParseRelation(*relation)
	if err != nil {
		return err
	}
	db, err := c.open(&wordnet.Settings{NoGlosses: true})
	if err != nil {
		return err
	}
	s, err := db.Synset(c.flags.Arg(0))
	if err != nil {
		return err
	}
	t, err := s.Tree(r, *depth, "...")
	if err != nil {
		return err
	}
	type level struct {
		t      *wordnet.Tree
		indent int
	}
	for todo := []level{{t, 0}}; len(todo) > 0; {
		if err := c.ctx.Err(); err != nil {
			return err
		}
		at := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		c.out.WriteString(strings.Repeat("  ", at.indent))
		switch at.t.Cut {
		case wordnet.CutDepth:
			fmt.Fprintln(c.out, "...")
		case wordnet.CutCycle:
			fmt.Fprintln(c.out, at.t.Synset.Name(), "(above)")
		default:
			fmt.Fprintln(c.out, at.t.Synset.Name())
		}
		for _, child := range slices.Backward(at.t.Children) {
			todo = append(todo, level{child, at.indent + 1})
		}
	}
	return nil
}

func similarity(c *command, args []string) error {
	c.posFlag()
	icFile := c.flags.String("ic", "", "")
	if err := c.parse(args, 2, 2, "two synsets or words"); err != nil {
		return err
	}
	pos, err := c.parts()
	if err != nil {
		return err
	}
	db, err := c.open(&wordnet.Settings{NoGlosses: true})
	if err != nil {
		return err
	}
	var ic *wordnet.IC
	if *icFile != "" {
		f, err := os.Open(*icFile)
		if err != nil {
			return err
		}
		defer f.Close()
		if ic, err = db.ReadIC(f, *icFile); err != nil {
			return err
		}
	}
	a, b, err := pair(db, c.flags.Arg(0), c.flags.Arg(1), pos)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.out, "%s  %s\n", a.Name(), b.Name())
	show := func(name string, v float64, ok bool, err error) {
		switch {
		case err != nil:
			fmt.Fprintf(c.out, "%-5s -  (%v)\n", name, err)
		case !ok:
			fmt.Fprintf(c.out, "%-5s -  (no path)\n", name)
		default:
			fmt.Fprintf(c.out, "%-5s %.6g\n", name, v)
		}
	}
	v, ok := wordnet.PathSimilarity(a, b, nil)
	show("path", v, ok, nil)
	v, ok = wordnet.WuPalmer(a, b, nil)
	show("wup", v, ok, nil)
	v, ok, err = wordnet.LeacockChodorow(a, b, nil)
	show("lch", v, ok, err)
	if ic != nil {
		v, err = wordnet.Resnik(a, b, ic)
		show("res", v, true, err)
		v, err = wordnet.JiangConrath(a, b, ic)
		show("jcn", v, true, err)
		v, err = wordnet.Lin(a, b, ic)
		show("lin", v, true, err)
	}
	common, _ := a.LowestCommonHypernyms(b, false, false)
	for _, s := range common {
		fmt.Fprintf(c.out, "below %s\n", s.Name())
	}
	return nil
}

// pair returns two synsets by name; of words, the two senses that are most
// alike by path, the first of equals.
func pair(db *wordnet.DB, a, b string, pos []wordnet.POS) (x, y wordnet.Synset, err error) {
	as, err := senses(db, a, pos)
	if err != nil {
		return x, y, err
	}
	bs, err := senses(db, b, pos)
	if err != nil {
		return x, y, err
	}
	x, y = as[0], bs[0]
	best := -1.0
	for _, s := range as {
		for _, t := range bs {
			if v, ok := wordnet.PathSimilarity(s, t, nil); ok && v > best {
				x, y, best = s, t, v
			}
		}
	}
	return x, y, nil
}

func senses(db *wordnet.DB, word string, pos []wordnet.POS) ([]wordnet.Synset, error) {
	if s, err := db.Synset(word); err == nil {
		return []wordnet.Synset{s}, nil
	}
	list := db.AppendSynsets(nil, strings.ReplaceAll(word, " ", "_"), pos...)
	if len(list) == 0 {
		return nil, fmt.Errorf("%q is neither a synset nor a word of WordNet", word)
	}
	return list, nil
}

// domains counts synsets by topic domain. The domain of a synset is the first
// by name; with -all, it counts for each of its domains.
func domains(c *command, args []string) error {
	all := c.flags.Bool("all", false, "")
	if err := c.parse(args, 0, 0, "no arguments"); err != nil {
		return err
	}
	db, err := c.open(&wordnet.Settings{NoGlosses: true})
	if err != nil {
		return err
	}
	count := map[wordnet.Synset]int{}
	var order []wordnet.Synset // of first appearance, which ranks equal counts
	with := 0
	for s := range db.All() {
		first := true
		for d := range s.TopicDomains() {
			if first {
				with++
			}
			if first || *all {
				if count[d] == 0 {
					order = append(order, d)
				}
				count[d]++
			}
			first = false
		}
		if err := c.ctx.Err(); err != nil {
			return err
		}
	}
	slices.SortStableFunc(order, func(a, b wordnet.Synset) int { return count[b] - count[a] })
	for _, d := range order {
		fmt.Fprintf(c.out, "%6d  %s\n", count[d], d.Name())
	}
	fmt.Fprintf(c.out, "%6d  of %d synsets have a topic domain, %d domains\n", with, db.Len(), len(order))
	return nil
}

// A record is one line of a dump.
type record struct {
	Name       string    `json:"name"`
	POS        string    `json:"pos"`
	LexName    string    `json:"lexname"`
	Offset     int       `json:"offset"`
	Lemmas     []string  `json:"lemmas"`
	Topic      []string  `json:"topic"`
	Hypernyms  []string  `json:"hypernyms"`
	DefSHA1    string    `json:"defsha1,omitempty"`
	NumEx      *int      `json:"nex,omitempty"`
	ExSHA1     string    `json:"exsha1,omitempty"`
	Definition string    `json:"definition,omitempty"`
	Examples   []string  `json:"examples,omitempty"`
	Frames     []int     `json:"frames"`
	Rel        relations `json:"rel,omitempty"`
	MinDepth   int       `json:"mind"`
	MaxDepth   int       `json:"maxd"`
}

// relations is written as an object in the order of the list.
type relations []relation

type relation struct {
	name    string
	synsets []string
}

func (rs relations) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i, r := range rs {
		if i > 0 {
			b = append(b, ',')
		}
		list, err := json.Marshal(r.synsets)
		if err != nil {
			return nil, err
		}
		b = fmt.Appendf(b, "%q:%s", r.name, list)
	}
	return append(b, '}'), nil
}

// sum16 returns the first 16 digits of a SHA-1.
func sum16(s string) string {
	h := sha1.Sum([]byte(s))
	return hex.EncodeToString(h[:8])
}

func dump(c *command, args []string) error {
	c.posFlag()
	glosses := c.flags.Bool("glosses", false, "")
	if err := c.parse(args, 0, 0, "no arguments"); err != nil {
		return err
	}
	pos, err := c.parts()
	if err != nil {
		return err
	}
	db, err := c.open(nil)
	if err != nil {
		return err
	}
	if *glosses && !db.HasGlosses() {
		return fmt.Errorf("-glosses: %w; choose a folder with -wordnet", wordnet.ErrNoGlosses)
	}
	enc := json.NewEncoder(c.out)
	enc.SetEscapeHTML(false)
	for s := range db.All(pos...) {
		if err := c.ctx.Err(); err != nil {
			return err
		}
		r := record{
			Name: s.Name(), POS: s.POS().String(), LexName: s.LexName(), Offset: s.Offset(),
			Lemmas: lemmas(s), Topic: names(s.TopicDomains()), Hypernyms: names(s.Hypernyms()),
			Frames: append([]int{}, s.Frames()...), MinDepth: s.MinDepth(), MaxDepth: s.MaxDepth(),
		}
		if db.HasGlosses() {
			def, err := s.Definition()
			if err != nil {
				return err
			}
			examples, err := s.Examples()
			if err != nil {
				return err
			}
			n := len(examples)
			r.DefSHA1, r.NumEx, r.ExSHA1 = sum16(def), &n, sum16(strings.Join(examples, "\x00"))
			if *glosses {
				r.Definition, r.Examples = def, examples
			}
		}
		for _, rel := range wordnet.Relations() {
			if rel == wordnet.Hypernyms || rel == wordnet.TopicDomains {
				continue
			}
			if list := names(s.Related(rel)); len(list) > 0 {
				r.Rel = append(r.Rel, relation{rel.String(), list})
			}
		}
		if err := enc.Encode(r); err != nil {
			return err
		}
	}
	return nil
}

func check(c *command, args []string) error {
	if err := c.parse(args, 0, 0, "no arguments"); err != nil {
		return err
	}
	db, err := c.open(nil)
	if err != nil {
		var se *wordnet.SyntaxError
		if errors.As(err, &se) {
			fmt.Fprintln(c.out, wordnet.Defect{Code: wordnet.DefectSyntax, Message: se.Error()})
			c.out.Flush()
		}
		return err
	}
	n := 0
	for d := range db.Defects() {
		if err := c.ctx.Err(); err != nil {
			return err
		}
		fmt.Fprintln(c.out, d)
		n++
	}
	fmt.Fprintf(c.out, "%d defects in %d synsets\n", n, db.Len())
	return nil
}
