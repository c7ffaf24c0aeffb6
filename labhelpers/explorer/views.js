// The three views of one run. The back canvas is drawn when it is stale, the front at every frame.
import { format, formatAll } from "./descent.js";

const FONT = "11px system-ui, sans-serif";
export const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const NEAR = { left: -1e4, right: 1e4, top: -1e4, bottom: 1e4 };
const AROUND = [[1, 0], [-1, 0], [0, -1], [0, 1], [1, -1], [-1, -1], [1, 1], [-1, 1]];
const reach = ([px, py]) => Math.max(Math.abs(px), Math.abs(py));
const apart = (p, q) => Math.hypot(q[0] - p[0], q[1] - p[1]);
/** From a share to the place after that share of the way. */
export const way = (p, q) => (share) => p.map((v, i) => v + share * (q[i] - v));

/** Multiples of a round step that is not below the least one. */
function ticks(low, high, least) {
	const power = 10 ** Math.floor(Math.log10(least));
	const step = power * [1, 2, 5, 10].find((m) => m * power >= least * 0.999);
	const places = [];
	for (let i = Math.ceil(low / step - 1e-9); i <= high / step + 1e-9; i++) places.push(i * step || 0);
	return places;
}

/** From 10^low to 10^high: powers of ten and, where a decade has room, 2 and 5 times these. */
function logTicks(low, high, pixel) {
	const factors = pixel < 1 / 120 ? [1, 2, 5] : [1];
	return ticks(Math.floor(low), high, 25 * pixel).filter(Number.isInteger)
		.flatMap((power) => factors.map((factor) => Number(`${factor}e${power}`)))
		.filter((value) => value >= 10 ** low && value <= 10 ** high);
}

/** A value between whole steps. */
function between(at, t) {
	const k = Math.floor(t);
	return t > k ? at(k) + (t - k) * (at(k + 1) - at(k)) : at(k);
}

export function pointAt(run, t) {
	const [w, b, loss] = [run.w, run.b, run.loss].map((values) => between((k) => values[k], t));
	return { w, b, loss };
}

/** The step that leads to t. */
export const stepBefore = (t) => Math.max(Math.ceil(t) - 1, 0);

/** The part of a segment inside a box, or nothing. */
function clip(p, q, box) {
	// Huge coordinates are not precise: from the nearer end, if there is one.
	if (reach(p) > reach(q)) return clip(q, p, box).reverse();
	let [low, high] = [0, reach(p) < 1e12 ? 1 : -1];
	for (const [i, ...ends] of [[0, box.left, box.right], [1, box.top, box.bottom]]) {
		const [s, t] = ends.map((end) => (end - p[i]) / (q[i] - p[i]));
		[low, high] = [Math.max(low, Math.min(s, t)), Math.min(high, Math.max(s, t))];
	}
	return low < high ? [low, high].map(way(p, q)) : [];
}

export class View {
	/** How far from a step a pointer may be to mark it. */
	far = 40;

	constructor(stage) {
		this.stage = stage;
		this.stale = true;
		[this.front, this.back] = [1, 2].map(() => {
			const canvas = document.createElement("canvas");
			stage.prepend(canvas);
			return canvas.getContext("2d");
		});
	}

	draw(scene) {
		const { clientWidth: width, clientHeight: height } = this.stage;
		const density = devicePixelRatio;
		if (!width) return;
		if (width !== this.width || height !== this.height || density !== this.density) {
			Object.assign(this, { width, height, density, stale: true });
			for (const { canvas } of [this.back, this.front]) {
				[canvas.width, canvas.height] = [width * density, height * density].map(Math.round);
				// A fraction of a pixel more would blur.
				canvas.style.width = `${width}px`;
			}
		}
		if (this.stale) {
			const wide = this.fit(scene, 50);
			if (wide > 28) this.fit(scene, wide + 22);
			this.taken = [];
			this.paint(this.back, scene, this.drawBack);
			this.written = this.taken;
			this.stale = false;
		}
		this.taken = [...this.written];
		this.paint(this.front, scene, this.drawFront);
	}

	/** Lay out the axes; how wide the numbers left of them are. */
	fit(scene, left) {
		this.box = { left, top: 8, right: this.width - 8, bottom: this.height - 36 };
		this.frame(scene);
		for (const one of [this.x, this.y]) one.texts ??= formatAll(one.ticks, one.log);
		this.back.font = FONT;
		return Math.max(...this.y.texts.map((text) => this.back.measureText(text).width));
	}

	paint(ctx, scene, drawLayer) {
		const { left, top, right, bottom } = this.box;
		Object.assign(this, { ctx, colours: scene.colours });
		ctx.setTransform(this.density, 0, 0, this.density, 0, 0);
		ctx.clearRect(0, 0, this.width, this.height);
		this.styled({ font: FONT, lineJoin: "round", strokeStyle: "paper", lineWidth: 1.5 }, () => {
			if (ctx === this.back) this.styled({ lineWidth: 1, fillStyle: "soft" }, () => this.axes(ctx));
			ctx.beginPath();
			ctx.rect(left, top, right - left, bottom - top);
			ctx.clip();
			drawLayer.call(this, scene);
		});
	}

	/** Draw in a style of its own, with the colours by their names in the style sheet. */
	styled(style, draw) {
		const { ctx, colours } = this;
		ctx.save();
		for (const [name, value] of Object.entries(style)) ctx[name] = colours[value] ?? value;
		draw(ctx);
		ctx.restore();
	}

	dot([px, py], radius, colour, edge) {
		const { ctx } = this;
		ctx.beginPath();
		ctx.arc(px, py, radius, 0, 7);
		ctx.fillStyle = this.colours[colour] ?? colour;
		ctx.fill();
		if (edge) ctx.stroke();
	}

	ring(place, radius, strokeStyle, fill = "transparent") {
		this.styled({ strokeStyle, lineWidth: 2.5 }, () => this.dot(place, radius, fill, true));
	}

	/** An arrowhead at the end of a way. */
	arrow(from, to, length, fillStyle) {
		this.styled({ fillStyle }, (ctx) => {
			ctx.translate(...to);
			ctx.rotate(Math.atan2(to[1] - from[1], to[0] - from[0]));
			ctx.beginPath();
			for (const corner of [[0, 0], [-length, length / 2], [-length, -length / 2]]) ctx.lineTo(...corner);
			ctx.fill();
		});
	}

	/** An axis; low and high are exponents of ten if it is a log axis. */
	axis(low, high, horizontal, label, log) {
		const { left, top, right, bottom } = this.box;
		const [from, to] = horizontal ? [left, right] : [bottom, top];
		const scale = (to - from) / (high - low);
		const pixel = Math.abs(1 / scale);
		const at = (value) => from + (value - low) * scale;
		return {
			low, high, label, log, ticks: log ? logTicks(low, high, pixel) : ticks(low, high, 50 * pixel),
			at: log ? (value) => at(Math.log10(value)) : at, of: (place) => low + (place - from) / scale,
		};
	}

	axes(ctx) {
		const { left, top, right, bottom } = this.box;
		const { x, y } = this;
		ctx.strokeStyle = this.colours.grid;
		ctx.beginPath();
		for (const across of x.ticks.map(x.at)) ctx.moveTo(across, top), ctx.lineTo(across, bottom);
		for (const up of y.ticks.map(y.at)) ctx.moveTo(left, up), ctx.lineTo(right, up);
		ctx.stroke();
		ctx.strokeStyle = this.colours.line;
		ctx.strokeRect(left - 0.5, top - 0.5, right - left + 1, bottom - top + 1);
		ctx.textAlign = "center";
		x.texts.forEach((text, i) => ctx.fillText(text, x.at(x.ticks[i]), bottom + 14));
		Object.assign(ctx, { textAlign: "right", textBaseline: "middle" });
		y.texts.forEach((text, i) => ctx.fillText(text, left - 6, y.at(y.ticks[i])));
		Object.assign(ctx, { textAlign: "center", textBaseline: "bottom", fillStyle: this.colours.ink });
		ctx.fillText(x.label, Math.round((left + right) / 2), this.height - 2);
		ctx.translate(12, Math.round((top + bottom) / 2));
		ctx.rotate(-Math.PI / 2);
		ctx.fillText(y.label, 0, 0);
	}

	/** Where a pair of values is. */
	on(x, y) {
		return [this.x.at(x), this.y.at(y)];
	}

	inside([px, py]) {
		const { left, right, top, bottom } = this.box;
		return px >= left && px <= right && py >= top && py <= bottom;
	}

	/** The step seen nearest to a place, if one is near. */
	stepAt(place, { run }) {
		let [found, least] = [null, this.far];
		for (let k = 0; k <= run.steps; k++) {
			const off = this.distance(run, k, place);
			if (off < least) [found, least] = [k, off];
		}
		return found;
	}

	/** Stroke at(0), at(1) … at(t), up to the first that is not a number. */
	curve(at, t, strokeStyle, lineWidth, dash = [], globalAlpha = 1) {
		this.styled({ strokeStyle, lineWidth, globalAlpha }, (ctx) => {
			ctx.setLineDash(dash);
			ctx.beginPath();
			let [from, pen] = [at(0), null];
			for (let k = 1; k < t + 1; k++) {
				const to = at(Math.min(k, t));
				if (!Number.isFinite(reach(to))) break;
				const near = reach(from) < 1e4 && reach(to) < 1e4;
				const [start, end] = near ? [from, to] : clip(from, to, NEAR);
				if (end && start !== pen) ctx.moveTo(...start);
				if (end) ctx.lineTo(...end);
				[from, pen] = [to, end];
			}
			ctx.stroke();
		});
	}

	/** Write a text on a halo, as near to a place as nothing else is written; true if there is room. */
	label(text, [px, py], fillStyle, distances = [13]) {
		const { left, right, top, bottom } = this.box;
		const half = this.ctx.measureText(text).width / 2 + 3;
		for (const far of distances) {
			for (const [dx, dy] of AROUND) {
				const near = [px + (far && dx * (half + far)), py + dy * far];
				const x = clamp(near[0], left + half, right - half);
				const y = clamp(near[1], top + 9, bottom - 9);
				const meets = ({ from, to, reach }) => clip(from, to, {
					left: x - half - reach, right: x + half + reach, top: y - 8 - reach, bottom: y + 8 + reach,
				}).length;
				if (apart([x, y], near) > 2 * far || this.taken.some(meets)) continue;
				this.take([x - half + 8, y], 8, [x + half - 8, y]);
				const look = { textAlign: "center", textBaseline: "middle", lineWidth: 4, strokeStyle: "paper", fillStyle };
				this.styled(look, (ctx) => {
					ctx.strokeText(text, x, y);
					ctx.fillText(text, x, y);
				});
				return true;
			}
		}
		return false;
	}

	/** Keep texts off a place, or off a way. */
	take(from, reach, to = from) {
		this.taken.push({ from, to, reach });
	}

	/** An arrowhead where something has left, and a text inwards of it. */
	leaving(from, place, text) {
		this.arrow(from, place, 14, "wrong");
		this.label(text, place, "ink", [16, 30, 60, 90, 120]);
	}

	/** Two runs from end to end, where each has a place `at` its step t. */
	drawPaths({ run, ghost }) {
		if (ghost) this.curve((t) => this.at(ghost, t), ghost.steps, "kept", 2, [7, 5]);
		this.curve((t) => this.at(run, t), run.steps, "run", 1.5, [], 0.35);
	}

	/** Their present steps, and the step under the pointer, which all views show. */
	drawSteps({ run, ghost, ghostT, t, marked }) {
		if (ghost) this.dot(this.at(ghost, ghostT), 5, "kept", true);
		if (this.inside(this.at(run, t))) this.dot(this.at(run, t), 6, "run", true);
		else this.leave(run, t);
		if (marked === null || !this.inside(this.at(run, marked))) return;
		this.ring(this.at(run, marked), 5, "ink", "paper");
		this.label(`step ${marked}`, this.at(run, marked), "ink", [11, 20, 35, 60]);
	}
}

export class DataView extends View {
	frame({ points: { x, y }, surface }) {
		const [from, to] = [Math.min(...x), Math.max(...x)];
		const pad = 0.06 * (to - from);
		const ends = [...y, ...[from, to].map((value) => surface.w * value + surface.b)];
		const [bottom, top] = [Math.min(...ends), Math.max(...ends)];
		// Room for a line that does not fit yet.
		const room = 0.6 * (top - bottom || 1);
		this.x = this.axis(from - pad, to + pad, true, "x");
		this.y = this.axis(bottom - room, top + room, false, "y");
	}

	/** Draw a line; true if some of it is seen. */
	line({ w, b }, ...style) {
		const { x, y } = this;
		// A steep line from bottom to top, any other from left to right.
		const steep = Math.abs(w) * (x.high - x.low) > y.high - y.low;
		const ends = ["low", "high"].map((end) => steep
			? this.on((y[end] - b) / w, y[end])
			: this.on(x[end], w * x[end] + b));
		this.curve((k) => ends[k], 1, ...style);
		return clip(...ends, this.box).length > 0;
	}

	drawBack({ points, surface }) {
		const radius = points.x.length > 300 ? 1.6 : 3;
		points.x.forEach((x, i) => this.dot(this.on(x, points.y[i]), radius, "point"));
		this.line(surface, "minimum", 2, [2, 4]);
	}

	distance(run, k, [px, py]) {
		return Math.abs(this.y.at(run.w[k] * this.x.of(px) + run.b[k]) - py);
	}

	drawFront({ points, run, ghost, ghostT, t, marked }) {
		const { w, b } = pointAt(run, t);
		const batch = run.batchOf(stepBefore(t)) ?? [];
		// From a point to the line.
		const residual = (i) => (k) => this.on(points.x[i], k ? w * points.x[i] + b : points.y[i]);
		if (batch.length <= 20) for (const i of batch) this.curve(residual(i), 1, "batch", 1);
		const radius = batch.length > 100 ? 2.5 : 4.5;
		for (const i of batch) this.dot(residual(i)(0), radius, "batch", true);
		if (ghost) this.line(pointAt(ghost, ghostT), "kept", 2, [7, 5]);
		const seen = this.line({ w, b }, "run", 2.5);
		if (marked !== null) this.line(pointAt(run, marked), "ink", 1.5, [5, 3]);
		if (seen) return;
		const { left, right, top, bottom } = this.box;
		const [middle, up] = [(left + right) / 2, w * this.x.low + b > 0];
		this.leaving([middle, up ? bottom : top], [middle, up ? top : bottom], "the line is out here");
	}
}

export class ParameterView extends View {
	far = 20;

	frame({ surface, camera: [w, b, half] }) {
		const { left, right, top, bottom } = this.box;
		// One scale: only so do steps cross the contours at right angles.
		this.scale = Math.min(right - left, bottom - top) / (2 * half);
		const [halfW, halfB] = [right - left, bottom - top].map((length) => length / 2 / this.scale);
		this.x = this.axis(w - halfW, w + halfW, true, "w (slope)");
		this.y = this.axis(b - halfB, b + halfB, false, "b (intercept)");
		this.middle = this.on(surface.w, surface.b);
	}

	at(run, t) {
		const { w, b } = pointAt(run, t);
		return this.on(w, b);
	}

	distance(run, k, place) {
		return apart(this.at(run, k), place);
	}

	/** At the nearest place inside the axes. */
	parametersAt([px, py]) {
		const { left, right, top, bottom } = this.box;
		return [this.x.of(clamp(px, left, right)), this.y.of(clamp(py, top, bottom))];
	}

	/** Where −η times the full gradient leads to. */
	fullStep(run, k, surface) {
		const { w, b } = pointAt(run, k);
		const { lr } = run.settings;
		const [gw, gb] = surface.gradient(w, b);
		return this.on(w - lr * gw, b - lr * gb);
	}

	drawBack(scene) {
		const { surface, run, ghost, canMove } = scene;
		const { middle } = this;
		const off = (angle, far) =>
			[middle[0] + far * Math.cos(angle), middle[1] - far * Math.sin(angle)];
		const cross = (angle, far, ...style) =>
			this.curve((k) => off(angle, (2 * k - 1) * far), 1, ...style);
		const levels = this.contours(surface);
		const far = this.width + this.height;
		const turns = [["steep", surface.angle], ["shallow", surface.angle + Math.PI / 2]];
		for (const [, angle] of turns) cross(angle, far, "soft", 1, [2, 4]);
		this.drawPaths(scene);
		for (const angle of [0, Math.PI / 2]) cross(angle, 10, "minimum", 3);
		const start = this.at(run, 0);
		this.take(start, 13);
		this.take(middle, 9);
		this.take(start, 3, this.fullStep(run, 0, surface));
		for (const one of ghost ? [run, ghost] : [run]) {
			for (let k = 0; k < Math.min(one.steps, 60); k++) this.take(this.at(one, k), 3, this.at(one, k + 1));
		}
		this.label(canMove ? "start: drag, or click" : "start", start, "ink", [14, 24]);
		for (const [name, angle] of turns) {
			for (const side of [far, -far]) {
				const [, end] = clip(middle, off(angle, side), this.box);
				if (end && this.label(name, end, "soft")) break;
			}
		}
		this.labelContours(surface, levels);
	}

	/** Fill the ellipses of losses … 30, 10, 3, 1 from the largest in view inwards. */
	contours(surface) {
		const { x, y } = this;
		const corners = [x.low, x.high].flatMap((w) => [y.low, y.high].map((b) => surface.loss(w, b)));
		const outer = Math.floor(2 * Math.log10(Math.max(...corners)));
		const levels = [];
		this.styled({ fillStyle: "high", strokeStyle: "contour", lineWidth: 1 }, (ctx) => {
			ctx.fillRect(0, 0, this.width, this.height);
			ctx.fillStyle = this.colours.paper;
			for (let i = 0; i < 11; i++) {
				const level = 10 ** Math.floor((outer - i) / 2) * ((outer - i) % 2 ? 3 : 1);
				if (level <= surface.least) break;
				ctx.beginPath();
				ctx.ellipse(...this.middle, ...this.radii(surface, level), -surface.angle, 0, 7);
				// The seventh is as the paper.
				ctx.globalAlpha = 1 / Math.max(7 - i, 1);
				ctx.fill();
				ctx.globalAlpha = 1;
				ctx.stroke();
				levels.push(level);
			}
		});
		return levels;
	}

	radii(surface, level) {
		const excess = level - surface.least;
		return [surface.steep, surface.shallow].map((curvature) => Math.sqrt((2 * excess) / curvature) * this.scale);
	}

	/** Each number on its contour, where there is room. */
	labelContours(surface, levels) {
		const [px, py] = this.middle;
		const [cos, sin] = [Math.cos(surface.angle), Math.sin(surface.angle)];
		const texts = formatAll(levels, true);
		levels.forEach((level, i) => {
			const [steep, shallow] = this.radii(surface, level);
			for (let turn = 0.4; steep > 24 && turn < 6.6; turn += 0.3) {
				const [p, q] = [steep * Math.cos(turn), shallow * Math.sin(turn)];
				const place = [px + p * cos - q * sin, py - p * sin - q * cos];
				if (this.inside(place) && this.label(texts[i], place, "soft", [0])) break;
			}
		});
	}

	drawFront(scene) {
		const { run, surface, t } = scene;
		const at = (k) => this.at(run, k);
		this.curve(at, t, "run", 2);
		const radius = run.steps > 400 ? 0 : run.steps > 120 ? 1.75 : 2.75;
		for (let k = 1; radius && k <= t; k++) {
			if (this.inside(at(k))) this.dot(at(k), radius, "run");
		}
		const k = stepBefore(t);
		if (run.differs) this.vector(at(k), this.fullStep(run, k, surface), "ink", 1.5);
		this.vector(at(k), at(k + 1), run.batchSize ? "batch" : "run", 3);
		this.drawSteps(scene);
	}

	/** An arrow, where it can be seen. */
	vector(from, to, colour, width) {
		const length = apart(from, to);
		if (!(length > 7)) return;
		const head = Math.min(4 * width + 2, length);
		this.curve(way(from, to), 1 - (0.8 * head) / length, colour, width);
		this.arrow(from, to, head, colour);
	}

	leave(run, t) {
		const at = (k) => this.at(run, k);
		let k = Math.ceil(t);
		while (k > 1 && !this.inside(at(k - 1))) k--;
		const from = at(k - 1);
		const [, place = from] = clip(from, at(Math.min(k, t)), this.box);
		this.leaving(from, place, `leaves at step ${k}`);
	}
}

export class LossView extends View {
	frame({ run, ghost, state, surface: { least } }) {
		this.unit = state.axis;
		const runs = ghost ? [run, ghost] : [run];
		const long = Math.max(...runs.map((one) => this.along(one, one.steps)));
		this.x = this.axis(-0.025 * long, 1.025 * long, true, this.unit);
		if (long >= 2) this.x.ticks = this.x.ticks.filter(Number.isInteger);
		// Beyond 10¹² times its start a run leaves through the top.
		const ceiling = Math.max(...runs.map((one) => one.loss[0])) * 1e12;
		const values = [least, ...runs.flatMap((one) => [...one.loss, ...one.batchLoss])]
			.filter((value) => value > 0 && value <= ceiling);
		const high = Math.max(...values);
		const low = Math.max(Math.min(...values), least / 30, high * 1e-15);
		const bottom = Math.floor(2 * Math.log10(low) - 0.2) / 2;
		const top = Math.max(Math.ceil(2 * Math.log10(high) + 0.2) / 2, bottom + 1);
		this.y = this.axis(bottom, top, false, this.height < 150 ? "loss" : "mean squared error", true);
	}

	along(run, t) {
		return this.unit === "epoch" ? t / run.perEpoch : t;
	}

	at(run, t) {
		// Straight on the screen between two steps.
		return [this.x.at(this.along(run, t)), between((k) => this.y.at(run.loss[k]), t)];
	}

	batchPoint(run, k) {
		return [this.x.at(this.along(run, k)), Math.min(this.y.at(run.batchLoss[k]), this.box.bottom - 3)];
	}

	drawBack(scene) {
		const { run, surface } = scene;
		const [radius, globalAlpha] = run.steps > 400 ? [1.2, 0.3] : [2, 0.6];
		this.styled({ globalAlpha }, () => {
			for (let k = 0; run.batchSize && k < run.steps; k++) {
				const point = this.batchPoint(run, k);
				if (this.inside(point)) this.dot(point, radius, "batch");
			}
		});
		const least = this.y.at(surface.least);
		this.curve((k) => [this.box.left + k * this.width, least], 1, "minimum", 2, [2, 4]);
		this.drawPaths(scene);
	}

	distance(run, k, [px]) {
		return Math.abs(this.x.at(this.along(run, k)) - px);
	}

	drawFront(scene) {
		const { run, t } = scene;
		this.curve((k) => this.at(run, k), t, "run", 2.25);
		if (run.batchSize) this.dot(this.batchPoint(run, stepBefore(t)), 4.5, "batch", true);
		this.drawSteps(scene);
	}

	leave(run, t) {
		const [x] = this.at(run, t);
		const { top, bottom } = this.box;
		this.leaving([x, bottom], [x, top + 2], `up there: ${format(run.loss[Math.floor(t)])}`);
	}
}
