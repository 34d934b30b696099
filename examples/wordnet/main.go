// Wordnet answers questions about WordNet from the command line; -help lists
// them.
package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/sha1"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"strings"

	"github.com/semamap/semamap/examples/internal/cli"
	"github.com/semamap/semamap/wordnet"
	"github.com/semamap/semamap/wordnet/check"
	"github.com/semamap/semamap/wordnet/wn30/glosses"
)

const usage = `Usage: wordnet [-wordnet DIR [-lenient]] COMMAND ...

  lookup [-pos P] WORD...             the senses of words
  tree [-relation R] [-depth N] SYN   what a relation of a synset leads to
  similarity [-pos P] [-ic FILE] A B  how alike two synsets, or two words, are
  domains [-all]                      table of topic domains with counts
  dump [-pos P] [-glosses]            all synsets as JSON lines
  check                               doubtful places of the database

DIR is a folder of WordNet's files or a zip archive of one, or "find"; without
it the built-in WordNet 3.0 is used. With -lenient a damaged database is opened
too, and check lists the damage. P is one of n, v, a, s, r. SYN is a name such
as dog.n.01; R a name such as hyponyms or a symbol such as ~.
`

func main() {
	cli.Main("wordnet", func(ctx context.Context, args []string, stdout, _ io.Writer) error {
		return run(ctx, args, stdout)
	})
}

// A command is one of the things the program does, and its flags.
type command struct {
	*flag.FlagSet
	ctx context.Context
	out *bufio.Writer

	dir, letters, relation, ic string
	depth                      int
	all, glosses, lenient      bool
	pos                        []wordnet.POS
}

var commands = map[string]struct {
	do          func(*command, *wordnet.DB) error
	least, most int // arguments
	flags       string
}{
	"lookup":     {lookup, 1, 1 << 30, "pos"},
	"tree":       {tree, 1, 1, "relation depth"},
	"similarity": {similarity, 2, 2, "pos ic"},
	"domains":    {domains, 0, 0, "all"},
	"dump":       {dump, 0, 0, "pos glosses"},
	"check":      {defects, 0, 0, ""},
}

func run(ctx context.Context, args []string, stdout io.Writer) error {
	c := &command{FlagSet: flag.NewFlagSet("wordnet", flag.ContinueOnError), ctx: ctx, out: bufio.NewWriter(stdout)}
	c.SetOutput(stdout)
	c.Usage = func() { io.WriteString(stdout, usage) }
	c.StringVar(&c.dir, "wordnet", "", "")
	c.BoolVar(&c.lenient, "lenient", false, "")
	c.StringVar(&c.letters, "pos", "", "")
	c.StringVar(&c.relation, "relation", "hyponyms", "")
	c.IntVar(&c.depth, "depth", -1, "")
	c.StringVar(&c.ic, "ic", "", "")
	c.BoolVar(&c.all, "all", false, "")
	c.BoolVar(&c.glosses, "glosses", false, "")
	if err := c.Parse(args); err != nil {
		return err
	}
	name := c.Arg(0)
	cmd, ok := commands[name]
	if !ok {
		return fmt.Errorf("no command %q; wordnet -help lists them", name)
	}
	err := c.Parse(c.Args()[1:])
	if n := c.NArg(); err == nil && (n < cmd.least || n > cmd.most) {
		err = fmt.Errorf("%s: %d arguments; wordnet -help tells what it takes", name, n)
	}
	c.Visit(func(f *flag.Flag) {
		if f.Name != "wordnet" && f.Name != "lenient" && !slices.Contains(strings.Fields(cmd.flags), f.Name) {
			err = cmp.Or(err, fmt.Errorf("%s takes no flag -%s", name, f.Name))
		}
	})
	for _, letter := range c.letters {
		p, e := wordnet.ParsePOS(string(letter))
		c.pos, err = append(c.pos, p), cmp.Or(err, e)
	}
	if err != nil {
		return err
	}
	db, err := c.open()
	if err != nil {
		return err
	}
	if err = cmd.do(c, db); ctx.Err() != nil {
		return ctx.Err()
	}
	return cmp.Or(err, c.out.Flush())
}

// open opens the database.
func (c *command) open() (db *wordnet.DB, err error) {
	if c.dir == "" {
		return wordnet.Open(glosses.FS, nil)
	}
	if c.dir == "find" {
		if c.dir, err = wordnet.Find(); err != nil {
			return nil, err
		}
	}
	return wordnet.OpenDir(c.dir, &wordnet.Settings{Lenient: c.lenient})
}

// until yields a sequence until the program is interrupted.
func until[T any](c *command, seq iter.Seq[T]) iter.Seq[T] {
	return func(yield func(T) bool) {
		for v := range seq {
			if c.ctx.Err() != nil || !yield(v) {
				return
			}
		}
	}
}

func lookup(c *command, db *wordnet.DB) error {
	var missing []string
	for _, word := range c.Args() {
		found := false
		for s := range until(c, db.Synsets(strings.ReplaceAll(word, " ", "_"), c.pos...)) {
			found = true
			c.describe(s)
		}
		if !found {
			missing = append(missing, word)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("not in WordNet: %s", strings.Join(missing, ", "))
	}
	return nil
}

// describe prints a synset.
func (c *command) describe(s wordnet.Synset) {
	fmt.Fprintf(c.out, "%s  %s  %s", s.Name(), s.LexName(), strings.Join(names(s.Lemmas()), ", "))
	if topics := names(s.TopicDomains()); len(topics) > 0 {
		fmt.Fprintf(c.out, "  [%s]", strings.Join(topics, ", "))
	}
	fmt.Fprintln(c.out)
	if def, err := s.Definition(); err == nil {
		fmt.Fprintf(c.out, "    %s\n", def)
		examples, _ := s.Examples()
		for _, e := range examples {
			fmt.Fprintf(c.out, "    %q\n", e)
		}
	}
}

// names returns the names of synsets or lemmas.
func names[T interface{ Name() string }](seq iter.Seq[T]) []string {
	list := []string{}
	for x := range seq {
		list = append(list, x.Name())
	}
	return list
}

// tree prints a line for each synset, indented. A branch ends where it comes
// back to itself.
func tree(c *command, db *wordnet.DB) error {
	r, err := wordnet.ParseRelation(c.relation)
	if err != nil {
		return err
	}
	root, err := db.Synset(c.Arg(0))
	if err != nil {
		return err
	}
	above := map[wordnet.Synset]bool{}
	var grow func(s wordnet.Synset, level int)
	grow = func(s wordnet.Synset, level int) {
		indent := strings.Repeat("  ", level)
		switch {
		case above[s]:
			fmt.Fprintln(c.out, indent+s.Name(), "(above)")
		case level == c.depth:
			fmt.Fprintf(c.out, "%s%s\n%s  ...\n", indent, s.Name(), indent)
		default:
			fmt.Fprintln(c.out, indent+s.Name())
			above[s] = true
			for t := range until(c, s.Related(r)) {
				grow(t, level+1)
			}
			delete(above, s)
		}
	}
	grow(root, 0)
	return nil
}

func similarity(c *command, db *wordnet.DB) error {
	names := []string{"path", "wup", "lch", "res", "jcn", "lin"}
	measures := []wordnet.Similarity{wordnet.PathSimilarity, wordnet.WuPalmer, wordnet.LeacockChodorow}
	if c.ic != "" {
		f, err := os.Open(c.ic)
		if err != nil {
			return err
		}
		defer f.Close()
		ic, err := db.ReadIC(f, c.ic)
		if err != nil {
			return err
		}
		measures = append(measures, ic.Resnik, ic.JiangConrath, ic.Lin)
	}
	var senses [2][]wordnet.Synset
	for i, word := range c.Args() {
		if s, err := db.Synset(word); err == nil {
			senses[i] = []wordnet.Synset{s}
		} else if senses[i] = slices.Collect(db.Synsets(strings.ReplaceAll(word, " ", "_"), c.pos...)); len(senses[i]) == 0 {
			return fmt.Errorf("%q is neither a synset nor a word of WordNet", word)
		}
	}
	// Of words, the two senses that are most alike by path, the first of equals.
	a, b, best := senses[0][0], senses[1][0], -1.0
	for _, s := range senses[0] {
		for _, t := range senses[1] {
			if v, err := wordnet.PathSimilarity(s, t); err == nil && v > best {
				a, b, best = s, t, v
			}
		}
	}
	fmt.Fprintf(c.out, "%s  %s\n", a.Name(), b.Name())
	for i, f := range measures {
		if v, err := f(a, b); err != nil {
			fmt.Fprintf(c.out, "%-5s -  (%v)\n", names[i], err)
		} else {
			fmt.Fprintf(c.out, "%-5s %.6g\n", names[i], v)
		}
	}
	for _, s := range a.LowestCommonHypernyms(b) {
		fmt.Fprintf(c.out, "below %s\n", s.Name())
	}
	return nil
}

// domains counts synsets by topic domain. The domain of a synset is the first
// by name; with -all, it counts for each of its domains.
func domains(c *command, db *wordnet.DB) error {
	var topics []string
	with := 0
	for s := range until(c, db.All()) {
		if of := names(s.TopicDomains()); len(of) > 0 {
			with++
			if !c.all {
				of = of[:1]
			}
			topics = append(topics, of...)
		}
	}
	counts := cli.Tally(topics)
	for _, d := range counts {
		fmt.Fprintf(c.out, "%6d  %s\n", d.N, d.Name)
	}
	fmt.Fprintf(c.out, "%6d  of %d synsets have a topic domain, %d domains\n", with, db.Len(), len(counts))
	return nil
}

// An object is a JSON object in the making, which keeps the order of members.
type object struct{ bytes.Buffer }

// add adds members: a key, its value, the next key, and so on.
func (o *object) add(members ...any) {
	enc := json.NewEncoder(o)
	enc.SetEscapeHTML(false)
	for i, m := range members {
		if i%2 == 0 && o.Len() > 0 {
			o.WriteByte(',')
		}
		enc.Encode(m)
		o.Truncate(o.Len() - 1) // the newline
		if i%2 == 0 {
			o.WriteByte(':')
		}
	}
}

func dump(c *command, db *wordnet.DB) error {
	for s := range until(c, db.All(c.pos...)) {
		var o, rel object
		o.add("name", s.Name(), "pos", s.POS().String(), "lexname", s.LexName(), "offset", s.Offset(), "lemmas", names(s.Lemmas()),
			"topic", names(s.TopicDomains()), "hypernyms", names(s.Hypernyms()))
		def, err := s.Definition()
		if err == nil {
			examples, _ := s.Examples()
			o.add("defsha1", sum16(def), "nex", len(examples), "exsha1", sum16(strings.Join(examples, "\x00")))
			if c.glosses {
				o.add("definition", def, "examples", append([]string{}, examples...))
			}
		} else if c.glosses {
			return fmt.Errorf("-glosses: %w", err)
		}
		o.add("frames", append([]int{}, s.Frames()...))
		for _, r := range wordnet.Relations() {
			if list := names(s.Related(r)); len(list) > 0 && r.String() != "hypernyms" && r.String() != "topic_domains" {
				rel.add(r.String(), list)
			}
		}
		if rel.Len() > 0 {
			o.add("rel", json.RawMessage("{"+rel.String()+"}"))
		}
		o.add("mind", s.MinDepth(), "maxd", s.MaxDepth())
		fmt.Fprintf(c.out, "{%s}\n", o.Bytes())
	}
	return nil
}

// sum16 returns the first 16 digits of a SHA-1.
func sum16(s string) string { return fmt.Sprintf("%.8x", sha1.Sum([]byte(s))) }

func defects(c *command, db *wordnet.DB) error {
	n := 0
	for d := range until(c, check.Defects(db)) {
		fmt.Fprintln(c.out, d.Code, d.Message)
		n++
	}
	fmt.Fprintf(c.out, "%d defects in %d synsets\n", n, db.Len())
	return nil
}
