/** Gaussian samples and the mean of repeated measurements with its standard error, for the tests of this folder. */
import { log } from '../core/math.js';
import { hashText, RandomStream } from '../core/rng.js';

/** `n` standard normal values, the same for the same name and draw. */
export function gaussianSample(n: number, name: string, draw: number): Float64Array {
  const stream = new RandomStream(1, hashText(name), draw);
  return Float64Array.from({ length: n }, () => stream.normal(log));
}

/** Mean and its standard error over `draws` measurements. */
export function repeated(draws: number, measure: (draw: number) => number): { mean: number; error: number } {
  const values = Array.from({ length: draws }, (_, draw) => measure(draw));
  const mean = values.reduce((sum, value) => sum + value, 0) / draws;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, error: Math.sqrt(squares / (draws - 1) / draws) };
}
