"use strict";
// The scripts of this folder are joined, in the order of page.go, into one
// function, which the last one ends.
(async () => {
const $ = id => document.getElementById(id);
const meta = JSON.parse($("meta").textContent);
const N = meta.n, canvas = $("c"), tip = $("tip"), say = $("say"), root = document.documentElement;
const thousands = n => n.toLocaleString("en");
const clamp = (v, lo, hi) => Math.max(lo, Math.min(hi, v));

// Data: base64 of deflate. Each layer is unpacked when it is first shown.
async function unpack(id) {
	const el = $(id), s = atob(el.textContent), b = new Uint8Array(s.length);
	for (let i = 0; i < b.length; i++) b[i] = s.charCodeAt(i);
	el.remove();
	const stream = new Blob([b]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
	return new Uint8Array(await new Response(stream).arrayBuffer());
}
if (typeof DecompressionStream === "undefined") {
	say.textContent = "This page needs a browser of 2023 or later (DecompressionStream).";
	return;
}

// Labelings: for each one array of indices into its names, or into the colors
// of its bar (the last one is for points without a number).
const STEPS = 64, cats = [], numbers = [];
{
	const b = await unpack("d-cats");
	let at = 0;
	for (const l of meta.labelings) {
		const c = new Uint16Array(N), wide = l.bar ? !l.bar.table : l.names.length > 256;
		for (let i = 0; i < N; i++) c[i] = b[at + i] | (wide ? b[at + N + i] << 8 : 0);
		at += wide ? 2 * N : N;
		let v = null;
		if (l.bar) {
			const { lo, hi, min, max, table } = l.bar;
			const unit = 10 ** Math.ceil(Math.log10((max - min) / 65534)); // finer digits would be noise
			v = Float64Array.from(c, table ? k => table[k] ?? NaN : k => k === 65535 ? NaN : +(Math.round((min + (max - min) * (k / 65534)) / unit) * unit).toPrecision(12));
			for (let i = 0; i < N; i++) c[i] = v[i] === v[i] ? clamp(Math.round((v[i] - lo) / (hi - lo) * (STEPS - 1)), 0, STEPS - 1) : STEPS;
		}
		cats.push(c);
		numbers.push(v);
	}
}

// Layers: coordinates in 0..1, NaN where a layer lacks the point.
const layers = meta.layers.map(() => null);
function coordinates(k) {
	return layers[k] ??= unpack("d-layer" + k).then(b => {
		const { from, to } = meta.layers[k], n = to - from;
		const xy = [new Float32Array(N).fill(NaN), new Float32Array(N).fill(NaN)];
		for (const [axis, a] of xy.entries())
			for (let i = 0, at = 2 * n * axis; i < n; i++) a[from + i] = (b[at + i] << 8 | b[at + n + i]) / 65535;
		return xy;
	});
}

// One seeded shuffle for all labelings.
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

// State. The view is a place of the map, at the middle of the screen, and a
// zoom; it does not depend on the size of the window.
let by = 0, layer = 0, zoom = 1, centerX = .5, centerY = .5, scale = 1, dark = false, named = true;
let hits = null, hitList = []; // what is searched
let chosen = null; // what is selected: its rows, whether the others fade, the row whose place it is
let hover = -1, current = -1, moving = 0;
let words = null, folded = null;
const hidden = meta.labelings.map(() => new Set());
const shades = meta.labelings.map(l => ({ top: l.top, more: new Set() })); // the categories in color: the largest, and some more
const dim = matchMedia("(prefers-color-scheme: dark)");
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const text = i => words ? words[i] : "point " + i;
const last = l => l.rest ? l.names.length - 1 : -1;
const inColor = (b, k) => k !== last(meta.labelings[b]) && (k < shades[b].top || shades[b].more.has(k));
const number = v => Number.isInteger(v) ? thousands(v) : v === v ? String(+v.toPrecision(4)) : "none";
// What labeling b says of row i.
const value = (b, i) => numbers[b] ? number(numbers[b][i]) : meta.labelings[b].names[cats[b][i]];
const labelName = b => meta.labelings[b].name || (meta.labelings.length > 1 ? "Categories " + (b + 1) : "Categories");
