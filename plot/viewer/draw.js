
// Drawing: discs from masks for 4×4 positions of the center within a pixel.
const masks = new Map();
function mask(r, alpha) {
	r = Math.round(r * 16) / 16;
	alpha = Math.round(alpha * 128) / 128;
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
let W = 0, H = 0, dpr = 1, image = null, pixels = null;
const ctx = canvas.getContext("2d", { alpha: false, willReadFrequently: true }); // drawn in software
const parse = h => [1, 3, 5].map(i => parseInt(h.slice(i, i + 2), 16));
const pack = c => c[0] | c[1] << 8 | c[2] << 16 | 255 << 24;
const mix = (a, b, share) => a.map((v, i) => Math.round(v + (b[i] - v) * share));
const css = c => "rgb(" + c.join() + ")";
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

// The place of the map on the screen.
let pos = null;
const size = () => Math.min(W, H) * .95 * zoom;
const screenX = i => (pos[0][i] - centerX) * size() + W / 2;
const screenY = i => (centerY - pos[1][i]) * size() + H / 2;
const mapX = x => (x - W / 2) / size() + centerX;
const mapY = y => centerY - (y - H / 2) / size();

// How each category is drawn: not, small and gray, or in color.
const HIDDEN = 0, GRAY = 1, COLOR = 2;
let order = shuffled, kind = [], tone = [], colored = 1, rest, ground, ink;
// The colors of a bar from its low end to its high one.
function ramp(bar) {
	const stops = (dark ? bar.dark : bar.light).map(parse);
	return Array.from({ length: STEPS }, (_, k) => {
		const t = k / (STEPS - 1) * (stops.length - 1), j = Math.min(stops.length - 2, Math.floor(t));
		return mix(stops[j], stops[j + 1], t - j);
	});
}
const shade = k => parse((dark ? meta.labelings[by].dark : meta.labelings[by].light)[k]);
function paint() {
	const l = meta.labelings[by], c = cats[by], style = getComputedStyle(root);
	[rest, ground, ink] = ["--rest", "--ground", "--hit"].map(v => parse(style.getPropertyValue(v).trim()));
	if (l.bar) {
		tone = [...ramp(l.bar), rest].map(pack);
		kind = tone.map((_, k) => k < STEPS ? COLOR : GRAY);
		colored = N - l.bar.missing;
	} else {
		kind = l.names.map((_, k) => hidden[by].has(k) ? HIDDEN : inColor(by, k) ? COLOR : GRAY);
		tone = l.names.map((_, k) => pack(inColor(by, k) ? shade(k) : rest));
		colored = l.counts.reduce((n, m, k) => n + (inColor(by, k) ? m : 0), 0);
	}
	colored = Math.max(1, colored);
	order = new Uint32Array(N); // gray ones first, below the others
	let at = 0;
	for (const i of shuffled) if (kind[c[i]] !== COLOR) order[at++] = i;
	for (const i of shuffled) if (kind[c[i]] === COLOR) order[at++] = i;
	if (pos) measure();
	redraw();
}

// Sizes depend on how many points have a color of their own.
function radius(n) {
	const side = Math.min(W, H) * .75; // in points
	const r = Math.min(3.6, Math.max(.5, 2.7 * Math.pow(n / 1500, -.3) * side / 600)) / .75;
	return Math.min(24, Math.min(9, r * Math.pow(zoom, .4)) * scale);
}
// Many dots become fainter where they would merge into one blot, so that denser
// places still stand out: to the opacity that makes the places full where half
// of the points are.
function opacity(n, r, density) {
	const usual = clamp(.92 - .1 * Math.log10(n / 1000), .6, .92);
	return n < 10000 ? usual : clamp(1 - Math.pow(.08, size() * size() / (density * Math.PI * r * r)), .02, usual);
}
// How many points there are in a unit of the map around the median point: of
// those in color and of all.
let densityColored = 1, densityAll = 1;
function measure() {
	const cells = 96, c = cats[by], [X, Y] = pos, own = new Uint32Array(cells * cells), all = new Uint32Array(cells * cells);
	for (let i = 0; i < N; i++) if (X[i] === X[i]) {
		const at = Math.min(cells - 1, Y[i] * cells | 0) * cells + Math.min(cells - 1, X[i] * cells | 0);
		all[at]++;
		if (kind[c[i]] === COLOR) own[at]++;
	}
	[densityColored, densityAll] = [own, all].map(count => {
		let half = count.reduce((a, b) => a + b, 0) / 2, k = count.length - 1;
		for (count.sort(); k > 0 && half > count[k]; k--) half -= count[k];
		return Math.max(1, count[k]) * cells * cells;
	});
}
const reach = () => Math.max(8, radius(colored) + 3);

const MARKS = 2000; // more would hide the map
let drawn = 0;
function draw() {
	drawn = 0;
	if (!W || !H) return;
	const c = cats[by], s = size() * dpr, ox = W / 2 * dpr - centerX * s, oy = H / 2 * dpr + centerY * s;
	const r = radius(colored), gray = Math.min(r * .62, radius(N)), alpha = opacity(colored, r, densityColored);
	const big = mask(r * dpr, alpha), small = mask(gray * dpr, opacity(N, gray, densityAll));
	const edge = (colored <= 8000 || zoom > 8) && mask(r * dpr * 1.13, alpha);
	const X = pos[0], Y = pos[1], faint = pack(rest), plainer = pack(mix(rest, ink, .45)), under = pack(ground), mark = pack(ink);
	const keep = hits || chosen?.fade && chosen.has; // the others fade
	pixels.fill(under);
	for (let k = 0; k < (meta.layers[layer].flat ? 0 : N); k++) {
		const i = order[k], x = ox + X[i] * s, y = oy - Y[i] * s, how = kind[c[i]];
		if (!(x > -40 && y > -40 && x < image.width + 40 && y < image.height + 40) || how === HIDDEN) continue;
		if (keep && !keep[i]) stamp(x, y, small, faint);
		else if (how === GRAY && !keep) stamp(x, y, small, tone[c[i]]);
		else {
			if (edge) stamp(x, y, edge, under);
			stamp(x, y, big, how === GRAY ? plainer : tone[c[i]]);
		}
	}
	const ring = (i, f) => {
		const x = ox + X[i] * s, y = oy - Y[i] * s;
		if (x !== x) return;
		stamp(x, y, mask((f * r + 2.2) * dpr, 1), mark);
		stamp(x, y, mask((f * r + .7) * dpr, 1), tone[c[i]]);
	};
	for (let k = Math.min(MARKS, hitList.length) - 1; k >= 0; k--) if (kind[c[hitList[k]]] !== HIDDEN) ring(hitList[k], 1);
	if (chosen?.at >= 0) ring(chosen.at, 1.6);
	if (current >= 0) ring(current, 2);
	if (hover >= 0) ring(hover, 1.3);
	ctx.putImageData(image, 0, 0);
	if (named && !keep && !moving) drawNames();
	if (lasso) {
		ctx.strokeStyle = css(ink);
		ctx.lineWidth = 1.5 * dpr;
		ctx.setLineDash([5 * dpr, 4 * dpr]);
		ctx.beginPath();
		for (const [x, y] of lasso) ctx.lineTo(x * dpr, y * dpr);
		ctx.stroke();
	}
}
function redraw() { if (!drawn) drawn = requestAnimationFrame(draw); }

// Names stand where categories are concentrated, those in color first, and
// never over one another.
function drawNames() {
	const l = meta.labelings[by], spots = l.spots?.[layer] ?? [], placed = [];
	const high = clamp(Math.min(W, H) / 42, 11, 15);
	ctx.font = `bold ${high * dpr}px "Liberation Sans", Arial, Helvetica, sans-serif`;
	ctx.textAlign = "center";
	ctx.textBaseline = "middle";
	ctx.lineJoin = "round";
	ctx.lineWidth = high * .3 * dpr;
	ctx.setLineDash([]);
	for (const how of [COLOR, GRAY]) for (const [k, u, v] of spots) {
		if (kind[k] !== how || placed.length === 24) continue;
		const name = l.names[k].length > 32 ? l.names[k].slice(0, 31) + "…" : l.names[k];
		const w = ctx.measureText(name).width / dpr / 2 + 2, x = clamp((u - centerX) * size() + W / 2, w, W - w);
		for (const shift of [0, -1, 1]) {
			const y = (centerY - v) * size() + H / 2 + shift * high * 1.15;
			const clear = placed.every(p => Math.abs(p.x - x) > p.w + w || Math.abs(p.y - y) > high * 1.1);
			if (!clear || y < high || y > H - high || Math.abs((u - centerX) * size()) > W / 2) continue;
			placed.push({ x, y, w });
			ctx.strokeStyle = css(ground);
			ctx.fillStyle = css(how === COLOR ? mix(shade(k), ink, .35) : mix(rest, ink, .55));
			ctx.strokeText(name, x * dpr, y * dpr);
			ctx.fillText(name, x * dpr, y * dpr);
			break;
		}
	}
	root.dataset.names = placed.length;
}

function resize() {
	const b = $("box").getBoundingClientRect();
	dpr = Math.min(2, window.devicePixelRatio || 1);
	W = b.width - 2;
	H = b.height - 2;
	canvas.width = Math.max(1, Math.round(W * dpr));
	canvas.height = Math.max(1, Math.round(H * dpr));
	image = ctx.createImageData(canvas.width, canvas.height);
	pixels = new Int32Array(image.data.buffer);
	setHover(-1);
	draw();
}
