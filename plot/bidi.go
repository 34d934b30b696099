package plot

import (
	"math"

	"golang.org/x/text/unicode/bidi"
)

const halfPi = math.Pi / 2

// visual reorders a line from the order in which it is read to the order in
// which its runes stand from left to right, for canvases that place runes
// themselves. Letters are not joined: Arabic stays in its isolated forms.
func visual(s string) string {
	rtl := false
	for _, r := range s {
		if r >= 0x590 && (r < 0x900 || r >= 0xfb1d) {
			rtl = true
			break
		}
	}
	if !rtl {
		return s
	}
	var p bidi.Paragraph
	if _, err := p.SetString(s); err != nil {
		return s
	}
	order, err := p.Order()
	if err != nil {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := range order.NumRuns() {
		run := order.Run(i)
		if run.Direction() == bidi.RightToLeft {
			out = append(out, bidi.ReverseString(run.String())...)
		} else {
			out = append(out, run.String()...)
		}
	}
	return string(out)
}
