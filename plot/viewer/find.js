
// Search. Case and accents do not matter, and _ and - are blanks.
const letters = { "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "þ": "th", "ı": "i", "ħ": "h" };
const fold = s => (/[^\x00-\x7f]/.test(s) ? s.normalize("NFKD").replace(/[\u0300-\u036f\u0591-\u05c7\u064b-\u065f]/g, "").toLowerCase().replace(/[ßæœøđðłþıħ]/g, c => letters[c]) : s.toLowerCase()).replace(/[_-]+/g, " ");
// How good a match of q is, 0 the best. The name of a text is what stands before
// a bracket. It is q, or the text is; it begins with q as a word of its own; it
// has q as a word; it begins with q; the text has q as a word, or somewhere.
function rank(whole, q) {
	const name = nameOf(whole), at = " " + q + " ", padded = " " + name + " ";
	if (name === q || whole === q) return 0;
	if (padded.startsWith(at)) return 1;
	if (padded.includes(at)) return 2;
	if (name.startsWith(q)) return 3;
	if ((" " + whole.replace(/[^\p{L}\p{N}.']+/gu, " ") + " ").includes(at)) return 4;
	return 5;
}
const nameOf = s => s.replace(/\s*[(\[{][^]*$/, "") || s;
const PAGE = 100; // rows that a list grows by
function search() {
	const raw = $("q").value.trim(), terms = raw.split(/\s+/).filter(Boolean).map(fold), q = terms.join(" ");
	hits = null;
	hitList = [];
	if (terms.length && words) {
		folded ??= words.map(fold);
		hits = new Uint8Array(N);
		const ranked = [[], [], [], [], [], []];
		for (let i = 0; i < N; i++) if (terms.every(t => folded[i].includes(t))) {
			hits[i] = 1;
			ranked[rank(folded[i], q)].push(i);
		}
		// Among equals those come first that are written as they were asked for.
		hitList = ranked.flatMap(r => [...r.filter(i => words[i].startsWith(raw)), ...r.filter(i => !words[i].startsWith(raw))]);
	}
	current = -1;
	results();
	redraw();
	remember();
}
// results lists what was found and what is selected, and how much of it is
// hidden.
function results() {
	const n = hitList.length, away = hitList.filter(isHidden).length;
	$("count").textContent = hits ? [thousands(n) + (n === 1 ? " match" : " matches"),
		away ? thousands(away) + " in hidden categories" : "", n > MARKS ? thousands(MARKS) + " marked on the map" : ""].filter(Boolean).join(", ") : "";
	$("take").hidden = !n;
	list("hits", hitList);
	list("picks", chosen?.rows ?? []);
}
// list shows rows as buttons: some at first, more when asked.
function list(id, rows, shown = PAGE) {
	const box = $(id), n = Math.min(shown, rows.length);
	if (id === "hits") $("shown").textContent = n < rows.length ? thousands(n) + " of " + thousands(rows.length) + " shown" : "";
	box.replaceChildren(...rows.slice(0, n).map(i => {
		const b = button(text(i) + " ", "", () => { current = i; center(); }, isHidden(i) ? "away" : "");
		b.dir = "auto";
		b.append(element("span", describe(i, false).join(", ")));
		return b;
	}));
	if (n < rows.length) box.append(button(thousands(n) + " of " + thousands(rows.length) + " shown, show more", "", () => list(id, rows, n + PAGE), "more"));
}
async function center() {
	if (current < 0) return;
	const i = current;
	const { from, to } = meta.layers[layer];
	if (i < from || i >= to) await setLayer(meta.layers.findIndex(l => i >= l.from && i < l.to));
	zoom = Math.max(zoom, 3);
	centerX = pos[0][i];
	centerY = pos[1][i];
	setCurrent(i);
}
function go(d) {
	if (!hitList.length) return;
	const k = hitList.indexOf(current);
	current = hitList[k < 0 ? (d > 0 ? 0 : hitList.length - 1) : (k + d + hitList.length) % hitList.length];
	center();
}
let wait = 0;
$("q").addEventListener("input", () => { clearTimeout(wait); wait = setTimeout(search, N > 20000 ? 120 : 0); });
$("q").addEventListener("keydown", e => {
	if (e.key !== "Enter") return;
	clearTimeout(wait);
	e.preventDefault();
	if (hits === null) search();
	go(e.shiftKey ? -1 : 1);
});
