
// The nearest visible point, by a grid of 256×256 cells over the map.
let grid = null, cells = null;
const cellOf = (x, y) => clamp(y * 256 | 0, 0, 255) * 256 + clamp(x * 256 | 0, 0, 255);
function index() {
	grid = new Uint32Array(256 * 256 + 1);
	cells = new Uint32Array(N);
	const [X, Y] = pos;
	for (let i = 0; i < N; i++) if (X[i] === X[i]) grid[cellOf(X[i], Y[i]) + 1]++;
	for (let k = 0; k < 65536; k++) grid[k + 1] += grid[k];
	const next = grid.slice();
	for (let i = 0; i < N; i++) if (X[i] === X[i]) cells[next[cellOf(X[i], Y[i])]++] = i;
}
function nearest(x, y, within) {
	if (meta.layers[layer].flat) return -1;
	if (!grid) index();
	const u = mapX(x), v = mapY(y), d = within / size(), c = cats[by], cell = t => clamp(t * 256 | 0, 0, 255);
	let best = -1, far = d * d;
	for (let gy = cell(v - d); gy <= cell(v + d); gy++) for (let gx = cell(u - d); gx <= cell(u + d); gx++)
		for (let k = grid[gy * 256 + gx]; k < grid[gy * 256 + gx + 1]; k++) {
			const i = cells[k], e = (pos[0][i] - u) ** 2 + (pos[1][i] - v) ** 2, how = kind[c[i]];
			if (how !== HIDDEN && (e < far || e === far && (best < 0 || how > kind[c[best]]))) { far = e; best = i; }
		}
	return best;
}
// All rows at the place of row i. Several words often have one place: those
// with the same tokens have the same vector.
function placeOf(i) {
	if (!grid) index();
	const [X, Y] = pos, at = cellOf(X[i], Y[i]), rows = [];
	for (let k = grid[at]; k < grid[at + 1]; k++) if (X[cells[k]] === X[i] && Y[cells[k]] === Y[i]) rows.push(cells[k]);
	return rows;
}

// What is said of a row: its text, then what each labeling says.
const told = meta.labelings.map((_, b) => b).filter(b => numbers[b] || meta.labelings[b].names.length > 1);
const isHidden = i => kind[cats[by][i]] === HIDDEN;
function describe(i, named) {
	const parts = told.map(b => ((named || numbers[b]) && meta.labelings[b].name ? meta.labelings[b].name + ": " : "") + value(b, i));
	return isHidden(i) ? [...parts, "hidden"] : parts;
}
const element = (tag, textContent, className = "") => Object.assign(document.createElement(tag), { textContent, className });
function showTip(i) {
	tip.hidden = i < 0;
	if (i < 0) return;
	const rows = placeOf(i), word = (i, tag) => Object.assign(element(tag, text(i)), { dir: "auto" });
	if (rows.length === 1) tip.replaceChildren(...(words ? [word(i, "b")] : []), ...describe(i, true).map(t => element("span", t)));
	else {
		const lines = rows.slice(0, 200).map(i => {
			const line = word(i, "span");
			line.append(element("small", describe(i, false).join(", ")));
			return line;
		});
		// As many as the map has room for; a click lists them all.
		const head = element("b", thousands(rows.length) + " at this place"), more = element("span", "");
		for (let n = lines.length; ; n = Math.floor(n * .85)) {
			more.textContent = "and " + thousands(rows.length - n) + " more: click to list them";
			tip.replaceChildren(head, ...lines.slice(0, n), ...(n < rows.length ? [more] : []));
			if (n < 2 || tip.offsetHeight <= H - 4) break;
		}
	}
	const x = screenX(i), y = screenY(i);
	tip.style.left = clamp(x + 12, 2, Math.max(2, W - tip.offsetWidth - 2)) + "px";
	tip.style.top = clamp(y + 14 + tip.offsetHeight > H ? y - tip.offsetHeight - 10 : y + 14, 2, Math.max(2, H - tip.offsetHeight - 2)) + "px";
}
function setHover(i) {
	if (i === hover) return;
	hover = i;
	showTip(i);
	redraw();
}
function tell(what) { $("live").textContent = what; }
function tellPlace(i) {
	const rows = placeOf(i);
	tell(rows.slice(0, 50).map(i => [text(i), ...describe(i, false)].join(", ")).join("; ") + (rows.length > 50 ? "; and " + thousands(rows.length - 50) + " more" : ""));
}
