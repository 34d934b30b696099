package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"time"

	"github.com/semamap/semamap/examples/internal/cli"
	"github.com/semamap/semamap/tsne"
)

// A key is the first line of a checkpoint: all that decides the map. A run
// goes on only from a checkpoint with an equal key.
type key struct {
	Program    string  `json:"program"`
	Data       string  `json:"data"`  // SHA-256 of the shape and numbers
	Start      string  `json:"start"` // the same of -start
	Perplexity float64 `json:"perplexity"`
	Dims       int     `json:"dims"`
	Iter       int     `json:"iter"`
	Seed       uint64  `json:"seed"`
	Neighbors  string  `json:"neighbors"`
	Metric     string  `json:"metric"`
}

func (o *options) key(x, start *table) (string, error) {
	k := key{
		Program: "tsne checkpoint 1", Data: x.hash(), Perplexity: o.perplexity, Dims: o.dims,
		Iter: o.iter, Seed: o.seed, Neighbors: o.neighbors, Metric: o.metric,
	}
	if start != nil {
		k.Start = start.hash()
	}
	b, err := json.Marshal(k)
	return string(b) + "\n", err
}

func (t *table) hash() string {
	h := sha256.New()
	b := make([]byte, 0, 1<<16)
	b = binary.LittleEndian.AppendUint64(b, uint64(t.n))
	b = binary.LittleEndian.AppendUint64(b, uint64(t.d))
	for _, v := range t.x {
		if b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v)); len(b) > 1<<16-8 {
			h.Write(b)
			b = b[:0]
		}
	}
	h.Write(b)
	return hex.EncodeToString(h.Sum(nil))
}

// prepare starts a run, or takes it up from the checkpoint if there is one.
func (o *options) prepare(ctx context.Context, points tsne.Points, key string, s *tsne.Settings) (r *tsne.Run, resumed bool, err error) {
	if o.checkpoint != "" {
		f, err := os.Open(o.checkpoint)
		if err == nil {
			defer f.Close()
			r, err := resume(f, key)
			if err != nil {
				return nil, false, fmt.Errorf("%s: %w", o.checkpoint, err)
			}
			return r, true, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, false, err
		}
	}
	r, err = tsne.New(ctx, points, s)
	return r, false, err
}

func resume(f io.Reader, key string) (*tsne.Run, error) {
	b := bufio.NewReaderSize(f, 1<<16)
	got := make([]byte, len(key))
	if _, err := io.ReadFull(b, got); err != nil && err != io.ErrUnexpectedEOF && err != io.EOF {
		return nil, err
	}
	if string(got) != key {
		return nil, errors.New("the checkpoint is of another run: other data or flags (remove it to begin anew)")
	}
	return tsne.Resume(b, 0)
}

func (o *options) save(r *tsne.Run, key string) error {
	return cli.WriteFile(o.checkpoint, func(w io.Writer) error {
		if _, err := io.WriteString(w, key); err != nil {
			return err
		}
		return r.Save(w)
	})
}

// steps takes the gradient steps that are left.
func (o *options) steps(ctx context.Context, r *tsne.Run, key string, stderr io.Writer) error {
	bar := cli.NewProgress(stderr, "steps", o.iter)
	saved := time.Now()
	var err error
	for step := range r.Steps() {
		bar.Set(step.Iter, "")
		if ctx.Err() != nil {
			err = ctx.Err()
			break
		}
		if o.checkpoint != "" && time.Since(saved) > time.Minute {
			if err = o.save(r, key); err != nil {
				break
			}
			saved = time.Now()
		}
	}
	if err == nil {
		bar.Done()
	} else {
		bar.Stop()
	}
	if err != nil && ctx.Err() == nil {
		return err
	}
	if o.checkpoint != "" {
		if serr := o.save(r, key); serr != nil {
			return errors.Join(err, serr)
		}
		if err != nil {
			return fmt.Errorf("stopped, saved in %s: %w", o.checkpoint, err)
		}
	}
	return err
}
