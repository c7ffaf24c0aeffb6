// The mathematics, as in descent.py; tests hold both to PyTorch.

/** A run has reached the minimum once its loss stays this close to the least. */
export const GOAL = 0.001;

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The surface L(w, b) = mean (w·x + b − y)², as a sum of squares (derived in surface.py). */
export function lossSurface(x, y) {
	const n = x.length;
	const xMean = mean(x);
	const yMean = mean(y);
	const sxx = mean(x.map((v) => (v - xMean) ** 2));
	const sxy = mean(x.map((v, i) => (v - xMean) * (y[i] - yMean)));
	const w = sxy / sxx;
	const b = yMean - w * xMean;
	const least = mean(x.map((v, i) => (y[i] - yMean - w * (v - xMean)) ** 2));
	const excess = (p, q) => sxx * (p - w) ** 2 + (p * xMean + q - yMean) ** 2;
	return {
		n, w, b, least, excess, ...curvatures(sxx + xMean ** 2, xMean),
		loss: (p, q) => least + excess(p, q),
		gradient(p, q) {
			const level = p * xMean + q - yMean;
			return [2 * (sxx * (p - w) + level * xMean), 2 * level];
		},
	};
}

/** Eigenvalues of 2·[[mean x², mean x], [mean x, 1]] and the angle of the steep direction. */
function curvatures(meanSquare, mean) {
	const steep = meanSquare + 1 + Math.hypot(meanSquare - 1, 2 * mean);
	// From the determinant: a difference would lose digits.
	const shallow = (4 * Math.max(meanSquare - mean ** 2, 0)) / steep;
	return { steep, shallow, angle: Math.atan2(2 * mean, meanSquare - 1) / 2 };
}

const inOrder = (n) => Uint32Array.from({ length: n }, (_, i) => i);

/** The order of the samples in one epoch: Fisher–Yates with mulberry32 numbers. */
export function epochOrder(n, seed, epoch) {
	const order = inOrder(n);
	let state = Math.imul(seed ^ Math.imul(epoch + 1, 0x9e3779b1), 0x85ebca6b);
	for (let i = n - 1; i > 0; i--) {
		state = (state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		const j = Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * (i + 1));
		[order[i], order[j]] = [order[j], order[i]];
	}
	return order;
}

/** From a step to the indices of its batch; null means all. */
export function batches(n, size, shuffle, seed) {
	if (!size) return () => null;
	const perEpoch = Math.ceil(n / size);
	let [cached, order] = [-1, inOrder(n)];
	return (step) => {
		const epoch = Math.floor(step / perEpoch);
		if (shuffle && epoch !== cached) [cached, order] = [epoch, epochOrder(n, seed, epoch)];
		const first = (step % perEpoch) * size;
		return order.subarray(first, first + size);
	};
}

/** From one parameter's gradients to its updates, by the formulas in descent.py. */
function updater({ optimizer, lr, momentum }) {
	let [v, mean, square, k] = [0, 0, 0, 0];
	if (optimizer === "sgd") return (g) => -lr * (v = momentum * v + g);
	return (g) => {
		k++;
		mean += 0.1 * (g - mean);
		square = 0.999 * square + 0.001 * g * g;
		return (-lr / (1 - 0.9 ** k)) * (mean / (Math.sqrt(square) / Math.sqrt(1 - 0.999 ** k) + 1e-8));
	};
}

/**
 * One run. n steps give n + 1 points. batchLoss[k] is the loss on step k's batch, before its
 * update; from step `reached` on, the loss over all points is within GOAL of the least.
 */
export function descend(x, y, surface, settings) {
	const { steps, shuffle, seed } = settings;
	const n = x.length;
	const batchSize = settings.batch_size < n ? settings.batch_size : null;
	const batchOf = batches(n, batchSize, shuffle, seed);
	const run = {
		settings, steps, batchOf, batchSize,
		perEpoch: batchSize ? Math.ceil(n / batchSize) : 1,
		w: new Float64Array(steps + 1),
		b: new Float64Array(steps + 1),
		loss: new Float64Array(steps + 1),
		batchLoss: new Float64Array(steps),
		// 2/λ₂ of the steepest batch in this run.
		batchLimit: Infinity,
		// Whether a step is another one than −η times the full gradient.
		differs: Boolean(batchSize || settings.momentum || settings.optimizer === "adam"),
		reached: 0,
	};
	walk(settings, (k, w, b) => {
		run.w[k] = w;
		run.b[k] = b;
		run.loss[k] = surface.loss(w, b);
		if (!(surface.excess(w, b) <= GOAL)) run.reached = k + 1;
		if (k === steps) return null;
		const batch = batchOf(k);
		if (batch === null) {
			run.batchLoss[k] = run.loss[k];
			return surface.gradient(w, b);
		}
		const m = batch.length;
		let [gw, gb, sumEE, sumX, sumXX] = [0, 0, 0, 0, 0];
		for (const i of batch) {
			const error = w * x[i] + b - y[i];
			gw += error * x[i];
			gb += error;
			sumEE += error * error;
			sumX += x[i];
			sumXX += x[i] * x[i];
		}
		run.batchLoss[k] = sumEE / m;
		run.batchLimit = Math.min(run.batchLimit, 2 / curvatures(sumXX / m, sumX / m).steep);
		return [gw * (2 / m), gb * (2 / m)];
	});
	return run;
}

/** Go as the gradient at step k and (w, b) leads, until there is none. */
function walk(settings, gradientAt) {
	let [w, b] = settings.start;
	const [moveW, moveB] = [updater(settings), updater(settings)];
	for (let k = 0, g; (g = gradientAt(k, w, b)); k++) {
		w += moveW(g[0]);
		b += moveB(g[1]);
	}
}

/** Steps with all samples after which a run stays within GOAL; NaN if not yet, ∞ if it grows. */
export function stepsNeeded(surface, settings, most) {
	const first = surface.excess(...settings.start);
	let needed = 0;
	walk(settings, (k, w, b) => {
		const excess = surface.excess(w, b);
		if (!(excess <= GOAL)) needed = k + 1;
		if (k < most && excess < 1e30) return surface.gradient(w, b);
		if (needed > k) needed = excess < first ? NaN : Infinity;
	});
	return needed;
}

/** What a step multiplies an error of curvature λ by in the long run: derived in descent.py. */
export function factor(lr, curvature, momentum) {
	const trace = 1 + momentum - lr * curvature;
	const square = trace ** 2 - 4 * momentum;
	if (square < 0) return { value: Math.sqrt(momentum), turns: true };
	return { value: (trace + Math.sign(trace) * Math.sqrt(square)) / 2, turns: false };
}

/** The limit 2(1 + μ)/λ₂ with all samples, and the fastest rate. */
export function rateMarks(surface, momentum) {
	const gain = 2 * (1 + momentum);
	return { limit: gain / surface.steep, fastest: gain / (surface.steep + surface.shallow) };
}

const raised = (exponent) =>
	"10" + String(exponent).replace(/./g, (c) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(c)]);

const plain = (value, digits) => String(Number(value.toPrecision(digits))).replace("-", "−");

/** A number for reading. */
export function format(value, digits = 4) {
	if (!Number.isFinite(value)) return value > 0 ? "∞" : value < 0 ? "−∞" : "not a number";
	const size = Math.abs(value.toPrecision(digits));
	if (size === 0 || (size >= 1e-3 && size < 1e5)) return plain(value, digits);
	const [factor, exponent] = value.toExponential(digits - 2).split("e").map(Number);
	return `${plain(factor, digits)} × ${raised(exponent)}`;
}

/** The numbers of an axis: all plain, or all with a power of ten. */
export function formatAll(values, log) {
	const sizes = values.map(Math.abs).filter(Boolean);
	const [low, high] = [Math.min(...sizes), Math.max(...sizes)];
	const allPlain = (log ? low * 10 : high) >= 1e-3 && high < 1e5;
	return values.map((value) => {
		if (allPlain || !value || (log && value > 0.0099 && value < 101)) return plain(value, 6);
		const exponent = Math.floor(Math.log10(log ? value : high) + 1e-9);
		const factor = plain(value / 10 ** exponent, 6);
		return factor === "1" ? raised(exponent) : `${factor} × ${raised(exponent)}`;
	});
}

const verdict = (title, text, kind = title.toLowerCase()) => ({ title, kind, text });

export function describe(surface, run) {
	if (run.batchSize) return describeNoisy(surface, run);
	const { lr, momentum, optimizer } = run.settings;
	if (optimizer === "adam") return describeAdam(surface, run);
	const [steep, shallow] = [surface.steep, surface.shallow].map((one) => factor(lr, one, momentum));
	const [s, f] = [steep, shallow].map(({ value }) => Math.abs(value));
	const along = (name, { value, turns }) =>
		`along the ${name} direction by ${format(value, 3)}${turns ? " (it swings about 0)" : ""}`;
	const text = `each step multiplies the error ${along("steep", steep)}`;
	const other = along("shallow", shallow);
	if (Math.abs(s - 1) < 1e-9) return verdict("On the limit", `${text}: it neither grows nor shrinks.`, "edge");
	if (s > 1) {
		const both = f > 1 ? ` and ${other}` : "";
		return verdict("Diverging", `${text}${both}. That is above 1 in size, so the error grows.`);
	}
	const jumps = !steep.turns && steep.value < 0 ? " (it jumps across the valley)" : "";
	const both = `${text}${jumps}, ${other}`;
	const worst = Math.max(s, f);
	if (worst <= 0.97) return verdict("Converging", `${both}.`);
	const half = format(Math.ceil(Math.log(0.5) / Math.log(worst)), 3);
	const left = `half of the larger part is left after about ${half} steps`;
	return verdict("Converging slowly", `${both}; ${left}.`, "slow");
}

/** Adam divides by the size of the gradients, so that no factor tells how it goes. */
function describeAdam(surface, { settings, steps, loss }) {
	const rate = format(settings.lr);
	const step = `at first a step moves w and b by about η = ${rate} each, however large the gradient is`;
	const way = `from ${format(loss[0])} to ${format(loss[steps])} (least squares: ${format(surface.least)})`;
	const title = loss[steps] <= loss[0] ? "Approaching" : "Overshooting";
	return verdict(title, `${step}; the loss goes ${way}.`);
}

function describeNoisy(surface, { settings, steps, batchSize, loss }) {
	const single = batchSize === 1;
	const growth = loss[steps] / loss[0];
	// The rule of History.diverged. NaN, too, has passed every bound.
	if (!(loss[steps] <= 10 * loss[0] * (1 + 1e-6))) {
		const end = Number.isFinite(growth) ? `${format(growth, 3)} times its start` : "beyond every number";
		const why = ` With all samples this rate converges; ${single ? "a single sample" : "one batch"} can be ` +
			"steeper than the whole.";
		const { lr, momentum, optimizer } = settings;
		const small = optimizer === "sgd" && lr < rateMarks(surface, momentum).limit;
		return verdict("Diverging", `the loss ends ${end}.${small ? why : ""}`);
	}
	const tail = loss.subarray(Math.floor((3 * steps) / 4) + 1);
	return verdict("Bounded, with noise", `each ${single ? "sample" : "batch"} pulls towards its ` +
		`own best line; in the last quarter the loss is ${format(mean(tail))} on average ` +
		`(least squares: ${format(surface.least)}).`, "noisy");
}
