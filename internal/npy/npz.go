package npy

import (
	"archive/zip"
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// An Array is one of those in a .npz archive, as numpy.savez and
// numpy.savez_compressed write them.
type Array struct {
	Name   string // without .npy
	Header Header // Offset is within the entry, uncompressed
	Err    error  // not nil: the header cannot be used
	File   *zip.File
}

// Open opens the entry, from its header on.
func (a *Array) Open() (io.ReadCloser, error) {
	r, err := a.File.Open()
	if err != nil {
		return nil, fmt.Errorf("%w: array %q: %w", ErrFormat, a.Name, err)
	}
	return r, nil
}

// ReadArray reads the numbers of a in C order, converted to T. They are checked
// against the checksum of the archive.
func ReadArray[T Number](a *Array) ([]T, error) {
	if a.Err != nil {
		return nil, a.Err
	}
	if left := a.File.UncompressedSize64 - uint64(a.Header.Offset); uint64(a.Header.Len()) != left/uint64(a.Header.Size) {
		return nil, fmt.Errorf("%w: array %q: %d bytes for shape %v", ErrFormat, a.Name, left, a.Header.Shape)
	}
	r, err := a.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	br := bufio.NewReaderSize(r, 1<<16)
	if _, err = br.Discard(int(a.Header.Offset)); err == nil {
		var x []T
		if x, err = ReadData[T](br, a.Header); err == nil {
			if _, err = io.Copy(io.Discard, br); err == nil { // the end is where the checksum is looked at
				return x, nil
			}
		}
	}
	return nil, fmt.Errorf("%w: array %q: %w", ErrFormat, a.Name, err)
}

// Arrays lists the arrays of a .npz archive in the order of their entries.
// Entries that are not called .npy are left out.
func Arrays(r io.ReaderAt, size int64) ([]*Array, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, fmt.Errorf("%w: .npz: %w", ErrFormat, err)
	}
	var list []*Array
	for _, f := range z.File {
		name, ok := strings.CutSuffix(f.Name, ".npy")
		if !ok {
			continue
		}
		a := &Array{Name: name, File: f}
		if e, err := a.Open(); err != nil {
			a.Err = err
		} else {
			a.Header, err = ReadHeader(bufio.NewReaderSize(e, 512))
			if err == nil && a.Header.Offset > int64(f.UncompressedSize64) {
				err = fmt.Errorf("%w: %d bytes", ErrFormat, f.UncompressedSize64)
			}
			if err != nil {
				if !errors.Is(err, ErrFormat) { // of the archive
					err = fmt.Errorf("%w: %w", ErrFormat, err)
				}
				a.Err = fmt.Errorf("array %q: %w", name, err)
			}
			e.Close()
		}
		list = append(list, a)
	}
	return list, nil
}

// Choose returns the array of the given name, or the only one if name is "".
// Its errors list what there is.
func Choose(list []*Array, name string) (*Array, error) {
	if name == "" && len(list) == 1 {
		return list[0], nil
	}
	if i := slices.IndexFunc(list, func(a *Array) bool { return a.Name == strings.TrimSuffix(name, ".npy") }); i >= 0 {
		return list[i], nil
	}
	const most = 20
	var have []string
	for i, a := range list {
		switch {
		case i == most:
			have = append(have, fmt.Sprintf("%d more", len(list)-most))
		case i > most:
		case a.Err != nil:
			have = append(have, a.Name+" (not numbers)")
		default:
			have = append(have, fmt.Sprintf("%s (%s %v)", a.Name, a.Header.Type(), a.Header.Shape))
		}
	}
	switch {
	case len(list) == 0:
		return nil, fmt.Errorf("%w: no arrays in the archive", ErrFormat)
	case name == "":
		return nil, fmt.Errorf("%w: %d arrays in the archive, choose one: %s", ErrFormat, len(list), strings.Join(have, ", "))
	}
	return nil, fmt.Errorf("%w: no array %q in the archive; it has %s", ErrFormat, name, strings.Join(have, ", "))
}
