// Controls, state and time. render is anywidget's form; a saved page calls mount.
// page.py joins the modules and defines STYLE and LAYOUT, the .css and the .html file.
import { describe, descend, format, lossSurface, rateMarks } from "./descent.js";
import { MapView } from "./map.js";
import { DataView, LossView, ParameterView, pointAt, stepBefore } from "./views.js";

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

const howTo = ({ lr, momentum, optimizer }) =>
	`η = ${format(lr)}, ` + (optimizer === "adam" ? "Adam" : `μ = ${format(momentum)}`);

/** Where a pointer is in an element. */
function at({ clientX, clientY, currentTarget }, element = currentTarget) {
	const { left, top } = element.getBoundingClientRect();
	return [clientX - left, clientY - top];
}

const listen = (element, events) => {
	for (const [name, act] of Object.entries(events)) element.addEventListener(name, act);
};

class Explorer {
	constructor(model, host) {
		host.dataset.lmSuppressShortcuts = "true";
		this.root = host.attachShadow({ mode: "open" });
		this.root.innerHTML = `<style>${STYLE}</style>${LAYOUT}`;
		this.section = this.find("section");
		this.model = model;
		const { x, y } = model.get("points");
		const range = (values) => [Math.min(...values), Math.max(...values)];
		this.points = { x, y, range: { x: range(x), y: range(y) } };
		this.surface = lossSurface(x, y);
		const stages = this.all(".stage");
		this.views = [DataView, ParameterView, LossView].map((Kind, i) => new Kind(stages[i]));
		this.parameters = this.views[1];
		this.map = new MapView(stages[3]);
		this.goal = model.get("goal");
		this.marked = null;
		this.calm = matchMedia("(prefers-reduced-motion: reduce)");
		this.state = Object.fromEntries(SETTINGS.map((name) => [name, model.get(name)]));
		this.initial = { ...this.state };
		this.t = model.get("step") ?? this.state.steps;
		this.hide = new Set(model.get("hide"));
		this.fix = new Set(model.get("fix"));
		this.playing = false;
		this.setUp();
		this.listen();
		this.theme();
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
		const { model, surface, hide, fix } = this;
		const { lr, steps, batch_size: size } = this.state;
		this.section.ariaLabel = `Gradient descent explorer: ${model.get("name")}`;
		this.find(".task").hidden = !(this.find(".task span").textContent = model.get("task"));
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
		for (const one of this.all("button, input")) {
			// Without this mark JupyterLab takes the keys.
			one.dataset.lmSuppressShortcuts = "true";
			if (one.name === "size") one.parentElement.hidden = Number(one.value) >= surface.n;
		}
		this.find("[name=batch_size]").max = surface.n;
		const locked = (name) => hide.has(name) || fix.has(name);
		// Whole batches have no order.
		const whole = !(size && size < surface.n) && locked("batch_size");
		for (const name of whole ? ["shuffle", "seed", "axis"] : []) hide.add(name);
		if (["lr", "momentum", "optimizer"].some(locked) || hide.has("marks")) hide.add("map");
		// Hidden marks would be read out, too.
		if (!hide.has("marks")) this.find("[type=range][name=lr]").setAttribute("aria-describedby", "marks");
		const isHidden = (one) => hide.has(one.dataset.control);
		for (const element of this.all("[data-control]")) {
			element.hidden = isHidden(element);
			if (!fix.has(element.dataset.control)) continue;
			element.title = "Fixed here";
			for (const one of element.querySelectorAll("input")) one.disabled = true;
		}
		for (const group of this.all(".order, details")) {
			group.hidden = [...group.querySelectorAll("[data-control]")].every(isHidden);
		}
		this.canMove = !locked("start");
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
		listen(this.find("details"), { toggle: () => this.ask() });
		this.drag(this.find(".handle"));
		this.point();
		const follow = SETTINGS.concat("step").map((name) => [`change:${name}`, () => this.follow(name)]);
		for (const pair of follow) model.on(...pair);
		const sizes = new ResizeObserver(() => this.ask());
		sizes.observe(section);
		// After a hidden frame the old size would be no news.
		this.again = () => sizes.observe(section, sizes.unobserve(section));
		// The page outlives a figure.
		const weak = new WeakRef(this);
		const looks = new MutationObserver(() => weak.deref()?.theme() ?? looks.disconnect());
		for (const node of [document.body, document.documentElement]) looks.observe(node, { attributes: true });
		listen(matchMedia("(prefers-color-scheme: dark)"), { change: () => weak.deref()?.theme() });
		this.dispose = () => {
			cancelAnimationFrame(this.request);
			sizes.disconnect();
			looks.disconnect();
			for (const pair of follow) model.off(...pair);
		};
	}

	theme() {
		const theme = isDark() ? "dark" : "light";
		if (this.section.dataset.theme !== theme) this.ask((this.colours = null));
		this.section.dataset.theme = theme;
		return true;
	}

	readColours() {
		const style = getComputedStyle(this.section);
		const names = [...STYLE.matchAll(/--(\w+):/g)].map(([, name]) => name);
		return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`)]));
	}

	/** Run with new settings. A run seen at its end stays at its end. */
	set(changes) {
		const atEnd = this.t >= this.state.steps;
		Object.assign(this.state, changes);
		if (atEnd) this.t = this.state.steps;
		this.run = descend(this.points.x, this.points.y, this.surface, { ...this.state, goal: this.goal });
		this.marked = null;
		this.verdict = describe(this.surface, this.run);
		for (const one of this.views.slice(1)) one.stale = true;
		this.map.begin(this, this.dials.lr.filter((_, i) => i % 8 === 0));
		this.showSettings();
		this.go(this.t, this.playing);
	}

	go(t, playing = false) {
		this.playing = playing;
		this.t = Math.min(Math.max(t, 0), this.state.steps);
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
		if (action !== "reset") return;
		this.byEpoch = false;
		this.set(this.initial, (this.ghost = null), (this.t = this.initial.steps));
	}

	slide({ name, value, type, checked }) {
		if (name === "step") this.go(Number(value));
		else if (name === "axis") this.set({}, (this.byEpoch = value === "epoch"));
		else if (name === "size") this.set({ batch_size: Number(value) || null });
		else if (name === "optimizer") this.set({ optimizer: value });
		else if (name === "shuffle") this.set({ shuffle: checked });
		else if (type === "range") this.set({ [name]: this.dials[name][value] });
	}

	/** What is not allowed gives way to the old number. */
	type({ type, name, min, max, step, valueAsNumber: value }) {
		if (type !== "number") return;
		// No step: whole numbers.
		const allowed = value >= Number(min) && value <= Number(max) && (step || value % 1 === 0);
		if (!allowed || (name === "lr" && !value)) this.showSettings();
		else if (name === "0" || name === "1") this.set({ start: this.state.start.with(name, value) });
		else this.set({ [name]: name === "batch_size" && value >= this.surface.n ? null : value });
	}

	/** A pointer over a view marks a step in all three; a click goes there, or places the start. */
	point() {
		const { parameters, map } = this;
		for (const one of this.views) {
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
		});
	}

	place(start) {
		const grain = 10 ** Math.floor(Math.log10(this.camera.half / 60));
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
		const arrows = (move) => (event) => {
			if (!ARROWS[event.key]) return;
			event.preventDefault();
			move(ARROWS[event.key], event);
		};
		listen(this.map.stage, { keydown: arrows((way) => this.choose(this.map.beside(this.state, way))) });
		listen(handle, {
			keydown: arrows((way, { shiftKey }) => {
				const far = (this.camera.half / 40) * (shiftKey ? 5 : 1);
				this.place(this.state.start.map((value, i) => value + far * way[i]));
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
		this.request ??= requestAnimationFrame((now) => this.frame(now));
	}

	frame(now) {
		this.request = null;
		if (!this.section.clientWidth) return this.again();
		if (!this.colours) {
			this.colours = this.readColours();
			for (const one of [...this.views, this.map]) one.stale = true;
		}
		const elapsed = this.moving ? Math.min((now - this.last) / 1000, 0.1) : 0;
		this.last = now;
		const { steps } = this.state;
		if (this.playing) this.t += elapsed * Math.max(STEPS_PER_SECOND, steps / SECONDS_AT_MOST);
		if (this.playing && this.t >= steps) this.go(steps);
		const gliding = this.glide(elapsed);
		const { run, ghost, byEpoch } = this;
		const t = this.calm.matches ? Math.floor(this.t) : this.t;
		const ghostT = ghost && Math.min(byEpoch ? (t / run.perEpoch) * ghost.perEpoch : t, ghost.steps);
		for (const one of this.views) one.draw({ ...this, t, ghostT });
		const shown = this.map.stage.clientWidth > 0;
		const counting = shown && this.map.work();
		if (shown) this.map.draw(this);
		if (counting) this.readMap();
		this.showTime(t);
		this.moving = this.playing || gliding;
		if (this.moving || counting) this.ask();
	}

	/** Start and minimum in view, further out when the path is. */
	aim() {
		const { surface, run, state: { start } } = this;
		const { w, b } = surface;
		const off = (p, q, from) => Math.max(Math.abs(p - from.w), Math.abs(q - from.b));
		const span = Math.max(off(...start, surface), 0.5);
		for (let zoom = 1; ; zoom *= 2) {
			// A diverging path swings about the minimum: move it to the middle.
			const middle = (from, to) => to + (from - to) / (2 * zoom);
			const view = { w: middle(start[0], w), b: middle(start[1], b), half: 0.78 * span * zoom };
			const inside = (_, k) => k > this.t || off(run.w[k], run.b[k], view) <= view.half;
			if (zoom === 8 || run.loss.every(inside)) return view;
		}
	}

	/** Move the camera, but not during a drag; true while it is on its way. */
	glide(elapsed) {
		if (this.grip) return false;
		const { camera } = this;
		const goal = this.aim();
		const names = Object.keys(goal);
		const off = Math.max(...names.map((name) => Math.abs(goal[name] - camera[name]))) / goal.half;
		if (off === 0) return false;
		this.parameters.stale = true;
		const share = off < 0.002 || this.calm.matches ? 1 : 1 - Math.exp(-12 * elapsed);
		// So that the whole share leads there to the last digit.
		for (const name of names) camera[name] = (1 - share) * camera[name] + share * goal[name];
		return share < 1;
	}

	put(selector, text) {
		const element = this.find(selector);
		if (element.textContent !== text) element.textContent = text;
		return element;
	}

	showSettings() {
		const { state, surface, run, verdict, ghost, hide, fix, section } = this;
		const { limit, fastest } = rateMarks(surface, state.momentum);
		const batched = run.batchSize !== null;
		const values = { ...state, ...state.start, batch_size: run.batchSize ?? surface.n };
		for (const [name, places] of Object.entries(this.dials)) {
			const slider = this.find(`[type=range][name=${name}]`);
			slider.max = places.length - 1;
			slider.value = places.findLastIndex((value) => value <= state[name]);
			slider.ariaValueText = format(state[name]);
		}
		const adam = state.optimizer === "adam";
		const chosen = {
			size: `${run.batchSize ?? ""}`, axis: this.byEpoch ? "epoch" : "step", optimizer: state.optimizer,
		};
		const useless = { momentum: adam, shuffle: !batched, seed: !batched || !state.shuffle };
		for (const one of this.all("input")) {
			const { type, name, value } = one;
			if (type === "number") one.value = values[name];
			if (type === "radio") one.checked = value === chosen[name];
			if (name in useless) one.disabled = useless[name] || fix.has(name);
		}
		this.find("[name=shuffle]").checked = state.shuffle;
		this.find("[name=step]").max = state.steps;
		const looks = { batched, compared: ghost, two: run.differs };
		for (const name in looks) section.classList.toggle(name, Boolean(looks[name]));
		if (!hide.has("axis")) this.find(".axis").hidden = !batched && !ghost?.batchSize;
		section.dataset.kind = verdict.kind;
		this.put(".words b", `${verdict.title}:`);
		this.put(".words span", verdict.text);
		this.put("[data-do=keep]", ghost ? "Remove kept run" : "Keep this run");
		this.put(".note", ghost ? `Kept run: ${howTo(ghost.settings)}, ` +
			`batch size ${ghost.batchSize ?? "all"}; ${this.reached(ghost)}.` : "");
		const reached = this.put(".reached", this.reached(run));
		reached.title = `The loss stays within ${format(this.goal)} of the least.`;
		const marks = {
			limit: ["limit", limit], fastest: ["fastest", fastest],
			single: [`${run.batchSize === 1 ? "sample" : "batch"} limit`, run.batchLimit * (1 + state.momentum)],
		};
		for (const [name, [text, rate]] of Object.entries(marks)) {
			const mark = this.put(`.${name}`, `${text} ${format(rate, 3)}`);
			const at = Math.log(rate / this.dials.lr[0]) / Math.log(this.dials.lr.at(-1) / this.dials.lr[0]);
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
		this.put(".parameters .readout", `w = ${format(w)}, b = ${format(b)}`);
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
		const start = pointAt(run, 0);
		const [px, py] = this.parameters.place(start);
		handle.style.transform = `translate(${px}px, ${py}px)`;
		handle.ariaLabel = `Start, w = ${format(start.w)}, b = ${format(start.b)}`;
		if (playing) return;
		this.speak(`Step ${reading}; ${this.reached(run)}. ${verdict.title}: ${verdict.text}`);
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
	const [get, none] = [(key) => values[key], () => {}];
	const fill = () => {
		const hosts = [...document.querySelectorAll(`[data-explorer="${name}"]`)];
		const waiting = hosts.filter((host) => !host.shadowRoot);
		for (const host of waiting) new Explorer({ get, set: none, save_changes: none, on: none }, host);
		return waiting.length > 0;
	};
	if (fill()) return;
	const arrival = new MutationObserver(() => fill() && arrival.disconnect());
	arrival.observe(document, { childList: true, subtree: true });
}
