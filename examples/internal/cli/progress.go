package cli

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// Progress shows how far a long phase has come: as a bar when w is a terminal,
// else as a plain line now and then. Its methods are for one goroutine.
type Progress struct {
	w     io.Writer
	label string
	total int
	bar   *progressbar.ProgressBar // nil: plain lines
	done  int
	start time.Time
	last  time.Time // of the last plain line
}

// plainEvery is the least time between two plain lines of one phase.
const plainEvery = 5 * time.Second

// NewProgress starts a phase of total steps.
func NewProgress(w io.Writer, label string, total int) *Progress {
	now := time.Now()
	p := &Progress{w: w, label: label, total: total, start: now, last: now}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		p.bar = progressbar.NewOptions(total,
			progressbar.OptionSetWriter(w),
			progressbar.OptionSetDescription(label),
			progressbar.OptionSetWidth(30),
			progressbar.OptionShowCount(),
			progressbar.OptionSetPredictTime(true),
			progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionClearOnFinish(),
		)
		p.bar.RenderBlank()
	}
	return p
}

// Set says that done steps have been taken. A note, such as the current KL
// divergence, stands behind the label.
func (p *Progress) Set(done int, note string) {
	p.done = done
	if p.bar != nil {
		if note != "" {
			p.bar.Describe(p.label + " " + note)
		}
		p.bar.Set(done)
		return
	}
	if now := time.Now(); now.Sub(p.last) >= plainEvery {
		p.last = now
		if note != "" {
			note = ", " + note
		}
		fmt.Fprintf(p.w, "%s: %d of %d%s\n", p.label, done, p.total, note)
	}
}

// Done ends the phase and leaves one line that says how long it took.
func (p *Progress) Done() time.Duration {
	d := time.Since(p.start)
	if p.bar != nil {
		p.bar.Finish()
	}
	fmt.Fprintf(p.w, "%s: done in %.1f s\n", p.label, d.Seconds())
	return d
}

// Stop ends the phase without a word, for when it failed.
func (p *Progress) Stop() {
	if p.bar != nil {
		p.bar.Exit()
		fmt.Fprintln(p.w)
	}
}
