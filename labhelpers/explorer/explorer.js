// Controls, state and time. render is anywidget's form; a saved page calls mount.
// page.py joins the modules and defines STYLE and LAYOUT, the .css and the .html file.
import { GOAL, describe, descend, format, lossSurface, rateMarks } from "./descent.js";
import { MapView } from "./map.js";
import { DataView, LossView, ParameterView, clamp, pointAt, stepBefore, way } from "./views.js";

const SETTINGS = "lr batch_size shuffle seed steps momentum optimizer start".split(" ");
const STEPS_PER_SECOND = 5;
const SECONDS_AT_MOST = 12;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

/** JupyterLab, VS Code, Colab and Sphinx say it, else the system does. */
function isDark() {
	const { body, documentElement: html } = document;
	const code = body.dataset.vscodeThemeKind ?? /vscode-\S+/.exec(body.className);
	const said = body.dataset.jpThemeLight ?? code ?? html.getAttribute("theme") ?? html.dataset.theme;
	return said ? /false|dark|contrast$/.test(said) : matchMedia("(prefers-color-scheme: dark)").matches;
}

const named = ({ w, b }) => `w = ${format(w)}, b = ${format(b)}`;

const howTo = ({ lr, momentum, optimizer }) =>
	`η = ${format(lr)}, ` + (optimizer === "adam" ? "Adam" : `μ = ${format(momentum)}`);

/** Where a pointer is in an element. */
function at({ clientX, clientY, currentTarget }, element = currentTarget) {
	const { left, top } = element.getBoundingClientRect();
	return [clientX - left, clientY - top];
}

const arrows = (move) => (event) => {
	if (!ARROWS[event.key]) return;
	event.preventDefault();
	move(ARROWS[event.key], event);
};

const listen = (element, events) => {
	for (const [name, act] of Object.entries(events)) element.addEventListener(name, act);
};

class Explorer {
	constructor(model, host) {
		// Without this mark JupyterLab takes the keys.
		host.dataset.lmSuppressShortcuts = "true";
		this.root = host.attachShadow({ mode: "open" });
		this.root.innerHTML = `<style>${STYLE}</style>${LAYOUT}`;
		this.section = this.find("section");
		this.model = model;
		this.figure = model.get("figure");
		this.points = this.figure.points;
		this.surface = lossSurface(this.points.x, this.points.y);
		const stages = this.all(".stage");
		this.views = [DataView, ParameterView, LossView, MapView].map((Kind, i) => new Kind(stages[i]));
		[, this.parameters, , this.map] = this.views;
		this.calm = matchMedia("(prefers-reduced-motion: reduce)");
		this.initial = Object.fromEntries(SETTINGS.map((name) => [name, model.get(name)]));
		this.state = Object.assign(this.initial, { axis: "step" });
		this.t = model.get("step") ?? this.state.steps;
		this.setUp();
		this.listen();
		this.set({});
		this.camera = this.aim();
	}

	find(selector) {
		return this.root.querySelector(selector);
	}

	all(selector) {
		return this.root.querySelectorAll(selector);
	}

	setUp() {
		const { surface, state: { lr, steps }, figure: { name, task, hide } } = this;
		this.section.ariaLabel = `Gradient descent explorer: ${name}`;
		this.put(".task span", task);
		// A slider's places: equal ratios, as far as they differ.
		const places = (low, high, round) =>
			[...new Set(Array.from({ length: 401 }, (_, i) => round(low * (high / low) ** (i / 400))))];
		const { limit } = rateMarks(surface, 0);
		const short = (rate) => Number(rate.toPrecision(3));
		this.dials = {
			lr: places(Math.min(limit / 60, lr), Math.max(limit * 5, lr), short),
			steps: places(1, Math.max(2000, steps), Math.round),
			momentum: Array.from({ length: 100 }, (_, i) => i / 100),
		};
		for (const one of this.all("[name=size]")) one.parentElement.hidden = one.value >= surface.n;
		this.find("[name=batch_size]").max = surface.n;
		// Hidden marks would be read out, too.
		if (!hide.includes("marks")) this.find("[type=range][name=lr]").setAttribute("aria-describedby", "marks");
		for (const element of this.all("[data-control]")) element.hidden = hide.includes(element.dataset.control);
		this.canMove = !hide.includes("start");
		this.find(".handle").disabled = !this.canMove;
	}

	listen() {
		const { root, model, section } = this;
		listen(root, {
			input: ({ target }) => this.slide(target),
			change: ({ target }) => this.type(target),
			click: ({ target }) => this.act(target.closest("[data-do]")?.dataset.do),
			// JupyterLab keeps Enter from what it would do in a box: no change comes of it.
			keydown: ({ key, target }) => key === "Enter" && this.type(target),
		});
		this.drag(this.find(".handle"));
		this.point();
		for (const name of SETTINGS.concat("step")) model.on(`change:${name}`, () => this.follow(name));
		const sizes = new ResizeObserver(() => this.ask());
		sizes.observe(section);
		// After a hidden frame the old size would be no news.
		this.again = () => sizes.observe(section, sizes.unobserve(section));
		// The page outlives a figure.
		const weak = new WeakRef(this);
		const looks = new MutationObserver(() => weak.deref()?.ask() ?? looks.disconnect());
		for (const node of [document.body, document.documentElement]) looks.observe(node, { attributes: true });
		listen(matchMedia("(prefers-color-scheme: dark)"), { change: () => weak.deref()?.ask() });
		this.dispose = () => {
			cancelAnimationFrame(this.request);
			sizes.disconnect();
			looks.disconnect();
			model.off();
		};
	}

	theme() {
		const { section } = this;
		const theme = isDark() ? "dark" : "light";
		if (section.dataset.theme === theme) return;
		section.dataset.theme = theme;
		const style = getComputedStyle(section);
		const read = ([, name]) => [name, style.getPropertyValue(`--${name}`)];
		this.colours = Object.fromEntries(Array.from(STYLE.matchAll(/--(\w+):/g), read));
		for (const one of this.views) one.stale = true;
	}

	/** Run with new settings. A run seen at its end stays at its end. */
	set(changes) {
		const atEnd = this.t >= this.state.steps;
		this.state = { ...this.state, ...changes };
		if (atEnd) this.t = this.state.steps;
		this.run = descend(this.points.x, this.points.y, this.surface, this.state);
		this.marked = null;
		this.verdict = describe(this.surface, this.run);
		for (const one of this.views.slice(1)) one.stale = true;
		this.map.begin(this, this.dials.lr.filter((_, i) => i % 8 === 0));
		this.showSettings();
		this.go(this.t, this.playing);
	}

	go(t, playing = false) {
		this.playing = playing;
		this.t = clamp(t, 0, this.state.steps);
		if (!playing) this.save();
		this.ask();
	}

	/** Python hears of changes once they rest. */
	save() {
		clearTimeout(this.saving);
		this.saving = setTimeout(() => {
			for (const name of SETTINGS) this.model.set(name, this.state[name]);
			this.model.set("step", Math.round(this.t));
			this.model.save_changes();
		}, 80);
	}

	follow(name) {
		const value = this.model.get(name);
		const own = name === "step" ? Math.round(this.t) : this.state[name];
		if (`${value}` === `${own}`) return;
		if (name === "step") this.go(value);
		else this.set({ [name]: value });
	}

	act(action) {
		const { t, state: { steps } } = this;
		const goals = { first: 0, back: Math.ceil(t) - 1, forward: Math.floor(t) + 1, last: steps };
		if (action in goals) this.go(goals[action]);
		if (action === "play") this.playing ? this.go(Math.round(t)) : this.go(t >= steps ? 0 : t, true);
		if (action === "keep") this.set({}, (this.ghost = this.ghost ? null : this.run));
		if (action === "reset") this.set(this.initial, (this.ghost = null), (this.t = this.initial.steps));
	}

	slide({ name, value, type, checked }) {
		if (name === "step") this.go(Number(value));
		else if (name === "size") this.set({ batch_size: Number(value) || null });
		else if (type === "range") this.set({ [name]: this.dials[name][value] });
		else if (type !== "number") this.set({ [name]: type === "checkbox" ? checked : value });
	}

	/** What is not allowed gives way to the old number. */
	type({ type, name, min, max, step, valueAsNumber: value }) {
		if (type !== "number") return;
		// No step: whole numbers.
		const allowed = value >= min && value <= max && (step || value % 1 === 0);
		if (!allowed || (name === "lr" && !value)) this.showSettings();
		else if (name in this.state.start) this.set({ start: this.state.start.with(name, value) });
		else this.set({ [name]: value });
	}

	/** A pointer over a view marks a step in all three; a click goes there, or places the start. */
	point() {
		const { parameters, map } = this;
		for (const one of this.views.slice(0, 3)) {
			listen(one.stage, {
				pointermove: (event) => {
					const marked = this.grip || this.playing ? null : one.stepAt(at(event), this);
					if (marked !== this.marked) this.ask((this.marked = marked));
				},
				pointerleave: () => this.ask((this.marked = null)),
				click: (event) => {
					if (one !== parameters) return this.marked !== null && this.go(this.marked);
					if (this.canMove && event.target.tagName !== "BUTTON") this.place(parameters.parametersAt(at(event)));
				},
			});
		}
		listen(map.stage, {
			pointermove: (event) => this.readMap(map.cellAt(at(event))),
			pointerleave: () => this.readMap(),
			click: (event) => this.choose(map.cellAt(at(event))),
			keydown: arrows((arrow) => this.choose(map.beside(this.state, arrow))),
		});
	}

	place(start) {
		const grain = 10 ** Math.floor(Math.log10(this.camera[2] / 60));
		this.set({ start: start.map((v) => Number((Math.round(v / grain) * grain).toPrecision(12))) });
	}

	choose(cell) {
		if (!cell) return;
		const { lr, optimizer, momentum = this.state.momentum } = cell;
		this.set({ lr, optimizer, momentum });
		this.readMap(cell);
	}

	readMap(cell = this.map.best) {
		if (!cell) return;
		const { needed } = cell;
		const steps = needed === Infinity ? "diverging" : needed >= 0 ? `${needed} steps` : "more than 400 steps";
		this.put(".map .readout", `${howTo(cell)}: ${steps}`);
	}

	drag(handle) {
		listen(handle, {
			keydown: arrows((arrow, { shiftKey }) => {
				const far = (this.camera[2] / 40) * (shiftKey ? 5 : 1);
				this.place(this.state.start.map((value, i) => value + far * arrow[i]));
			}),
			pointerdown: (event) => {
				if (event.button) return;
				handle.setPointerCapture(event.pointerId);
				this.marked = null;
				this.grip = at(event).map((v) => v - handle.offsetWidth / 2);
			},
			pointermove: (event) => {
				if (!this.grip) return;
				const place = at(event, handle.parentElement).map((v, i) => v - this.grip[i]);
				this.place(this.parameters.parametersAt(place));
			},
			lostpointercapture: () => this.ask((this.grip = null)),
		});
	}

	ask() {
		return (this.request ??= requestAnimationFrame((now) => this.frame(now)));
	}

	frame(now) {
		this.request = null;
		this.theme();
		if (!this.section.clientWidth) return this.again();
		const elapsed = this.moving ? Math.min((now - this.last) / 1000, 0.1) : 0;
		this.last = now;
		const { run, ghost, state: { steps, axis } } = this;
		if (this.playing) this.t += elapsed * Math.max(STEPS_PER_SECOND, steps / SECONDS_AT_MOST);
		if (this.playing && this.t >= steps) this.go(steps);
		const gliding = this.glide(elapsed);
		const t = this.calm.matches ? Math.floor(this.t) : this.t;
		const ghostT = ghost && Math.min(axis === "epoch" ? (t / run.perEpoch) * ghost.perEpoch : t, ghost.steps);
		const counting = this.map.stage.clientWidth > 0 && this.map.work();
		if (counting) this.readMap();
		for (const one of this.views) one.draw({ ...this, t, ghostT });
		this.showTime(t);
		this.moving = this.playing || gliding;
		if (this.moving || counting) this.ask();
	}

	/** Start and minimum in view, further out when the path is: w, b and how far to each side. */
	aim() {
		const { surface, run, state: { start } } = this;
		const minimum = [surface.w, surface.b];
		const off = (w, b, from) => Math.max(Math.abs(w - from[0]), Math.abs(b - from[1]));
		const span = Math.max(off(...start, minimum), 0.5);
		for (let zoom = 1; ; zoom *= 2) {
			// A diverging path swings about the minimum: move it to the middle.
			const view = [...way(minimum, start)(0.5 / zoom), 0.78 * span * zoom];
			const inside = (_, k) => k > this.t || off(run.w[k], run.b[k], view) <= view[2];
			if (zoom === 8 || run.loss.every(inside)) return view;
		}
	}

	/** Move the camera, but not during a drag; true while it is on its way. */
	glide(elapsed) {
		if (this.grip) return false;
		const goal = this.aim();
		const off = Math.max(...goal.map((value, i) => Math.abs(value - this.camera[i]))) / goal[2];
		if (!off) return false;
		this.parameters.stale = true;
		const there = off < 0.002 || this.calm.matches;
		this.camera = there ? goal : way(this.camera, goal)(1 - Math.exp(-12 * elapsed));
		return !there;
	}

	put(selector, text) {
		const element = this.find(selector);
		if (element.textContent !== text) element.textContent = text;
		return element;
	}

	showSettings() {
		const { state, surface, run, verdict, ghost, section } = this;
		const batched = run.batchSize !== null;
		const adam = state.optimizer === "adam";
		const values = {
			...state, ...state.start, batch_size: run.batchSize ?? surface.n, size: run.batchSize ?? "",
		};
		const useless = { momentum: adam, shuffle: !batched, seed: !batched || !state.shuffle };
		for (const one of this.all("input")) {
			const { type, name } = one;
			const [value, places] = [values[name], this.dials[name]];
			if (type === "number") one.value = value;
			else one.checked = type === "radio" ? one.value === `${value}` : value;
			if (name in useless) one.disabled = useless[name];
			if (type !== "range") continue;
			one.max = places ? places.length - 1 : state.steps;
			if (!places) continue;
			one.value = places.findLastIndex((place) => place <= value);
			one.ariaValueText = format(value);
		}
		const looks = { batched, compared: ghost, two: run.differs, paced: batched || ghost?.batchSize };
		for (const name in looks) section.classList.toggle(name, Boolean(looks[name]));
		section.dataset.kind = verdict.kind;
		this.put(".words b", `${verdict.title}:`);
		this.put(".words span", verdict.text);
		this.put("[data-do=keep]", ghost ? "Remove kept run" : "Keep this run");
		this.put(".note", ghost ? `Kept run: ${howTo(ghost.settings)}, ` +
			`batch size ${ghost.batchSize ?? "all"}; ${this.reached(ghost)}.` : "");
		this.put(".reached", this.reached(run)).title = `The loss stays within ${GOAL} of the least.`;
		const single = run.batchLimit * (1 + state.momentum);
		const which = run.batchSize === 1 ? "sample limit" : "batch limit";
		const [least, most] = [0, -1].map((i) => this.dials.lr.at(i));
		for (const [name, rate] of Object.entries({ ...rateMarks(surface, state.momentum), single })) {
			const mark = this.put(`.${name}`, `${name === "single" ? which : name} ${format(rate, 3)}`);
			const at = Math.log(rate / least) / Math.log(most / least);
			// Adam has no such limits.
			mark.hidden = adam || !(at >= 0 && at <= 1);
			mark.style.setProperty("--at", at);
			mark.classList.toggle("after", at < 0.5);
		}
	}

	reached({ reached, steps }) {
		return reached <= steps ? `minimum reached at step ${reached}` : "minimum not reached";
	}

	showTime(t) {
		const { run, playing, verdict, section, marked } = this;
		// A step under the pointer is read out, not gone to.
		const seen = marked ?? t;
		const { w, b, loss } = pointAt(run, seen);
		const k = Math.floor(t);
		section.classList.toggle("pointed", marked !== null);
		this.put(".data .readout", `ŷ = ${format(w)}·x ${b < 0 ? "−" : "+"} ${format(Math.abs(b))}`);
		this.put(".parameters .readout", named({ w, b }));
		const batch = run.batchSize ? ` · batch ${format(run.batchLoss[stepBefore(seen)], 3)}` : "";
		this.put(".loss .readout", format(loss) + batch);
		const epoch = run.batchSize ? `, epoch ${(t / run.perEpoch).toFixed(1)}` : "";
		this.put("output", `step ${k} of ${run.steps}${epoch}`);
		const slider = this.find("[name=step]");
		slider.value = k;
		const reading = `${k} of ${run.steps}, loss ${format(run.loss[k])}`;
		slider.ariaValueText = reading;
		const play = this.find("[data-do=play]");
		play.title = playing ? "Pause" : "Play";
		play.classList.toggle("playing", playing);
		const handle = this.find(".handle");
		const [px, py] = this.parameters.at(run, 0);
		handle.style.transform = `translate(${px}px, ${py}px)`;
		handle.ariaLabel = `Start, ${named(pointAt(run, 0))}`;
		if (!playing) this.speak(`Step ${reading}; ${this.reached(run)}. ${verdict.title}: ${verdict.text}`);
	}

	/** Once things are still, and not at first. */
	speak(text) {
		clearTimeout(this.speaking);
		this.told ??= text;
		if (this.told === text) return;
		this.speaking = setTimeout(() => this.put(".spoken", (this.told = text)), 700);
	}
}

export function render({ model, el }) {
	const explorer = new Explorer(model, el.appendChild(document.createElement("div")));
	return () => explorer.dispose();
}

/** Fill the places that wait for this figure, or the first when it arrives. */
export function mount(name, values) {
	const model = { get: (key) => values[key], set() {}, save_changes() {}, on() {} };
	const fill = () => {
		const hosts = [...document.querySelectorAll(`[data-explorer="${name}"]`)].filter((one) => !one.shadowRoot);
		for (const host of hosts) new Explorer(model, host);
		return hosts.length > 0;
	};
	if (fill()) return;
	const arrival = new MutationObserver(() => fill() && arrival.disconnect());
	arrival.observe(document, { childList: true, subtree: true });
}
