package amap

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// byName takes tensors that have names into a map: those of a safetensors file,
// of a .npz file, or of a dict of tensors. [Open] says what the names mean.
type byName struct {
	m      *Map
	counts Counts
	ids    *tensor // the vector called token_ids, which may be anyone's
	layers int
	empty  int           // layers without a number
	alone  map[Mode]bool // for each mode whether it is one tensor of another name than mode/layer
}

// Limits of what a header, which may have 100 MB, can ask for: layers called
// mode/layer, those of tensors of other names, and those without a number, whose
// sides the file's size does not bound.
const (
	maxNamed      = 1 << 20
	maxOther      = 1 << 16
	maxNamedEmpty = 1 << 12
)

// rowIDs is the name of the vector in which WriteSafetensors keeps the token ids
// of a filtered map.
const rowIDs = "token_ids"

// layerOf parts a name such as input/3.
func layerOf(name string) (mode Mode, n int, ok bool) {
	i := strings.LastIndexByte(name, '/')
	digits := name[i+1:]
	if i < 1 || len(digits) > 9 || strings.Trim(digits, "0123456789") != "" {
		return "", 0, false
	}
	n, err := strconv.Atoi(digits)
	return Mode(name[:i]), n, err == nil
}

// add takes a tensor into the map if its name and type are those of a layer or of
// counts. A tensor called mode/layer is always one of the layers: if it cannot be
// read, the layer says why. typ is the file's name of the number type, of which
// t.dtype is 0 if this package does not know it.
func (n *byName) add(name string, t *tensor, typ string) error {
	if len(t.size) == 1 && (t.dtype == int32s || t.dtype == int64s) {
		if mode, ok := strings.CutPrefix(name, "counts/"); ok && mode != "" {
			of, err := t.integers()
			if n.counts == nil {
				n.counts = Counts{}
			}
			n.counts[Mode(mode)] = of
			return err
		}
		if name == rowIDs {
			n.ids = t
		}
	}
	if mode, k, ok := layerOf(name); ok {
		return n.layer(mode, k, name, t, typ)
	}
	mode := Mode(name)
	if !t.dtype.float() || n.m.layers[mode] != nil {
		return nil
	}
	all := []*tensor{t}
	if len(t.size) == 3 {
		var err error
		if all, err = t.split(); err != nil {
			return nil
		}
	}
	if n.layers+len(all) > maxOther || slices.Contains(t.size, 0) && n.empty+len(all) > maxNamedEmpty {
		return nil
	}
	for k, t := range all {
		x, err := newFileMatrix(t, n.m.transposed(mode))
		if err != nil {
			return nil
		}
		if err := n.put(mode, k, x, nil); err != nil {
			return err
		}
	}
	if n.m.layers[mode] != nil {
		n.alone[mode] = true
	}
	return nil
}

// layer adds the layer of a tensor called mode/layer.
func (n *byName) layer(mode Mode, k int, name string, t *tensor, typ string) error {
	var x *fileMatrix
	var err error
	switch {
	case !t.dtype.float():
		err = errAt(t.at, ErrUnsupported, "tensor %q: numbers of type %s; convert them to float16, bfloat16, float32 or float64", name, typ)
	case len(t.size) == 3:
		err = errAt(t.at, ErrShape, "tensor %q: shape %v, want a matrix of tokens × units; a tensor of layers × tokens × units must be called %q", name, t.size, mode)
	case len(t.size) != 2:
		err = errAt(t.at, ErrShape, "tensor %q: shape %v, want a matrix of tokens × units", name, t.size)
	default:
		if x, err = newFileMatrix(t, n.m.transposed(mode)); err != nil {
			err.(*formatError).what = fmt.Sprintf("tensor %q: %s", name, err.(*formatError).what)
		}
	}
	return n.put(mode, k, x, err)
}

// put adds a layer: a matrix, or why there is none.
func (n *byName) put(mode Mode, k int, x *fileMatrix, err error) error {
	if n.alone[mode] { // the layers by number go before a matrix with the mode's name
		n.m.layers[mode] = []*Layer{}
	}
	if x != nil && x.nrows*x.nunits == 0 {
		n.empty++
	}
	switch {
	case errors.Is(err, ErrLimit):
		return err
	case n.layers == maxNamed:
		return errAt(0, ErrLimit, "more than %d layers", maxNamed)
	case n.empty > maxNamedEmpty:
		return errAt(x.off, ErrLimit, "more than %d layers without a number", maxNamedEmpty)
	}
	if n.alone == nil {
		n.alone = map[Mode]bool{}
	}
	n.alone[mode] = false
	n.layers++
	l := n.m.addLayer(mode, k, nil)
	if l.err = named(err, n.m.src.file); err == nil {
		x.t = nil
		l.x = x
	}
	return nil
}

// finish puts the layers in the order of their numbers: programs write them in
// the order of their names, in which 10 comes before 2.
func (n *byName) finish() error {
	m := n.m
	for mode := range n.alone {
		layers := m.layers[mode]
		slices.SortFunc(layers, func(a, b *Layer) int { return cmp.Compare(a.n, b.n) })
		for i, l := range layers {
			if i > 0 && l.n == layers[i-1].n {
				return errAt(0, ErrFormat, "%s layer %d twice", mode, l.n)
			}
		}
	}
	if len(n.counts) > 0 && m.o.Counts == nil {
		m.o.Counts = n.counts
	}
	if m.meta["content"] != content { // not written by WriteSafetensors
		return nil
	}
	m.someRows = m.meta["rows"] == filteredRows
	if n.ids == nil || m.o.IDs != nil {
		return nil
	}
	ids, err := n.ids.integers()
	for _, id := range ids {
		if id > math.MaxInt32 {
			return errAt(n.ids.at, ErrFormat, "tensor %q: token id %d", rowIDs, id)
		}
		m.o.IDs = append(m.o.IDs, int32(id))
	}
	return err
}

// split returns the matrices of a tensor of rank 3: layers × tokens × units.
func (t *tensor) split() ([]*tensor, error) {
	n := t.size[0]
	if n > maxLayers {
		return nil, errAt(t.at, ErrLimit, "tensor of shape %v: more than %d layers", t.size, maxLayers)
	}
	some := !slices.Contains(t.size, 0)
	if some && (t.size[1] > t.numel/n || t.size[2] > t.numel/n/t.size[1]) {
		return nil, errAt(t.at, ErrUnsupported, "tensor of shape %v over a storage of %d numbers: its elements overlap", t.size, t.numel)
	}
	var all []*tensor
	for i := range n {
		x := *t
		if x.size, x.stride = t.size[1:], t.stride[1:]; some {
			x.offset += i * t.stride[0]
		}
		all = append(all, &x)
	}
	return all, nil
}
