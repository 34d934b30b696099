
// Legend: the categories, or the bar of a number.
const counts = [5, 10, 20]; // of categories in color, to choose from
function button(textContent, label, click, cls) {
	const b = element("button", textContent, cls);
	b.type = "button";
	if (label) b.setAttribute("aria-label", label);
	b.addEventListener("click", click);
	return b;
}
function legend() {
	const l = meta.labelings[by], all = l.names.length - (l.rest ? 1 : 0);
	$("legendname").textContent = labelName(by);
	$("all").hidden = $("none").hidden = $("cats").hidden = !!l.bar;
	$("bar").hidden = !l.bar;
	$("shadesbox").hidden = !!l.bar || all <= counts[0];
	if (l.bar) {
		const { lo, hi, min, max, missing } = l.bar, ends = [(min < lo ? "≤ " : "") + number(lo), number((lo + hi) / 2), (max > hi ? "≥ " : "") + number(hi)];
		$("bar").replaceChildren(element("div", "", "ramp"), ...ends.map(t => element("span", t)),
			...(missing ? [element("p", thousands(missing) + " without a number")] : []));
		$("bar").firstChild.style.background = `linear-gradient(to right, ${(dark ? l.bar.dark : l.bar.light).join()})`;
		return pressed();
	}
	const options = [...new Set([...counts.filter(n => n < all), ...(l.top > 0 && l.top < all ? [l.top] : [])])].sort((a, b) => a - b);
	$("shades").replaceChildren(...options.map(n => new Option("the " + n + " largest", n)), new Option("all " + thousands(all), all));
	$("shades").value = Math.min(all, shades[by].top);
	$("cats").replaceChildren(...l.names.map((name, k) => {
		const li = element("li", "", "cat"), on = button("", "", e => e.shiftKey ? solo(k) : toggle(k), "on");
		const label = Object.assign(element("span", name, "name"), { dir: "auto" });
		on.append(element("i", ""), label, element("span", thousands(l.counts[k]), "n"));
		li.append(on, button("color", "color " + name, () => color(k), "shade"), button("only", "only " + name, () => solo(k), "only"));
		return li;
	}));
	pressed();
}
// pressed brings the legend and the map to what is hidden and in color.
function pressed() {
	const l = meta.labelings[by];
	if (!l.bar) document.querySelectorAll("#cats .cat").forEach((li, k) => {
		const own = inColor(by, k);
		li.firstChild.setAttribute("aria-pressed", String(!hidden[by].has(k)));
		li.firstChild.firstChild.style.background = own || k === last(l) ? (dark ? l.dark : l.light)[k] : "var(--rest)";
		li.children[1].hidden = k === last(l) || k < shades[by].top;
		li.children[1].textContent = own ? "gray" : "color";
	});
	setHover(-1);
	paint();
	results();
	remember();
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
	if (!alone && !inColor(by, k)) shades[by].more.add(k);
	pressed();
}
function color(k) {
	const more = shades[by].more;
	if (!more.delete(k)) more.add(k);
	pressed();
}
$("shades").addEventListener("change", () => { shades[by] = { top: +$("shades").value, more: new Set() }; pressed(); });
$("all").addEventListener("click", () => { hidden[by].clear(); pressed(); });
$("none").addEventListener("click", () => { meta.labelings[by].names.forEach((_, k) => hidden[by].add(k)); pressed(); });
const select = $("by");
meta.labelings.forEach((_, b) => select.append(new Option(labelName(b), b)));
function setBy(b) {
	by = clamp(b, 0, meta.labelings.length - 1) | 0;
	select.value = by;
	legend();
	titles();
}
select.addEventListener("change", () => setBy(+select.value));
$("size").addEventListener("input", () => { scale = 2 ** +$("size").value; redraw(); remember(); });
$("names").addEventListener("change", () => { named = $("names").checked; redraw(); remember(); });

// Light and dark: the system's choice until the reader makes one.
function setDark(on) {
	dark = on;
	root.classList.toggle("dark", dark);
	root.style.colorScheme = dark ? "dark" : "light";
	$("dark").textContent = dark ? "Light" : "Dark";
	$("dark").setAttribute("aria-label", dark ? "light colors" : "dark colors");
	legend();
}
$("dark").addEventListener("click", () => { setDark(!dark); remember(); });
dim.addEventListener("change", e => setDark(e.matches));
