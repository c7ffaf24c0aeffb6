// The three views of one run. The back canvas is drawn when it is stale, the front at every frame.
import { format, formatAll } from "./descent.js";

const FONT = "11px system-ui, sans-serif";
export const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const NEAR = { left: -1e4, right: 1e4, top: -1e4, bottom: 1e4 };
const AROUND = [[1, 0], [-1, 0], [0, -1], [0, 1], [1, -1], [-1, -1], [1, 1], [-1, 1]];
const meet = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
const reach = ([px, py]) => Math.max(Math.abs(px), Math.abs(py));

function ticks(low, high, count) {
	const raw = (high - low) / count;
	const power = 10 ** Math.floor(Math.log10(raw));
	const step = power * [1, 2, 5, 10].find((m) => m * power >= raw * 0.999);
	const places = [];
	for (let i = Math.ceil(low / step - 1e-9); i <= high / step + 1e-9; i++) places.push(i * step || 0);
	return places;
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

export function dot(ctx, [px, py], radius, fill, edge) {
	ctx.beginPath();
	ctx.arc(px, py, radius, 0, 7);
	ctx.fillStyle = fill;
	ctx.fill();
	if (edge) ctx.stroke();
}

function arrow(ctx, [px, py], angle, length, fill) {
	ctx.save();
	ctx.translate(px, py);
	ctx.rotate(angle);
	ctx.fillStyle = fill;
	ctx.beginPath();
	for (const corner of [[0, 0], [-length, length / 2], [-length, -length / 2]]) ctx.lineTo(...corner);
	ctx.fill();
	ctx.restore();
}

/** The k from 0 to last with the least distance, or null where all are farther than far. */
function nearest(last, far, distance) {
	let found = null;
	for (let k = 0; k <= last; k++) {
		const off = distance(k);
		if (off < far) [far, found] = [off, k];
	}
	return found;
}

/** The part of a segment inside a box, or nothing. */
function clip(p, q, box) {
	// Huge coordinates are not precise: from the nearer end, if there is one.
	if (reach(p) > reach(q)) return clip(q, p, box).reverse();
	let [low, high] = [0, reach(p) < 1e12 ? 1 : -1];
	for (const [i, ...ends] of [[0, box.left, box.right], [1, box.top, box.bottom]]) {
		const [s, t] = ends.map((end) => (end - p[i]) / (q[i] - p[i]));
		[low, high] = [Math.max(low, Math.min(s, t)), Math.min(high, Math.max(s, t))];
	}
	return low < high ? [low, high].map((t) => p.map((v, i) => v + t * (q[i] - v))) : [];
}

export class View {
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
		const density = window.devicePixelRatio || 1;
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
		const { colours } = scene;
		ctx.setTransform(this.density, 0, 0, this.density, 0, 0);
		ctx.clearRect(0, 0, this.width, this.height);
		Object.assign(ctx, { font: FONT, lineJoin: "round", strokeStyle: colours.paper, lineWidth: 1.5 });
		ctx.save();
		if (ctx === this.back) this.axes(ctx, colours);
		ctx.restore();
		ctx.save();
		ctx.beginPath();
		ctx.rect(left, top, right - left, bottom - top);
		ctx.clip();
		drawLayer.call(this, ctx, scene, colours);
		ctx.restore();
	}

	axis(low, high, horizontal, label) {
		const { left, top, right, bottom } = this.box;
		const [from, to] = horizontal ? [left, right] : [bottom, top];
		const at = (value) => from + ((value - low) / (high - low)) * (to - from);
		return { low, high, at, label, ticks: ticks(low, high, Math.abs(to - from) / 50) };
	}

	axes(ctx, colours) {
		const { left, top, right, bottom } = this.box;
		const { x, y } = this;
		ctx.lineWidth = 1;
		ctx.strokeStyle = colours.grid;
		ctx.beginPath();
		for (const value of x.ticks) ctx.moveTo(x.at(value), top), ctx.lineTo(x.at(value), bottom);
		for (const value of y.ticks) ctx.moveTo(left, y.at(value)), ctx.lineTo(right, y.at(value));
		ctx.stroke();
		ctx.strokeStyle = colours.line;
		ctx.strokeRect(left - 0.5, top - 0.5, right - left + 1, bottom - top + 1);
		ctx.fillStyle = colours.soft;
		ctx.textAlign = "center";
		x.ticks.forEach((value, i) => ctx.fillText(x.texts[i], x.at(value), bottom + 14));
		Object.assign(ctx, { textAlign: "right", textBaseline: "middle" });
		y.ticks.forEach((value, i) => ctx.fillText(y.texts[i], left - 6, y.at(value)));
		Object.assign(ctx, { textAlign: "center", textBaseline: "bottom", fillStyle: colours.ink });
		ctx.fillText(x.label, Math.round((left + right) / 2), this.height - 2);
		ctx.translate(12, Math.round((top + bottom) / 2));
		ctx.rotate(-Math.PI / 2);
		ctx.fillText(y.label, 0, 0);
	}

	inside([px, py]) {
		const { left, right, top, bottom } = this.box;
		return px >= left && px <= right && py >= top && py <= bottom;
	}

	/** Stroke at(0), at(1) … at(t), up to the first that is not a number. */
	curve(ctx, at, t, strokeStyle, lineWidth, dash = [], globalAlpha = 1) {
		ctx.save();
		Object.assign(ctx, { strokeStyle, lineWidth, globalAlpha });
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
		ctx.restore();
	}

	/** Write a text on a halo, as near to a place as nothing else is written; true if there is room. */
	label(ctx, text, [px, py], colour, distances = [13]) {
		const { left, right, top, bottom } = this.box;
		const half = ctx.measureText(text).width / 2 + 3;
		for (const far of distances) {
			for (const [dx, dy] of AROUND) {
				const [nearX, nearY] = [px + (far && dx * (half + far)), py + dy * far];
				const x = clamp(nearX, left + half, right - half);
				const y = clamp(nearY, top + 9, bottom - 9);
				const box = { left: x - half, right: x + half, top: y - 8, bottom: y + 8 };
				if (Math.hypot(x - nearX, y - nearY) > 2 * far || this.taken.some((one) => meet(one, box))) continue;
				this.taken.push(box);
				ctx.save();
				Object.assign(ctx, { textAlign: "center", textBaseline: "middle", lineWidth: 4, fillStyle: colour });
				ctx.strokeText(text, x, y);
				ctx.fillText(text, x, y);
				ctx.restore();
				return true;
			}
		}
		return false;
	}

	/** Keep texts off a place. */
	take([px, py], reach) {
		this.taken.push({ left: px - reach, right: px + reach, top: py - reach, bottom: py + reach });
	}

	/** An arrowhead where something has left, and a text inwards of it. */
	leaving(ctx, place, angle, text, { wrong, ink }) {
		arrow(ctx, place, angle, 14, wrong);
		this.label(ctx, text, place, ink, [16, 30, 60, 90, 120]);
	}

	/** The step under the pointer, which all views show. */
	mark(ctx, place, k, { paper, ink }) {
		ctx.save();
		Object.assign(ctx, { strokeStyle: ink, lineWidth: 2 });
		dot(ctx, place, 5, paper, true);
		ctx.restore();
		this.label(ctx, `step ${k}`, place, ink, [11, 20, 35, 60]);
	}
}

export class DataView extends View {
	frame({ points, surface }) {
		const { x, y } = points.range;
		const pad = 0.06 * (x[1] - x[0]);
		const ends = [...y, ...x.map((value) => surface.w * value + surface.b)];
		const [bottom, top] = [Math.min(...ends), Math.max(...ends)];
		// Room for a line that does not fit yet.
		const room = 0.6 * (top - bottom || 1);
		this.x = this.axis(x[0] - pad, x[1] + pad, true, "x");
		this.y = this.axis(bottom - room, top + room, false, "y");
	}

	line(ctx, { w, b }, ...style) {
		const { x, y } = this;
		// A steep line from bottom to top, any other from left to right.
		const [xs, ys] = [x, y].map(({ low, high }) => [low, high]);
		const at = Math.abs(w) * (x.high - x.low) > y.high - y.low
			? (k) => [x.at((ys[k] - b) / w), y.at(ys[k])]
			: (k) => [x.at(xs[k]), y.at(w * xs[k] + b)];
		this.curve(ctx, at, 1, ...style);
	}

	drawBack(ctx, { points, surface }, colours) {
		const radius = points.x.length > 300 ? 1.6 : 3;
		points.x.forEach((x, i) => dot(ctx, [this.x.at(x), this.y.at(points.y[i])], radius, colours.point));
		this.line(ctx, surface, colours.minimum, 2, [2, 4]);
	}

	/** The step whose line runs nearest to a place. */
	stepAt([px, py], { run }) {
		const { x, y } = this;
		const at = x.low + ((px - this.box.left) / (this.box.right - this.box.left)) * (x.high - x.low);
		return nearest(run.steps, 40, (k) => Math.abs(y.at(run.w[k] * at + run.b[k]) - py));
	}

	drawFront(ctx, { points, run, ghost, ghostT, t, marked }, colours) {
		const { w, b } = pointAt(run, t);
		const batch = run.batchOf(stepBefore(t)) ?? [];
		// From a point to the line.
		const residual = (i) => (k) => [this.x.at(points.x[i]), this.y.at(k ? w * points.x[i] + b : points.y[i])];
		if (batch.length <= 20) for (const i of batch) this.curve(ctx, residual(i), 1, colours.batch, 1);
		const radius = batch.length > 100 ? 2.5 : 4.5;
		for (const i of batch) dot(ctx, residual(i)(0), radius, colours.batch, true);
		if (ghost) this.line(ctx, pointAt(ghost, ghostT), colours.kept, 2, [7, 5]);
		this.line(ctx, { w, b }, colours.run, 2.5);
		if (marked !== null) this.line(ctx, pointAt(run, marked), colours.ink, 1.5, [5, 3]);
		const { low, high } = this.x;
		const [side, end] = w * low + b > 0 ? [1, this.y.high] : [-1, this.y.low];
		if (Math.min(side * (w * low + b), side * (w * high + b)) <= side * end) return;
		const place = [this.x.at((low + high) / 2), this.y.at(end)];
		this.leaving(ctx, place, (-side * Math.PI) / 2, "the line is out here", colours);
	}
}

export class ParameterView extends View {
	frame({ camera }) {
		const { left, right, top, bottom } = this.box;
		// One scale: only so do steps cross the contours at right angles.
		this.scale = Math.min(right - left, bottom - top) / (2 * camera.half);
		const [halfW, halfB] = [(right - left) / 2 / this.scale, (bottom - top) / 2 / this.scale];
		this.x = this.axis(camera.w - halfW, camera.w + halfW, true, "w (slope)");
		this.y = this.axis(camera.b - halfB, camera.b + halfB, false, "b (intercept)");
	}

	at({ w, b }) {
		return [this.x.at(w), this.y.at(b)];
	}

	/** At the nearest place inside the axes. */
	parametersAt(px, py) {
		const { left, right, top, bottom } = this.box;
		const [fromLeft, fromBottom] = [clamp(px, left, right) - left, bottom - clamp(py, top, bottom)];
		return [this.x.low + fromLeft / this.scale, this.y.low + fromBottom / this.scale];
	}

	stepAt([px, py], { run }) {
		const off = ([x, y]) => Math.hypot(x - px, y - py);
		return nearest(run.steps, 20, (k) => off(this.at({ w: run.w[k], b: run.b[k] })));
	}

	drawBack(ctx, { surface, run, ghost, start, canMove }, colours) {
		const [px, py] = this.at(surface);
		const cross = (angle, reach, ...style) => {
			const [dx, dy] = [reach * Math.cos(angle), -reach * Math.sin(angle)];
			this.curve(ctx, (k) => [px + (2 * k - 1) * dx, py + (2 * k - 1) * dy], 1, ...style);
		};
		const levels = this.contours(ctx, surface, colours);
		const far = this.width + this.height;
		const turns = [["steep", surface.angle], ["shallow", surface.angle + Math.PI / 2]];
		for (const [, angle] of turns) cross(angle, far, colours.soft, 1, [2, 4]);
		const path = (one) => (t) => this.at(pointAt(one, t));
		if (ghost) this.curve(ctx, path(ghost), ghost.steps, colours.kept, 2, [7, 5]);
		this.curve(ctx, path(run), run.steps, colours.run, 1.5, [], 0.35);
		for (const angle of [0, Math.PI / 2]) cross(angle, 10, colours.minimum, 3);
		const place = this.at({ w: start[0], b: start[1] });
		this.take(place, 13);
		this.take([px, py], 9);
		const [gw, gb] = surface.gradient(...start).map((g) => -run.settings.lr * g);
		this.keepOff((t) => this.at({ w: start[0] + t * gw, b: start[1] + t * gb }), 1);
		for (const one of ghost ? [run, ghost] : [run]) this.keepOff(path(one), Math.min(one.steps, 60));
		this.label(ctx, canMove ? "start: drag, or click" : "start", place, colours.ink, [14, 24]);
		for (const [name, angle] of turns) {
			const way = [Math.cos(angle), -Math.sin(angle)];
			for (const side of [1, -1]) {
				const [, end] = clip([px, py], [px, py].map((v, i) => v + side * far * way[i]), this.box);
				if (end && this.label(ctx, name, end, colours.soft)) break;
			}
		}
		this.labelContours(ctx, surface, levels, colours);
	}

	/** Keep texts off a path. */
	keepOff(at, end) {
		for (let i = 0; i <= 160; i++) {
			const place = at((i / 160) * end);
			if (this.inside(place)) this.take(place, 3);
		}
	}

	/** Fill the ellipses of losses … 30, 10, 3, 1 from the largest in view inwards. */
	contours(ctx, surface, colours) {
		const { x, y, box } = this;
		const corners = [x.low, x.high].flatMap((w) => [y.low, y.high].map((b) => surface.loss(w, b)));
		const levels = [];
		ctx.save();
		ctx.fillStyle = colours.high;
		ctx.fillRect(box.left, box.top, box.right - box.left, box.bottom - box.top);
		Object.assign(ctx, { lineWidth: 1, strokeStyle: colours.contour });
		const outer = Math.floor(2 * Math.log10(Math.max(...corners)));
		for (let i = 0; i < 11; i++) {
			const level = 10 ** Math.floor((outer - i) / 2) * ((outer - i) % 2 ? 3 : 1);
			if (level <= surface.least) break;
			ctx.beginPath();
			ctx.ellipse(...this.at(surface), ...this.radii(surface, level), -surface.angle, 0, 7);
			ctx.fillStyle = colours.paper;
			ctx.fill();
			ctx.globalAlpha = Math.max(0, 1 - (i + 1) / 7);
			ctx.fillStyle = colours.high;
			ctx.fill();
			ctx.globalAlpha = 1;
			ctx.stroke();
			levels.push(level);
		}
		ctx.restore();
		return levels;
	}

	radii(surface, level) {
		const size = (curvature) => Math.sqrt((2 * (level - surface.least)) / curvature) * this.scale;
		return [size(surface.steep), size(surface.shallow)];
	}

	/** Each number on its contour, where there is room. */
	labelContours(ctx, surface, levels, { soft }) {
		const [px, py] = this.at(surface);
		const [cos, sin] = [Math.cos(surface.angle), Math.sin(surface.angle)];
		const texts = formatAll(levels);
		levels.forEach((level, i) => {
			const [steep, shallow] = this.radii(surface, level);
			for (let turn = 0.4; steep > 24 && turn < 6.6; turn += 0.3) {
				const [p, q] = [steep * Math.cos(turn), shallow * Math.sin(turn)];
				const place = [px + p * cos - q * sin, py - p * sin - q * cos];
				if (this.inside(place) && this.label(ctx, texts[i], place, soft, [0])) break;
			}
		});
	}

	drawFront(ctx, { run, ghost, ghostT, surface, t, marked }, colours) {
		const at = (k) => this.at(pointAt(run, k));
		this.curve(ctx, at, t, colours.run, 2);
		const radius = run.steps > 400 ? 0 : run.steps > 120 ? 1.75 : 2.75;
		for (let k = 1; radius && k <= t; k++) {
			if (this.inside(at(k))) dot(ctx, at(k), radius, colours.run);
		}
		const k = stepBefore(t);
		const { settings: { lr }, w, b } = run;
		const [gw, gb] = surface.gradient(w[k], b[k]);
		if (run.differs) {
			this.vector(ctx, at(k), this.at({ w: w[k] - lr * gw, b: b[k] - lr * gb }), colours.ink, 1.5);
		}
		this.vector(ctx, at(k), at(k + 1), run.batchSize ? colours.batch : colours.run, 3);
		if (ghost) dot(ctx, this.at(pointAt(ghost, ghostT)), 5, colours.kept, true);
		if (this.inside(at(t))) dot(ctx, at(t), 6, colours.run, true);
		else this.leave(ctx, at, t, colours);
		if (marked !== null && this.inside(at(marked))) this.mark(ctx, at(marked), marked, colours);
	}

	/** An arrow, where it can be seen. */
	vector(ctx, from, to, colour, width) {
		const length = Math.hypot(to[0] - from[0], to[1] - from[1]);
		if (!(length > 7)) return;
		const angle = Math.atan2(to[1] - from[1], to[0] - from[0]);
		const head = Math.min(4 * width + 2, length);
		const neck = to.map((v, i) => v - head * 0.8 * (i ? Math.sin(angle) : Math.cos(angle)));
		this.curve(ctx, (k) => (k ? neck : from), 1, colour, width);
		arrow(ctx, to, angle, head, colour);
	}

	leave(ctx, at, t, colours) {
		let k = Math.ceil(t);
		while (k > 1 && !this.inside(at(k - 1))) k--;
		const from = at(k - 1);
		const [, place = from] = clip(from, at(Math.min(k, t)), this.box);
		const angle = Math.atan2(place[1] - from[1], place[0] - from[0]);
		this.leaving(ctx, place, angle, `leaves at step ${k}`, colours);
	}
}

export class LossView extends View {
	frame({ run, ghost, byEpoch, surface: { least } }) {
		this.byEpoch = byEpoch;
		const runs = ghost ? [run, ghost] : [run];
		const long = Math.max(...runs.map((one) => this.along(one, one.steps)));
		this.x = this.axis(-0.025 * long, 1.025 * long, true, byEpoch ? "epoch" : "step");
		if (long >= 2) this.x.ticks = this.x.ticks.filter(Number.isInteger);
		// Beyond 10¹² times its start a run leaves through the top.
		const ceiling = Math.max(...runs.map((one) => one.loss[0])) * 1e12;
		let [low, high] = [Infinity, 0];
		for (const value of runs.flatMap((one) => [...one.loss, ...one.batchLoss])) {
			if (value > 0 && value < low) low = value;
			// True also for NaN.
			if (!(value <= high)) high = value <= ceiling ? value : ceiling;
		}
		low = Math.max(least > 0 ? Math.min(low, least) : low, least / 30, high * 1e-15);
		const bottom = Math.floor(2 * Math.log10(low) - 0.2) / 2;
		const top = Math.max(Math.ceil(2 * Math.log10(high) + 0.2) / 2, bottom + 1);
		const axis = this.axis(bottom, top, false, this.height < 150 ? "loss" : "mean squared error");
		const stride = Math.ceil(((top - bottom) * 30) / (this.box.bottom - this.box.top));
		const powers = [];
		for (let m = Math.ceil(bottom / stride) * stride; m <= top; m += stride) powers.push(10 ** m);
		this.y = { ...axis, ticks: powers, log: true, at: (value) => axis.at(Math.log10(value)) };
	}

	along(run, t) {
		return this.byEpoch ? t / run.perEpoch : t;
	}

	at(run, t) {
		// Straight on the screen between two steps.
		return [this.x.at(this.along(run, t)), between((k) => this.y.at(run.loss[k]), t)];
	}

	batchPoint(run, k) {
		return [this.x.at(this.along(run, k)), Math.min(this.y.at(run.batchLoss[k]), this.box.bottom - 3)];
	}

	drawBack(ctx, { run, ghost, surface }, colours) {
		const { left, right } = this.box;
		const [radius, alpha] = run.steps > 400 ? [1.2, 0.3] : [2, 0.6];
		ctx.globalAlpha = alpha;
		for (let k = 0; run.batchSize && k < run.steps; k++) {
			const point = this.batchPoint(run, k);
			if (this.inside(point)) dot(ctx, point, radius, colours.batch);
		}
		ctx.globalAlpha = 1;
		const least = this.y.at(surface.least);
		this.curve(ctx, (k) => [k ? right : left, least], 1, colours.minimum, 2, [2, 4]);
		if (ghost) this.curve(ctx, (t) => this.at(ghost, t), ghost.steps, colours.kept, 2, [7, 5]);
		this.curve(ctx, (t) => this.at(run, t), run.steps, colours.run, 1.5, [], 0.35);
	}

	stepAt([px], { run }) {
		return nearest(run.steps, 40, (k) => Math.abs(this.x.at(this.along(run, k)) - px));
	}

	drawFront(ctx, { run, ghost, ghostT, t, marked }, colours) {
		this.curve(ctx, (k) => this.at(run, k), t, colours.run, 2.25);
		if (run.batchSize) dot(ctx, this.batchPoint(run, stepBefore(t)), 4.5, colours.batch, true);
		if (ghost) dot(ctx, this.at(ghost, ghostT), 5, colours.kept, true);
		const [px, py] = this.at(run, t);
		const text = `up there: ${format(run.loss[Math.floor(t)])}`;
		if (py >= this.box.top) dot(ctx, [px, py], 5.5, colours.run, true);
		else this.leaving(ctx, [px, this.box.top + 2], -Math.PI / 2, text, colours);
		if (marked !== null) this.mark(ctx, this.at(run, marked), marked, colours);
	}
}
