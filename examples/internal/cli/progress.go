package cli

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// plainEvery is the least time between two plain lines of one phase.
const plainEvery = 5 * time.Second

// Progress shows how far a long phase has come: as a bar when w is a terminal,
// else as a plain line now and then.
type Progress struct {
	w     io.Writer
	label string
	total int
	bar   *progressbar.ProgressBar // nil: plain lines
	start time.Time
	last  time.Time     // of the last plain line
	stop  chan struct{} // ends the ticks of a phase without steps
	wait  sync.WaitGroup
}

// NewProgress starts a phase of total steps.
func NewProgress(w io.Writer, label string, total int) *Progress {
	return newProgress(w, label, total, progressbar.OptionShowCount(), progressbar.OptionSetPredictTime(true))
}

// NewWait starts a phase that does not say how far it has come. It shows that
// something goes on, and for how long.
func NewWait(w io.Writer, label string) *Progress {
	p := newProgress(w, label, -1, progressbar.OptionSpinnerType(14), progressbar.OptionSetElapsedTime(true))
	p.stop = make(chan struct{})
	p.wait.Go(func() {
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-p.stop:
				return
			case <-tick.C:
			}
			if p.bar != nil {
				p.bar.Add(1)
			} else if p.due() {
				fmt.Fprintf(p.w, "%s: %.0f s\n", p.label, time.Since(p.start).Seconds())
			}
		}
	})
	return p
}

func newProgress(w io.Writer, label string, total int, opts ...progressbar.Option) *Progress {
	now := time.Now()
	p := &Progress{w: w, label: label, total: total, start: now, last: now}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		p.bar = progressbar.NewOptions(total, append(opts,
			progressbar.OptionSetWriter(w),
			progressbar.OptionSetDescription(label),
			progressbar.OptionSetWidth(30),
			progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionClearOnFinish(),
		)...)
		p.bar.RenderBlank()
	}
	return p
}

// due reports whether it is time for another plain line.
func (p *Progress) due() bool {
	now := time.Now()
	if now.Sub(p.last) < plainEvery {
		return false
	}
	p.last = now
	return true
}

// Set says that done steps have been taken. A note, such as the current KL
// divergence, stands behind the label. It is for one goroutine.
func (p *Progress) Set(done int, note string) {
	switch {
	case p.bar != nil:
		if note != "" {
			p.bar.Describe(p.label + " " + note)
		}
		p.bar.Set(done)
	case p.due():
		if note != "" {
			note = ", " + note
		}
		fmt.Fprintf(p.w, "%s: %d of %d%s\n", p.label, done, p.total, note)
	}
}

// Done ends the phase and leaves one line that says how long it took.
func (p *Progress) Done() time.Duration {
	p.end()
	d := time.Since(p.start)
	if p.bar != nil {
		p.bar.Finish()
	}
	fmt.Fprintf(p.w, "%s: done in %.1f s\n", p.label, d.Seconds())
	return d
}

// Stop ends the phase without a word, for when it failed.
func (p *Progress) Stop() {
	p.end()
	if p.bar != nil {
		p.bar.Clear()
	}
}

func (p *Progress) end() {
	if p.stop != nil {
		close(p.stop)
		p.wait.Wait()
	}
}
