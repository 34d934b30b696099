package extract

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"math/bits"
	"slices"

	"github.com/semamap/semamap/amap"
	"github.com/semamap/semamap/internal/safetensors"
	"github.com/semamap/semamap/internal/vec"
)

// The files of a Hugging Face folder.
const (
	configFile  = "config.json"
	weightsFile = "model.safetensors"
	indexFile   = "model.safetensors.index.json"
	torchFile   = "pytorch_model.bin"
)

// Limits of what is read before the sizes are known to be right.
const (
	maxJSON    = 64 << 20
	maxTensors = 1 << 17
)

// Load reads a language model from a Hugging Face folder: config.json and
// model.safetensors, or the shards that model.safetensors.index.json names.
// It reads GPT-NeoX (Pythia), Llama, OPT, and Mistral up to the sliding window,
// with weights in float32, float16 or bfloat16, and holds them as float32. A
// configuration that would be computed differently than by Hugging Face's
// transformers is refused with an error that wraps [amap.ErrUnsupported] and
// names the field.
//
// All names, types and shapes are checked before the weights are read. Errors
// name the file and the tensor.
func Load(fsys fs.FS) (*Model, error) {
	text, err := readJSON(fsys, configFile)
	if err != nil {
		return nil, err
	}
	c, err := parseConfig(configFile, text)
	if err != nil {
		return nil, err
	}
	shards, err := openShards(fsys)
	if err != nil {
		return nil, err
	}
	m := &Model{config: *c}
	p, err := newPlan(m, shards)
	if err != nil {
		return nil, err
	}
	for _, s := range shards {
		if err := p.load(fsys, s); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// readJSON reads a small file.
func readJSON(fsys fs.FS, name string) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxJSON+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(b) > maxJSON {
		return nil, fmt.Errorf("%s: more than %d bytes: %w", name, maxJSON, amap.ErrLimit)
	}
	return b, nil
}

// A shard is a file of weights.
type shard struct {
	file    string
	tensors []stored // in the order of their data
}

// A stored tensor is one of a shard.
type stored struct {
	safetensors.Tensor
	want *want // where it goes; nil for a buffer that is passed over
}

// openShards reads the headers of all files of weights.
func openShards(fsys fs.FS) ([]*shard, error) {
	s, err := readHeader(fsys, weightsFile)
	if err == nil {
		return []*shard{s}, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	text, indexErr := readJSON(fsys, indexFile)
	if errors.Is(indexErr, fs.ErrNotExist) {
		for _, name := range []string{torchFile, torchFile + ".index.json"} {
			if _, e := fs.Stat(fsys, name); e == nil {
				return nil, fmt.Errorf("%s: weights are read from %s only; convert them: %w", name, weightsFile, amap.ErrUnsupported)
			}
		}
		return nil, err
	} else if indexErr != nil {
		return nil, indexErr
	}
	var index struct {
		Files map[string]string `json:"weight_map"`
	}
	if err := json.Unmarshal(text, &index); err != nil {
		return nil, fmt.Errorf("%s: %v: %w", indexFile, err, amap.ErrFormat)
	}
	names := map[string]bool{}
	for tensor, file := range index.Files {
		if !fs.ValidPath(file) {
			return nil, fmt.Errorf("%s: tensor %q: no file of the folder is called %q: %w", indexFile, tensor, file, amap.ErrFormat)
		}
		names[file] = true
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%s: weight_map is empty: %w", indexFile, amap.ErrFormat)
	}
	var shards []*shard
	left := len(index.Files)
	for _, name := range sorted(names) {
		s, err := readHeader(fsys, name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", indexFile, err)
		}
		for _, t := range s.tensors {
			if index.Files[t.Name] != name {
				return nil, fmt.Errorf("%s: tensor %q is in %s, where weight_map does not have it: %w", indexFile, t.Name, name, amap.ErrFormat)
			}
			left--
		}
		shards = append(shards, s)
	}
	if left > 0 {
		for _, s := range shards {
			for _, t := range s.tensors {
				delete(index.Files, t.Name)
			}
		}
		tensor := sorted(index.Files)[0]
		return nil, fmt.Errorf("%s: tensor %q is not in %s: %w", indexFile, tensor, index.Files[tensor], amap.ErrFormat)
	}
	return shards, nil
}

func sorted[V any](m map[string]V) []string {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// readHeader reads the header of a file of weights.
func readHeader(fsys fs.FS, name string) (*shard, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	var head bytes.Buffer
	_, err = io.CopyN(&head, f, 8)
	if err == nil {
		if n := binary.LittleEndian.Uint64(head.Bytes()); n <= safetensors.MaxHeader {
			_, err = io.CopyN(&head, f, int64(n))
		}
	}
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	s := &shard{file: name}
	b := head.Bytes()
	_, err = safetensors.Read(func(dst []byte, off int64) error {
		if off+int64(len(dst)) > int64(len(b)) {
			return fmt.Errorf("the header ends at byte %d: %w", len(b), amap.ErrTruncated)
		}
		copy(dst, b[off:])
		return nil
	}, info.Size(), func(t *safetensors.Tensor) error {
		if len(s.tensors) == maxTensors {
			return fmt.Errorf("more than %d tensors: %w", maxTensors, amap.ErrLimit)
		}
		s.tensors = append(s.tensors, stored{Tensor: *t})
		return nil
	})
	var se *safetensors.Error
	if errors.As(err, &se) {
		err = fmt.Errorf("%w: %w", se, [...]error{safetensors.Format: amap.ErrFormat, safetensors.Truncated: amap.ErrTruncated, safetensors.Limit: amap.ErrLimit}[se.Kind])
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	slices.SortStableFunc(s.tensors, func(a, b stored) int { return cmp.Compare(a.Start, b.Start) })
	return s, nil
}

// load reads the weights of a shard, from its beginning to its end.
func (p *plan) load(fsys fs.FS, s *shard) error {
	f, err := fsys.Open(s.file)
	if err != nil {
		return err
	}
	defer f.Close()
	buf := make([]byte, 1<<18)
	pos := int64(0)
	for _, t := range s.tensors {
		if t.want == nil {
			continue
		}
		fail := func(err error) error {
			if err == io.EOF || err == io.ErrUnexpectedEOF {
				err = amap.ErrTruncated
			}
			return fmt.Errorf("%s: tensor %q: %w", s.file, t.Name, err)
		}
		if err := skip(f, t.Start-pos); err != nil {
			return fail(err)
		}
		g := t.want.group
		if g.data == nil {
			g.data = p.memory(g)
		}
		data := g.data[t.want.at:][:t.Numel]
		width := int(t.Offsets[1]-t.Offsets[0]) / len(data)
		hash := uint64(len(data))
		for lo := 0; lo < len(data); {
			n := min(len(data)-lo, len(buf)/width)
			if _, err := io.ReadFull(f, buf[:n*width]); err != nil {
				return fail(err)
			}
			dst := data[lo:][:n]
			decode[t.DType](dst, buf)
			for i, v := range dst {
				b := math.Float32bits(v)
				if b&0x7f800000 == 0x7f800000 {
					return fail(fmt.Errorf("number %d is %v: %w", lo+i, v, amap.ErrFormat))
				}
				hash = bits.RotateLeft64(hash^uint64(b), 29) * 0xbf58476d1ce4e5b9
			}
			lo += n
		}
		pos = t.Start + int64(len(data)*width)
		for i, v := range sha256.Sum256(fmt.Appendf(nil, "%x %s", hash, p.m.bare(t.Name))) {
			p.m.weights[i] ^= v // in any order
		}
		if g.left--; g.left == 0 {
			if err := g.done(g.data); err != nil {
				return fail(err)
			}
			if !g.keep {
				p.spare = append(p.spare, g.data)
			}
			g.data = nil
		}
	}
	return nil
}

// skip passes over n bytes.
func skip(f io.Reader, n int64) error {
	if n == 0 {
		return nil
	}
	if s, ok := f.(io.Seeker); ok {
		if _, err := s.Seek(n, io.SeekCurrent); err == nil {
			return nil
		}
	}
	_, err := io.CopyN(io.Discard, f, n)
	return err
}

// decode are the types of weights.
var decode = map[string]func(dst []float32, src []byte){
	"F32": func(dst []float32, src []byte) {
		for i := range dst {
			dst[i] = math.Float32frombits(binary.LittleEndian.Uint32(src[4*i:]))
		}
	},
	"F16": vec.F16ToF32,
	"BF16": func(dst []float32, src []byte) {
		for i := range dst {
			dst[i] = math.Float32frombits(uint32(binary.LittleEndian.Uint16(src[2*i:])) << 16)
		}
	},
}

// memory returns room for the numbers of a group: that of a group before, where
// possible.
func (p *plan) memory(g *group) []float32 {
	i := slices.IndexFunc(p.spare, func(s []float32) bool { return cap(s) >= g.size })
	if i < 0 || g.keep {
		return make([]float32, g.size)
	}
	s := p.spare[i][:g.size]
	p.spare = slices.Delete(p.spare, i, i+1)
	return s
}
