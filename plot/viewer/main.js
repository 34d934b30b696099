
// The address restores the view.
function address() {
	const p = new URLSearchParams(), set = (name, v, usual) => { if (v !== usual) p.set(name, v); };
	const l = meta.labelings[by], hide = [...hidden[by]], show = l.names.map((_, k) => k).filter(k => !hidden[by].has(k));
	set("layer", layer, 0);
	set("by", by, 0);
	set("x", +centerX.toFixed(5), .5);
	set("y", +centerY.toFixed(5), .5);
	set("z", +zoom.toPrecision(5), 1);
	set("size", +scale.toFixed(2), 1);
	set("names", +named, 1);
	set("dark", dark ? 1 : 0, dim.matches ? 1 : 0);
	if (hide.length) hide.length <= show.length ? p.set("hide", hide.join(".")) : p.set("show", show.join("."));
	set("top", shades[by].top, l.top);
	set("color", [...shades[by].more].join("."), "");
	set("q", $("q").value.trim(), "");
	set("at", chosen ? chosen.at : -1, -1);
	return location.pathname + location.search + (p.size ? "#" + p : "");
}
function restore() {
	const p = new URLSearchParams(location.hash.slice(1));
	const get = (name, usual, lo, hi) => { const v = parseFloat(p.get(name)); return v >= lo && v <= hi ? v : usual; };
	const set = name => (p.get(name) || "").split(".").filter(s => /^\d+$/.test(s)).map(Number).filter(k => k < meta.labelings[by].names.length);
	by = get("by", 0, 0, meta.labelings.length - 1) | 0;
	const l = meta.labelings[by];
	hidden[by] = new Set(p.has("show") ? l.names.map((_, k) => k).filter(k => !set("show").includes(k)) : set("hide"));
	shades[by] = { top: get("top", l.top, 0, 1e6) | 0, more: new Set(set("color")) };
	centerX = get("x", .5, -1, 2);
	centerY = get("y", .5, -1, 2);
	zoom = get("z", 1, .5, 400);
	scale = get("size", 1, .25, 4);
	named = get("names", 1, 0, 1) === 1;
	$("size").value = Math.log2(scale);
	$("names").checked = named;
	$("q").value = p.get("q") || "";
	setDark(get("dark", dim.matches ? 1 : 0, 0, 1) === 1);
	const at = get("at", -1, 0, N - 1) | 0;
	return { layer: get("layer", 0, 0, meta.layers.length - 1) | 0, at: p.has("at") ? at : -1 };
}
let later = 0;
function remember() {
	clearTimeout(later);
	later = setTimeout(() => { try { history.replaceState(null, "", address()); } catch { /* not in a frame without an address */ } }, 300);
}
$("link").addEventListener("click", e => {
	clearTimeout(later);
	try { history.replaceState(null, "", address()); } catch { /* the same */ }
	copy(new URL(address(), location).href, e.target);
});
window.addEventListener("hashchange", async () => {
	const to = restore();
	setBy(by);
	await setLayer(to.layer);
	choosePlace(to.at);
});

const to = restore();
layer = slider.value = to.layer;
pos = await coordinates(layer);
measure();
$("layers").hidden = meta.layers.length < 2;
$("bybox").hidden = meta.labelings.length < 2;
$("legend").hidden = meta.labelings.length < 2 && meta.labelings[0].names.length < 2 && !meta.labelings[0].bar;
$("search").hidden = !meta.words;
$("namesbox").hidden = !meta.labelings.some(l => l.spots?.some(s => s.length));
say.hidden = true;
select.value = by;
titles();
new ResizeObserver(resize).observe($("box"));
resize();
root.dataset.ready = "map";
if (meta.words) {
	words = new TextDecoder().decode(await unpack("d-words")).split("\n");
	if ($("q").value) search();
}
choosePlace(to.at);
root.dataset.layer = layer;
root.dataset.ready = "all";
// For scripts and tests: where a word is on the page, and what is shown.
window.viewer = {
	at: w => { const i = words.indexOf(w), b = canvas.getBoundingClientRect(); return i < 0 ? null : [b.left + screenX(i), b.top + screenY(i)]; },
	state: () => ({ layer, by: labelName(by), zoom, panX: (.5 - centerX) * size(), panY: (centerY - .5) * size(), dark, hits: hitList.length, hover: hover < 0 ? "" : text(hover),
		shown: meta.labelings[by].names.filter((_, k) => !hidden[by].has(k)), colored: meta.labelings[by].names.filter((_, k) => kind[k] === COLOR), chosen: chosen ? chosen.rows.map(text) : [] }),
	present: () => pos[0].reduce((n, v) => n + (v === v), 0),
	pixel: (x, y) => [...ctx.getImageData(Math.round(x * dpr), Math.round(y * dpr), 1, 1).data],
};
})().catch(e => {
	const s = document.getElementById("say");
	s.hidden = false;
	s.textContent = "The map could not be shown: " + e.message;
	throw e;
});
