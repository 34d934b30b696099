package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/semamap/semamap/examples/internal/cli"
	"github.com/semamap/semamap/tsne"
)

// prepare starts a run, or takes it up from the checkpoint if there is one.
func (o *options) prepare(ctx context.Context, points tsne.Points, s *tsne.Settings) (r *tsne.Run, resumed bool, err error) {
	if o.checkpoint == "" {
		r, err = tsne.New(ctx, points, s)
		return r, false, err
	}
	_, err = os.Stat(o.checkpoint)
	resumed = err == nil
	r, err = tsne.Open(ctx, o.checkpoint, points, s)
	if errors.Is(err, tsne.ErrMismatch) {
		err = fmt.Errorf("%w (remove the file to begin anew)", err)
	}
	return r, resumed, err
}

// steps takes the gradient steps that are left.
func (o *options) steps(ctx context.Context, r *tsne.Run, stderr io.Writer) error {
	bar := cli.NewProgress(stderr, "steps", o.iter)
	saved := time.Now()
	for step := range r.Steps(ctx) {
		bar.Set(step.Iter, "")
		if o.checkpoint != "" && time.Since(saved) > time.Minute {
			if err := r.SaveFile(o.checkpoint); err != nil {
				bar.Stop()
				return err
			}
			saved = time.Now()
		}
	}
	err := ctx.Err()
	if err == nil {
		bar.Done()
	} else {
		bar.Stop()
	}
	if o.checkpoint == "" {
		return err
	}
	if serr := r.SaveFile(o.checkpoint); serr != nil {
		return errors.Join(err, serr)
	}
	if err != nil {
		err = fmt.Errorf("stopped, saved in %s: %w", o.checkpoint, err)
	}
	return err
}
