/** Reference kernels that move, combine and map elements one by one, and sums over an axis. */
import { erf, exp, log, tanh } from '../../core/math.js';
import { noise16, noiseKey } from '../../core/rng.js';
import { type KernelTable, sumInBlocks } from './kernel.js';
import { rangeOfRows } from './quantize.js';

const SQRT_TWO_PI = Math.sqrt(2 * Math.PI);
const COPY_AXES = 6;

/** Cumulative distribution of the standard normal, the gate of GELU (Hendrycks & Gimpel 2016). */
function normalCdf(x: number): number {
  return 0.5 * (1 + erf(x / Math.SQRT2));
}

function unaryFunction(kind: number): (x: number) => number {
  switch (kind) {
    case 0:
      return exp;
    case 1:
      return log;
    case 2:
      return Math.sqrt;
    case 3:
      return (x) => x * 0.5 * (1 + erf(x / Math.SQRT2));
    default:
      return tanh;
  }
}

export const elementwiseKernels = {
  fill({ output }, { count, value }) {
    output.fill(value, 0, count);
  },

  copy_strided({ input, output }, params) {
    const named = params as Readonly<Record<string, number>>;
    const shape: number[] = [];
    const inStrides: number[] = [];
    const outStrides: number[] = [];
    for (let axis = 0; axis < COPY_AXES; axis++) {
      const length = named[`shape${axis}`];
      if (length === 0) return;
      if (length === 1) continue;
      shape.push(length);
      inStrides.push(named[`inStride${axis}`]);
      outStrides.push(named[`outStride${axis}`]);
    }
    const rowLength = shape.pop() ?? 1;
    const rowIn = inStrides.pop() ?? 0;
    const rowOut = outStrides.pop() ?? 0;
    const index = new Array<number>(shape.length).fill(0);
    let from = params.inOffset;
    let to = params.outOffset;
    for (;;) {
      for (let i = 0; i < rowLength; i++) output[to + i * rowOut] = input[from + i * rowIn];
      // Step the outer axes like an odometer.
      let axis = shape.length - 1;
      while (axis >= 0 && index[axis] === shape[axis] - 1) {
        from -= index[axis] * inStrides[axis];
        to -= index[axis] * outStrides[axis];
        index[axis] = 0;
        axis--;
      }
      if (axis < 0) return;
      index[axis] += 1;
      from += inStrides[axis];
      to += outStrides[axis];
    }
  },

  binary({ left, right, output }, { kind, count }) {
    if (kind === 0) for (let i = 0; i < count; i++) output[i] = left[i] + right[i];
    else if (kind === 1) for (let i = 0; i < count; i++) output[i] = left[i] - right[i];
    else if (kind === 2) for (let i = 0; i < count; i++) output[i] = left[i] * right[i];
    else for (let i = 0; i < count; i++) output[i] = left[i] / right[i];
  },

  unary({ input, output }, { kind, count }) {
    const map = unaryFunction(kind);
    for (let i = 0; i < count; i++) output[i] = map(input[i]);
  },

  gelu_grad({ input, gradOutput, output }, { count }) {
    for (let i = 0; i < count; i++) {
      const x = input[i];
      output[i] = gradOutput[i] * (normalCdf(x) + (x * exp((-x * x) / 2)) / SQRT_TWO_PI);
    }
  },

  affine({ input, output }, { count, scale, shift }, { round: f }) {
    for (let i = 0; i < count; i++) output[i] = f(scale * input[i]) + shift;
  },

  relu({ input, output, mask }, { count }) {
    let bits = 0;
    for (let i = 0; i < count; i++) {
      const x = input[i];
      const negative = x < 0;
      output[i] = negative ? 0 : x;
      if (x > 0) bits |= 1 << (i & 7);
      if ((i & 7) === 7 || i === count - 1) {
        if (mask) mask[i >> 3] = bits;
        bits = 0;
      }
    }
  },

  relu_grad({ gradOutput, addend, mask, output, cells, status }, { count, cellRows, site }) {
    for (let i = 0; i < count; i++) {
      const kept = (mask[i >> 3] >> (i & 7)) & 1;
      output[i] = kept ? (addend ? gradOutput[i] + addend[i] : gradOutput[i]) : 0;
    }
    if (cells) rangeOfRows(output, cellRows, count / cellRows, cells, status, site);
  },

  leaky_relu({ input, output, mask }, { count, slope }) {
    let bits = 0;
    for (let i = 0; i < count; i++) {
      const x = input[i];
      output[i] = x > 0 ? x : slope * x;
      if (x > 0) bits |= 1 << (i & 7);
      if ((i & 7) === 7 || i === count - 1) {
        if (mask) mask[i >> 3] = bits;
        bits = 0;
      }
    }
  },

  leaky_relu_grad({ gradOutput, mask, output }, { count, slope }) {
    for (let i = 0; i < count; i++) {
      const g = gradOutput[i];
      output[i] = (mask[i >> 3] >> (i & 7)) & 1 ? g : slope * g;
    }
  },

  dropout({ input, counters, output }, { count, threshold, scale, site }) {
    const key = noiseKey(counters[0], counters[1], site, counters[2], counters[3]);
    for (let i = 0; i < count; i++) output[i] = noise16(i, key) >= threshold ? input[i] * scale : 0;
  },

  reduce_sum({ input, output }, { outer, axis, inner, scale }, { round: f }) {
    for (let o = 0; o < outer; o++) {
      for (let i = 0; i < inner; i++) {
        output[o * inner + i] = scale * sumInBlocks(input, o * axis * inner + i, inner, axis, f);
      }
    }
  },

  accumulate({ input, total }, { count }) {
    for (let i = 0; i < count; i++) total[i] = total[i] + input[i];
  },
} satisfies Pick<
  KernelTable,
  | 'fill'
  | 'copy_strided'
  | 'binary'
  | 'unary'
  | 'gelu_grad'
  | 'affine'
  | 'relu'
  | 'relu_grad'
  | 'leaky_relu'
  | 'leaky_relu_grad'
  | 'dropout'
  | 'reduce_sum'
  | 'accumulate'
>;
