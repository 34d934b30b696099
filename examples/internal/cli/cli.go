// Package cli holds what the example programs share: how they end, how they
// parse flags, read and write files, show progress and record what they did.
package cli

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"unicode"
)

// Run is the body of a program. Its arguments exclude the program's name.
type Run func(ctx context.Context, args []string, stdout, stderr io.Writer) error

// Main runs a program. The context ends at the first interrupt; a second one
// kills the process as usual. An error is printed as one line and makes the
// exit status 1 (130 after an interrupt).
func Main(name string, run Run) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	go func() {
		<-ctx.Done()
		stop()
	}()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	interrupted := ctx.Err() != nil
	stop()
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return
	case interrupted && errors.Is(err, context.Canceled):
		fmt.Fprintf(os.Stderr, "%s: interrupted (%s)\n", name, message(name, err))
		os.Exit(130)
	default:
		fmt.Fprintf(os.Stderr, "%s: %s\n", name, message(name, err))
		os.Exit(1)
	}
}

// message is an error's text in one line, without the name that a library of
// the same name puts before it.
func message(name string, err error) string {
	return strings.ReplaceAll(strings.TrimPrefix(err.Error(), name+": "), "\n", "; ")
}

// Parse parses flags, which may stand before and after other arguments, and
// returns these, at most as many as given. An error is one line; only -help
// lists the flags.
func Parse(f *flag.FlagSet, args []string, most int, stderr io.Writer) (rest []string, err error) {
	f.SetOutput(io.Discard)
	for {
		if err := f.Parse(args); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				f.SetOutput(stderr)
				f.Usage()
			}
			return nil, err
		}
		if args = f.Args(); len(args) == 0 {
			return rest, nil
		}
		if len(rest) == most {
			return nil, fmt.Errorf("unexpected argument %q", args[0])
		}
		rest, args = append(rest, args[0]), args[1:]
	}
}

// Ints defines a flag of numbers from 0 on, separated by commas; kind says in
// errors what one of them is.
func Ints[T int | int32](f *flag.FlagSet, to *[]T, name, kind, usage string) {
	f.Func(name, usage, func(s string) error {
		*to = nil
		for _, word := range strings.Split(s, ",") {
			n, err := strconv.ParseUint(strings.TrimSpace(word), 10, 31)
			if err != nil {
				return fmt.Errorf("%q is no %s", word, kind)
			}
			*to = append(*to, T(n))
		}
		return nil
	})
}

// ReadIDs reads a file of numbers from 0 on, separated by blanks, lines or commas.
func ReadIDs(path string) ([]int32, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	ids := []int32{}
	for i, line := range strings.Split(string(b), "\n") {
		for _, word := range strings.FieldsFunc(line, func(r rune) bool { return r == ',' || unicode.IsSpace(r) }) {
			n, err := strconv.ParseUint(word, 10, 31)
			if err != nil {
				return nil, fmt.Errorf("%s:%d: %q is no token id", path, i+1, word)
			}
			ids = append(ids, int32(n))
		}
	}
	return ids, nil
}

// Choice defines a flag that takes one of the values, the first by default.
func Choice(f *flag.FlagSet, name, usage string, values ...string) *string {
	list := strings.Join(values, ", ")
	v := values[0]
	f.Func(name, fmt.Sprintf("%s: %s (default %s)", usage, list, v), func(s string) error {
		if !slices.Contains(values, s) {
			return fmt.Errorf("not one of %s", list)
		}
		v = s
		return nil
	})
	return &v
}

// WriteFile writes a file through a temporary one beside it, which takes its
// name only when write and every flush have succeeded: the file is there
// whole or not at all.
func WriteFile(path string, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	w := bufio.NewWriterSize(f, 1<<16)
	if err := write(w); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if err := f.Chmod(0o644); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.Rename(f.Name(), path)
}

// Reader returns r with an end: reading fails when the context ends, so that a
// large file can be interrupted.
func Reader(ctx context.Context, r io.Reader) io.Reader { return stopReader{ctx, r} }

type stopReader struct {
	ctx context.Context
	r   io.Reader
}

func (s stopReader) Read(b []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.r.Read(b)
}

// WriteCSV writes n records after a header, if that is not nil.
func WriteCSV(ctx context.Context, w io.Writer, header []string, n int, record func(i int) ([]string, error)) error {
	c := csv.NewWriter(w)
	if header != nil {
		c.Write(header) // an error comes again below
	}
	for i := range n {
		if err := ctx.Err(); err != nil {
			return err
		}
		rec, err := record(i)
		if err != nil {
			return err
		}
		if err := c.Write(rec); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

// Numbers gives equal labels equal numbers, from 0 on.
func Numbers(labels []string) []int32 {
	id := map[string]int32{}
	out := make([]int32, len(labels))
	for i, l := range labels {
		if _, ok := id[l]; !ok {
			id[l] = int32(len(id))
		}
		out[i] = id[l]
	}
	return out
}

// A Count is a name and how often it occurred.
type Count struct {
	Name string
	N    int
}

// Tally counts names, the most frequent first, ties by first appearance.
func Tally(names []string) []Count {
	at := map[string]int{}
	var all []Count
	for _, n := range names {
		if _, ok := at[n]; !ok {
			at[n] = len(all)
			all = append(all, Count{Name: n})
		}
		all[at[n]].N++
	}
	slices.SortStableFunc(all, func(a, b Count) int { return b.N - a.N })
	return all
}

// Thousands writes n with commas.
func Thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Float is the shortest decimal that reads back as the same float32.
func Float(v float32) string { return strconv.FormatFloat(float64(v), 'g', -1, 32) }

// partAndNumber end the name of a synset.
var partAndNumber = regexp.MustCompile(`\.[a-z]\.\d+$`)

// ShortNames gives synset names for legends: without part of speech and number.
// Where names would then be equal, the first in the list alone is shortened.
func ShortNames(names []string) map[string]string {
	out := make(map[string]string, len(names))
	taken := map[string]bool{}
	for _, n := range names {
		s := strings.ReplaceAll(partAndNumber.ReplaceAllString(n, ""), "_", " ")
		if taken[s] {
			s = n
		}
		taken[s] = true
		out[n] = s
	}
	return out
}
