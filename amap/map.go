package amap

import (
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/nlpodyssey/gopickle/types"
)

// A Mode says which token an activation is booked under.
type Mode string

const (
	Input  Mode = "input"  // the token that the model reads
	Output Mode = "output" // the token that comes next
)

// A UnitID names a unit of the model: its layer, and its place there.
type UnitID struct{ Layer, Unit int }

// String gives SYSIF's name of a unit, such as "3_17".
func (u UnitID) String() string { return fmt.Sprintf("%d_%d", u.Layer, u.Unit) }

// ParseUnit reads a name such as "3_17".
func ParseUnit(s string) (UnitID, error) {
	var u UnitID
	if n, err := fmt.Sscanf(s, "%d_%d", &u.Layer, &u.Unit); n != 2 || err != nil || u.Layer < 0 || u.Unit < 0 || u.String() != s {
		return UnitID{}, fmt.Errorf("amap: unit %q: %w: want LAYER_UNIT, such as 3_17", s, ErrFormat)
	}
	return u, nil
}

// A Map is an activation map: for each mode and layer a matrix of tokens ×
// units. It owns its file. Reading methods, and those of its layers, are safe
// for concurrent use; Close is not.
type Map struct {
	src    *source
	cfg    config
	modes  []Mode
	layers map[Mode]map[int]*Layer
	order  map[Mode][]int // of the layers in the file
	byID   map[Mode]bool  // layers keyed by number, units × tokens: SYSIF's filter_amap
	empty  int            // layers of a pickle that have no numbers
	named  map[string]*Layer
	meta   map[string]string // of a safetensors file
	rowIDs []int32
	counts *Counts
	format string

	rowOnce sync.Once
	rowOf   map[int32]int32 // the inverse of rowIDs

	after int64 // bytes after the end of the pickle
}

type config struct {
	noMap      bool
	vocab      *Vocab
	counts     *Counts
	window     int
	rowIDs     []int32
	transposed *bool
	maxText    int64
}

// An Option changes how a map is opened.
type Option func(*config)

// WithMmap chooses between mapping the file into memory (the default where the
// system can, for [Open]) and reading it with ReadAt. See the package comment
// for what each promises when the file is cut while open.
func WithMmap(on bool) Option { return func(c *config) { c.noMap = !on } }

// WithVocab gives the tokens of the rows. A map with fewer rows than tokens
// gives [ErrShape], unless [WithRowIDs] says which rows it has.
func WithVocab(v *Vocab) Option { return func(c *config) { c.vocab = v } }

// WithCounts gives the token counts that belong to the map.
func WithCounts(k *Counts) Option { return func(c *config) { c.counts = k } }

// WithPositions says that the last window+1 rows are positions, not tokens;
// 0 says that there are none.
func WithPositions(window int) Option {
	return func(c *config) {
		c.window = window + 1
		if window <= 0 {
			c.window = 0
		}
	}
}

// WithRowIDs says which token each row is, for filtered maps, whose files do
// not tell. The ids must be as many as the rows.
func WithRowIDs(ids []int32) Option { return func(c *config) { c.rowIDs = slices.Clone(ids) } }

// WithTransposed says that the file's matrices are units × tokens, or that they
// are not. Without it, they are if the pickle keeps the layers of a mode in a
// dict, as SYSIF's filter_amap does, and are not if it keeps them in a list.
func WithTransposed(on bool) Option { return func(c *config) { c.transposed = &on } }

// WithTextLimit bounds the bytes of tensors written as text, the way of pickle
// protocols 0 to 2, which must be decoded into memory. The default is 1 GiB.
func WithTextLimit(n int64) Option { return func(c *config) { c.maxText = n } }

// Open opens the activation map in a file: a pickle as SYSIF writes it, a
// safetensors file, or a .npy matrix, told apart by content. It reads only the
// structure, so it takes about the same time for any size.
//
// Errors about the content are *[FormatError]; see there.
func Open(path string, opts ...Option) (*Map, error) {
	cfg := newConfig(opts)
	src, err := openSource(path, cfg.noMap)
	if err != nil {
		return nil, err
	}
	if n, err := ParseName(filepath.Base(path)); err == nil && cfg.window < 0 {
		if n.Positions && n.Window > 0 {
			cfg.window = n.Window + 1
		} else if !n.Positions {
			cfg.window = 0
		}
	}
	m, err := newMap(src, cfg)
	if err != nil {
		src.close()
		return nil, err
	}
	return m, nil
}

// NewReader opens a map of size bytes in r, which the map does not close.
func NewReader(r io.ReaderAt, size int64, opts ...Option) (*Map, error) {
	if size < 0 {
		return nil, fmt.Errorf("amap: %w: size %d", ErrShape, size)
	}
	return newMap(&source{r: r, size: size}, newConfig(opts))
}

func newConfig(opts []Option) config {
	c := config{window: -1, maxText: 1 << 30}
	for _, o := range opts {
		o(&c)
	}
	return c
}

func openSource(path string, noMap bool) (*source, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	fi, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, err
	}
	if !fi.Mode().IsRegular() {
		f.Close()
		return nil, fmt.Errorf("amap: %s: %w: not a regular file", path, ErrUnsupported)
	}
	src := &source{r: f, size: fi.Size(), file: path, handle: f}
	if canMap && !noMap {
		if data, unmap, err := mapFile(f, fi.Size()); err == nil {
			src.data, src.unmap = data, unmap
		} // otherwise, as for an empty file, ReadAt does
	}
	return src, nil
}

func newMap(src *source, cfg config) (*Map, error) {
	m := emptyMap(cfg)
	m.src = src
	var head [16]byte
	n := min(src.size, int64(len(head)))
	err := src.readAt(head[:n], 0)
	if err == nil {
		switch sniff(head[:n], src.size) {
		case "npy":
			err = m.openNPY()
		case "safetensors":
			err = m.openSafetensors()
		default:
			err = m.openPickle(head[:n])
		}
	}
	if err == nil {
		err = m.fit()
	}
	if err != nil {
		return nil, named(err, src.file)
	}
	return m, nil
}

func emptyMap(cfg config) *Map {
	return &Map{
		cfg: cfg, rowIDs: cfg.rowIDs, counts: cfg.counts,
		layers: map[Mode]map[int]*Layer{}, order: map[Mode][]int{}, byID: map[Mode]bool{},
	}
}

// sniff tells formats apart by their first bytes.
func sniff(head []byte, size int64) string {
	switch {
	case len(head) >= 6 && string(head[:6]) == "\x93NUMPY":
		return "npy"
	case len(head) >= 9 && head[8] == '{' && head[6]|head[7] == 0:
		return "safetensors"
	}
	return "pickle"
}

// notPickle names formats that people take for SYSIF's.
func notPickle(head []byte) error {
	const how = "; load it with torch and write it with pickle.dump, or save it as safetensors"
	switch s := string(head); {
	case len(s) >= 4 && s[:4] == "PK\x03\x04":
		return errAt(0, ErrUnsupported, "a zip archive, such as torch.save writes%s", how)
	case len(s) >= 14 && s[:2] == "\x80\x02" && s[2:14] == "\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19":
		return errAt(0, ErrUnsupported, "a file of torch.save in its old form%s", how)
	case len(s) >= 2 && s[:2] == "\x1f\x8b":
		return errAt(0, ErrUnsupported, "a gzip file; unpack it first")
	}
	return nil
}

func (m *Map) openPickle(head []byte) error {
	m.format = "pickle"
	if err := notPickle(head); err != nil {
		return err
	}
	v, p, err := unpickle(m.src, m.cfg.maxText)
	if err != nil {
		return err
	}
	m.after = m.src.size - p.end
	root, ok := v.(*types.Dict)
	if !ok {
		return errAt(p.stop, ErrFormat, "the file holds %s, want a dict of modes", typeName(v))
	}
	if root.Len() == 0 {
		return errAt(p.stop, ErrFormat, "a dict without a mode")
	}
	for _, e := range *root {
		name, ok := e.Key.(string)
		if !ok {
			return errAt(p.stop, ErrFormat, "a mode's name is %s", typeName(e.Key))
		}
		at := p.texts[name]
		mode := Mode(name)
		if m.layers[mode] != nil {
			return errAt(at, ErrFormat, "mode %q twice", name)
		}
		if err := m.addMode(mode, e.Value, at); err != nil {
			return err
		}
	}
	return nil
}

// maxLayers bounds the layers of a mode in a pickle, maxEmptyLayers those of
// all modes that have no numbers, whose sides the file's size does not bound.
const (
	maxLayers      = 2048
	maxEmptyLayers = 32
)

func (m *Map) addMode(mode Mode, v any, at int64) error {
	m.modes = append(m.modes, mode)
	m.layers[mode] = map[int]*Layer{}
	add := func(n int, v any) error {
		t, ok := v.(*tensor)
		if !ok {
			return errAt(at, ErrFormat, "mode %q: layer %d is %s, want a tensor", mode, n, typeName(v))
		}
		if m.layers[mode][n] != nil {
			return errAt(at, ErrFormat, "mode %q: layer %d twice", mode, n)
		}
		// One tensor may be listed many times at three bytes each.
		if len(m.order[mode]) == maxLayers {
			return errAt(at, ErrLimit, "mode %q: more than %d layers", mode, maxLayers)
		}
		if slices.Contains(t.size, 0) {
			if m.empty++; m.empty > maxEmptyLayers {
				return errAt(at, ErrLimit, "more than %d layers without a number", maxEmptyLayers)
			}
		}
		m.order[mode] = append(m.order[mode], n)
		m.layers[mode][n] = &Layer{m: m, mode: mode, n: n, x: &pending{t, m.transposed(mode)}}
		return nil
	}
	switch v := v.(type) {
	case *types.List:
		for n, e := range *v {
			if err := add(n, e); err != nil {
				return err
			}
		}
		return nil
	case *types.Dict:
		m.byID[mode] = true
		for _, e := range *v {
			n, ok := integer(e.Key)
			if !ok || n < 0 || n > math.MaxInt32 {
				return errAt(at, ErrFormat, "mode %q: a layer's key is %s, want a number from 0 to %d", mode, typeName(e.Key), math.MaxInt32)
			}
			if err := add(int(n), e.Value); err != nil {
				return err
			}
		}
		return nil
	case *tensor:
		return errAt(at, ErrFormat, "mode %q is %s, want a list of matrices (token counts are opened with OpenCounts)", mode, typeName(v))
	}
	return errAt(at, ErrFormat, "mode %q is %s, want a list or dict of tensors", mode, typeName(v))
}

func (m *Map) transposed(mode Mode) bool {
	if m.cfg.transposed != nil {
		return *m.cfg.transposed
	}
	return m.byID[mode]
}

// pending is a tensor that has not been looked at as a matrix yet: one of the
// wrong rank must not spoil the others.
type pending struct {
	t          *tensor
	transposed bool
}

func (p *pending) dims() (int, int)                           { return 0, 0 }
func (p *pending) dtype() DType                               { return p.t.dtype }
func (p *pending) read([]float32, int, int, *scratch) error   { return ErrShape }
func (p *pending) read64([]float64, int, int, *scratch) error { return ErrShape }
func (p *pending) whole() error                               { return nil }
func (p *pending) at(int, int) (float64, error)               { return 0, ErrShape }

// fit makes matrices of the tensors and checks what the options said.
func (m *Map) fit() error {
	rows := -1
	for _, byN := range m.layers {
		for _, l := range byN {
			p, ok := l.x.(*pending)
			if !ok {
				continue
			}
			if x, err := newFileMatrix(p.t, p.transposed); err == nil {
				l.x = x
			}
		}
	}
	for _, mode := range m.modes {
		for _, n := range m.Layers(mode) {
			l := m.layers[mode][n]
			if _, ok := l.x.(*pending); ok {
				continue
			}
			rows = max(rows, 0)
			r, _ := l.x.dims()
			if m.rowIDs != nil && r != len(m.rowIDs) {
				return fmt.Errorf("amap: %w: %d row ids for %s layer %d of %d rows", ErrShape, len(m.rowIDs), mode, n, r)
			}
			if m.cfg.vocab != nil && m.rowIDs == nil && r < m.cfg.vocab.Len() {
				return fmt.Errorf("amap: %w: vocabulary of %d tokens for %s layer %d of %d rows", ErrShape, m.cfg.vocab.Len(), mode, n, r)
			}
			if m.cfg.window > r {
				return fmt.Errorf("amap: %w: %d position rows in %s layer %d of %d rows", ErrShape, m.cfg.window, mode, n, r)
			}
		}
	}
	return nil
}

// Close releases the file and the mapping. Layers and slices of [Layer.RawRow]
// must not be used any more: methods give [ErrClosed].
func (m *Map) Close() error {
	if m.src == nil {
		return nil
	}
	return m.src.close()
}

// Format names the file's format: "pickle", "safetensors", "npy", or "" for a
// map that is not a file.
func (m *Map) Format() string { return m.format }

// Mapped tells whether the file is mapped into memory.
func (m *Map) Mapped() bool { return m.src != nil && m.src.mapped() }

// Metadata returns the text metadata of a safetensors file.
func (m *Map) Metadata() map[string]string { return maps.Clone(m.meta) }

// Modes returns the modes in the order of the file.
func (m *Map) Modes() []Mode { return slices.Clone(m.modes) }

// Layers returns the numbers of a mode's layers, ascending.
func (m *Map) Layers(mode Mode) []int {
	return slices.Sorted(maps.Keys(m.layers[mode]))
}

// Layer returns a layer of a mode. The error is [ErrNotFound] when there is
// none, [ErrShape] when it is not a matrix.
func (m *Map) Layer(mode Mode, n int) (*Layer, error) {
	byN, ok := m.layers[mode]
	if !ok {
		return nil, fmt.Errorf("amap: mode %q: %w (the map has %q)", mode, ErrNotFound, m.modes)
	}
	l, ok := byN[n]
	if !ok {
		return nil, fmt.Errorf("amap: %s layer %d: %w (the map has %v)", mode, n, ErrNotFound, m.Layers(mode))
	}
	if p, ok := l.x.(*pending); ok {
		_, err := newFileMatrix(p.t, p.transposed)
		return nil, named(err, m.src.file)
	}
	return l, nil
}

// Tensor returns a matrix of a safetensors file by its name there.
func (m *Map) Tensor(name string) (*Layer, error) {
	l, ok := m.named[name]
	if !ok {
		return nil, fmt.Errorf("amap: tensor %q: %w", name, ErrNotFound)
	}
	return l, nil
}

// Tensors returns the names of the matrices of a safetensors file, sorted.
func (m *Map) Tensors() []string { return slices.Sorted(maps.Keys(m.named)) }

// Vocab returns the vocabulary that the map was opened with, or nil.
func (m *Map) Vocab() *Vocab { return m.cfg.vocab }

// Counts returns the token counts that the map was opened with, or nil.
func (m *Map) Counts() *Counts { return m.counts }

// Positions returns how many of the last rows are positions of the window, if
// it is known: from [WithPositions], the vocabulary, or the file's name.
func (m *Map) Positions() (n int, known bool) {
	if m.cfg.window >= 0 {
		return m.cfg.window, true
	}
	if m.cfg.vocab == nil || m.rowIDs != nil {
		return 0, false
	}
	for _, mode := range m.modes {
		for _, l := range m.layers[mode] {
			if r, _ := l.Dims(); r > 0 {
				return r - m.cfg.vocab.Len(), true
			}
		}
	}
	return 0, false
}

// Seen tells whether a token (or position) occurred in the text that a mode was
// computed from, if counts are known. Unseen tokens have rows of zeros.
func (m *Map) Seen(mode Mode, id int32) (seen, known bool) {
	if m.counts == nil {
		return false, false
	}
	n, ok := m.counts.Of(mode, id)
	return n > 0, ok
}
