"use strict";
(async () => {
const $ = id => document.getElementById(id);
const meta = JSON.parse($("meta").textContent);
const N = meta.n, canvas = $("c"), tip = $("tip"), say = $("say");
const fail = text => { say.textContent = text; say.hidden = false; };

// Data: base64 of deflate. Each layer is unpacked when it is first shown.
async function unpack(id) {
	const el = $(id), s = atob(el.textContent), b = new Uint8Array(s.length);
	for (let i = 0; i < b.length; i++) b[i] = s.charCodeAt(i);
	el.remove();
	const stream = new Blob([b]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
	return new Uint8Array(await new Response(stream).arrayBuffer());
}
if (typeof DecompressionStream === "undefined") {
	fail("This page needs a browser of 2023 or later (DecompressionStream).");
	return;
}

// Categories: for each labeling one array of indices into its names.
const cats = [];
{
	const b = await unpack("d-cats");
	let at = 0;
	for (const l of meta.labelings) {
		const c = new Uint16Array(N), wide = l.names.length > 256;
		for (let i = 0; i < N; i++) c[i] = b[at + i] | (wide ? b[at + N + i] << 8 : 0);
		at += wide ? 2 * N : N;
		cats.push(c);
	}
}
// Layers: coordinates in 0..1, NaN where a layer lacks the point.
const layers = meta.layers.map(() => null);
function coordinates(k) {
	return layers[k] ??= unpack("d-layer" + k).then(b => {
		const { from, to } = meta.layers[k], n = to - from, half = n + 1 >> 1;
		const xy = [new Float32Array(N).fill(NaN), new Float32Array(N).fill(NaN)];
		let at = 0;
		for (const a of xy) {
			if (meta.bits === 16) {
				for (let i = 0; i < n; i++) a[from + i] = (b[at + i] << 8 | b[at + n + i]) / 65535;
				at += 2 * n;
			} else {
				for (let i = 0; i < n; i++) a[from + i] = (b[at + i] << 4 | b[at + n + (i >> 1)] >> 4 * (i & 1) & 15) / 4095;
				at += n + half;
			}
		}
		return xy;
	});
}

// State.
let by = 0, layer = 0, pos = await coordinates(0), target = pos, moving = 0;
let zoom = 1, panX = 0, panY = 0, W = 0, H = 0, dpr = 1;
let hits = null, hitList = [], hover = -1, current = -1, dark = false;
let words = null, lower = null;
const hidden = meta.labelings.map(() => new Set());
const dim = matchMedia("(prefers-color-scheme: dark)");
const calm = matchMedia("(prefers-reduced-motion: reduce)");

// One seeded shuffle for all labelings; the remainder of each is drawn first.
const shuffled = new Uint32Array(N);
{
	let s = meta.seed >>> 0;
	const rnd = () => { // mulberry32
		s = s + 0x6D2B79F5 | 0;
		let t = Math.imul(s ^ s >>> 15, 1 | s);
		t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t;
		return (t ^ t >>> 14) >>> 0;
	};
	for (let i = 0; i < N; i++) {
		const j = rnd() % (i + 1);
		shuffled[i] = shuffled[j];
		shuffled[j] = i;
	}
}
let order = shuffled;
function reorder() {
	const l = meta.labelings[by], c = cats[by], rest = l.rest ? l.names.length - 1 : -1;
	order = new Uint32Array(N);
	let k = 0;
	for (const i of shuffled) if (c[i] === rest) order[k++] = i;
	for (const i of shuffled) if (c[i] !== rest) order[k++] = i;
}

// Drawing: discs from masks for 4×4 positions of the center within a pixel.
const masks = new Map();
function mask(r, alpha) {
	r = Math.round(r * 16) / 16;
	const key = r + "/" + alpha;
	let m = masks.get(key);
	if (m) return m;
	if (masks.size > 200) masks.clear();
	const reach = Math.ceil(r + 1), side = 2 * reach + 1, a = new Uint16Array(16 * side * side);
	let k = 0;
	for (let sy = 0; sy < 4; sy++) for (let sx = 0; sx < 4; sx++)
		for (let y = -reach; y <= reach; y++) for (let x = -reach; x <= reach; x++) {
			const d = Math.hypot(x + .5 - (sx + .5) / 4, y + .5 - (sy + .5) / 4);
			a[k++] = Math.max(0, Math.min(1, r + .5 - d)) * alpha * 256;
		}
	m = { reach, side, a };
	masks.set(key, m);
	return m;
}
let image = null, pixels = null;
const ctx = canvas.getContext("2d", { alpha: false, willReadFrequently: true }); // drawn in software
const parse = h => [1, 3, 5].map(i => parseInt(h.slice(i, i + 2), 16));
const pack = c => c[0] | c[1] << 8 | c[2] << 16 | 255 << 24;
function stamp(px, py, m, rgb) {
	const w = image.width, h = image.height;
	const qx = Math.floor(px * 4), qy = Math.floor(py * 4), ix = qx >> 2, iy = qy >> 2, R = m.reach, side = m.side;
	if (ix + R < 0 || iy + R < 0 || ix - R >= w || iy - R >= h) return;
	const base = ((qy & 3) * 4 + (qx & 3)) * side * side;
	const x0 = Math.max(0, ix - R), x1 = Math.min(w - 1, ix + R), y0 = Math.max(0, iy - R), y1 = Math.min(h - 1, iy + R);
	const rb = rgb & 0xff00ff, g = rgb & 0xff00;
	for (let y = y0; y <= y1; y++) {
		let k = base + (y - iy + R) * side + x0 - ix + R, p = y * w + x0;
		for (let x = x0; x <= x1; x++, k++, p++) {
			const a = m.a[k];
			if (a === 0) continue;
			const v = pixels[p], b = 256 - a;
			pixels[p] = 0xff000000 | ((v & 0xff00ff) * b + rb * a >>> 8) & 0xff00ff | ((v & 0xff00) * b + g * a >>> 8) & 0xff00;
		}
	}
}
const size = () => Math.min(W, H) * .95 * zoom;
const screenX = i => (pos[0][i] - .5) * size() + W / 2 + panX;
const screenY = i => (.5 - pos[1][i]) * size() + H / 2 + panY;
// Sizes depend on how many points have a color of their own.
function colored() {
	const l = meta.labelings[by];
	return Math.max(1, N - (l.rest ? l.counts[l.counts.length - 1] : 0));
}
function radius(n) {
	const side = Math.min(W, H) * .75; // in points
	const r = Math.min(3.6, Math.max(.5, 2.7 * Math.pow(n / 1500, -.3) * side / 600)) / .75;
	return Math.min(9, r * Math.pow(zoom, .4));
}
const reach = () => Math.max(8, radius(colored()) + 3);
let drawn = 0, colors = [], rest = 0, ground = 0, mark = 0;
function recolor() {
	const l = meta.labelings[by], css = getComputedStyle(document.documentElement);
	colors = (dark ? l.dark : l.light).map(h => pack(parse(h)));
	rest = pack(parse(css.getPropertyValue("--rest").trim()));
	ground = pack(parse(css.getPropertyValue("--ground").trim()));
	mark = pack(parse(css.getPropertyValue("--hit").trim()));
}
function draw() {
	drawn = 0;
	if (!W || !H) return;
	const c = cats[by], hide = hidden[by], l = meta.labelings[by], last = l.rest ? l.names.length - 1 : -1;
	const n = colored(), r = radius(n) * dpr, s = size() * dpr, ox = (W / 2 + panX) * dpr - s / 2, oy = (H / 2 + panY) * dpr + s / 2;
	const alpha = Math.min(.92, Math.max(.6, .92 - .1 * Math.log10(n / 1000)));
	const edged = n <= 8000 || zoom > 8;
	const big = mask(r, alpha), small = mask(Math.min(r * .62, radius(N) * dpr), alpha), edge = mask(r * 1.13, alpha);
	const X = pos[0], Y = pos[1];
	pixels.fill(ground);
	for (let k = 0; k < N; k++) {
		const i = order[k], x = ox + X[i] * s, y = oy - Y[i] * s;
		if (!(x > -20 && y > -20 && x < image.width + 20 && y < image.height + 20) || hide.has(c[i])) continue;
		if (hits) {
			if (!hits[i]) stamp(x, y, small, rest);
			continue;
		}
		if (c[i] === last) stamp(x, y, small, colors[last]);
		else {
			if (edged) stamp(x, y, edge, ground);
			stamp(x, y, big, colors[c[i]]);
		}
	}
	const over = (i, f) => {
		const x = ox + X[i] * s, y = oy - Y[i] * s;
		if (!(x === x) || hide.has(c[i])) return;
		stamp(x, y, mask(f * r + 2.2 * dpr, 1), mark);
		stamp(x, y, mask(f * r + .7 * dpr, 1), c[i] === last ? rest : colors[c[i]]);
	};
	for (const i of hitList) over(i, 1);
	if (current >= 0) over(current, 2);
	if (hover >= 0) over(hover, 1.3);
	ctx.putImageData(image, 0, 0);
}
function redraw() { if (!drawn) drawn = requestAnimationFrame(draw); }
function resize() {
	const b = $("box").getBoundingClientRect();
	dpr = Math.min(2, window.devicePixelRatio || 1);
	W = b.width - 2; H = b.height - 2;
	canvas.width = Math.max(1, Math.round(W * dpr));
	canvas.height = Math.max(1, Math.round(H * dpr));
	image = ctx.createImageData(canvas.width, canvas.height);
	pixels = new Int32Array(image.data.buffer);
	draw();
}

// The nearest visible point, by a grid of 256×256 cells over the map.
let grid = null, cells = null;
function index() {
	grid = new Uint32Array(256 * 256 + 1);
	cells = new Uint32Array(N);
	const cell = i => Math.min(255, Math.max(0, pos[1][i] * 256 | 0)) * 256 + Math.min(255, Math.max(0, pos[0][i] * 256 | 0));
	for (let i = 0; i < N; i++) if (pos[0][i] === pos[0][i]) grid[cell(i) + 1]++;
	for (let k = 0; k < 65536; k++) grid[k + 1] += grid[k];
	const next = grid.slice();
	for (let i = 0; i < N; i++) if (pos[0][i] === pos[0][i]) cells[next[cell(i)]++] = i;
}
function nearest(x, y, within) {
	if (!grid) index();
	const s = size(), u = (x - W / 2 - panX) / s + .5, v = .5 - (y - H / 2 - panY) / s, d = within / s;
	const c = cats[by], hide = hidden[by];
	let best = -1, far = d * d;
	const lo = t => Math.min(255, Math.max(0, t * 256 | 0));
	for (let gy = lo(v - d); gy <= lo(v + d); gy++) for (let gx = lo(u - d); gx <= lo(u + d); gx++)
		for (let k = grid[gy * 256 + gx]; k < grid[gy * 256 + gx + 1]; k++) {
			const i = cells[k], e = (pos[0][i] - u) ** 2 + (pos[1][i] - v) ** 2;
			if (e <= far && !hide.has(c[i])) { far = e; best = i; }
		}
	return best;
}
function describe(i) {
	const parts = meta.labelings.filter(l => l.names.length > 1).map(l => (l.name ? l.name + ": " : "") + l.names[cats[meta.labelings.indexOf(l)][i]]);
	return [words ? words[i] : "", ...parts];
}
function showTip(i) {
	tip.hidden = i < 0;
	if (i < 0) return;
	const [word, ...rows] = describe(i);
	const b = document.createElement("b");
	b.textContent = word;
	b.dir = "auto";
	tip.replaceChildren(...(word ? [b] : []), ...rows.map(t => {
		const e = document.createElement("span");
		e.textContent = t;
		return e;
	}));
	const x = screenX(i), y = screenY(i);
	tip.style.left = Math.max(2, Math.min(W - tip.offsetWidth - 2, x + 12)) + "px";
	tip.style.top = Math.max(2, y + 14 + tip.offsetHeight > H ? y - tip.offsetHeight - 10 : y + 14) + "px";
}
function setHover(i) {
	if (i === hover) return;
	hover = i;
	showTip(i);
	redraw();
}
function tell(text) { $("live").textContent = text; }

// Moving about.
function clampPan() {
	const m = size() / 2 + Math.min(W, H) / 2 - 20;
	panX = Math.max(-m, Math.min(m, panX));
	panY = Math.max(-m, Math.min(m, panY));
}
function zoomAt(x, y, f) {
	const z = Math.max(.5, Math.min(400, zoom * f));
	f = z / zoom;
	panX = (x - W / 2) * (1 - f) + panX * f;
	panY = (y - H / 2) * (1 - f) + panY * f;
	zoom = z;
	clampPan();
	setHover(-1);
	redraw();
}
function reset() { zoom = 1; panX = panY = 0; setHover(-1); redraw(); }
canvas.addEventListener("wheel", e => {
	e.preventDefault();
	zoomAt(e.offsetX, e.offsetY, Math.exp(-e.deltaY * (e.deltaMode === 1 ? .05 : .0016)));
}, { passive: false });
const touches = new Map();
let dragged = false;
canvas.addEventListener("pointerdown", e => {
	canvas.setPointerCapture(e.pointerId);
	touches.set(e.pointerId, [e.offsetX, e.offsetY]);
	dragged = touches.size > 1;
});
canvas.addEventListener("pointermove", e => {
	const old = touches.get(e.pointerId), x = e.offsetX, y = e.offsetY;
	if (!old) {
		if (!moving) setHover(nearest(x, y, reach()));
		return;
	}
	if (touches.size === 1) {
		if (!dragged && Math.hypot(x - old[0], y - old[1]) < 4) return;
		dragged = true;
		panX += x - old[0];
		panY += y - old[1];
		clampPan();
		setHover(-1);
	} else {
		const other = [...touches].find(t => t[0] !== e.pointerId)[1];
		const before = Math.hypot(old[0] - other[0], old[1] - other[1]), after = Math.hypot(x - other[0], y - other[1]);
		panX += (x - old[0]) / 2;
		panY += (y - old[1]) / 2;
		if (before > 0) zoomAt((x + other[0]) / 2, (y + other[1]) / 2, after / before);
	}
	touches.set(e.pointerId, [x, y]);
	redraw();
});
for (const type of ["pointerup", "pointercancel"]) canvas.addEventListener(type, e => {
	if (touches.delete(e.pointerId) && !dragged && type === "pointerup") {
		const i = nearest(e.offsetX, e.offsetY, e.pointerType === "touch" ? 22 : reach());
		setHover(i);
		if (i >= 0) tell(describe(i).join(", "));
	}
});
canvas.addEventListener("pointerleave", e => { if (e.pointerType !== "touch") setHover(-1); });
canvas.addEventListener("dblclick", reset);
canvas.addEventListener("keydown", e => {
	const step = Math.min(W, H) / 8;
	const keys = {
		ArrowLeft: () => { panX += step; }, ArrowRight: () => { panX -= step; },
		ArrowUp: () => { panY += step; }, ArrowDown: () => { panY -= step; },
		"+": () => zoomAt(W / 2, H / 2, 1.4), "=": () => zoomAt(W / 2, H / 2, 1.4), "-": () => zoomAt(W / 2, H / 2, 1 / 1.4),
		"0": reset, Home: reset, Escape: () => { $("q").value = ""; search(); },
		"[": () => setLayer(layer - 1), "]": () => setLayer(layer + 1), n: () => go(1), p: () => go(-1),
	};
	if (!keys[e.key] || e.ctrlKey || e.metaKey || e.altKey) return;
	e.preventDefault();
	keys[e.key]();
	clampPan();
	setHover(-1);
	redraw();
});

// Layers.
const slider = $("layer");
async function setLayer(k) {
	k = Math.max(0, Math.min(meta.layers.length - 1, k));
	slider.value = k;
	if (k === layer) return;
	layer = k;
	titles();
	const next = await coordinates(k);
	if (layer !== k) return; // another was asked for meanwhile
	target = next;
	const from = pos, start = performance.now(), time = calm.matches ? 0 : 450;
	const run = ++moving;
	setHover(-1);
	grid = null;
	const tween = [new Float32Array(N), new Float32Array(N)];
	await new Promise(done => {
		const frame = now => {
			if (run !== moving) return done();
			const t = time ? Math.min(1, (now - start) / time) : 1, e = t * t * (3 - 2 * t);
			if (t >= 1) pos = target;
			else {
				for (let a = 0; a < 2; a++) for (let i = 0; i < N; i++) {
					const f = from[a][i];
					tween[a][i] = f === f ? f + (target[a][i] - f) * e : target[a][i];
				}
				pos = tween;
			}
			draw();
			if (t < 1) requestAnimationFrame(frame);
			else { moving = 0; done(); }
		};
		requestAnimationFrame(frame);
	});
	grid = null;
	document.documentElement.dataset.layer = layer;
	if (!moving) tell(slider.getAttribute("aria-valuetext"));
}
function titles() {
	const l = meta.layers[layer];
	$("title").textContent = document.title = l.title || meta.title;
	const note = l.notes && l.notes[by] || "";
	$("note").textContent = note;
	$("layername").textContent = l.name;
	slider.setAttribute("aria-valuetext", l.name);
	canvas.setAttribute("aria-label", [l.title || meta.title, l.name, note, "Map of " + N.toLocaleString("en") + " points, colored by " + (meta.labelings[by].name || "category") + ". Arrows move, plus and minus zoom, 0 resets, brackets change the layer, n and p step through search results."].filter(Boolean).join(". "));
}
slider.max = meta.layers.length - 1;
slider.addEventListener("input", () => setLayer(+slider.value));

// Legend.
function legend() {
	const l = meta.labelings[by], list = $("cats"), hide = hidden[by];
	$("legendname").textContent = l.name || "Categories";
	list.replaceChildren(...l.names.map((name, k) => {
		const li = document.createElement("li"), on = document.createElement("button"), only = document.createElement("button");
		li.className = "cat";
		on.className = "on";
		on.type = only.type = "button";
		const dot = document.createElement("i"), text = document.createElement("span"), n = document.createElement("span");
		dot.style.background = (dark ? l.dark : l.light)[k];
		text.className = "name";
		text.dir = "auto";
		text.textContent = name;
		n.className = "n";
		n.textContent = l.counts[k].toLocaleString("en");
		on.append(dot, text, n);
		on.setAttribute("aria-pressed", String(!hide.has(k)));
		on.addEventListener("click", e => e.shiftKey ? solo(k) : toggle(k));
		only.className = "only";
		only.textContent = "only";
		only.setAttribute("aria-label", "only " + name);
		only.addEventListener("click", () => solo(k));
		li.append(on, only);
		return li;
	}));
}
function pressed() {
	const hide = hidden[by];
	document.querySelectorAll("#cats .on").forEach((b, k) => b.setAttribute("aria-pressed", String(!hide.has(k))));
	setHover(-1);
	redraw();
}
function toggle(k) {
	const hide = hidden[by];
	if (!hide.delete(k)) hide.add(k);
	pressed();
}
function solo(k) {
	const hide = hidden[by], n = meta.labelings[by].names.length;
	const alone = hide.size === n - 1 && !hide.has(k);
	hide.clear();
	if (!alone) for (let i = 0; i < n; i++) if (i !== k) hide.add(i);
	pressed();
}
$("all").addEventListener("click", () => { hidden[by].clear(); pressed(); });
$("none").addEventListener("click", () => { meta.labelings[by].names.forEach((_, k) => hidden[by].add(k)); pressed(); });
const select = $("by");
meta.labelings.forEach((l, k) => select.append(new Option(l.name || "Categories " + (k + 1), k)));
select.addEventListener("change", () => {
	by = +select.value;
	reorder();
	recolor();
	legend();
	titles();
	setHover(-1);
	redraw();
});

// Search: every word of the query must be in the text.
function search() {
	const box = $("q"), q = box.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
	hits = null;
	hitList = [];
	current = -1;
	if (q.length && lower) {
		hits = new Uint8Array(N);
		for (let i = 0; i < N; i++) if (q.every(t => lower[i].includes(t))) { hits[i] = 1; hitList.push(i); }
		const whole = box.value.trim().toLowerCase();
		const rank = i => lower[i] === whole ? 0 : lower[i].startsWith(whole) ? 1 : 2;
		if (hitList.length < 20000) hitList.sort((a, b) => rank(a) - rank(b) || a - b);
	}
	$("count").textContent = q.length ? hitList.length.toLocaleString("en") + (hitList.length === 1 ? " match" : " matches") : "";
	$("hits").replaceChildren(...hitList.slice(0, 100).map((i, k) => {
		const b = document.createElement("button"), t = document.createElement("span");
		b.type = "button";
		b.dir = "auto";
		b.textContent = words[i] + " ";
		t.textContent = cats[by].length ? meta.labelings[by].names[cats[by][i]] : "";
		b.append(t);
		b.addEventListener("click", () => { current = hitList[k]; center(); });
		return b;
	}));
	if (hitList.length > 2000) hitList.length = 2000; // marks beyond that hide the map
	redraw();
}
function center() {
	if (current < 0) return;
	if (zoom < 3) zoom = 3;
	const s = size();
	panX = (.5 - pos[0][current]) * s;
	panY = (pos[1][current] - .5) * s;
	tell(describe(current).join(", "));
	hover = -1;
	setHover(current);
	redraw();
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
	if (e.key === "Enter") { clearTimeout(wait); e.preventDefault(); if (hits === null) search(); go(e.shiftKey ? -1 : 1); }
});

// Light and dark: the system's choice until the reader makes one.
function setDark(on) {
	dark = on;
	document.documentElement.classList.toggle("dark", dark);
	document.documentElement.style.colorScheme = dark ? "dark" : "light";
	$("dark").textContent = dark ? "Light" : "Dark";
	$("dark").setAttribute("aria-label", dark ? "light colors" : "dark colors");
	recolor();
	legend();
	redraw();
}
$("dark").addEventListener("click", () => setDark(!dark));
dim.addEventListener("change", e => setDark(e.matches));

$("layers").hidden = meta.layers.length < 2;
$("bybox").hidden = meta.labelings.length < 2;
$("legend").hidden = meta.labelings.length < 2 && meta.labelings[0].names.length < 2;
$("search").hidden = !meta.words;
reorder();
setDark(dim.matches);
titles();
new ResizeObserver(resize).observe($("box"));
resize();
say.hidden = true;
document.documentElement.dataset.ready = "map";
if (meta.words) {
	words = new TextDecoder().decode(await unpack("d-words")).split("\n");
	lower = words.map(w => w.toLowerCase());
	if ($("q").value) search();
}
document.documentElement.dataset.layer = 0;
document.documentElement.dataset.ready = "all";
// For scripts and tests: where a word is on the page, and what is shown.
window.viewer = {
	at: w => { const i = words.indexOf(w), b = canvas.getBoundingClientRect(); return i < 0 ? null : [b.left + screenX(i), b.top + screenY(i)]; },
	state: () => ({ layer, by: meta.labelings[by].name, zoom, panX, panY, dark, hits: hitList.length, hover: hover < 0 ? "" : words ? words[hover] : String(hover),
		shown: meta.labelings[by].names.filter((_, k) => !hidden[by].has(k)) }),
	present: () => pos[0].reduce((n, v) => n + (v === v), 0),
	pixel: (x, y) => [...ctx.getImageData(Math.round(x * dpr), Math.round(y * dpr), 1, 1).data],
};
})().catch(e => {
	const s = document.getElementById("say");
	s.hidden = false;
	s.textContent = "The map could not be shown: " + e.message;
	throw e;
});
