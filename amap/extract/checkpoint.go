package extract

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/semamap/semamap/amap"
)

// A file of sums is: the magic with the version; the length of the header
// (uint64), the header as JSON; for each mode its counts (int64), then for each
// layer the bounds of its rows (int64), its squares (low and high uint64, with
// Moments), and the sums (int64) of every row whose count is not zero; at last
// the CRC-32C of all bytes before. Numbers are little-endian.
const sumsMagic = "semamap sums 1\n\x00"

// A header is the part of a file of sums that is not numbers.
type header struct {
	Model     string
	Settings  []field
	Layers    []int
	Units     []int // number of units of each layer
	Tokens    []int32
	Vocab     int
	Window    int
	Modes     []amap.Mode
	Positions bool
	Moments   bool
	Running16 int
	Shards    []int // that are in
	Of        int   // number of shards

	Read, Documents, Taken, Windows int64
	Pending                         []int32
	Text                            string
	Done                            bool
}

// save writes the sums to a file, which takes its name when it is whole.
func (s *Sums) save(path string) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
			err = fmt.Errorf("extract: saving %s: %w", path, err)
		}
	}()
	if err := s.write(f); err != nil {
		return err
	}
	if err := f.Chmod(0o644); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

func (s *Sums) write(w io.Writer) error {
	p := s.p
	sum := crc32.New(crc32.MakeTable(crc32.Castagnoli))
	bw := bufio.NewWriterSize(io.MultiWriter(w, sum), 1<<20)
	h, err := json.Marshal(header{
		Model: p.model, Settings: p.fields(), Layers: p.layers, Units: p.wide, Tokens: p.tokens, Vocab: p.Vocab,
		Window: p.Window, Modes: p.Modes, Positions: p.Positions, Moments: p.Moments, Running16: p.Running16,
		Shards: s.shards, Of: p.Shard[1], Read: s.read, Documents: s.documents, Taken: s.taken, Windows: s.windows,
		Pending: s.pending, Text: s.text, Done: s.done,
	})
	if err != nil {
		return err
	}
	bw.WriteString(sumsMagic)
	bw.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(h))))
	bw.Write(h)
	var buf []byte
	put := func(x []int64) error {
		for len(x) > 0 {
			n := min(len(x), 1<<13)
			buf = buf[:0]
			for _, v := range x[:n] {
				buf = binary.LittleEndian.AppendUint64(buf, uint64(v))
			}
			if _, err := bw.Write(buf); err != nil {
				return err
			}
			x = x[n:]
		}
		return nil
	}
	for i := range p.Modes {
		if err := put(s.count[i]); err != nil {
			return err
		}
		for l, wide := range p.wide {
			t := &s.modes[i][l]
			if err := put(t.bound); err != nil {
				return err
			}
			for _, q := range t.squares {
				if err := put([]int64{int64(q.lo), int64(q.hi)}); err != nil {
					return err
				}
			}
			for r, c := range s.count[i] {
				if c > 0 {
					if err := put(t.sum[r*wide:][:wide]); err != nil {
						return err
					}
				}
			}
		}
	}
	if err := bw.Flush(); err != nil {
		return err
	}
	_, err = w.Write(binary.LittleEndian.AppendUint32(nil, sum.Sum32()))
	return err
}

// ReadSums reads a file of sums: the checkpoint of a finished extraction, for
// [Merge]. The error wraps amap.ErrFormat if the file is malformed, and
// [ErrSettings] if the extraction was not finished.
func ReadSums(path string) (*Sums, error) {
	s, err := openSums(path, nil)
	if err == nil && !s.done {
		err = fmt.Errorf("%w: %s: the extraction was not finished", ErrSettings, path)
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// resume reads the checkpoint, if it is there, and compares it with the setup.
func resume(p *setup) (*Sums, error) {
	s, err := openSums(p.Checkpoint, func(h *header) error {
		if h.Model != p.model {
			return fmt.Errorf("%w: %s: it is of another model", ErrSettings, p.Checkpoint)
		}
		if d := differ(h.Settings, p.fields()); d != "" {
			return fmt.Errorf("%w: %s: %s", ErrSettings, p.Checkpoint, d)
		}
		if len(h.Shards) != 1 || h.Of != p.Shard[1] || h.Shards[0] != p.Shard[0] {
			return fmt.Errorf("%w: %s: it has shards %d of %d, not %d of %d", ErrSettings, p.Checkpoint, h.Shards, h.Of, p.Shard[0], p.Shard[1])
		}
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil {
		s.p, s.done = p, false
	}
	return s, err
}

func total(x []int) (n int64) {
	for _, v := range x {
		n += int64(v)
	}
	return n
}

// differ names the first setting that differs.
func differ(a, b []field) string {
	for _, x := range a {
		i := slices.IndexFunc(b, func(y field) bool { return y.Name == x.Name })
		if i < 0 {
			return fmt.Sprintf("the setting %s is %s and not known", x.Name, x.Value)
		}
		if b[i].Value != x.Value {
			return fmt.Sprintf("the setting %s differs, %s and %s", x.Name, x.Value, b[i].Value)
		}
	}
	return ""
}

func openSums(path string, check func(h *header) error) (*Sums, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	s, err := readSums(f, st.Size(), check)
	if err != nil && !errors.Is(err, ErrSettings) {
		err = fmt.Errorf("extract: %s: %w", path, err)
	}
	return s, err
}

// readSums reads a file of sums. What it allocates is bounded by the size of the
// file and the numbers in its header, which must fit it.
func readSums(r io.Reader, size int64, check func(h *header) error) (*Sums, error) {
	sum := crc32.New(crc32.MakeTable(crc32.Castagnoli))
	br := bufio.NewReaderSize(r, 1<<16)
	var at int64
	bad := func(format string, args ...any) error {
		return fmt.Errorf("byte %d: %w: %s", at, amap.ErrFormat, fmt.Sprintf(format, args...))
	}
	read := func(b []byte) error {
		n, err := io.ReadFull(br, b)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return bad("the file ends here")
		}
		sum.Write(b[:n])
		at += int64(n)
		return err
	}
	start := make([]byte, len(sumsMagic)+8)
	if err := read(start); err != nil {
		return nil, err
	}
	if string(start[:len(sumsMagic)]) != sumsMagic {
		at = 0
		return nil, bad("no file of sums of this version")
	}
	n := binary.LittleEndian.Uint64(start[len(sumsMagic):])
	if n > uint64(size) {
		return nil, bad("a header of %d bytes", n)
	}
	js := make([]byte, n)
	if err := read(js); err != nil {
		return nil, err
	}
	var h header
	if err := json.Unmarshal(js, &h); err != nil {
		return nil, bad("header: %s", err)
	}
	p, err := h.setup()
	if err != nil {
		return nil, bad("header: %s", err)
	}
	if check != nil {
		if err := check(&h); err != nil {
			return nil, err
		}
	}
	rows := int64(p.allRows())
	rest := size - at - 4
	least := rows * int64(len(p.Modes)) * int64(1+len(p.layers)) * 8
	if rest < least {
		return nil, bad("%d bytes are left, want %d at least", rest, least)
	}
	if numbers := rows * int64(len(p.Modes)) * total(p.wide); check == nil && numbers/128 > size+1<<20 {
		return nil, bad("%d sums in a file of %d bytes", numbers, size)
	}
	s := &Sums{p: p, shards: h.Shards, read: h.Read, documents: h.Documents, taken: h.Taken, windows: h.Windows, pending: h.Pending, text: h.Text, done: h.Done}
	buf := make([]byte, 1<<16)
	get := func(x []int64) error {
		for len(x) > 0 {
			n := min(len(x), len(buf)/8)
			if err := read(buf[:8*n]); err != nil {
				return err
			}
			for i := range n {
				x[i] = int64(binary.LittleEndian.Uint64(buf[8*i:]))
			}
			x = x[n:]
		}
		return nil
	}
	for i := range p.Modes {
		s.count[i] = make([]int64, rows)
		if err := get(s.count[i]); err != nil {
			return nil, err
		}
		var seen int64
		for r, c := range s.count[i] {
			if c < 0 {
				return nil, bad("row %d has the count %d", r, c)
			}
			if c > 0 {
				seen++
			}
		}
		s.modes[i] = make([]layerSums, len(p.layers))
		for l, wide := range p.wide {
			if need := (rows + seen*int64(wide)) * 8; size-at-4 < need {
				return nil, bad("%d bytes are left, want %d at least", size-at-4, need)
			}
			t := &s.modes[i][l]
			t.bound = make([]int64, rows)
			if err := get(t.bound); err != nil {
				return nil, err
			}
			if p.Moments {
				t.squares = make([]uint128, wide)
				var q [2]int64
				for u := range t.squares {
					if err := get(q[:]); err != nil {
						return nil, err
					}
					t.squares[u] = uint128{lo: uint64(q[0]), hi: uint64(q[1])}
				}
			}
			t.sum = make([]int64, int(rows)*wide)
			for r, c := range s.count[i] {
				if c > 0 {
					if err := get(t.sum[r*wide:][:wide]); err != nil {
						return nil, err
					}
				}
			}
		}
	}
	want := sum.Sum32()
	var tail [4]byte
	if err := read(tail[:]); err != nil {
		return nil, err
	}
	if binary.LittleEndian.Uint32(tail[:]) != want {
		return nil, bad("the checksum is wrong")
	}
	if at != size {
		return nil, bad("%d bytes after the end", size-at)
	}
	return s, nil
}

// setup makes the setup of a header, which may be anything.
func (h *header) setup() (*setup, error) {
	p := &setup{model: h.Model, layers: h.Layers, wide: h.Units, tokens: h.Tokens, rows: len(h.Tokens), stored: h.Settings}
	p.Window, p.Vocab, p.Modes, p.Positions, p.Moments, p.Running16 = h.Window, h.Vocab, h.Modes, h.Positions, h.Moments, h.Running16
	if len(h.Shards) == 0 {
		return nil, errors.New("no shards")
	}
	p.Shard = [2]int{h.Shards[0], h.Of}
	for i, n := range h.Shards {
		if n < 0 || n >= h.Of || slices.Index(h.Shards, n) < i {
			return nil, fmt.Errorf("shard %d of %d", n, h.Of)
		}
	}
	if h.Vocab < 1 || h.Vocab > 1<<24 || h.Window < 1 || h.Window > 1<<24 || h.Running16 < 0 {
		return nil, fmt.Errorf("%d tokens, windows of %d", h.Vocab, h.Window)
	}
	if len(h.Layers) == 0 || len(h.Layers) != len(h.Units) || !slices.IsSorted(h.Layers) || len(slices.Compact(slices.Clone(h.Layers))) != len(h.Layers) || h.Layers[0] < 0 {
		return nil, fmt.Errorf("layers %d with %d numbers of units", h.Layers, len(h.Units))
	}
	for _, n := range h.Units {
		if n < 1 || n > 1<<24 {
			return nil, fmt.Errorf("%d units", n)
		}
	}
	if len(h.Modes) == 0 || len(h.Modes) > 2 || !slices.IsSorted(h.Modes) || len(h.Modes) == 2 && h.Modes[0] == h.Modes[1] {
		return nil, fmt.Errorf("modes %q", h.Modes)
	}
	for _, m := range h.Modes {
		if m != amap.Input && m != amap.Output {
			return nil, fmt.Errorf("modes %q", h.Modes)
		}
	}
	if h.Read < 0 || h.Documents < 0 || h.Taken < 0 || h.Windows < 0 || h.Read < h.Documents || h.Read > h.Documents+1 || len(h.Pending)%h.Window != 0 {
		return nil, fmt.Errorf("%d documents, %d windows", h.Documents, h.Windows)
	}
	for _, id := range h.Pending {
		if id < 0 || int(id) >= h.Vocab {
			return nil, fmt.Errorf("token %d", id)
		}
	}
	if h.Tokens == nil {
		p.rows = h.Vocab
		return p, nil
	}
	if len(h.Tokens) > h.Vocab {
		return nil, fmt.Errorf("%d tokens of %d", len(h.Tokens), h.Vocab)
	}
	return p, p.makeSlots(h.Vocab)
}
