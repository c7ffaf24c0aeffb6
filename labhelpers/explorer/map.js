// The map of steps to the minimum: rates along, momentum up, a row for Adam on top.
import { format, stepsNeeded } from "./descent.js";
import { View } from "./views.js";

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
		rows.push({ row: ADAM, optimizer: "adam", momentum: 0 });
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
		for (let power = Math.floor(Math.log10(rates[0])); power <= Math.log10(rates[last]); power++) {
			for (const lr of [1, 2, 5].map((m) => Number(`${m}e${power}`))) {
				if (at(lr) - at(ticks.at(-1) ?? 0) > 40 && at(lr) < box.right) ticks.push(lr);
			}
		}
		this.x = { ...x, at, log: true, ticks: ticks.filter((lr) => at(lr) > box.left) };
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

	drawBack(ctx, scene, colours) {
		const few = Math.log(this.best?.needed);
		for (const cell of this.cells.slice(0, this.done)) {
			const share = (Math.log(cell.needed) - few) / (Math.log(MOST) - few);
			const [left, top, right, bottom] = this.edges(cell).map(Math.round);
			ctx.fillStyle = cell.needed === Infinity ? colours.wrong : colours.run;
			ctx.globalAlpha = cell.needed === Infinity ? 0.25 : cell.needed > 0 ? 0.9 - 0.75 * share : 0.05;
			ctx.fillRect(left, top, right - left, bottom - top);
		}
	}

	drawFront(ctx, { state: { lr, momentum, optimizer } }, colours) {
		const { best } = this;
		const ring = (px, py, radius, colour) => {
			ctx.beginPath();
			ctx.arc(px, py, radius, 0, 7);
			Object.assign(ctx, { strokeStyle: colour, lineWidth: 2.5 });
			ctx.stroke();
			Object.assign(ctx, { strokeStyle: colours.paper });
		};
		ring(this.x.at(lr), this.y.at(optimizer === "adam" ? ADAM : momentum * 20), 6, colours.ink);
		if (best) {
			const [left, top, right, bottom] = this.edges(best);
			const place = [(left + right) / 2, (top + bottom) / 2];
			ring(...place, 4, colours.minimum);
			this.label(ctx, `fewest: ${best.needed}`, place, colours.ink, [10, 20]);
		}
	}
}
