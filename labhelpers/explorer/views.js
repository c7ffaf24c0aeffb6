// The three views of one run. The back canvas is drawn when it is stale, the front at every frame.
import { format } from "./descent.js";

const FONT = "11px system-ui, sans-serif";
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const NEAR = { left: -1e4, right: 1e4, top: -1e4, bottom: 1e4 };
const reach = ([px, py]) => Math.max(Math.abs(px), Math.abs(py));

function ticks(low, high, count) {
	const raw = (high - low) / count;
	const power = 10 ** Math.floor(Math.log10(raw));
	const step = power * [1, 2, 5, 10].find((m) => m * power >= raw * 0.999);
	const places = [];
	for (let i = Math.ceil(low / step - 1e-9); i <= high / step + 1e-9; i++) places.push(i * step);
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

function dot(ctx, [px, py], radius, fill, edge) {
	ctx.beginPath();
	ctx.arc(px, py, radius, 0, 7);
	ctx.fillStyle = fill;
	ctx.fill();
	if (edge) ctx.stroke();
}

/** Text on a halo. */
function write(ctx, text, px, py, colour) {
	ctx.save();
	Object.assign(ctx, { textAlign: "center", textBaseline: "middle", lineWidth: 4, fillStyle: colour });
	ctx.strokeText(text, px, py);
	ctx.fillText(text, px, py);
	ctx.restore();
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

class View {
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
			this.box = { left: 54, top: 8, right: width - 8, bottom: height - 36 };
		}
		this.frame(scene);
		if (this.stale) this.paint(this.back, scene, this.drawBack);
		this.stale = false;
		this.paint(this.front, scene, this.drawFront);
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
		const text = (value) => format(Math.abs(value) < 1e-12 ? 0 : value, 6);
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
		for (const value of x.ticks) ctx.fillText(text(value), x.at(value), bottom + 14);
		Object.assign(ctx, { textAlign: "right", textBaseline: "middle" });
		for (const value of y.ticks) ctx.fillText((y.text ?? text)(value), left - 6, y.at(value));
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

	/** An arrowhead where something has left, and a text inwards of it. */
	leaving(ctx, [px, py], angle, text, { batch, ink }) {
		const { left, right, top, bottom } = this.box;
		ctx.save();
		ctx.translate(px, py);
		ctx.rotate(angle);
		ctx.fillStyle = batch;
		ctx.beginPath();
		for (const corner of [[0, 0], [-14, 7], [-14, -7]]) ctx.lineTo(...corner);
		ctx.fill();
		ctx.restore();
		const half = ctx.measureText(text).width / 2 + 6;
		const away = Math.abs(Math.sin(angle)) < 0.7 ? 18 : 0;
		write(ctx, text, clamp(px - half * Math.cos(angle), left + half, right - half),
			clamp(py - 26 * Math.sin(angle) - away, top + 12, bottom - 12), ink);
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
		this.line(ctx, surface, colours.best, 2, [2, 4]);
	}

	drawFront(ctx, { points, run, ghost, ghostT, t }, colours) {
		const { w, b } = pointAt(run, t);
		const batch = run.batchOf(stepBefore(t)) ?? [];
		const at = (i, y) => [this.x.at(points.x[i]), this.y.at(y)];
		for (const i of batch) {
			const ends = [points.y[i], w * points.x[i] + b];
			if (batch.length <= 20) this.curve(ctx, (k) => at(i, ends[k]), 1, colours.batch, 1);
		}
		for (const i of batch) {
			dot(ctx, at(i, points.y[i]), batch.length > 100 ? 2.5 : 4.5, colours.batch, true);
		}
		if (ghost) this.line(ctx, pointAt(ghost, ghostT), colours.ghost, 2, [7, 5]);
		this.line(ctx, { w, b }, colours.run, 2.5);
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

	drawBack(ctx, { surface, run, ghost, start }, colours) {
		this.contours(ctx, surface, start, colours);
		const [px, py] = this.at(surface);
		const cross = (angle, reach, ...style) => {
			const [dx, dy] = [reach * Math.cos(angle), -reach * Math.sin(angle)];
			this.curve(ctx, (k) => [px + (2 * k - 1) * dx, py + (2 * k - 1) * dy], 1, ...style);
		};
		for (const turn of [0, Math.PI / 2]) {
			cross(surface.angle + turn, this.width + this.height, colours.contour, 1, [2, 4]);
		}
		const path = (one) => (t) => this.at(pointAt(one, t));
		if (ghost) this.curve(ctx, path(ghost), ghost.steps, colours.ghost, 2, [7, 5]);
		this.curve(ctx, path(run), run.steps, colours.run, 1.5, [], 0.35);
		for (const angle of [0, Math.PI / 2]) cross(angle, 7, colours.best, 3);
	}

	contours(ctx, surface, start, colours) {
		const { x, y, box } = this;
		const [px, py] = this.at(surface);
		const corners = [x.low, x.high].flatMap((w) => [y.low, y.high].map((b) => surface.loss(w, b)));
		// Labels at right angles to the way to the minimum: the path seldom runs there.
		let [dw, db] = [surface.b - start[1], start[0] - surface.w];
		const length = Math.hypot(dw, db) * (dw > 0 ? 1 : -1) || 1;
		[dw, db] = [dw / length, db / length];
		const unit = surface.loss(surface.w + dw, surface.b + db) - surface.least;
		const labels = [];
		ctx.save();
		ctx.fillStyle = colours.high;
		ctx.fillRect(box.left, box.top, box.right - box.left, box.bottom - box.top);
		Object.assign(ctx, { lineWidth: 1, strokeStyle: colours.contour });
		// Losses … 30, 10, 3, 1 from the largest in view inwards.
		const outer = Math.floor(2 * Math.log10(Math.max(...corners)));
		for (let i = 0; i < 11; i++) {
			const level = 10 ** Math.floor((outer - i) / 2) * ((outer - i) % 2 ? 3 : 1);
			const above = level - surface.least;
			if (above <= 0) break;
			const radius = (curvature) => Math.sqrt((2 * above) / curvature) * this.scale;
			ctx.beginPath();
			ctx.ellipse(px, py, radius(surface.steep), radius(surface.flat), -surface.angle, 0, 7);
			ctx.fillStyle = colours.paper;
			ctx.fill();
			ctx.globalAlpha = Math.max(0, 1 - (i + 1) / 7);
			ctx.fillStyle = colours.high;
			ctx.fill();
			ctx.globalAlpha = 1;
			ctx.stroke();
			labels.unshift({ level, reach: Math.sqrt(above / unit) * this.scale });
		}
		ctx.restore();
		let taken = 0;
		for (const { level, reach } of labels) {
			const [tx, ty] = [px + reach * dw, py - reach * db];
			if (reach - taken < 30 || !this.inside([tx + 14, ty])) continue;
			taken = reach;
			write(ctx, format(level), tx, ty, colours.soft);
		}
	}

	drawFront(ctx, { run, ghost, ghostT, t }, colours) {
		const at = (k) => this.at(pointAt(run, k));
		this.curve(ctx, at, t, colours.run, 2);
		const radius = run.steps > 400 ? 0 : run.steps > 120 ? 1.75 : 2.75;
		for (let k = 1; radius && k <= t; k++) {
			if (this.inside(at(k))) dot(ctx, at(k), radius, colours.run);
		}
		if (ghost) dot(ctx, this.at(pointAt(ghost, ghostT)), 5, colours.ghost, true);
		if (this.inside(at(t))) return dot(ctx, at(t), 6, colours.run, true);
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
		if (!this.stale) return;
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
		const axis = this.axis(bottom, top, false, "mean squared error");
		const stride = Math.ceil(((top - bottom) * 30) / (this.box.bottom - this.box.top));
		const powers = [];
		for (let m = Math.ceil(bottom / stride) * stride; m <= top; m += stride) powers.push(10 ** m);
		this.y = { ...axis, ticks: powers, text: format, at: (value) => axis.at(Math.log10(value)) };
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
		this.curve(ctx, (k) => [k ? right : left, least], 1, colours.best, 2, [2, 4]);
		if (ghost) this.curve(ctx, (t) => this.at(ghost, t), ghost.steps, colours.ghost, 2, [7, 5]);
		this.curve(ctx, (t) => this.at(run, t), run.steps, colours.run, 1.5, [], 0.35);
	}

	drawFront(ctx, { run, ghost, ghostT, t }, colours) {
		this.curve(ctx, (k) => this.at(run, k), t, colours.run, 2.25);
		if (run.batchSize) dot(ctx, this.batchPoint(run, stepBefore(t)), 4.5, colours.batch, true);
		if (ghost) dot(ctx, this.at(ghost, ghostT), 5, colours.ghost, true);
		const [px, py] = this.at(run, t);
		if (py >= this.box.top) return dot(ctx, [px, py], 5.5, colours.run, true);
		const text = `up there: ${format(run.loss[Math.floor(t)])}`;
		this.leaving(ctx, [px, this.box.top + 2], -Math.PI / 2, text, colours);
	}
}
