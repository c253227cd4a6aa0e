/** Reference kernels of the backward pass of normalisation over channels. */
import type { NumericArray } from '../../core/dtype.js';
import { chunkConstant, chunkStart } from './chunks.js';
import { BLOCK, isFloat, type KernelTable, loadInt64, storeInt64 } from './kernel.js';
import { rangeOfRows } from './quantize.js';

/** Whether relu let element i through; all elements where there is no mask. */
function passes(mask: NumericArray | undefined, i: number): boolean {
  return mask === undefined || ((mask[i >> 3] >> (i & 7)) & 1) === 1;
}

/** Numbers of a channel in `cells` of norm_cells, in `coef`, in the gradient's cells and in `gradCoef`. */
const CELL = 8;
const COEF = 8;
const GRAD_CELL = 4;
const GRAD_COEF = 4;

export const normGradKernels = {
  norm_grad_cells({ gradOutput, input, mask, coef, gradParams, cells }, params, { round: f }) {
    const { batch, inner, channels } = params;
    const floatGrad = isFloat(gradOutput);
    const exact = !floatGrad && !isFloat(input);
    const gradScale = !floatGrad && gradParams ? gradParams[0] : 1;
    for (let b = 0; b < batch; b++) {
      for (let c = 0; c < channels; c++) {
        const start = b * inner * channels + c;
        const at = (b * channels + c) * GRAD_CELL;
        if (exact) {
          let sum = 0;
          let products = 0;
          for (let i = 0; i < inner; i++) {
            const g = gradOutput[start + i * channels];
            sum += g;
            products += g * input[start + i * channels];
          }
          cells[at] = sum;
          cells[at + 1] = 0;
          storeInt64(cells, at + 2, products);
          continue;
        }
        const yA = coef[c * COEF + 2];
        const yB = coef[c * COEF + 3];
        let sum = 0;
        let products = 0;
        for (let first = 0; first < inner; first += BLOCK) {
          const last = Math.min(first + BLOCK, inner);
          let blockSum = 0;
          let blockProducts = 0;
          for (let i = first; i < last; i++) {
            const at = start + i * channels;
            const g = passes(mask, at) ? f(gradScale * gradOutput[at]) : 0;
            const y = f(f(yA * input[at]) + yB);
            blockSum = f(blockSum + g);
            blockProducts = f(blockProducts + f(g * y));
          }
          sum = f(sum + blockSum);
          products = f(products + blockProducts);
        }
        cells[at] = sum;
        cells[at + 1] = products;
        cells[at + 2] = 0;
        cells[at + 3] = 0;
      }
    }
  },

  norm_grad_finalize({ cells, coef, gradParams, gradCoef, gradGamma, gradBeta }, params) {
    const { batch, inner, channels, kind, chunks } = params;
    const n = batch * inner;
    const exact = !isFloat(cells);
    const gradScale = gradParams ? gradParams[0] : 1;
    for (let c = 0; c < channels; c++) {
      const yA = coef[c * COEF + 2];
      const yB = coef[c * COEF + 3];
      const gi = coef[c * COEF + 5] * coef[c * COEF + 4];
      let first = 0;
      let second = 0;
      for (let b = 0; b < batch; b++) {
        const at = (b * channels + c) * GRAD_CELL;
        first += cells[at];
        second += exact ? loadInt64(cells, at + 2) : cells[at + 1];
      }
      const sum = exact ? gradScale * first : first;
      const product = exact ? gradScale * (yA * second + yB * first) : second;
      gradBeta[c] = sum;
      gradGamma[c] = product;
      const at = c * GRAD_COEF;
      gradCoef[at] = gi * gradScale;
      if (kind === 0) {
        gradCoef[at + 1] = ((-gi * product) / n) * yA;
        gradCoef[at + 2] = -gi * (sum / n + (yB * product) / n);
        gradCoef[at + 3] = 0;
      } else {
        gradCoef[at + 1] = 0;
        gradCoef[at + 2] = (-gi * sum) / n;
        gradCoef[at + 3] = (-gi * product) / chunks;
      }
    }
  },

  norm_grad_input({ gradOutput, input, mask, gradCoef, gradInput, cells, status }, params, { round: f }) {
    const { rows, channels, cellRows, site } = params;
    for (let m = 0; m < rows; m++) {
      for (let c = 0; c < channels; c++) {
        const at = m * channels + c;
        const p = f(gradCoef[c * GRAD_COEF] * (passes(mask, at) ? gradOutput[at] : 0));
        const pq = input ? f(p + f(gradCoef[c * GRAD_COEF + 1] * input[at])) : p;
        gradInput[at] = pq + gradCoef[c * GRAD_COEF + 2];
      }
    }
    if (cells) rangeOfRows(gradInput, cellRows, (rows * channels) / cellRows, cells, status, site);
  },

  range_norm_spikes({ cells, gradCoef, gradInput }, params, { round: f }) {
    const { batch, inner, channels, chunks, constantLow, constantHigh } = params;
    for (let c = 0; c < channels; c++) {
      const spike = gradCoef[c * GRAD_COEF + 3];
      for (let k = 0; k < chunks; k++) {
        const first = chunkStart(k, batch, chunks);
        const last = chunkStart(k + 1, batch, chunks);
        let minImage = first;
        let maxImage = first;
        for (let b = first + 1; b < last; b++) {
          if (cells[(b * channels + c) * CELL] < cells[(minImage * channels + c) * CELL]) minImage = b;
          if (cells[(b * channels + c) * CELL + 1] > cells[(maxImage * channels + c) * CELL + 1])
            maxImage = b;
        }
        const argMin = cells[(minImage * channels + c) * CELL + 2];
        const argMax = cells[(maxImage * channels + c) * CELL + 3];
        const value = f(spike * chunkConstant(last - first, batch, chunks, constantLow, constantHigh));
        // The stores round, and both may hit one element.
        gradInput[(maxImage * inner + argMax) * channels + c] += value;
        gradInput[(minImage * inner + argMin) * channels + c] -= value;
      }
    }
  },
} satisfies Pick<
  KernelTable,
  'norm_grad_cells' | 'norm_grad_finalize' | 'norm_grad_input' | 'range_norm_spikes'
>;
