package main

import (
	"encoding/base64"
	"fmt"
	"html"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/semamap/semamap/examples/internal/cli"
	"github.com/semamap/semamap/examples/internal/sample"
)

// A document is a report that can be written as Markdown and as HTML.
type document struct {
	title  string
	blocks []block
}

// A block is a heading, paragraphs, a list, a table or a figure.
type block struct {
	heading string
	text    []string
	list    []string
	table   [][]string // the first row is the head
	figure  string     // path of a PNG within the folder of the report
}

func (d *document) markdown(w io.Writer) {
	fmt.Fprintf(w, "# %s\n", d.title)
	for _, b := range d.blocks {
		if b.heading != "" {
			fmt.Fprintf(w, "\n## %s\n", b.heading)
		}
		for _, p := range b.text {
			fmt.Fprintf(w, "\n%s\n", p)
		}
		if b.list != nil {
			fmt.Fprintln(w)
		}
		for _, l := range b.list {
			fmt.Fprintf(w, "- %s\n", l)
		}
		for i, row := range b.table {
			if i == 0 {
				fmt.Fprintln(w)
			}
			fmt.Fprintf(w, "| %s |\n", strings.ReplaceAll(strings.Join(row, "\x00"), "\x00", " | "))
			if i == 0 {
				fmt.Fprintln(w, "|"+strings.Repeat("---|", len(row)))
			}
		}
		if b.figure != "" {
			fmt.Fprintf(w, "\n![%s](%s)\n", strings.TrimSuffix(filepath.Base(b.figure), ".png"), b.figure)
		}
	}
}

const pageStyle = `body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff}
table{border-collapse:collapse;margin:1rem 0;font-size:.85rem;display:block;overflow-x:auto}td,th{padding:.2rem .6rem;text-align:right;border-bottom:1px solid #ddd;white-space:nowrap}
td:first-child,th:first-child{text-align:left}img{max-width:100%}@media(prefers-color-scheme:dark){body{color:#ddd;background:#111}img{background:#fff}td,th{border-color:#444}a{color:#8bf}}`

// html writes a page that needs no other file.
func (d *document) html(w io.Writer, dir string) error {
	text := func(s string) string {
		s = html.EscapeString(s)
		return strings.ReplaceAll(s, "index.html", `<a href="index.html">index.html</a>`)
	}
	fmt.Fprintf(w, "<!DOCTYPE html>\n<html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>%s</title><style>%s</style>\n<h1>%[1]s</h1>\n", html.EscapeString(d.title), pageStyle)
	for _, b := range d.blocks {
		if b.heading != "" {
			fmt.Fprintf(w, "<h2>%s</h2>\n", text(b.heading))
		}
		for _, p := range b.text {
			fmt.Fprintf(w, "<p>%s</p>\n", text(p))
		}
		if b.list != nil {
			fmt.Fprintf(w, "<ul>\n")
			for _, l := range b.list {
				fmt.Fprintf(w, "<li>%s</li>\n", text(l))
			}
			fmt.Fprintf(w, "</ul>\n")
		}
		for i, row := range b.table {
			cell, open := "td", ""
			if i == 0 {
				cell, open = "th", "<table>\n"
			}
			fmt.Fprint(w, open, "<tr>")
			for _, c := range row {
				fmt.Fprintf(w, "<%s>%s</%[1]s>", cell, text(c))
			}
			fmt.Fprintln(w, "</tr>")
			if i == len(b.table)-1 {
				fmt.Fprintln(w, "</table>")
			}
		}
		if b.figure != "" {
			png, err := os.ReadFile(filepath.Join(dir, b.figure))
			if err != nil {
				return err
			}
			name := html.EscapeString(strings.TrimSuffix(filepath.Base(b.figure), ".png"))
			fmt.Fprintf(w, "<p><img alt=\"%s\" src=\"data:image/png;base64,%s\"></p>\n", name, base64.StdEncoding.EncodeToString(png))
		}
	}
	_, err := fmt.Fprintln(w, "</html>")
	return err
}

// report writes report.md and report.html.
func (r *results) report(o *options, w *words, rec *record, maps []*layerMap, figures []string) error {
	d := r.document(o, w, rec, maps, figures)
	if err := cli.WriteFile(filepath.Join(o.out, "report.md"), func(out io.Writer) error { d.markdown(out); return nil }); err != nil {
		return err
	}
	return cli.WriteFile(filepath.Join(o.out, "report.html"), func(out io.Writer) error { return d.html(out, o.out) })
}

func (r *results) document(o *options, w *words, rec *record, maps []*layerMap, figures []string) *document {
	d := &document{title: "Does meaning organize the activations of " + o.about.Model + "?"}
	add := func(b block) { d.blocks = append(d.blocks, b) }
	add(block{list: []string{
		fmt.Sprintf("Map: %s, %d layers studied, side %s.", o.about.Name, len(r.layers), o.src.Mode),
		fmt.Sprintf("Words: %s first lemmas of %s; %s have a topic domain.", cli.Thousands(len(w.rows)), w.version, cli.Thousands(w.withDomain)),
		fmt.Sprintf("Tokens: %s different, %.2f per lemma, %s; tokenizer %s. A lemma stands for the mean of its tokens' rows.", cli.Thousands(w.distinct), w.meanTokens(), formText(o.form), o.about.Tokenizer),
		fmt.Sprintf("%d null maps of each kind, seed %d. Every input with its hash, all settings and versions: run.json.", o.draws, o.seed),
	}})
	for _, b := range o.baselines {
		add(block{list: []string{"Baseline: " + b.name + ", measured with the same lemmas, tokens and settings; its rows in metrics.csv have “" + b.prefix + "” before the control."}})
	}
	for _, n := range r.constant {
		add(block{text: []string{fmt.Sprintf("Layer %d is constant over the tokens that were seen: nothing is measured or drawn.", n)}})
	}
	for _, name := range r.names {
		add(block{heading: upper(name), text: []string{r.about(name)}, list: append(r.findings(name), r.against(name)...), table: r.table(name)})
		for _, t := range r.baselineTables(name) {
			add(t)
		}
	}
	for _, f := range figures {
		add(block{figure: f})
	}
	if o.notebook && maps[0].Layer == 0 && maps[0].Domain.Points > 0 {
		add(notebookBlock(maps))
	}
	if s := r.leading(); s != "" {
		add(block{heading: "Layers that one unit leads", text: []string{s}})
	}
	if t := r.probeTable(); t != nil {
		add(block{heading: "What a linear probe reads", text: []string{
			"A linear classifier (multinomial logistic regression with a ridge penalty, 10-fold cross-validation) names the label of a lemma from its vector. No token of a lemma that is tested occurs in training. The control task has labels assigned at random; the difference of the accuracies is the selectivity.",
			r.read(),
		}, table: t})
	}
	units, passed := unitTable(discover(maps))
	text := fmt.Sprintf("%d of the units in units.csv (the %d most selective of each class and layer) are selective beyond spelling and frequency at a false discovery rate of 5 %% over all units, classes and layers. AUC: the probability that the unit is more active on a lemma of the class than on another; null: its mean over null maps.", passed, unitsKept)
	if passed == 0 {
		text = "No evidence for units that are selective for a class beyond spelling and frequency (false discovery rate of 5 % over all units, classes and layers)."
	}
	add(block{heading: "Units", text: []string{text}, table: units})
	picture := [][]string{{"layer", "KL divergence", "preservation", "trustworthiness", "domain on the map", "chance", "part of speech on the map", "chance"}}
	for _, m := range maps {
		picture = append(picture, []string{fmt.Sprint(m.Layer), three(m.KL), m.faithful(m.Preservation), m.faithful(m.Trustworthiness), three(m.Domain.Share), three(m.Domain.Chance), three(m.POS.Share), three(m.POS.Chance)})
	}
	add(block{heading: "The pictures", text: []string{
		"The t-SNE maps (figures/ and index.html) show near neighbors near each other. They are pictures, not evidence: a lemma without near neighbors is placed by what is left over. " + faithful(maps) + " The shares below are of the ten nearest places on the map, all neighbors allowed; lemmas of the same tokens count once.",
	}, table: picture})
	add(block{heading: "How to read this", list: []string{
		"Share: of the ten nearest neighbors of a lemma in the activations of a layer (exact, Euclidean unless said otherwise), the part that has its label; mean over the lemmas of a labeling, all of which are also the candidates. Mean over classes: the same for each class, then the mean of these.",
		"Without a shared token: neighbors that have a token in common with the lemma are passed over, the next nearest taken instead, as equal tokens bring vectors together whatever they mean.",
		fmt.Sprintf("Null map: the rows of tokens of similar count (blocks of %d in order of count) exchange their places at random, in the stricter kind only among tokens whose first character is of one kind (upper case, lower case, other). The tokens that lemmas share, how often tokens are seen and how they begin stay; what they mean goes, and with it other likenesses of different tokens, such as endings. Without shared tokens the null is not the chance of the labels, so both are given.", 50),
		fmt.Sprintf("A difference counts as clear when it is beyond what null maps give with 95 %% probability for all layers, labelings and both kinds at once, if their shares are normally distributed (Student's t). p counts single draws against the stricter null map, (1 + draws that reach the share) / (1 + draws); with %d draws it is at least %.3f. Intervals in metrics.csv are for one measure alone, at 95 %%; those of shares take lemmas as independent, though lemmas share tokens.", o.draws, 1/float64(1+o.draws)),
		"Tables: the share with all neighbors allowed and its null maps (mean, least to most); then without a shared token, with both kinds of null maps; every difference is from the stricter kind. Cosine and standardized (every unit brought to mean 0 and standard deviation 1 over the tokens) are without shared tokens too.",
		"Chance: the measure if labels were assigned at random; for the mean over classes it is one over their number.",
	}})
	limits := []string{
		"Neighbors show that meaning is in the activations, not that the model uses it.",
		"A lemma's vector is the mean of its tokens' rows over all contexts. What the model does with a word in its context is not in such a map.",
		"Null maps keep the tokens that lemmas share, how often tokens are seen and, the stricter ones, how they begin. Other correlates of meaning, such as endings that are different tokens, are not controlled for.",
		fmt.Sprintf("Labelings of more than %s lemmas are sampled. WordNet's domains are few and uneven.", cli.Thousands(most)),
	}
	if !o.about.Counts {
		limits = append(limits, "The map came without token counts: null maps exchange all tokens alike, and tokens never seen cannot be told.")
	} else if w.unseen > 0 {
		limits = append(limits, fmt.Sprintf("%d of %d uses are of tokens that the map never saw, whose rows are zeros; %d lemmas have no others.", w.unseen, w.tokens, w.only))
	}
	if o.about.Sample {
		limits = append(limits, sample.Limits...)
	}
	add(block{heading: "Limits", list: limits})
	return d
}

func upper(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

func three(v float64) string { return fmt.Sprintf("%.3f", v) }

// table shows a labeling over the layers.
func (r *results) table(name string) [][]string {
	t := [][]string{{"layer", "all neighbors", "null: count", "no shared token", "null: count", "null: count and kind", "chance", "difference", "cosine", "difference", "standardized", "difference", "lemmas"}}
	for _, n := range r.layers {
		a, m := r.get(n, name, plain), r.get(n, name, apart)
		if a == nil || m == nil {
			return nil
		}
		row := []string{fmt.Sprint(n), three(a.Value), null(r.effect(a, 0)), three(m.Value), null(r.effect(m, 0)), null(r.effect(m, 1)), three(r.chance(name)), fmt.Sprintf("%+.3f", r.effect(m, 1).size())}
		for _, other := range []key{{n, name, "raw", "cosine", apart, chief(name)}, {n, name, "standardized", "euclidean", apart, chief(name)}} {
			x := r.by[other]
			row = append(row, three(x.Value), fmt.Sprintf("%+.3f", r.effect(x, 1).size()))
		}
		t = append(t, append(row, fmt.Sprint(m.N)))
	}
	return t
}

func null(e effect) string { return fmt.Sprintf("%.3f (%.3f–%.3f)", e.null, e.lo, e.hi) }

// leading names the layers whose distances one unit decides.
func (r *results) leading() string {
	var parts []string
	for _, n := range r.layers {
		if m := r.by[key{n, "", "raw", "", plain, leads}]; m != nil && m.Value >= 0.5 {
			parts = append(parts, fmt.Sprintf("layer %d (%.0f %%)", n, 100*m.Value))
		}
	}
	if parts == nil {
		return ""
	}
	return "One unit holds most of the variance over the tokens in " + strings.Join(parts, ", ") + ". Euclidean neighbors there follow this unit, which often tells only which tokens stood first in a window. Read the standardized rows."
}

// probeTable shows what the probes read, over the layers.
func (r *results) probeTable() [][]string {
	t := [][]string{{"layer"}}
	if len(r.layers) == 0 {
		return nil
	}
	for _, name := range r.names {
		if r.by[key{r.layers[0], name, "standardized", "linear probe", apart, "accuracy"}] != nil {
			t[0] = append(t[0], name, "control task", "selectivity (95 %)", "most frequent class")
		}
	}
	if len(t[0]) == 1 {
		return nil
	}
	for _, n := range r.layers {
		row := []string{fmt.Sprint(n)}
		for _, name := range r.names {
			get := func(what string) *measure {
				return r.by[key{n, name, "standardized", "linear probe", apart, what}]
			}
			if a, c, s, f := get("accuracy"), get("accuracy, control task"), get("selectivity"), get("share of the most frequent class"); a != nil {
				row = append(row, three(a.Value), three(c.Value), fmt.Sprintf("%+.3f (%+.3f to %+.3f)", s.Value, *s.Low, *s.High), three(f.Value))
			}
		}
		t = append(t, row)
	}
	return t
}

// faithful writes a measure of how faithful the map is, if there is one.
func (m *layerMap) faithful(v float64) string {
	if m.Compared == 0 {
		return ""
	}
	return three(v)
}

// faithful says what the measures of a map mean.
func faithful(maps []*layerMap) string {
	n := 0
	for _, m := range maps {
		n = max(n, m.Compared)
	}
	if n == 0 {
		return "The lemmas are too few to tell how faithful they are."
	}
	return fmt.Sprintf("Preservation is the share of a lemma's ten nearest neighbors in the activations that are among its ten nearest on the map; at random it would be nearly 0. Trustworthiness is 1 less a penalty for neighbors on the map that are far in the activations: 1 at best, about one half at random (both over %d lemmas, drawn at random, among all those of different tokens). The KL divergence is what t-SNE minimizes; it compares maps of the same lemmas only.", n)
}

// about says what a labeling is of.
func (r *results) about(name string) string {
	for _, n := range r.layers {
		if m := r.get(n, name, plain); m != nil {
			return fmt.Sprintf("%s lemmas; by chance the %s is %.3f.", cli.Thousands(m.N), chief(name), r.chance(name))
		}
	}
	return "No lemmas to ask."
}

// read says what the probes read.
func (r *results) read() string {
	var parts []string
	for _, name := range r.names {
		all, selective, better := 0, 0, 0
		for _, n := range r.layers {
			get := func(what string) *measure {
				return r.by[key{n, name, "standardized", "linear probe", apart, what}]
			}
			a, s, f := get("accuracy"), get("selectivity"), get("share of the most frequent class")
			if a == nil || s == nil || f == nil {
				continue
			}
			all++
			if *s.Low > 0 {
				selective++
			}
			if *a.Low > f.Value {
				better++
			}
		}
		if all > 0 {
			parts = append(parts, fmt.Sprintf("%s: the selectivity is above zero in %d of %d layers, the accuracy above that of always naming the most frequent class in %d (intervals of 95 %%, for one layer alone)", name, selective, all, better))
		}
	}
	return strings.ToUpper(parts[0][:1]) + strings.Join(parts, "; ")[1:] + "."
}
