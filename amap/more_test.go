package amap

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/semamap/semamap/internal/safetensors"
	"gonum.org/v1/gonum/mat"
)

// checkTwelve checks a map against what testdata/more.py wrote.
func checkTwelve(t *testing.T, m *Map) {
	t.Helper()
	if len(m.Modes()) != 1 || len(m.Layers(Input)) != 12 {
		t.Fatal(m.Modes(), m.Layers(Input))
	}
	for n := range 12 {
		l := layer(t, m, Input, n)
		if r, u := l.Dims(); r != 5 || u != 3 {
			t.Fatalf("layer %d: %d × %d", n, r, u)
		}
		all := make([]float32, 15)
		if err := l.ReadRows(all, 0, 5); err != nil {
			t.Fatal(err)
		}
		for i := range 15 {
			if want := float64(i)/8 - 3 + float64(n); l.At(i/3, i%3) != want || float64(all[i]) != want {
				t.Fatalf("layer %d: value %d is %v and %v, want %v", n, i, l.At(i/3, i%3), all[i], want)
			}
		}
	}
}

// The same layers come out of every container, and go into SYSIF's and that of
// safetensors again, in the order of their numbers.
func TestContainers(t *testing.T) {
	files, err := filepath.Glob("testdata/more/*")
	if err != nil || len(files) < 50 {
		t.Fatal(files, err)
	}
	for _, path := range files {
		if strings.HasPrefix(filepath.Base(path), "bad-") {
			continue
		}
		t.Run(filepath.Base(path), func(t *testing.T) {
			openBoth(t, path, func(t *testing.T, m *Map) {
				checkTwelve(t, m)
				var b bytes.Buffer
				if err := m.WriteSYSIF(t.Context(), &b); err != nil {
					t.Fatal(err)
				}
				checkTwelve(t, reopen(t, b.Bytes(), nil))
				b.Reset()
				if err := m.WriteSafetensors(t.Context(), &b); err != nil {
					t.Fatal(err)
				}
				again := reopen(t, b.Bytes(), nil)
				checkTwelve(t, again)
				_, known := layer(t, m, Input, 0).TokenIDs()
				if _, same := layer(t, again, Input, 0).TokenIDs(); same != known {
					t.Error("it is forgotten that the map was filtered")
				}
			})
		})
	}
	for name, what := range map[string]string{"bad-float8.pt": "_rebuild_tensor_v3", "bad-module.pt": "torch.nn.modules.linear Linear", "bad-nothing.npz": "labels", "bad-counts.pt": "OpenCounts", "bad-int.npz": `"input/0": numbers of type int64`} {
		path := "testdata/more/" + name
		m, err := Open(path, nil)
		if err == nil {
			_, err = m.Layer(Input, 0)
			m.Close()
		}
		if !errors.Is(err, ErrUnsupported) && name != "bad-counts.pt" || !strings.Contains(err.Error(), what) || !strings.HasPrefix(err.Error(), path+": offset ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	c, err := OpenCounts("testdata/more/bad-counts.pt")
	if err != nil || len(c) != 2 || c[Input][4] != 4 || c[Output][3] != 3 {
		t.Error(c, err)
	}
	if _, err := OpenCounts("testdata/more/twelve.safetensors"); !errors.Is(err, ErrUnsupported) {
		t.Error(err)
	}
	if m, err := Open("testdata/more/odd.npz", nil); err != nil || len(m.Counts()[Input]) != 5 {
		t.Error(err)
	}
}

// Merging goes by the numbers of the layers, too.
func TestMergeTwelve(t *testing.T) {
	m, err := Open("testdata/more/twelve.safetensors", &Options{Counts: Counts{Input: {1, 2, 3, 4, 5}}})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	both, err := Merge(0, m, m)
	if err != nil {
		t.Fatal(err)
	}
	checkTwelve(t, both)
	var b bytes.Buffer
	if err := both.WriteSYSIF(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	checkTwelve(t, reopen(t, b.Bytes(), nil))
}

// Files of the kinds that public reports describe; see testdata/README.md.
func TestOutside(t *testing.T) {
	type layers map[Mode]string // "rows×units" of layer 0, or a part of the error
	for name, c := range map[string]struct {
		modes layers
		err   error
		what  string
	}{
		"barelist.pickle":          {modes: layers{Input: "37×11"}},
		"defaultdict.pickle":       {modes: layers{Input: "37×11", Output: "37×11"}},
		"ordereddict.pickle":       {modes: layers{Input: "37×11", Output: "37×11"}},
		"mps-numpy.pickle":         {modes: layers{Input: "37×11"}},
		"np64key.pickle":           {modes: layers{Input: "11×37"}}, // a dict of layers is units × tokens
		"odict-layers.pickle":      {modes: layers{Input: "11×37"}},
		"h-dq.npy":                 {modes: layers{Input: "37×11"}},
		"h-eq.npy":                 {modes: layers{Input: "37×11"}},
		"h-name.npy":               {modes: layers{Input: "37×11"}},
		"n-be4.npy":                {modes: layers{Input: "37×11"}},
		"n-be8.npy":                {modes: layers{Input: "37×11"}},
		"n-cplx.npy":               {err: ErrUnsupported, what: "complex"},
		"n-ld.npy":                 {err: ErrUnsupported, what: "<f16"},
		"n-obj.npy":                {err: ErrUnsupported, what: "objects"},
		"n-struct.npy":             {err: ErrUnsupported, what: "fields"},
		"r-case.safetensors":       {err: ErrFormat, what: `"input/0"`},
		"r-dtypelower.safetensors": {err: ErrFormat, what: `"f32"`},
		"r-nulpad.safetensors":     {err: ErrFormat, what: `offset 83`},
		"s-3d.safetensors":         {modes: layers{"acts": `tensor "acts/0": shape [2 37 11]`}},
		"s-bool.safetensors":       {modes: layers{Input: "37×11", "mask": `tensor "mask/0": numbers of type BOOL`}},
		"s-counts.safetensors":     {modes: layers{Input: "37×11"}},
		"s-emptybig.safetensors":   {modes: layers{Input: "37×11"}},
		"s-f8.safetensors":         {modes: layers{Input: `tensor "input/0": numbers of type F8_E4M3`}},
		"s-f8mix.safetensors":      {modes: layers{Input: "37×11"}},
		"s-vec.safetensors":        {modes: layers{"mean": `tensor "mean/0": shape [11]`, Input: "37×11"}},
	} {
		path := "testdata/outside/" + name
		m, err := Open(path, nil)
		if c.err != nil {
			if !errors.Is(err, c.err) || !strings.Contains(err.Error(), c.what) || !strings.HasPrefix(err.Error(), path+": offset ") {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil {
			t.Error(err)
			continue
		}
		if len(m.Modes()) != len(c.modes) {
			t.Errorf("%s: modes %v", name, m.Modes())
		}
		for mode, want := range c.modes {
			l, err := m.Layer(mode, 0)
			if err != nil {
				if !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), path+": offset ") {
					t.Errorf("%s: %v, want %q", name, err, want)
				}
				if err := m.WriteSYSIF(t.Context(), io.Discard); err == nil {
					t.Errorf("%s: written without %s", name, mode)
				}
				continue
			}
			if r, u := l.Dims(); fmt.Sprintf("%d×%d", r, u) != want {
				t.Errorf("%s: %s is %d × %d, want %s", name, mode, r, u, want)
			}
		}
		m.Close()
	}
	// All the .npy files of one array, and the same layers in four containers.
	for _, names := range [][]string{{"h-dq.npy", "h-eq.npy", "h-name.npy", "n-be4.npy"}, {"barelist.pickle", "mps-numpy.pickle", "defaultdict.pickle", "ordereddict.pickle"}} {
		var first *Layer
		for _, name := range names {
			m, err := Open("testdata/outside/"+name, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			if l := layer(t, m, Input, 0); first == nil {
				first = l
			} else if !mat.Equal(first, l) {
				t.Errorf("%s differs from %s", name, names[0])
			}
		}
	}
	m, err := Open("testdata/outside/s-f8mix.safetensors", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if _, err := m.Layer(Input, 1); !errors.Is(err, ErrUnsupported) || len(m.Layers(Input)) != 2 {
		t.Error("the layer vanished", m.Layers(Input), err)
	}
}

// Headers are accepted as the reference implementation accepts them: see
// testdata/headers.py. A header whose tensor is a list of three values instead of
// an object, or that has blanks before its brace, is not the format's.
func TestSafetensorsReference(t *testing.T) {
	f, err := os.Open("testdata/headers.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n := 0
	for s := bufio.NewScanner(f); s.Scan(); n++ {
		part := strings.SplitN(s.Text(), " ", 3)
		size, err := strconv.Atoi(part[1])
		if err != nil {
			t.Fatal(err)
		}
		var text string
		if err := json.Unmarshal([]byte(part[2]), &text); err != nil {
			t.Fatal(err)
		}
		var header []byte // latin1
		for _, r := range text {
			header = append(header, byte(r))
		}
		b := append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...)
		b = append(b, make([]byte, size)...)
		_, err = NewReader(bytes.NewReader(b), int64(len(b)), nil)
		if (err == nil) != (part[0] == "ok") {
			t.Errorf("%s: %v", s.Text(), err)
		}
		if err != nil {
			typed(t, err)
		}
	}
	if n < 400 {
		t.Fatal(n)
	}
}

// A header of nearly 100 MB is read, of many tensors or with much metadata, and
// takes no more memory than its own size.
func TestSafetensorsLargeHeader(t *testing.T) {
	if testing.Short() {
		t.Skip("200 MB of headers")
	}
	const size = 99_000_000
	for name, fill := range map[string]func(b *bytes.Buffer){
		"tensors": func(b *bytes.Buffer) {
			for i := 0; b.Len() < size; i++ {
				fmt.Fprintf(b, `"blocks.%d.weight":{"dtype":"F32","shape":[1],"data_offsets":[%d,%d]},`, i, 4*i+8, 4*i+12)
			}
		},
		"layers": func(b *bytes.Buffer) {
			b.WriteString(strings.Repeat(" ", size/4))
			for i := 1; b.Len() < size; i++ {
				fmt.Fprintf(b, `"input/%d":{"dtype":"F16","shape":[2,2],"data_offsets":[%d,%d]},`, i, 8*i, 8*i+8)
			}
		},
		"metadata": func(b *bytes.Buffer) {
			b.WriteString(`"__metadata__":{"window":"1","notes":"`)
			b.Write(bytes.Repeat([]byte("x"), size))
			b.WriteString(`"},`)
		},
		"blanks": func(b *bytes.Buffer) { b.Write(bytes.Repeat([]byte(" "), size)) },
	} {
		var b bytes.Buffer
		b.Write(make([]byte, 8))
		b.WriteByte('{')
		fill(&b)
		b.WriteString(`"input/0":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]}}`)
		binary.LittleEndian.PutUint64(b.Bytes(), uint64(b.Len()-8))
		data := int64(8)
		if name == "tensors" || name == "layers" {
			last := bytes.LastIndex(b.Bytes(), []byte(`]},"input/0"`))
			comma := bytes.LastIndexByte(b.Bytes()[:last], ',')
			data, _ = strconv.ParseInt(string(b.Bytes()[comma+1:last]), 10, 64)
		}
		r := zeroTail{b.Bytes()}
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		m, err := NewReader(r, int64(b.Len())+data, nil)
		runtime.ReadMemStats(&after)
		if err != nil {
			t.Fatal(name, err)
		}
		l := layer(t, m, Input, 0)
		if n, _ := l.Dims(); n != 2 || name == "metadata" && m.Metadata()["window"] != "1" {
			t.Error(name, n, m.Metadata()["window"])
		}
		runtime.GC()
		var kept runtime.MemStats
		runtime.ReadMemStats(&kept)
		t.Logf("%s: %d MB allocated, heap %d MB at most, %d MB kept", name, (after.TotalAlloc-before.TotalAlloc)>>20, (after.HeapSys-before.HeapSys)>>20, (int64(kept.HeapAlloc)-int64(before.HeapAlloc))>>20)
		most := uint64(3 * size)
		if name == "layers" { // all of them are kept
			most = 6 * size
			if l := layer(t, m, Input, 900_000); len(m.Layers(Input)) <= 900_000 || l.At(1, 1) != 0 {
				t.Error(len(m.Layers(Input)))
			}
		}
		if n := after.TotalAlloc - before.TotalAlloc; n > most {
			t.Errorf("%s: %d MB allocated", name, n>>20)
		}
		runtime.KeepAlive(m)
	}
	m := reopen(t, safeFile(`{"a/0":{"dtype":"F16","shape":[1,1],"data_offsets":[0,2]}}`, 2), nil)
	for n := range 50 {
		m.addLayer("a", n+1, nil)
	}
	if _, err := m.Layer("a", 99); err == nil || len(err.Error()) > 200 {
		t.Error(err)
	}
	b := binary.LittleEndian.AppendUint64(nil, safetensors.MaxHeader+1)
	if _, err := NewReader(zeroTail{append(b, '{')}, 1<<30, nil); !errors.Is(err, ErrLimit) {
		t.Error(err)
	}
}

// zeroTail is a file that goes on with zeros.
type zeroTail struct{ b []byte }

func (z zeroTail) ReadAt(b []byte, off int64) (int, error) {
	clear(b)
	if off < int64(len(z.b)) {
		copy(b, z.b[off:])
	}
	return len(b), nil
}

// packed makes an archive of entries, by which each is called and holds.
func packed(t testing.TB, method uint16, entries ...string) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(entries); i += 2 {
		h := &zip.FileHeader{Name: entries[i], Method: method}
		var f io.Writer
		var err error
		if body := entries[i+1]; method == zip.Store {
			h.CRC32, h.CompressedSize64, h.UncompressedSize64 = crc32.ChecksumIEEE([]byte(body)), uint64(len(body)), uint64(len(body))
			f, err = w.CreateRaw(h)
		} else {
			f, err = w.CreateHeader(h)
		}
		if err == nil {
			_, err = io.WriteString(f, entries[i+1])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// repacked reads a file of torch.save and packs it again, each entry changed.
func repacked(t *testing.T, method uint16, change func(name, body string) string) []byte {
	z, err := zip.OpenReader("testdata/more/map.pt")
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	var entries []string
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, f.Name, change(f.Name, string(b)))
	}
	return packed(t, method, entries...)
}

func same(_, body string) string { return body }

// Files of torch.save as other machines and programs have them.
func TestTorchArchive(t *testing.T) {
	checkTwelve(t, reopen(t, repacked(t, zip.Store, same), nil))
	big := repacked(t, zip.Store, func(name, body string) string {
		switch {
		case strings.HasSuffix(name, "/byteorder"):
			return "big"
		case strings.Contains(name, "/data/"):
			b := []byte(body)
			for i := 0; i < len(b); i += 2 {
				b[i], b[i+1] = b[i+1], b[i]
			}
			return string(b)
		}
		return body
	})
	m := reopen(t, big, nil)
	checkTwelve(t, m)
	if edges, counts, err := m.Histogram(t.Context(), Input, 4, 0, 0, nil); err != nil || edges[0] != -3 || counts[0] == 0 {
		t.Error(edges, counts, err)
	}
	for _, device := range []string{"cuda:0", "mps:0"} { // where the tensors were
		checkTwelve(t, reopen(t, repacked(t, zip.Store, func(name, body string) string {
			if !strings.HasSuffix(name, "/data.pkl") {
				return body
			}
			return strings.ReplaceAll(body, "X\x03\x00\x00\x00cpu", "X"+string(rune(len(device)))+"\x00\x00\x00"+device)
		}), nil))
	}
	for name, c := range map[string]struct {
		b      []byte
		reason error
		what   string
	}{
		"compressed":     {repacked(t, zip.Deflate, same), ErrUnsupported, "zip -0"},
		"short storage":  {repacked(t, zip.Store, func(name, body string) string { return body[:len(body)-len(body)/30] }), nil, ""},
		"no storage":     {packed(t, zip.Store, "a/data.pkl", "\x80\x02(X\x07\x00\x00\x00storagectorch\nHalfStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x0ftQ."), ErrTruncated, "a/data/0"},
		"forged id":      {packed(t, zip.Store, "a/data.pkl", "\x80\x02}X\x05\x00\x00\x00inputK\x00Qs."), ErrFormat, "storage record"},
		"no pickle":      {packed(t, zip.Store, "a/data.pkl", ""), ErrTruncated, ""},
		"a class":        {packed(t, zip.Store, "a/data.pkl", "\x80\x02cposix\nsystem\nX\x02\x00\x00\x00ls\x85R."), ErrUnsupported, "posix system"},
		"a folder below": {packed(t, zip.Store, "a/b/data.pkl", "\x80\x02}."), ErrUnsupported, "neither"},
		"byte order":     {packed(t, zip.Store, "a/data.pkl", "\x80\x02}.", "a/byteorder", "middle"), ErrUnsupported, "middle"},
		"entry twice":    {packed(t, zip.Store, "a/data.pkl", "\x80\x02}.", "a/data.pkl", "\x80\x02}."), ErrFormat, "twice"},
		"many entries":   {packed(t, zip.Store, append([]string{"a/data.pkl", "\x80\x02}."}, many(200000)...)...), ErrLimit, "directory"},
	} {
		_, err := NewReader(bytes.NewReader(c.b), int64(len(c.b)), nil)
		if err == nil || c.reason != nil && !errors.Is(err, c.reason) || !strings.Contains(err.Error(), c.what) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		typed(t, err)
	}
}

func many(n int) (entries []string) {
	for i := range n {
		entries = append(entries, strconv.Itoa(i), "")
	}
	return entries
}

// Archives that would take much memory are refused before they do.
func TestZipBombs(t *testing.T) {
	const gigabyte = 1 << 30
	head := "\x93NUMPY\x01\x00\x76\x00" + pad(fmt.Sprintf(`{'descr': '<f2', 'fortran_order': False, 'shape': (%d, 1024), }`, gigabyte/1024), 0x75) + "\n"
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.Create("input/0.npy")
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(f, head)
	zeros := make([]byte, 1<<20)
	for range 2 * gigabyte >> 20 {
		if testing.Short() {
			break
		}
		f.Write(zeros)
	}
	w.Close()
	lies := packed(t, zip.Deflate, "input/0.npy", head+"1234")
	// The size that the directory announces stands 24 bytes after its signature.
	at := bytes.LastIndex(lies, []byte("PK\x01\x02"))
	binary.LittleEndian.PutUint32(lies[at+24:], 2*gigabyte+128)
	for name, b := range map[string][]byte{"zeros": b.Bytes(), "lies": lies} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		m, err := NewReader(bytes.NewReader(b), int64(len(b)), nil)
		if err == nil {
			_, err = m.Layer(Input, 0)
		}
		runtime.ReadMemStats(&after)
		if err == nil {
			t.Fatal(name, "opened")
		}
		typed(t, err)
		if n := after.TotalAlloc - before.TotalAlloc; n > 64<<20 {
			t.Errorf("%s: %d MB allocated", name, n>>20)
		}
		t.Log(name, len(b), err)
	}
	// What a compressed array holds is checked when it is read.
	b2, err := os.ReadFile("testdata/more/packed.npz")
	if err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(b2), int64(len(b2)))
	if err != nil {
		t.Fatal(err)
	}
	off, err := z.File[0].DataOffset()
	if err != nil {
		t.Fatal(err)
	}
	b2[off+int64(z.File[0].CompressedSize64)-5] ^= 0x10
	m, err := NewReader(bytes.NewReader(b2), int64(len(b2)), nil)
	if err != nil {
		typed(t, err)
		return
	}
	if _, err := layer(t, m, Input, 0).Row(nil, 0); !errors.Is(err, ErrFormat) {
		t.Error(err)
	}
	if _, err := layer(t, m, Input, 1).Row(nil, 0); err != nil {
		t.Error(err)
	}
	m.Close()
	if _, err := layer(t, m, Input, 1).Row(nil, 0); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
}

// A good archive with any byte changed, or cut anywhere, opens or gives a typed
// error.
func TestEveryByteDamagedZip(t *testing.T) {
	for _, name := range []string{"map.pt", "packed.npz", "stack.npz", "numpykeys5.pickle", "mps2.pickle"} {
		b, err := os.ReadFile("testdata/more/" + name)
		if err != nil {
			t.Fatal(err)
		}
		step := 1
		if testing.Short() {
			step = 17
		}
		try := func(b []byte) {
			m, err := NewReader(bytes.NewReader(b), int64(len(b)), nil)
			if err != nil {
				typed(t, err)
				return
			}
			useAll(t, m)
		}
		bad := make([]byte, len(b))
		for i := 0; i < len(b); i += step {
			copy(bad, b)
			bad[i] ^= []byte{0x01, 0x80, 0xff}[i/step%3]
			try(bad)
			try(b[:i])
		}
	}
}

// Files of other kinds are told by what they hold, and what to do.
func TestOtherKinds(t *testing.T) {
	for want, b := range map[string]string{
		".parquet": "PAR1\x15\x04\x15\x00PAR1", ".h5": "\x89HDF\r\n\x1a\n\x00\x00", ".gguf": "GGUF\x03\x00\x00\x00", ".zip": string(packed(t, zip.Store, "readme.txt", "x")),
		"first entry is \"m.bin\"": string(packed(t, zip.Deflate, "m.bin", "x")), ".gz": "\x1f\x8b\x08\x00", ".xz": "\xfd7zXZ\x00\x00", ".bz2": "BZh91AY", ".zst": "\x28\xb5\x2f\xfd\x00",
		".pt": torchStart + ".", ".arrow": "ARROW1\x00\x00", ".feather": "FEA1\x00\x00", ".mat": "MATLAB 5.0 MAT-file", ".tar": "amap.pickle" + strings.Repeat("\x00", 246) + "ustar\x0000",
		"empty zip": "PK\x05\x06" + strings.Repeat("\x00", 18), ".json": "{\"input\": [[1]]}\n", "a text file": "notes\nmore\n",
	} {
		_, err := NewReader(strings.NewReader(b), int64(len(b)), nil)
		if !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
		if _, err := readCounts(&source{r: strings.NewReader(b), size: int64(len(b))}); !errors.Is(err, ErrUnsupported) {
			t.Errorf("%s: counts: %v", want, err)
		}
	}
	for _, b := range []string{"0.1,0.2\n", "a,b\n1,2\n", "cat,dog\n1,2\n", "Id;x\n1;2\n", "(a,b\n1;2\n", "\ufeffa,b\n1,2\n", "]\t1\n", "token,0_0,0_1\r\nd,1,2\r\n", ".5,.5\n", "N,1\nN,2\n", "I1\t2\n"} {
		_, err := NewReader(strings.NewReader(b), int64(len(b)), nil)
		if !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), ".csv") && b[0] != ']' {
			t.Errorf("%q: %v", b, err)
		}
	}
}

// A pickle of protocol 0 is text, and is not taken for another one.
func TestTextPickle(t *testing.T) {
	const b = "cposix\nsystem\n(V\ntR."
	if _, err := NewReader(strings.NewReader(b), int64(len(b)), nil); !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), "posix system") {
		t.Error(err)
	}
}

func FuzzArchive(f *testing.F) {
	files, _ := filepath.Glob("testdata/more/*")
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := NewReader(bytes.NewReader(b), int64(len(b)), nil)
		if err != nil {
			typed(t, err)
			return
		}
		useAll(t, m)
	})
}

// safeFile makes a safetensors file whose data are zeros.
func safeFile(header string, data int) []byte {
	b := append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...)
	return append(b, make([]byte, data)...)
}

// Tensors of other names never make a good file unreadable.
func TestOddNames(t *testing.T) {
	const good = `"input/0":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]}`
	for name, odd := range map[string]string{
		"ids":     `"token_ids":{"dtype":"I64","shape":[1],"data_offsets":[8,16]}`,
		"empty":   `"cache":{"dtype":"F16","shape":[2147483647,0],"data_offsets":[8,8]},"x":{"dtype":"U8","shape":[8],"data_offsets":[8,16]}`,
		"scalar":  `"lr":{"dtype":"F64","shape":[],"data_offsets":[8,16]}`,
		"conv":    `"conv":{"dtype":"F16","shape":[2,2,1,1],"data_offsets":[8,16]}`,
		"channel": `"conv1d":{"dtype":"U8","shape":[2,2,2],"data_offsets":[8,16]}`,
		"deep":    `"emb":{"dtype":"BF16","shape":[4,1,1],"data_offsets":[8,16]}`,
		"mode":    `"input":{"dtype":"F32","shape":[2,1],"data_offsets":[8,16]}`,
		"slashes": `"a/b/c":{"dtype":"BOOL","shape":[8],"data_offsets":[8,16]}`,
		"digits":  `"a/1234567890":{"dtype":"BOOL","shape":[8],"data_offsets":[8,16]}`,
	} {
		for _, header := range []string{good + "," + odd, odd + "," + good} {
			b := safeFile("{"+header+"}", 16)
			m, err := NewReader(bytes.NewReader(b), int64(len(b)), nil)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if l := layer(t, m, Input, 0); len(m.Layers(Input)) != 1 || l.At(1, 0) != 0 {
				t.Errorf("%s: layers %v", name, m.Layers(Input))
			}
		}
	}
	// Those called mode/layer are listed, whatever they are.
	for name, odd := range map[string]string{
		"scalar": `"a/1":{"dtype":"F64","shape":[],"data_offsets":[0,8]}`,
		"int":    `"a/1":{"dtype":"I32","shape":[2,1],"data_offsets":[0,8]}`,
		"uint":   `"a/1":{"dtype":"U64","shape":[1,1],"data_offsets":[0,8]}`,
		"f4":     `"a/1":{"dtype":"F4","shape":[4,4],"data_offsets":[0,8]}`,
		"rank 9": `"a/1":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,2],"data_offsets":[0,8]}`,
		"counts": `"counts/1":{"dtype":"I16","shape":[4],"data_offsets":[0,8]}`,
	} {
		b := safeFile("{"+odd+"}", 8)
		m := reopen(t, b, nil)
		mode := m.Modes()[0]
		if _, err := m.Layer(mode, 1); err == nil || errors.Is(err, ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		} else {
			typed(t, err)
		}
	}
}
