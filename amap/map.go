package amap

import (
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"

	"github.com/nlpodyssey/gopickle/types"
)

// Mode selects the token that an activation is attributed to. [Input] shows how
// units respond to a token, [Output] which tokens follow when they are active. If
// in doubt, use Input.
type Mode string

const (
	Input  Mode = "input"  // the token that the model reads
	Output Mode = "output" // the next token of the text
)

// A UnitID identifies a unit of the model by its layer and its number there.
type UnitID struct{ Layer, Unit int }

// String returns SYSIF's name of the unit, such as "3_17".
func (u UnitID) String() string { return fmt.Sprintf("%d_%d", u.Layer, u.Unit) }

// ParseUnit parses a name such as "3_17".
func ParseUnit(s string) (UnitID, error) {
	var u UnitID
	if n, err := fmt.Sscanf(s, "%d_%d", &u.Layer, &u.Unit); n != 2 || err != nil || u.Layer < 0 || u.Unit < 0 || u.String() != s {
		return UnitID{}, fmt.Errorf("amap: unit %q: %w: want LAYER_UNIT, such as 3_17", s, ErrFormat)
	}
	return u, nil
}

// A Map is an activation map: a matrix of tokens × units for each mode and layer.
// It owns its file. All methods except Close are safe for concurrent use, and so
// are those of its layers.
type Map struct {
	src       *source
	o         Options
	positions int // rows; -1: not known
	modes     []Mode
	layers    map[Mode][]*Layer // in the order of the file
	someRows  bool              // a filtered map whose token ids are lost
	byID      map[Mode]bool     // layers keyed by number, units × tokens: SYSIF's filter_amap
	empty     int               // layers of a pickle that have no numbers
	meta      map[string]string
	format    string
	after     int64 // bytes after the end of the data

	rowOnce sync.Once
	rowOf   map[int32]int32 // the inverse of o.IDs
}

// Options hold what a map's file does not contain, and how to read it. Nil and the
// zero value suit maps as SYSIF writes them.
type Options struct {
	// Counts are the token counts of the map.
	Counts Counts
	// Positions is the number of rows at the end that are positions of the
	// window: window+1 in SYSIF's maps. Zero means as the file's name or metadata
	// say; -1 means none.
	Positions int
	// Windows is the number of text windows that went into the map, for Map.Check.
	// Zero means unknown.
	Windows int64
	// IDs are the token ids of the rows of a filtered map, one per row; SYSIF's file
	// does not contain them. Nil means that the number of a row is its token id, or
	// the ids that WriteSafetensors wrote.
	IDs []int32
	// Transposed says whether the file's matrices are units × tokens. Nil means
	// that they are only in a pickle that keeps the layers of a mode in a dict, as
	// SYSIF's filter_amap writes it.
	Transposed *bool
	// Layers are the numbers of the layers that NewMap is given, without repetition;
	// nil means 0, 1 and so on. Files have their own.
	Layers []int
	// NoMmap makes Open read the file with ReadAt instead of mapping it.
	NoMmap bool
}

// Open opens an activation map: a pickle as SYSIF writes it, a file of torch.save, a
// safetensors file, a .npy array or a .npz archive. The content decides which, not
// the name. Open reads only the structure, so its time hardly depends on the size of
// the file.
//
// A pickle or a file of torch.save holds a dict of modes; each is a list, tuple or
// dict of matrices, or one tensor of layers × tokens × units. Without a dict, the
// layers are those of mode input. NumPy's arrays are read like tensors.
//
// Tensors that have names, in a safetensors file, a .npz archive or a dict of
// tensors, go by their names. A matrix named mode/layer, such as input/3, becomes
// that layer; arr_3 of numpy.savez is input/3. Any other matrix becomes layer 0 of
// a mode of its own name, and a tensor of three dimensions its layers 0, 1 and so
// on. Vectors of integers named counts/mode are the token counts. If the tensor of
// a layer cannot be read, [Map.Layer] returns the reason. Tensors of other names
// that cannot be layers are left out.
//
// A .npy array becomes layer 0 of mode input or, if it has three dimensions, its
// layers.
//
// Files of other kinds, such as .parquet, .h5, .gguf or .csv, give an error that
// wraps [ErrUnsupported] and says how to convert them.
func Open(path string, o *Options) (*Map, error) {
	src, err := openSource(path, o != nil && o.NoMmap)
	if err != nil {
		return nil, err
	}
	m, err := newMap(src, o)
	if err != nil {
		src.close()
		return nil, err
	}
	return m, nil
}

// NewReader opens a map of size bytes in r, as Open does. Closing the map does not
// close r.
func NewReader(r io.ReaderAt, size int64, o *Options) (*Map, error) {
	if size < 0 {
		return nil, fmt.Errorf("amap: %w: size %d", ErrShape, size)
	}
	return newMap(&source{r: r, size: size}, o)
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

func newMap(src *source, o *Options) (*Map, error) {
	m := emptyMap(o)
	m.src = src
	if src.file != "" {
		m.meta = parseName(filepath.Base(src.file))
		if w, err := strconv.Atoi(m.meta["window"]); m.meta["positions"] == "false" {
			m.setPositions(0)
		} else if err == nil {
			m.setPositions(w + 1)
		}
	}
	head, err := src.head()
	if err == nil {
		switch m.format = sniff(head); m.format {
		case "npy":
			err = m.openNPY()
		case "safetensors":
			err = m.openSafetensors()
		case "zip":
			err = m.openZip()
		default:
			err = m.openPickle()
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

func emptyMap(o *Options) *Map {
	m := &Map{positions: -1, layers: map[Mode][]*Layer{}, byID: map[Mode]bool{}}
	if o != nil {
		m.o = *o
		m.o.IDs = slices.Clone(o.IDs)
	}
	if m.o.Positions != 0 {
		m.positions = max(m.o.Positions, 0)
	}
	return m
}

// setPositions takes over what a file says of itself, where the caller does not.
func (m *Map) setPositions(n int) {
	if m.o.Positions == 0 {
		m.positions = n
	}
}

// head returns the first bytes of the file.
func (s *source) head() ([]byte, error) {
	head := make([]byte, min(s.size, 16))
	return head, s.readAt(head, 0)
}

// sniff tells formats apart by their first bytes.
func sniff(head []byte) string {
	switch {
	case len(head) >= 6 && string(head[:6]) == "\x93NUMPY":
		return "npy"
	case len(head) >= 4 && string(head[:4]) == "PK\x03\x04":
		return "zip"
	case len(head) >= 9 && head[8] == '{' && head[6]|head[7] == 0:
		return "safetensors"
	}
	return "pickle"
}

// pickled returns the value of a pickle, or of the one in a file of torch.save,
// made of the machine's lists and dicts, texts, integers and *tensor.
func pickled(src *source) (any, *program, error) {
	head, err := src.head()
	if err != nil {
		return nil, nil, err
	}
	if err := otherKind(head); err != nil {
		return nil, nil, err
	}
	switch sniff(head) {
	case "zip":
		a, err := openArchive(src)
		if err != nil {
			return nil, nil, err
		}
		if _, ok := a.torchFolder(); !ok {
			return nil, nil, a.other()
		}
		return a.unpickle()
	case "npy", "safetensors":
		return nil, nil, errAt(0, ErrUnsupported, "a %s file, want a pickle or a file of torch.save; Open reads it, with the counts in it", sniff(head))
	}
	v, p, err := unpickle(src)
	if err != nil {
		err = src.notPickle(err)
	}
	return v, p, err
}

// pickledModes calls f for each mode of a pickle with its value and place, and
// returns where the pickle ends. A list of layers, or a single tensor, without a
// mode is mode input.
func pickledModes(src *source, f func(mode Mode, v any, at int64) error) (end int64, err error) {
	v, p, err := pickled(src)
	if err != nil {
		return 0, err
	}
	root, ok := dictOf(v)
	if !ok {
		list, _ := listOf(v)
		if _, ok := tensorOf(v); ok || len(list) > 0 {
			return p.end, f(Input, v, p.stop)
		}
	}
	if !ok || root.Len() == 0 {
		return 0, errAt(p.stop, ErrFormat, "the file holds %s, want a dict of modes or a list of layers", typeName(v))
	}
	seen := map[string]bool{}
	for _, e := range *root {
		name, ok := e.Key.(string)
		if !ok {
			return 0, errAt(p.stop, ErrFormat, "a mode's name is %s", typeName(e.Key))
		}
		at := p.texts[name]
		if seen[name] {
			return 0, errAt(at, ErrFormat, "mode %q twice", name)
		}
		seen[name] = true
		if err := f(Mode(name), e.Value, at); err != nil {
			return 0, err
		}
	}
	return p.end, nil
}

// dictOf returns the entries of a dict.
func dictOf(v any) (*types.Dict, bool) {
	switch v := v.(type) {
	case *types.Dict:
		return v, true
	case *attributed:
		return &v.Dict, true
	}
	return nil, false
}

// listOf returns the items of a list or tuple.
func listOf(v any) ([]any, bool) {
	switch v := v.(type) {
	case *types.List:
		return *v, true
	case *types.Tuple:
		return *v, true
	}
	return nil, false
}

func (m *Map) openPickle() error {
	names := byName{m: m}
	vectors := false
	end, err := pickledModes(m.src, func(mode Mode, v any, at int64) error {
		t, ok := tensorOf(v)
		if !ok {
			return m.addMode(mode, v, at)
		}
		if len(t.size) < 2 {
			vectors = true
		}
		return names.add(string(mode), t, t.dtype.String())
	})
	if err != nil {
		return err
	}
	if m.format == "pickle" {
		m.after = m.src.size - end
	}
	if err := names.finish(); err != nil {
		return err
	}
	if len(m.modes) == 0 {
		if vectors {
			return errAt(0, ErrFormat, "no list of matrices, but vectors (token counts are opened with OpenCounts)")
		}
		return errAt(0, ErrFormat, "no matrix of floating-point numbers")
	}
	return nil
}

// maxLayers bounds the layers of a mode, maxEmptyLayers those of all modes of a
// pickle that have no numbers, whose sides the file's size does not bound.
const (
	maxLayers      = 2048
	maxEmptyLayers = 32
)

func (m *Map) addMode(mode Mode, v any, at int64) error {
	m.modes = append(m.modes, mode)
	m.layers[mode] = []*Layer{}
	add := func(n int, v any) error {
		t, ok := tensorOf(v)
		if !ok {
			return errAt(at, ErrFormat, "mode %q: layer %d is %s, want a tensor", mode, n, typeName(v))
		}
		if m.find(mode, n) != nil {
			return errAt(at, ErrFormat, "mode %q: layer %d twice", mode, n)
		}
		// One tensor may be listed many times at three bytes each.
		if len(m.layers[mode]) == maxLayers {
			return errAt(at, ErrLimit, "mode %q: more than %d layers", mode, maxLayers)
		}
		if slices.Contains(t.size, 0) {
			if m.empty++; m.empty > maxEmptyLayers {
				return errAt(at, ErrLimit, "more than %d layers without a number", maxEmptyLayers)
			}
		}
		l := m.addLayer(mode, n, nil)
		// A tensor that is no matrix must not spoil the others.
		if x, err := newFileMatrix(t, m.transposed(mode)); err == nil {
			if m.format != "pickle" || t.big {
				x.t = nil
			}
			l.x = x
		} else {
			l.err = named(err, m.src.file)
		}
		return nil
	}
	if list, ok := listOf(v); ok {
		for n, e := range list {
			if err := add(n, e); err != nil {
				return err
			}
		}
		return nil
	}
	if dict, ok := dictOf(v); ok {
		m.byID[mode] = true
		for _, e := range *dict {
			n, ok := integer(e.Key)
			if s, text := e.Key.(string); text { // as JSON has them
				k, err := strconv.ParseInt(s, 10, 32)
				n, ok = k, err == nil
			}
			if !ok || n < 0 || n > math.MaxInt32 {
				return errAt(at, ErrFormat, "mode %q: a layer's key is %s, want a number from 0 to %d", mode, typeName(e.Key), math.MaxInt32)
			}
			if err := add(int(n), e.Value); err != nil {
				return err
			}
		}
		return nil
	}
	return errAt(at, ErrFormat, "mode %q is %s, want a list or dict of tensors", mode, typeName(v))
}

func (m *Map) transposed(mode Mode) bool {
	if m.o.Transposed != nil {
		return *m.o.Transposed
	}
	return m.byID[mode]
}

func (m *Map) addLayer(mode Mode, n int, x matrix) *Layer {
	if m.layers[mode] == nil {
		m.modes = append(m.modes, mode)
	}
	l := &Layer{m: m, mode: mode, n: n, x: x}
	m.layers[mode] = append(m.layers[mode], l)
	return l
}

// fit checks what the options say against the shapes of the layers.
func (m *Map) fit() error {
	for _, mode := range m.modes {
		for _, l := range m.layers[mode] {
			if l.err != nil {
				continue
			}
			r, _ := l.x.dims()
			if m.o.IDs != nil && r != len(m.o.IDs) {
				return fmt.Errorf("amap: %w: %d token ids for %s layer %d of %d rows", ErrShape, len(m.o.IDs), mode, l.n, r)
			}
			if m.positions > r {
				return fmt.Errorf("amap: %w: %d position rows in %s layer %d of %d rows", ErrShape, m.positions, mode, l.n, r)
			}
		}
	}
	return nil
}

// Close releases the file and the mapping. Afterwards methods that read numbers
// return [ErrClosed], and [Layer.At] panics with it.
func (m *Map) Close() error {
	if m.src == nil {
		return nil
	}
	return m.src.close()
}

// Format returns the format of the file: "pickle", "torch" (torch.save),
// "safetensors", "npy" or "npz"; or "" if the map does not come from a file.
func (m *Map) Format() string { return m.format }

// Metadata returns the text metadata of a safetensors file, without values of more
// than 1 MB. For a file with a name
// as SYSIF gives it, it returns the parts of the name: "model", "dataset",
// "sentences", "window", "seed", "positions" ("true" or "false") and "flags".
// Parts that the name does not have are missing.
func (m *Map) Metadata() map[string]string { return maps.Clone(m.meta) }

// Modes returns the modes in the order of the file.
func (m *Map) Modes() []Mode { return slices.Clone(m.modes) }

// Layers returns the numbers of a mode's layers, ascending.
func (m *Map) Layers(mode Mode) []int {
	var out []int
	for _, l := range m.layers[mode] {
		out = append(out, l.n)
	}
	slices.Sort(out)
	return out
}

// find returns a layer, or nil.
func (m *Map) find(mode Mode, n int) *Layer {
	layers := m.layers[mode]
	if n >= 0 && n < len(layers) && layers[n].n == n { // as nearly always
		return layers[n]
	}
	for _, l := range layers {
		if l.n == n {
			return l
		}
	}
	return nil
}

// Layer returns layer n of a mode. The error wraps [ErrNotFound] if there is none,
// and [ErrShape] or [ErrUnsupported] if it is not a matrix of floating-point
// numbers.
func (m *Map) Layer(mode Mode, n int) (*Layer, error) {
	l := m.find(mode, n)
	switch {
	case l != nil && l.err != nil:
		return nil, l.err
	case l != nil:
		return l, nil
	case m.layers[mode] == nil:
		return nil, m.noMode(mode)
	}
	return nil, fmt.Errorf("amap: %s layer %d: %w (the map has %s)", mode, n, ErrNotFound, some("%v", m.Layers(mode)))
}

func (m *Map) noMode(mode Mode) error {
	return fmt.Errorf("amap: mode %q: %w (the map has %s)", mode, ErrNotFound, some("%q", m.modes))
}

// some lists what a map has, if it is not too much.
func some[T any](format string, list []T) string {
	const most = 20
	if len(list) <= most {
		return fmt.Sprintf(format, list)
	}
	return fmt.Sprintf(format+" and %d more", list[:most], len(list)-most)
}

// Counts returns the token counts of the map, or nil.
func (m *Map) Counts() Counts { return m.o.Counts }

// Positions returns the number of rows at the end that are positions of the
// window, and whether that is known. If it is not, n is 0 and all rows are treated
// as tokens.
func (m *Map) Positions() (n int, known bool) { return max(m.positions, 0), m.positions >= 0 }

// Filter returns a view of the map whose rows are the given token ids, in that
// order. The view shares the file with m, so closing either closes both.
func (m *Map) Filter(ids []int32) (*Map, error) {
	v := emptyMap(&m.o)
	v.src, v.positions, v.format, v.meta, v.byID, v.someRows = m.src, m.positions, m.format, m.meta, m.byID, m.someRows
	for _, mode := range m.modes {
		v.layers[mode] = []*Layer{}
		for _, l := range m.layers[mode] {
			if l.err != nil {
				return nil, l.err
			}
			rows, err := l.rowsOf(ids)
			if err == nil {
				l, err = l.Select(rows, nil)
			}
			if err != nil {
				return nil, err
			}
			l.m = v
			v.layers[mode] = append(v.layers[mode], l)
		}
		v.modes = append(v.modes, mode)
	}
	return v, nil
}

// rowsOf finds the rows of token ids in the view.
func (l *Layer) rowsOf(ids []int32) ([]int32, error) {
	n, _ := l.Dims()
	out := make([]int32, len(ids))
	var at map[int32]int32
	if l.rows != nil {
		at = make(map[int32]int32, len(l.rows))
		for i := len(l.rows) - 1; i >= 0; i-- {
			at[l.rows[i]] = int32(i)
		}
	}
	for i, id := range ids {
		r, ok := l.m.row(id)
		if ok && at != nil {
			r, ok = at[r]
		}
		if !ok || int(r) >= n {
			return nil, fmt.Errorf("amap: %s layer %d: token id %d: %w", l.mode, l.n, id, ErrNotFound)
		}
		out[i] = r
	}
	return out, nil
}

// row returns the row of the file that holds a token id.
func (m *Map) row(id int32) (row int32, ok bool) {
	if m.o.IDs == nil {
		return id, id >= 0
	}
	m.rowOnce.Do(func() {
		m.rowOf = make(map[int32]int32, len(m.o.IDs))
		for r, id := range m.o.IDs {
			m.rowOf[id] = int32(r)
		}
	})
	row, ok = m.rowOf[id]
	return row, ok
}
