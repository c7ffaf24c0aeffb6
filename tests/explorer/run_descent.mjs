// Runs labhelpers/explorer/descent.js as it is: cases as JSON on standard input, results on output.
import { readFileSync } from "node:fs";

const source = readFileSync(new URL("../../labhelpers/explorer/descent.js", import.meta.url));
// A data address makes it a module whatever the package settings around the file are.
const url = `data:text/javascript;base64,${source.toString("base64")}`;
const { batches, describe, descend, format, lossSurface, rateMarks, stepsNeeded } = await import(url);

const { runs, numbers } = JSON.parse(readFileSync(0, "utf8"));
const results = runs.map(({ x, y, settings }) => {
  const surface = lossSurface(x, y);
  const run = descend(x, y, surface, settings);
  const batchOf = batches(x.length, run.batchSize, settings.shuffle, settings.seed);
  return {
    w: [...run.w].map(String), b: [...run.b].map(String),
    loss: [...run.loss].map(String), batchLoss: [...run.batchLoss].map(String),
    orders: [0, 1, 2, 3, settings.steps - 1].map((k) => [...(batchOf(k) ?? [])]),
    reached: run.reached,
    needed: String(stepsNeeded(surface, settings, 150)),
    batchLimit: String(run.batchLimit),
    marks: rateMarks(surface, settings.momentum),
    verdict: describe(surface, run),
  };
});
const written = numbers.map(([value, digits]) => format(Number(value), digits));
process.stdout.write(JSON.stringify({ results, written }));
