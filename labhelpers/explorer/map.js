// The map of steps to the minimum: rates along, momentum up, a row for Adam on top.
import { format, stepsNeeded } from "./descent.js";
import { View, clamp } from "./views.js";

const MOST = 400;
/** Milliseconds of a frame. */
const SLICE = 4;
/** Where Adam's row is, among momenta counted in twentieths. */
const ADAM = 21;

export class MapView extends View {
	/** New settings: count again if they matter here. */
	begin({ surface, state, goal }, rates) {
		const key = `${state.start}`;
		if (key === this.key) return;
		const rows = Array.from({ length: 20 }, (_, row) => ({ row, optimizer: "sgd", momentum: row / 20 }));
		rows.push({ row: ADAM, optimizer: "adam" });
		this.cells = rows.flatMap((row) => rates.map((lr, i) => ({ ...row, lr, i })));
		Object.assign(this, { key, rates, done: 0, best: null, stale: true });
		this.count = (cell) => stepsNeeded(surface, { ...cell, start: state.start, goal }, MOST);
	}

	/** Count for a part of a frame; true while there is more to do. */
	work() {
		const until = performance.now() + SLICE;
		const { cells } = this;
		if (this.done === cells.length) return false;
		while (this.done < cells.length && performance.now() < until) {
			const cell = cells[this.done++];
			cell.needed = this.count(cell);
			if (cell.needed < (this.best?.needed ?? Infinity)) this.best = cell;
		}
		this.stale = true;
		return true;
	}

	frame() {
		const { rates, box } = this;
		const last = rates.length - 1;
		const x = this.axis(-0.5, last + 0.5, true, "learning rate η");
		const at = (lr) => x.at((Math.log(lr / rates[0]) / Math.log(rates[last] / rates[0])) * last);
		const ticks = [];
		for (let i = 0; i < 60; i++) {
			const lr = Number(`${[1, 2, 5][i % 3]}e${Math.floor(i / 3) - 12}`);
			const from = ticks.length ? at(ticks.at(-1)) + 40 : box.left;
			if (at(lr) > from && at(lr) < box.right) ticks.push(lr);
		}
		this.x = { ...x, at, log: true, ticks };
		const y = this.axis(-0.5, ADAM + 1, false, "momentum μ");
		const marks = [0, 5, 10, 15, ADAM];
		this.y = { ...y, ticks: marks, texts: marks.map((j) => (j === ADAM ? "Adam" : format(j / 20))) };
		this.columns = (box.right - box.left) / rates.length;
	}

	/** Left, top, right and bottom of a cell. */
	edges({ i, row }) {
		const half = row === ADAM ? 1 : 0.5;
		const { left } = this.box;
		return [left + i * this.columns, this.y.at(row + half), left + (i + 1) * this.columns, this.y.at(row - half)];
	}

	cellAt([px, py]) {
		return this.cells.find((cell) => {
			const [left, top, right, bottom] = this.edges(cell);
			return px >= left && px < right && py >= top && py < bottom;
		});
	}

	/** The cell next to some settings on one side; at the rim the last one. */
	beside({ lr, momentum, optimizer }, [right, up]) {
		const { rates, cells } = this;
		const row = optimizer === "adam" ? 20 : Math.round(momentum * 20);
		const i = rates.findLastIndex((rate) => rate <= lr);
		return cells[clamp(row + up, 0, 20) * rates.length + clamp(i + right, 0, rates.length - 1)];
	}

	drawBack() {
		const { ctx, colours } = this;
		const few = Math.log(this.best?.needed);
		for (const cell of this.cells.slice(0, this.done)) {
			const { needed } = cell;
			const share = (Math.log(needed) - few) / (Math.log(MOST) - few);
			const [left, top, right, bottom] = this.edges(cell).map(Math.round);
			ctx.fillStyle = needed === Infinity ? colours.wrong : colours.run;
			ctx.globalAlpha = needed === Infinity ? 0.25 : needed > 0 ? 0.9 - 0.75 * share : 0.05;
			ctx.fillRect(left, top, right - left, bottom - top);
		}
	}

	drawFront({ state: { lr, momentum, optimizer } }) {
		const ring = (place, radius, strokeStyle) => this.styled({ strokeStyle, lineWidth: 2.5 }, () => {
			this.dot(place, radius, "transparent", true);
		});
		ring([this.x.at(lr), this.y.at(optimizer === "adam" ? ADAM : momentum * 20)], 6, "ink");
		if (!this.best) return;
		const [left, top, right, bottom] = this.edges(this.best);
		const place = [(left + right) / 2, (top + bottom) / 2];
		ring(place, 4, "minimum");
		this.label(`fewest: ${this.best.needed}`, place, "ink", [10, 20]);
	}
}
