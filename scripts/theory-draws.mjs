/** Gaussian vectors drawn and quantised, for the tables and plots of docs/theory.md, and how figures are written there. */
import { log } from '../dist/core/math.js';
import { hashText, noise16, noiseKey, RandomStream } from '../dist/core/rng.js';
import { cosineGivenExtremes, uniformNoiseCosine } from '../dist/theory/index.js';

export const grids = ['minmax', 'symmetric'];
export const roundings = ['nearest', 'stochastic'];
export const bitCounts = [2, 3, 4, 6, 8];
/** 97.5 % points of Student's t by degrees of freedom (tables); in between, the next smaller's. */
const tPoints = [
  [999, 1.962],
  [199, 1.972],
  [99, 1.984],
  [59, 2.001],
  [29, 2.045],
  [19, 2.093],
  [9, 2.262],
  [4, 2.776],
  [1, 12.71],
];

/** Mean, half width of its 95 % t-interval and standard deviation. */
export function summary(values) {
  const n = values.length;
  const mean = values.reduce((a, b) => a + b, 0) / n;
  const sd = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1));
  const [, t] = tPoints.find(([freedom]) => freedom <= n - 1);
  return { mean, half: (t * sd) / Math.sqrt(n), sd };
}

export function correlation(a, b) {
  const [meanA, meanB] = [summary(a).mean, summary(b).mean];
  let [ab, aa, bb] = [0, 0, 0];
  a.forEach((value, i) => {
    ab += (value - meanA) * (b[i] - meanB);
    aa += (value - meanA) ** 2;
    bb += (b[i] - meanB) ** 2;
  });
  return ab / Math.sqrt(aa * bb);
}

/** What one drawn vector of n values says. */
export function measureDraw(n, draw) {
  const stream = new RandomStream(2018, hashText(`theory:${n}`), draw);
  const w = new Float64Array(n);
  let [min, max, first, second] = [Infinity, -Infinity, 0, 0];
  for (let i = 0; i < n; i++) {
    const x = stream.normal(log);
    w[i] = x;
    if (x < min) min = x;
    if (x > max) max = x;
    first += Math.abs(x);
    second += x * x;
  }
  const maxAbs = Math.max(max, -min);
  const result = {
    maxAbs,
    range: max - min,
    square: second / n,
    ratio: first / Math.sqrt(second),
    cos: {},
    given: {},
    /** By the law at the vector's own step, and that step in root mean squares. */
    own: {},
    step: {},
    /** W.e, |e| and |W + e|, |W| being 1. */
    parallel: {},
    noise: {},
    length: {},
  };
  const key = noiseKey(2018, draw, hashText(`noise:${n}`), 0, 0);
  for (const grid of grids) {
    for (const bits of bitCounts) {
      const low = grid === 'minmax' ? min : -maxAbs;
      const steps = grid === 'minmax' ? 2 ** bits - 1 : 2 ** bits - 2;
      const step = (grid === 'minmax' ? max - min : 2 * maxAbs) / steps;
      for (const rounding of roundings) {
        const nearest = rounding === 'nearest';
        let [cross, square] = [0, 0];
        for (let i = 0; i < n; i++) {
          const u = nearest ? 0.5 : (noise16(i, key) + 0.5) / 65536;
          const q = low + step * Math.min(steps, Math.floor((w[i] - low) / step + u));
          cross += w[i] * q;
          square += q * q;
        }
        const name = `${grid} ${bits} ${rounding}`;
        result.cos[name] = cross / Math.sqrt(square * second);
        result.step[name] = step / Math.sqrt(second / n);
        result.own[name] = uniformNoiseCosine(result.step[name], rounding);
        result.parallel[name] = cross / second - 1;
        result.noise[name] = Math.sqrt(Math.max(0, square - 2 * cross + second) / second);
        result.length[name] = Math.sqrt(square / second);
        result.given[name] = cosineGivenExtremes(
          { grid, bits, n, rounding },
          low,
          grid === 'minmax' ? max : maxAbs,
        );
      }
    }
  }
  return result;
}

/** |w|_1/|w|_2 of drawn vectors too short for a grid. */
export function shortRatios(n) {
  return Array.from({ length: 1000 }, (_, draw) => {
    const stream = new RandomStream(2018, hashText(`short:${n}`), draw);
    const w = Array.from({ length: n }, () => stream.normal(log));
    return w.reduce((sum, x) => sum + Math.abs(x), 0) / Math.hypot(...w);
  });
}

export const lengths = [16, 100, 1000, 1e4, 1e5, 1e6];

/**
 * Vectors of each length up to `largest`. `of(n, pick)` is the summary of what `pick` takes from them, undefined for a length that
 * was not drawn: a cell made of it is null.
 */
export function drawVectors({ draws, largest }) {
  const measured = new Map();
  for (const n of lengths.filter((one) => one <= largest)) {
    // Short vectors are cheap, and their means scatter most.
    const count = n <= 1000 ? 1000 : draws;
    measured.set(
      n,
      Array.from({ length: count }, (_, draw) => measureDraw(n, draw)),
    );
    console.error(`${n} values, ${count} draws`);
  }
  const of = (n, pick) => {
    const all = measured.get(n);
    return all && summary(all.map(pick));
  };
  return { measured, of };
}

/** A number that rounds to 0 has no sign. */
export const digits = (value, count) => value.toFixed(count).replace(/^-(0\.0*)$/, '$1');
export const factor = (value) => value.toFixed(value < 10 ? 1 : 0);
export const percent = (value) => `${value >= 0 ? '+' : ''}${(100 * value).toPrecision(3)} %`;
export const small = (value) => (value === 0 ? '0' : value.toExponential(1));
export const power = (n) => (n >= 1e4 ? `1e${Math.round(Math.log10(n))}` : String(n));
/** Mean ± half width; null of what was not drawn. */
export const within = (found, count) =>
  found ? `${digits(found.mean, count)} ± ${digits(found.half, count)}` : null;
export const withinSmall = (found) => (found ? `${small(found.mean)} ± ${small(found.half)}` : null);
