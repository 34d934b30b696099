package amap

import (
	"archive/zip"
	"errors"
	"io"
	"math"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// maxDirectory bounds the bytes that are read to list the entries of an archive;
// one takes about a hundred.
const maxDirectory = 8 << 20

// A zipReader reads an archive's file. How much may be read is limited while the
// directory is read, because memory grows with it.
type zipReader struct {
	src  *source
	left atomic.Int64 // bytes
}

func (z *zipReader) limit() { z.left.Store(maxDirectory) }
func (z *zipReader) free()  { z.left.Store(math.MaxInt64) }

var errDirectory = errors.New("directory too large")

func (z *zipReader) ReadAt(b []byte, off int64) (int, error) {
	if z.left.Add(-int64(len(b))) < 0 {
		return 0, errDirectory
	}
	if off < 0 || off > z.src.size {
		return 0, io.ErrUnexpectedEOF
	}
	if err := z.src.readAt(b, off); err != nil {
		return 0, err
	}
	return len(b), nil
}

// An archive is a zip file, as torch.save and numpy.savez write it.
type archive struct {
	src   *source
	files []*zip.File
	at    *zipReader
}

func openArchive(src *source) (*archive, error) {
	a := &archive{src: src, at: &zipReader{src: src}}
	a.at.limit()
	z, err := zip.NewReader(a.at, src.size)
	if err != nil {
		return nil, zipError(0, "a zip archive (.pt, .npz) whose directory, at its end, cannot be read", err)
	}
	a.at.free()
	a.files = z.File
	return a, nil
}

// zipError is an error of package zip about what lies at off.
func zipError(off int64, what string, err error) error {
	var fe *formatError
	switch {
	case errors.As(err, &fe), errors.Is(err, ErrClosed):
		return err
	case errors.Is(err, errDirectory):
		return errAt(off, ErrLimit, "%s: a directory of more than %d bytes", what, maxDirectory)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errAt(off, ErrTruncated, "%s", what)
	case errors.Is(err, zip.ErrAlgorithm):
		return errAt(off, ErrUnsupported, "%s: %v", what, err)
	}
	return errAt(off, ErrFormat, "%s: %v", what, err)
}

// place finds the bytes of an entry in the file.
func (a *archive) place(f *zip.File) (off, end int64, err error) {
	if off, err = f.DataOffset(); err != nil {
		return 0, 0, zipError(0, "entry "+f.Name, err)
	}
	if f.Flags&1 != 0 {
		return 0, 0, errAt(off, ErrUnsupported, "entry %s is encrypted", f.Name)
	}
	if n := f.CompressedSize64; n > uint64(a.src.size-off) {
		return 0, 0, errAt(off, ErrTruncated, "entry %s of %d bytes, %d left", f.Name, n, a.src.size-off)
	}
	return off, off + int64(f.CompressedSize64), nil
}

// stored finds the bytes of an entry that is not compressed.
func (a *archive) stored(f *zip.File) (off, end int64, err error) {
	off, end, err = a.place(f)
	if err == nil && f.Method != zip.Store {
		err = errAt(off, ErrUnsupported, "entry %s is compressed, which torch.save never does; unpack the archive and pack it with zip -0", f.Name)
	}
	return off, end, err
}

// inflatable is how many bytes of entries may be decoded in memory: a multiple of
// the file's size, so that a small file cannot ask for much.
func (a *archive) inflatable() int64 { return min(64<<20+64*a.src.size, textLimit) }

// An inflated entry is decoded into memory when it is first read: its numbers
// cannot be reached otherwise.
type inflated struct {
	f    *zip.File
	file string // named in errors
	once sync.Once
	b    []byte
	err  error
}

func (x *inflated) ReadAt(b []byte, off int64) (int, error) {
	x.once.Do(func() {
		r, err := x.f.Open()
		if err == nil {
			// Of the size that was announced; the reader checks the sum at the end.
			x.b = make([]byte, x.f.UncompressedSize64)
			if _, err = io.ReadFull(r, x.b); err == nil {
				_, err = r.Read(make([]byte, 1))
			}
		}
		if err != io.EOF {
			x.b, x.err = nil, zipError(0, "entry "+x.f.Name, err)
			if err == nil {
				x.err = errAt(0, ErrFormat, "entry %s is longer than announced", x.f.Name)
			}
			x.err = named(x.err, x.file)
		}
	})
	if x.err != nil {
		return 0, x.err
	}
	if off > int64(len(x.b)) {
		return 0, io.EOF
	}
	n := copy(b, x.b[off:])
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

// find returns the entry of the given name, or nil.
func (a *archive) find(name string) *zip.File {
	for _, f := range a.files {
		if f.Name == name {
			return f
		}
	}
	return nil
}

// torchFolder is the folder that a file of torch.save packs; ok is false if it is
// another archive.
func (a *archive) torchFolder() (folder string, ok bool) {
	for _, f := range a.files {
		if dir, name := path.Split(f.Name); name == "data.pkl" && strings.Count(dir, "/") <= 1 {
			return dir, true
		}
	}
	return "", false
}

// isNPZ tells whether there is an array among the entries.
func (a *archive) isNPZ() bool {
	return slices.ContainsFunc(a.files, func(f *zip.File) bool { return strings.HasSuffix(f.Name, ".npy") })
}

// unpickle reads the pickle of a file of torch.save, whose storages are entries
// of their own.
func (a *archive) unpickle() (any, *program, error) {
	folder, _ := a.torchFolder()
	off, end, err := a.stored(a.find(folder + "data.pkl"))
	if err != nil {
		return nil, nil, err
	}
	big := false
	if f := a.find(folder + "byteorder"); f != nil {
		at, stop, err := a.stored(f)
		if err != nil {
			return nil, nil, err
		}
		b := make([]byte, min(stop-at, 8))
		if err := a.src.readAt(b, at); err != nil {
			return nil, nil, err
		}
		switch string(b) {
		case "little":
		case "big":
			big = true
		default:
			return nil, nil, errAt(at, ErrUnsupported, "byte order %q", b)
		}
	}
	p, err := lex(a.src, off, end, archived)
	if err != nil {
		return nil, nil, onlyTensors(err)
	}
	entries := make(map[string]*zip.File, len(a.files))
	for _, f := range a.files {
		if entries[f.Name] != nil {
			return nil, nil, errAt(off, ErrFormat, "entry %s twice", f.Name)
		}
		entries[f.Name] = f
	}
	seen := map[string]*storage{}
	persistent := func(id any) (any, error) {
		st := &storage{src: a.src, big: big}
		var key string
		if err := record(st, &key, id); err != nil {
			return nil, err
		}
		if s := seen[key]; s != nil {
			if s.dtype != st.dtype || s.numel != st.numel {
				return nil, bad(ErrUnsupported, "storage %q in two forms", key)
			}
			return s, nil
		}
		f := entries[folder+"data/"+key]
		if f == nil {
			return nil, bad(ErrTruncated, "there is no entry %sdata/%s", folder, key)
		}
		at, stop, err := a.stored(f)
		if err != nil {
			return nil, err
		}
		if st.numel > (stop-at)/dtypes[st.dtype].size {
			return nil, errAt(at, ErrTruncated, "%d numbers of %s announced in an entry of %d bytes", st.numel, st.dtype, stop-at)
		}
		st.off = at
		seen[key] = st
		return st, nil
	}
	v, err := p.run(newUnpickler(a.src).call, persistent)
	return v, p, onlyTensors(err)
}

// onlyTensors says what to do about an object that is not read.
func onlyTensors(err error) error {
	var fe *formatError
	if asFormat(err, &fe) && fe.err == ErrUnsupported {
		fe.what += ", in a file of torch.save (.pt, .bin); save the tensors alone, {mode: [tensor, …]}, in float16, bfloat16, float32 or float64"
	}
	return err
}

// openZip reads a file of torch.save or numpy.savez.
func (m *Map) openZip() error {
	a, err := openArchive(m.src)
	if err != nil {
		return err
	}
	if _, ok := a.torchFolder(); ok {
		m.format = "torch"
		return m.openPickle()
	}
	if a.isNPZ() {
		m.format = "npz"
		return m.openNPZ(a)
	}
	return a.other()
}

// other is the error for an archive of neither.
func (a *archive) other() error {
	if len(a.files) == 0 {
		return errAt(0, ErrUnsupported, "an empty zip archive")
	}
	return errAt(0, ErrUnsupported, "a zip archive (.zip) of neither torch.save (no data.pkl) nor numpy.savez (no .npy), whose first entry is %.60q; unpack it and open the map in it", a.files[0].Name)
}
