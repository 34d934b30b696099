package viewer

import (
	"bytes"
	"cmp"
	"fmt"
	"html"
	"io"
	"strings"

	"github.com/semamap/semamap/plot"
	"github.com/semamap/semamap/plot/internal/kit"
)

// writeLines writes a figure of lines: the drawing, in light and in dark, and
// its values for those who cannot see it or want to copy them.
func (p *Page) writeLines(w io.Writer, f *plot.Figure) error {
	var b bytes.Buffer
	title := html.EscapeString(kit.Display(f.Title))
	fmt.Fprintf(&b, `<!DOCTYPE html>
<html lang="%s">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>%s</title>
<link rel="icon" href="data:,">
<style>
:root { color-scheme: light dark; }
body { margin: 0; font: 14px/1.4 "Liberation Sans", Arial, Helvetica, sans-serif; background: %s; color: %s; }
svg { display: block; width: 100%%; height: auto; max-height: 100vh; }
.dark { display: none; }
details { margin: 0 18px 18px; }
table { border-collapse: collapse; }
td, th { padding: 2px 12px 2px 0; text-align: left; font-variant-numeric: tabular-nums; }
@media (prefers-color-scheme: dark) { body { background: %s; color: %s; } .light { display: none; } .dark { display: block; } }
</style>
</head>
<body>
`, html.EscapeString(cmp.Or(p.Lang, "en")), title, kit.LightGround.Hex(), kit.LightInk.Hex(), kit.DarkGround.Hex(), kit.DarkInk.Hex())
	for _, v := range []struct {
		class string
		theme *plot.Theme
	}{{"light", f.Theme}, {"dark", plot.Dark()}} {
		g := *f
		g.Theme = v.theme
		fmt.Fprintf(&b, "<div class=%q>\n", v.class)
		if err := g.WriteSVG(&b, 0, 0); err != nil {
			return err
		}
		b.WriteString("</div>\n")
	}
	b.WriteString("<details><summary>Values</summary>\n")
	for i, pn := range f.Panels {
		for _, l := range pn.Lines {
			fmt.Fprintf(&b, "<table><caption>%s</caption>\n<tr><th>%s</th><th>%s</th><th>from</th><th>to</th></tr>\n",
				html.EscapeString(kit.Display(strings.TrimSpace(panelName(pn, i)+" "+l.Name))), html.EscapeString(cmp.Or(kit.Display(f.XLabel), "x")), html.EscapeString(cmp.Or(kit.Display(f.YLabel), "y")))
			for r := range l.XYs.Len() {
				x, y := l.XYs.XY(r)
				fmt.Fprintf(&b, "<tr><td>%.6g</td><td>%.6g</td>", x, y)
				if len(l.Lo) > 0 {
					fmt.Fprintf(&b, "<td>%.6g</td><td>%.6g</td>", l.Lo[r], l.Hi[r])
				}
				b.WriteString("</tr>\n")
			}
			b.WriteString("</table>\n")
		}
	}
	b.WriteString("</details>\n</body>\n</html>\n")
	_, err := w.Write(b.Bytes())
	return err
}
