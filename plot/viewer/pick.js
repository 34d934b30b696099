
// Selecting rows, and taking them along.
let selecting = false;
function choose(rows, what, fade, at = -1) {
	chosen = rows?.length ? { rows, fade, at, has: new Uint8Array(N) } : null;
	for (const i of chosen?.rows ?? []) chosen.has[i] = 1;
	$("picked").hidden = !chosen;
	list("picks", chosen?.rows ?? []);
	if (chosen) $("pickname").textContent = thousands(rows.length) + (rows.length === 1 ? " word " : " words ") + what;
	redraw();
	remember();
}
function choosePlace(i) {
	if (i < 0) return choose(null);
	choose(placeOf(i), "at this place", false, i);
	tellPlace(i);
}
const within = f => Array.from({ length: N }, (_, i) => i).filter(i => !isHidden(i) && f(i));
// Points within a line: a ray from them crosses it an odd number of times.
function chooseWithin(line) {
	const xs = line.map(p => p[0]), ys = line.map(p => p[1]), lo = [Math.min(...xs), Math.min(...ys)], hi = [Math.max(...xs), Math.max(...ys)];
	choose(within(i => {
		const x = screenX(i), y = screenY(i);
		if (!(x >= lo[0] && y >= lo[1] && x <= hi[0] && y <= hi[1])) return false;
		let odd = false;
		for (let k = 0, j = line.length - 1; k < line.length; j = k++) {
			const [ax, ay] = line[k], [bx, by] = line[j];
			if (ay > y !== by > y && x < (bx - ax) * (y - ay) / (by - ay) + ax) odd = !odd;
		}
		return odd;
	}), "selected", true);
	tell($("pickname").textContent);
	setSelecting(false);
}
function setSelecting(on) {
	selecting = on;
	$("lasso").setAttribute("aria-pressed", String(on));
}
$("lasso").addEventListener("click", () => setSelecting(!selecting));
$("take").addEventListener("click", () => choose([...hitList], "found", false));
$("unpick").addEventListener("click", () => choose(null));

function save(blob, name) {
	const a = document.createElement("a");
	a.href = URL.createObjectURL(blob);
	a.download = (meta.title.normalize("NFKD").replace(/[^\w]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 60) || "map") + name;
	a.click();
	setTimeout(() => URL.revokeObjectURL(a.href), 10000);
}
async function copy(what, from) {
	try {
		await navigator.clipboard.writeText(what);
	} catch { // not allowed here: by way of a text field
		const field = element("textarea", what);
		document.body.append(field);
		field.select();
		document.execCommand("copy");
		field.remove();
	}
	const was = from.textContent;
	from.textContent = "Copied";
	tell("Copied");
	setTimeout(() => { from.textContent = was; }, 1200);
}
const place = (i, axis) => {
	const l = meta.layers[layer];
	return +(((pos[axis][i] - .5) * l.span + l.middle[axis]).toPrecision(6));
};
const exact = (b, i) => numbers[b] ? (numbers[b][i] === numbers[b][i] ? +numbers[b][i].toPrecision(6) : "") : value(b, i);
function rowsAs(separator, cell) {
	const head = ["text", ...told.map(labelName), "layer", "x", "y"];
	const lines = chosen.rows.map(i => [text(i), ...told.map(b => exact(b, i)), meta.layers[layer].name, place(i, 0), place(i, 1)]);
	return [head, ...lines].map(l => l.map(cell).join(separator) + "\n").join("");
}
const quoted = v => typeof v === "number" ? v : /[",\r\n]/.test(v) ? '"' + v.replace(/"/g, '""') + '"' : v;
$("csv").addEventListener("click", () => save(new Blob([rowsAs(",", quoted)], { type: "text/csv" }), ".csv"));
$("copy").addEventListener("click", e => copy(rowsAs("\t", v => String(v).replace(/[\t\r\n]+/g, " ")), e.target));

// A picture of the view: its title, the map, and the legend.
$("png").addEventListener("click", () => {
	draw();
	const out = document.createElement("canvas"), c = out.getContext("2d"), l = meta.labelings[by];
	const px = 13 * dpr, pad = 10 * dpr, line = 1.6 * px, width = canvas.width + 2 * pad;
	const font = bold => { c.font = `${bold ? "bold " : ""}${px}px "Liberation Sans", Arial, Helvetica, sans-serif`; };
	const entries = l.bar ? [] : l.names.map((_, k) => k).filter(k => kind[k] === COLOR).slice(0, 40);
	font(false);
	// The legend flows in as many lines as it takes.
	let x = pad, row = 0;
	const at = entries.map(k => {
		const w = c.measureText(l.names[k]).width + 2.6 * px;
		if (x > pad && x + w > width) { x = pad; row++; }
		const here = [x, row];
		x += w;
		return here;
	});
	out.width = width;
	const top = pad + 2 * line, under = top + canvas.height;
	out.height = under + pad + (entries.length || l.bar ? (row + 1) * line : 0);
	c.fillStyle = css(ground);
	c.fillRect(0, 0, out.width, out.height);
	c.drawImage(canvas, pad, top);
	c.fillStyle = css(ink);
	c.textBaseline = "middle";
	font(true);
	c.fillText($("title").textContent, pad, pad + line / 2, canvas.width);
	font(false);
	c.fillText([meta.layers.length > 1 ? meta.layers[layer].name : "", $("note").textContent].filter(Boolean).join(", "), pad, pad + 1.5 * line, canvas.width);
	entries.forEach((k, n) => {
		const [x, row] = at[n], y = under + (row + .7) * line;
		c.fillStyle = css(shade(k));
		c.beginPath();
		c.arc(x + px / 2, y, px * .4, 0, 7);
		c.fill();
		c.fillStyle = css(ink);
		c.fillText(l.names[k], x + 1.3 * px, y);
	});
	if (l.bar) {
		const y = under + .7 * line, low = number(l.bar.lo) + " ", w = 12 * px, from = pad + c.measureText(labelName(by) + ": " + low).width;
		c.fillText(labelName(by) + ": " + low, pad, y);
		ramp(l.bar).forEach((rgb, k) => { c.fillStyle = css(rgb); c.fillRect(from + w * k / STEPS, y - px / 2, w / STEPS + 1, px); });
		c.fillStyle = css(ink);
		c.fillText(" " + number(l.bar.hi), from + w, y);
	}
	out.toBlob(b => save(b, ".png"));
});
