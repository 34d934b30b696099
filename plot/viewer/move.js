
// Moving about.
function clampView() {
	const over = .5 + (Math.min(W, H) / 2 - 20) / size();
	centerX = clamp(centerX, .5 - over, .5 + over);
	centerY = clamp(centerY, .5 - over, .5 + over);
}
function moveBy(dx, dy) { // in pixels
	centerX -= dx / size();
	centerY += dy / size();
	clampView();
	setHover(-1);
	redraw();
	remember();
}
function zoomAt(x, y, f) {
	const u = mapX(x), v = mapY(y);
	zoom = clamp(zoom * f, .5, 400);
	centerX += u - mapX(x);
	centerY += v - mapY(y);
	moveBy(0, 0);
}
function reset() {
	zoom = 1;
	centerX = centerY = .5;
	moveBy(0, 0);
}
canvas.addEventListener("wheel", e => {
	e.preventDefault();
	zoomAt(e.offsetX, e.offsetY, Math.exp(-e.deltaY * (e.deltaMode === 1 ? .05 : .0016)));
}, { passive: false });
const touches = new Map();
let dragged = false, lasso = null; // the line around what is being selected
canvas.addEventListener("pointerdown", e => {
	canvas.setPointerCapture(e.pointerId);
	touches.set(e.pointerId, [e.offsetX, e.offsetY]);
	dragged = touches.size > 1;
	lasso = touches.size === 1 && (selecting || e.shiftKey) ? [[e.offsetX, e.offsetY]] : null;
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
		if (lasso) {
			lasso.push([x, y]);
			setHover(-1);
			redraw();
		} else moveBy(x - old[0], y - old[1]);
	} else {
		const other = [...touches].find(t => t[0] !== e.pointerId)[1];
		const before = Math.hypot(old[0] - other[0], old[1] - other[1]), after = Math.hypot(x - other[0], y - other[1]);
		moveBy((x - old[0]) / 2, (y - old[1]) / 2);
		if (before > 0) zoomAt((x + other[0]) / 2, (y + other[1]) / 2, after / before);
	}
	touches.set(e.pointerId, [x, y]);
});
for (const type of ["pointerup", "pointercancel"]) canvas.addEventListener(type, e => {
	const line = lasso;
	lasso = null;
	if (!touches.delete(e.pointerId) || type === "pointercancel") return redraw();
	if (dragged) {
		if (line) chooseWithin(line);
		return;
	}
	const i = nearest(e.offsetX, e.offsetY, e.pointerType === "touch" ? 22 : reach());
	setHover(i);
	choosePlace(i);
});
canvas.addEventListener("pointerleave", e => { if (e.pointerType !== "touch") setHover(-1); });
canvas.addEventListener("dblclick", reset);

// The keyboard goes from point to point: to the next in a direction, or in the
// order of the rows.
function inView(i) {
	const x = screenX(i), y = screenY(i);
	return x >= 0 && y >= 0 && x <= W && y <= H && !isHidden(i);
}
function setCurrent(i) {
	if (i < 0 || meta.layers[layer].flat) return;
	current = i;
	if (!inView(i)) { centerX = pos[0][i]; centerY = pos[1][i]; clampView(); }
	hover = -1;
	setHover(i);
	tellPlace(i);
	redraw();
	remember();
}
const start = () => current >= 0 && inView(current) ? current : -1;
function step(dx, dy) {
	if (start() < 0) return setCurrent(nearest(W / 2, H / 2, Math.max(W, H)));
	let best = -1, far = Infinity;
	const x = screenX(current), y = screenY(current);
	for (let i = 0; i < N; i++) {
		const u = screenX(i) - x, v = screenY(i) - y, along = u * dx + v * dy, across = Math.abs(u * dy - v * dx);
		const d = along + 2 * across;
		if (along > 0 && across <= along && d < far && !isHidden(i)) { far = d; best = i; }
	}
	setCurrent(best);
}
function walk(d) { // to the next place in view
	const here = start();
	for (let n = 1, i = here < 0 && d > 0 ? -1 : Math.max(here, 0); n <= N; n++) {
		i = (i + d + N) % N;
		if (inView(i) && (here < 0 || pos[0][i] !== pos[0][here] || pos[1][i] !== pos[1][here])) return setCurrent(i);
	}
}
canvas.addEventListener("keydown", e => {
	const far = Math.min(W, H) / 8, arrow = (dx, dy) => e.shiftKey ? step(dx, dy) : moveBy(-dx * far, -dy * far);
	const keys = {
		ArrowLeft: () => arrow(-1, 0), ArrowRight: () => arrow(1, 0), ArrowUp: () => arrow(0, -1), ArrowDown: () => arrow(0, 1),
		"+": () => zoomAt(W / 2, H / 2, 1.4), "=": () => zoomAt(W / 2, H / 2, 1.4), "-": () => zoomAt(W / 2, H / 2, 1 / 1.4),
		"0": reset, Home: reset, Escape: () => { $("q").value = ""; search(); choose(null); current = -1; setHover(-1); },
		"[": () => setLayer(layer - 1), "]": () => setLayer(layer + 1), n: () => go(1), p: () => go(-1),
		".": () => walk(1), ",": () => walk(-1), Enter: () => choosePlace(current), " ": () => choosePlace(current),
		v: () => choose(within(inView), "in view", true),
	};
	if (!keys[e.key] || e.ctrlKey || e.metaKey || e.altKey) return;
	e.preventDefault();
	keys[e.key]();
});

// Layers.
const slider = $("layer");
let runs = 0;
async function setLayer(k) {
	k = clamp(k, 0, meta.layers.length - 1);
	slider.value = k;
	if (k === layer) return;
	layer = k;
	titles();
	remember();
	const next = await coordinates(k);
	if (layer !== k) return; // another was asked for meanwhile
	const from = pos, begin = performance.now(), time = calm.matches ? 0 : 450;
	const run = moving = ++runs;
	setHover(-1);
	grid = null;
	const tween = [new Float32Array(N), new Float32Array(N)];
	await new Promise(done => {
		const frame = now => {
			if (run !== moving) return done();
			const t = time ? clamp((now - begin) / time, 0, 1) : 1, e = t * t * (3 - 2 * t);
			if (t >= 1) {
				pos = next;
				moving = 0;
			} else {
				for (let a = 0; a < 2; a++) for (let i = 0; i < N; i++) {
					const f = from[a][i];
					tween[a][i] = f === f ? f + (next[a][i] - f) * e : next[a][i];
				}
				pos = tween;
			}
			draw();
			if (moving) requestAnimationFrame(frame);
			else done();
		};
		requestAnimationFrame(frame);
	});
	if (moving || layer !== k) return;
	grid = null;
	measure();
	redraw();
	if (current >= 0 && pos[0][current] !== pos[0][current]) current = -1;
	if (chosen?.at >= 0) choosePlace(chosen.at);
	root.dataset.layer = layer;
	tell(slider.getAttribute("aria-valuetext"));
}
function titles() {
	const l = meta.layers[layer], points = l.to - l.from;
	$("title").textContent = document.title = l.title || meta.title;
	const note = l.notes?.[by] || "";
	$("note").textContent = note;
	$("layername").textContent = l.name;
	say.hidden = !l.flat;
	if (l.flat) say.textContent = "All " + thousands(points) + " points of " + l.name + " lie at one place: there is no map.";
	slider.setAttribute("aria-valuetext", l.name);
	canvas.setAttribute("aria-label", [l.title || meta.title, l.name, note, "Map of " + thousands(points) + " points, colored by " + labelName(by) + ". Arrows move, with Shift from point to point; full stop and comma go through the points in view, Enter lists the words at a point; plus and minus zoom, 0 resets, brackets change the layer, n and p step through search results."].filter(Boolean).join(". "));
}
slider.max = meta.layers.length - 1;
slider.addEventListener("input", () => setLayer(+slider.value));
