package extract

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/semamap/semamap/amap"
)

// ErrSettings: a field of [Settings] has an impossible value, a token does not
// fit the model, or a checkpoint or a part was made with another model, text or
// settings.
var ErrSettings = errors.New("extract: bad settings")

// Settings configures an extraction. Nil and the zero value mean the defaults,
// which are those of SYSIF.
type Settings struct {
	// Window is the number of tokens that the model reads at once. Zero means 15.
	Window int
	// Stride is the distance from one window of a document to the next. Zero
	// means 15.
	Stride int
	// Start is the place of a document's first window: 0 to Window−1. Nil means
	// a random place for each document, which depends on Seed and the number of
	// the document.
	Start *int
	// Seed seeds the random starts.
	Seed uint64

	// Modes are the tokens that an activation is attributed to. With
	// amap.Output it is the token with the largest logit. Empty means amap.Input
	// alone; amap.Output makes the work about 2.4 times as long.
	Modes []amap.Mode
	// Positions adds a row for each position of the window.
	Positions bool
	// Skip leaves out the first positions of each window. Units that respond to
	// the start of a text, whatever the token, are then not mistaken for units
	// that respond to the tokens which stood there.
	Skip int
	// Units selects layers and units: by layer, the units of a layer, or all of
	// them if the list is empty. Nil means all layers.
	Units map[int][]int
	// Tokens are the ids whose rows are wanted. Other rows stay zero, with a
	// count of zero, and take no memory. Nil means all.
	Tokens []int32

	// Vocab is the number of tokens that get a row, those of the tokenizer. Zero
	// means as many as the model has, which may be more, since models pad their
	// vocabulary. A token that is not below Vocab is an error in a document, and
	// is left out where the model predicts it.
	Vocab int

	// Moments also sums the squares of activations, for [Sums.Explained].
	Moments bool
	// Running16 computes means as SYSIF does: a running mean in fp16, updated
	// after every Running16 windows (its default is 8). The windows at the end
	// that make no full update are left out, as there. Such means are biased for
	// frequent tokens; this is for comparison. It takes one worker. Zero means
	// exact sums.
	Running16 int

	// Shard {i, n} takes only the documents i, i+n, i+2n, …. [Merge] joins the
	// shards. The zero value means all documents.
	Shard [2]int
	// Workers limits the number of goroutines. Zero means GOMAXPROCS. It never
	// changes a result.
	Workers int

	// Checkpoint is the path of a file to save the sums in: about every ten
	// minutes, when the context ends, and at the end. If the file is there at
	// the start, the extraction goes on from it. Empty means none.
	Checkpoint string
	// Progress, if not nil, is called now and then with the numbers of documents
	// and windows that are done, never twice at the same time.
	Progress func(documents, windows int64)

	checkpointEvery time.Duration // for tests
}

// A setup is a valid Settings, with its defaults, for a model.
type setup struct {
	Settings
	model   string // its identity
	layers  []int
	units   [][]int // by index of layers; nil means all
	wide    []int   // number of units, by index of layers
	tokens  []int32 // of the rows, ascending; nil means all
	slot    []int32 // row of each token id, or -1; nil means the id
	rows    int     // of tokens
	batch   int     // windows computed together
	predict bool
	stored  []field // of a file, instead of fields
}

// batchWindows is how many windows are computed together: enough rows to make
// the matrix products large.
const batchWindows = 64

func newSetup(m *Model, set *Settings) (*setup, error) {
	p := &setup{model: m.identity()}
	if set != nil {
		p.Settings = *set
	}
	if p.Window == 0 {
		p.Window = 15
	}
	if p.Stride == 0 {
		p.Stride = 15
	}
	bad := func(field string, value any, want string, args ...any) error {
		return fmt.Errorf("%w: %s is %v, want %s", ErrSettings, field, value, fmt.Sprintf(want, args...))
	}
	switch {
	case p.Window < 0 || p.Window > m.maxWindow:
		return nil, bad("Window", p.Window, "1 to %d, which the model was made for", m.maxWindow)
	case p.Stride < 0:
		return nil, bad("Stride", p.Stride, "a positive number")
	case p.Start != nil && (*p.Start < 0 || *p.Start >= p.Window):
		return nil, bad("Start", *p.Start, "0 to %d", p.Window-1)
	case p.Skip < 0 || p.Skip >= p.Window:
		return nil, bad("Skip", p.Skip, "0 to %d", p.Window-1)
	case p.Vocab < 0 || p.Vocab > m.Vocab():
		return nil, bad("Vocab", p.Vocab, "1 to %d, the tokens of the model", m.Vocab())
	case p.Running16 < 0:
		return nil, bad("Running16", p.Running16, "a number of windows")
	case p.Running16 > 0 && p.Moments:
		return nil, bad("Moments", true, "false with Running16")
	}
	if p.Vocab == 0 {
		p.Vocab = m.Vocab()
	}
	if p.Shard == [2]int{} {
		p.Shard[1] = 1
	}
	if i, n := p.Shard[0], p.Shard[1]; n < 1 || i < 0 || i >= n {
		return nil, bad("Shard", p.Shard, "a number and the number of shards, which is larger")
	}
	if p.Running16 > 0 && p.Shard[1] > 1 {
		return nil, bad("Shard", p.Shard, "one shard with Running16, whose means depend on the order")
	}
	if len(p.Modes) == 0 {
		p.Modes = []amap.Mode{amap.Input}
	}
	p.Modes = slices.Sorted(slices.Values(p.Modes))
	for i, mode := range p.Modes {
		if mode != amap.Input && mode != amap.Output {
			return nil, bad("Modes", fmt.Sprintf("%q", mode), "%q or %q", amap.Input, amap.Output)
		}
		if i > 0 && mode == p.Modes[i-1] {
			return nil, bad("Modes", p.Modes, "each mode once")
		}
		p.predict = p.predict || mode == amap.Output
	}
	if err := p.pickUnits(m, bad); err != nil {
		return nil, err
	}
	if err := p.pickTokens(bad); err != nil {
		return nil, err
	}
	p.batch = batchWindows
	if p.Running16 > 0 {
		p.batch = max(1, batchWindows/p.Running16) * p.Running16
	}
	return p, nil
}

func (p *setup) pickUnits(m *Model, bad func(string, any, string, ...any) error) error {
	if p.Units == nil {
		for l := range m.Layers() {
			p.layers, p.units, p.wide = append(p.layers, l), append(p.units, nil), append(p.wide, m.Units())
		}
		return nil
	}
	if len(p.Units) == 0 {
		return bad("Units", p.Units, "a layer")
	}
	for _, l := range slices.Sorted(maps.Keys(p.Units)) {
		if l < 0 || l >= m.Layers() {
			return bad("Units", fmt.Sprintf("layer %d", l), "layers 0 to %d", m.Layers()-1)
		}
		var units []int
		if u := p.Units[l]; len(u) > 0 {
			units = slices.Clone(u)
		}
		for i, u := range units {
			if u < 0 || u >= m.Units() || slices.Index(units, u) < i {
				return bad("Units", amap.UnitID{Layer: l, Unit: u}, "units 0 to %d, each once", m.Units()-1)
			}
		}
		n := len(units)
		if units == nil {
			n = m.Units()
		}
		p.layers, p.units, p.wide = append(p.layers, l), append(p.units, units), append(p.wide, n)
	}
	return nil
}

func (p *setup) pickTokens(bad func(string, any, string, ...any) error) error {
	if p.Tokens == nil {
		p.rows = p.Vocab
		return nil
	}
	p.tokens = slices.Compact(slices.Sorted(slices.Values(p.Tokens)))
	if len(p.tokens) == 0 {
		return bad("Tokens", p.Tokens, "a token id")
	}
	p.rows = len(p.tokens)
	if err := p.makeSlots(p.Vocab); err != nil {
		return fmt.Errorf("%w: Tokens: %w", ErrSettings, err)
	}
	return nil
}

// makeSlots numbers the rows of p.tokens.
func (p *setup) makeSlots(vocab int) error {
	p.slot = make([]int32, vocab)
	for i := range p.slot {
		p.slot[i] = -1
	}
	for i, id := range p.tokens {
		if id < 0 || int(id) >= vocab {
			return fmt.Errorf("the id %d, want 0 to %d", id, vocab-1)
		}
		if p.slot[id] >= 0 || i > 0 && id < p.tokens[i-1] {
			return fmt.Errorf("the id %d is out of order", id)
		}
		p.slot[id] = int32(i)
	}
	return nil
}

// row returns the row of a token, or -1 if it has none.
func (p *setup) row(id int32) int {
	switch {
	case int(id) >= p.Vocab:
		return -1
	case p.slot == nil:
		return int(id)
	}
	return int(p.slot[id])
}

// allRows returns the number of rows with those of positions.
func (p *setup) allRows() int {
	if p.Positions {
		return p.rows + p.Window + 1
	}
	return p.rows
}

// position returns the row of position i of a window. The token that the model
// predicts there stands one further.
func (p *setup) position(mode amap.Mode, i int) int {
	if mode == amap.Output {
		i++
	}
	return p.rows + i
}

// every returns the least time between checkpoints.
func (p *setup) every() time.Duration {
	if p.checkpointEvery > 0 {
		return p.checkpointEvery
	}
	return 10 * time.Minute
}

// A field is a setting that sums depend on, as text.
type field struct{ Name, Value string }

// fields lists the settings that sums depend on, apart from the shard.
func (p *setup) fields() []field {
	if p.stored != nil {
		return p.stored
	}
	start := "random"
	if p.Start != nil {
		start = strconv.Itoa(*p.Start)
	} else {
		start += ", seed " + strconv.FormatUint(p.Seed, 10)
	}
	tokens := "all"
	if p.tokens != nil {
		tokens = fmt.Sprintf("%d, hash %s", len(p.tokens), short(p.tokens))
	}
	units := make([]string, len(p.units))
	for i, u := range p.units {
		if units[i] = fmt.Sprintf("%d: all", p.layers[i]); u != nil {
			wide := make([]int32, len(u))
			for j, v := range u {
				wide[j] = int32(v)
			}
			units[i] = fmt.Sprintf("%d: %d, hash %s", p.layers[i], len(u), short(wide))
		}
	}
	return []field{
		{"Window", strconv.Itoa(p.Window)},
		{"Stride", strconv.Itoa(p.Stride)},
		{"Start", start},
		{"Modes", fmt.Sprint(p.Modes)},
		{"Positions", strconv.FormatBool(p.Positions)},
		{"Skip", strconv.Itoa(p.Skip)},
		{"Units", fmt.Sprint(units)},
		{"Tokens", tokens},
		{"Vocab", strconv.Itoa(p.Vocab)},
		{"Moments", strconv.FormatBool(p.Moments)},
		{"Running16", strconv.Itoa(p.Running16)},
	}
}

// short is a short hash of numbers.
func short(x []int32) string {
	h := sha256.New()
	binary.Write(h, binary.LittleEndian, x)
	return hex.EncodeToString(h.Sum(nil)[:8])
}
