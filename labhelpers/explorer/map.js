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
	begin({ surface, state: { start } }, rates) {
		const key = `${start}`;
		if (key === this.key) return;
		const rows = Array.from({ length: 20 }, (_, row) => ({ row, optimizer: "sgd", momentum: row / 20 }));
		rows.push({ row: ADAM, optimizer: "adam" });
		this.cells = rows.flatMap((row) => rates.map((lr, i) => ({ ...row, lr, i })));
		Object.assign(this, { key, rates, done: 0, best: null, stale: true });
		this.count = (cell) => stepsNeeded(surface, { ...cell, start }, MOST);
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
		const [low, high] = [rates[0], rates.at(-1)].map(Math.log10);
		const half = (high - low) / (rates.length - 1) / 2;
		this.x = this.axis(low - half, high + half, true, "learning rate η", true);
		const y = this.axis(-0.5, ADAM + 1, false, "momentum μ");
		const marks = [0, 5, 10, 15, ADAM];
		this.y = { ...y, ticks: marks, texts: marks.map((j) => (j === ADAM ? "Adam" : format(j / 20))) };
		this.columns = (box.right - box.left) / rates.length;
	}

	/** The cell of a column and a row, or the last one on that side. */
	cell(...place) {
		const { length } = this.rates;
		const [i, row] = place.map((value, j) => clamp(Math.round(value), 0, j ? 20 : length - 1));
		return this.cells[row * length + i];
	}

	cellAt([px, py]) {
		const column = (px - this.box.left) / this.columns - 0.5;
		if (this.inside([px, py])) return this.cell(column, this.y.of(py));
	}

	/** The cell next to some settings on one side. */
	beside({ lr, momentum, optimizer }, [right, up]) {
		const i = this.rates.findLastIndex((rate) => rate <= lr);
		return this.cell(i + right, (optimizer === "adam" ? 20 : Math.round(momentum * 20)) + up);
	}

	drawBack() {
		const { ctx, colours } = this;
		const few = Math.log(this.best?.needed);
		for (const cell of this.cells.slice(0, this.done)) {
			const { needed, i, row } = cell;
			const share = (Math.log(needed) - few) / (Math.log(MOST) - few);
			const half = row === ADAM ? 1 : 0.5;
			const [left, right] = [i, i + 1].map((column) => Math.round(this.box.left + column * this.columns));
			const [top, bottom] = [row + half, row - half].map((edge) => Math.round(this.y.at(edge)));
			ctx.fillStyle = needed === Infinity ? colours.wrong : colours.run;
			ctx.globalAlpha = needed === Infinity ? 0.25 : needed > 0 ? 0.9 - 0.75 * share : 0.05;
			ctx.fillRect(left, top, right - left, bottom - top);
		}
	}

	drawFront({ state: { lr, momentum, optimizer } }) {
		this.ring(this.on(lr, optimizer === "adam" ? ADAM : momentum * 20), 6, "ink");
		if (!this.best) return;
		const place = this.on(this.best.lr, this.best.row);
		this.ring(place, 4, "minimum");
		this.label(`fewest: ${this.best.needed}`, place, "ink", [10, 20]);
	}
}
