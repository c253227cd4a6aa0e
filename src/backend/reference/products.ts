/**
 * Reference kernels of products in floating point: sums in order, rounded after each multiplication and addition.
 * Where a loop adds into an output array, the store does the rounding.
 */
import type { NumericArray } from '../../core/dtype.js';
import { inputOfTap, outputOfTap, windowAxes } from './geometry.js';
import type { KernelContext, KernelTable } from './kernel.js';

/** `start` plus the products of two runs of elements, each from its place on and its step apart, in order. */
function addProducts(
  start: number,
  a: NumericArray,
  aAt: number,
  aStep: number,
  b: NumericArray,
  bAt: number,
  bStep: number,
  count: number,
  { float64 }: KernelContext,
): number {
  let sum = start;
  if (float64) {
    for (let k = 0; k < count; k++) sum += a[aAt + k * aStep] * b[bAt + k * bStep];
  } else {
    for (let k = 0; k < count; k++) {
      sum = Math.fround(sum + Math.fround(a[aAt + k * aStep] * b[bAt + k * bStep]));
    }
  }
  return sum;
}

/** Adds factor * from[fromAt + k] to to[toAt + k]; the store rounds the sum. */
function addScaled(
  to: NumericArray,
  toAt: number,
  factor: number,
  from: NumericArray,
  fromAt: number,
  count: number,
  { float64 }: KernelContext,
): void {
  if (float64) {
    for (let k = 0; k < count; k++) to[toAt + k] += factor * from[fromAt + k];
  } else {
    for (let k = 0; k < count; k++) to[toAt + k] += Math.fround(factor * from[fromAt + k]);
  }
}

export const productKernels = {
  matmul({ left, right, bias, output }, params, context) {
    const { batch, rows, cols, inner, transposeLeft, transposeRight } = params;
    const leftRow = transposeLeft ? 1 : inner;
    const leftStep = transposeLeft ? rows : 1;
    const rightCol = transposeRight ? inner : 1;
    const rightStep = transposeRight ? 1 : cols;
    for (let b = 0; b < batch; b++) {
      for (let m = 0; m < rows; m++) {
        for (let n = 0; n < cols; n++) {
          const l = b * rows * inner + m * leftRow;
          const r = b * inner * cols + n * rightCol;
          const sum = addProducts(0, left, l, leftStep, right, r, rightStep, inner, context);
          output[(b * rows + m) * cols + n] = bias ? sum + bias[n] : sum;
        }
      }
    }
  },

  conv2d({ input, weight, bias, output }, params, context) {
    const { batch, inH, inW, inC, outH, outW, outC, kernelH, kernelW, groups } = params;
    const axes = windowAxes(params);
    const rows = inputOfTap(axes.high);
    const columns = inputOfTap(axes.wide);
    const inPerGroup = inC / groups;
    const outPerGroup = outC / groups;
    let at = 0;
    for (let b = 0; b < batch; b++) {
      for (let oh = 0; oh < outH; oh++) {
        for (let ow = 0; ow < outW; ow++) {
          for (let oc = 0; oc < outC; oc++) {
            const firstChannel = Math.floor(oc / outPerGroup) * inPerGroup;
            let sum = 0;
            for (let kh = 0; kh < kernelH; kh++) {
              const ih = rows[oh * kernelH + kh];
              if (ih < 0) continue;
              for (let kw = 0; kw < kernelW; kw++) {
                const iw = columns[ow * kernelW + kw];
                if (iw < 0) continue;
                const x = ((b * inH + ih) * inW + iw) * inC + firstChannel;
                const w = ((oc * kernelH + kh) * kernelW + kw) * inPerGroup;
                sum = addProducts(sum, input, x, 1, weight, w, 1, inPerGroup, context);
              }
            }
            output[at] = bias ? sum + bias[oc] : sum;
            at += 1;
          }
        }
      }
    }
  },

  conv2d_grad_input({ gradOutput, weight, gradInput }, params, context) {
    const { batch, inH, inW, inC, outH, outW, outC, kernelH, kernelW, groups } = params;
    const axes = windowAxes(params);
    const rows = outputOfTap(axes.high);
    const columns = outputOfTap(axes.wide);
    const inPerGroup = inC / groups;
    const outPerGroup = outC / groups;
    gradInput.fill(0, 0, batch * inH * inW * inC);
    for (let b = 0; b < batch; b++) {
      for (let ih = 0; ih < inH; ih++) {
        for (let iw = 0; iw < inW; iw++) {
          const pixel = ((b * inH + ih) * inW + iw) * inC;
          for (let kh = 0; kh < kernelH; kh++) {
            const oh = rows[ih * kernelH + kh];
            if (oh < 0) continue;
            for (let kw = 0; kw < kernelW; kw++) {
              const ow = columns[iw * kernelW + kw];
              if (ow < 0) continue;
              const from = ((b * outH + oh) * outW + ow) * outC;
              for (let oc = 0; oc < outC; oc++) {
                const g = gradOutput[from + oc];
                const w = ((oc * kernelH + kh) * kernelW + kw) * inPerGroup;
                const to = pixel + Math.floor(oc / outPerGroup) * inPerGroup;
                addScaled(gradInput, to, g, weight, w, inPerGroup, context);
              }
            }
          }
        }
      }
    }
  },

  conv2d_grad_weight({ gradOutput, input, gradWeight }, params, context) {
    const { batch, inH, inW, inC, outH, outW, outC, kernelH, kernelW, groups } = params;
    const axes = windowAxes(params);
    const rows = inputOfTap(axes.high);
    const columns = inputOfTap(axes.wide);
    const inPerGroup = inC / groups;
    const outPerGroup = outC / groups;
    gradWeight.fill(0, 0, outC * kernelH * kernelW * inPerGroup);
    for (let b = 0; b < batch; b++) {
      for (let oh = 0; oh < outH; oh++) {
        for (let ow = 0; ow < outW; ow++) {
          const from = ((b * outH + oh) * outW + ow) * outC;
          for (let oc = 0; oc < outC; oc++) {
            const g = gradOutput[from + oc];
            const firstChannel = Math.floor(oc / outPerGroup) * inPerGroup;
            for (let kh = 0; kh < kernelH; kh++) {
              const ih = rows[oh * kernelH + kh];
              if (ih < 0) continue;
              for (let kw = 0; kw < kernelW; kw++) {
                const iw = columns[ow * kernelW + kw];
                if (iw < 0) continue;
                const x = ((b * inH + ih) * inW + iw) * inC + firstChannel;
                const to = ((oc * kernelH + kh) * kernelW + kw) * inPerGroup;
                addScaled(gradWeight, to, g, input, x, inPerGroup, context);
              }
            }
          }
        }
      }
    }
  },
} satisfies Pick<KernelTable, 'matmul' | 'conv2d' | 'conv2d_grad_input' | 'conv2d_grad_weight'>;
