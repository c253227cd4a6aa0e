/**
 * Reference kernels of products of codes. A double adds integers exactly up to 2^53, far beyond the longest sum of
 * 16 by 8 bit products, so the accumulator is a plain double that is rounded once, when it is scaled.
 */
import type { NumericArray } from '../../core/dtype.js';
import { inputOfTap, outputOfTap, windowAxes } from './geometry.js';
import { type KernelTable, QPARAMS_STRIDE } from './kernel.js';
import { rangeOfRows } from './quantize.js';

/** Codes less their zero point, grouped as `quantize` groups them. */
function centre(
  codes: NumericArray,
  qparams: NumericArray,
  count: number,
  groups: number,
  groupStride: number,
): Float64Array {
  const values = new Float64Array(count);
  let group = 0;
  for (let first = 0; first < count; first += groupStride) {
    const zeroPoint = qparams[group * QPARAMS_STRIDE + 2];
    const last = Math.min(first + groupStride, count);
    for (let i = first; i < last; i++) values[i] = codes[i] - zeroPoint;
    group = group + 1 === groups ? 0 : group + 1;
  }
  return values;
}

/** One side of matmul_int with its group decided line by line. */
interface Lines {
  /** [batch][lines][inner], codes less their zero point. */
  readonly values: Float64Array;
  /** [batch][lines] */
  readonly scales: Float64Array;
}

/**
 * Lays the rows of the left side, or the columns of the right one, out line by line.
 * @param innerFirst the codes lie as [batch][inner][lines]
 * @param groups [batch][lines], the group of each line; absent: scale 1 and zero point 0
 */
function linesOf(
  codes: NumericArray,
  qparams: NumericArray,
  batch: number,
  lines: number,
  inner: number,
  innerFirst: boolean,
  groups: Int32Array | undefined,
): Lines {
  const values = new Float64Array(batch * lines * inner);
  const scales = new Float64Array(batch * lines).fill(1);
  const lineStride = innerFirst ? 1 : inner;
  const step = innerFirst ? lines : 1;
  for (let b = 0; b < batch; b++) {
    for (let line = 0; line < lines; line++) {
      const at = b * lines + line;
      let zeroPoint = 0;
      if (groups) {
        scales[at] = qparams[groups[at] * QPARAMS_STRIDE];
        zeroPoint = qparams[groups[at] * QPARAMS_STRIDE + 2];
      }
      const from = b * lines * inner + line * lineStride;
      for (let k = 0; k < inner; k++) values[at * inner + k] = codes[from + k * step] - zeroPoint;
    }
  }
  return { values, scales };
}

function leftGroupsOf(batch: number, rows: number, groups: number): Int32Array {
  const size = (batch * rows) / groups;
  return new Int32Array(batch * rows).map((_, i) => Math.floor(i / size));
}

function rightGroupsOf(batch: number, cols: number, rightBy: number): Int32Array | undefined {
  const groups = new Int32Array(batch * cols);
  if (rightBy === 3) return undefined;
  if (rightBy === 1) return groups.map((_, i) => i % cols);
  if (rightBy === 2) return groups.map((_, i) => Math.floor(i / cols));
  return groups;
}

export const integerProductKernels = {
  matmul_int({ left, leftParams, right, rightParams, bias, output }, params, { round: f }) {
    const { batch, rows, cols, inner, transposeLeft, transposeRight, leftGroups, rightBy } = params;
    const leftLines = linesOf(
      left,
      leftParams,
      batch,
      rows,
      inner,
      transposeLeft !== 0,
      leftGroupsOf(batch, rows, leftGroups),
    );
    const rightLines = linesOf(
      right,
      rightParams,
      batch,
      cols,
      inner,
      transposeRight === 0,
      rightGroupsOf(batch, cols, rightBy),
    );
    const leftValues = leftLines.values;
    const rightValues = rightLines.values;
    for (let b = 0; b < batch; b++) {
      for (let m = 0; m < rows; m++) {
        const leftAt = (b * rows + m) * inner;
        const leftScale = leftLines.scales[b * rows + m];
        for (let n = 0; n < cols; n++) {
          const rightAt = (b * cols + n) * inner;
          let sum = 0;
          for (let k = 0; k < inner; k++) sum += leftValues[leftAt + k] * rightValues[rightAt + k];
          const value = f(f(sum) * f(leftScale * rightLines.scales[b * cols + n]));
          output[(b * rows + m) * cols + n] = bias ? value + bias[n] : value;
        }
      }
    }
  },

  conv2d_int(
    { input, inputParams, weight, weightParams, bias, output, cells, status },
    params,
    { round: f },
  ) {
    const { batch, inH, inW, inC, outH, outW, outC, kernelH, kernelW, groups } = params;
    const { inputGroups, weightGroups } = params;
    const axes = windowAxes(params);
    const rows = inputOfTap(axes.high);
    const columns = inputOfTap(axes.wide);
    const inPerGroup = inC / groups;
    const outPerGroup = outC / groups;
    const inputSize = batch * inH * inW * inC;
    const weightSize = outC * kernelH * kernelW * inPerGroup;
    const x = centre(input, inputParams, inputSize, inputGroups, inputSize / inputGroups);
    const w = centre(weight, weightParams, weightSize, weightGroups, weightSize / weightGroups);
    let at = 0;
    for (let b = 0; b < batch; b++) {
      const inputScale = inputParams[inputGroups === 1 ? 0 : b * QPARAMS_STRIDE];
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
                const xAt = ((b * inH + ih) * inW + iw) * inC + firstChannel;
                const wAt = ((oc * kernelH + kh) * kernelW + kw) * inPerGroup;
                for (let k = 0; k < inPerGroup; k++) sum += x[xAt + k] * w[wAt + k];
              }
            }
            const weightScale = weightParams[weightGroups === 1 ? 0 : oc * QPARAMS_STRIDE];
            const value = f(f(sum) * f(inputScale * weightScale));
            output[at] = bias ? value + bias[oc] : value;
            at += 1;
          }
        }
      }
    }
    const { cellRows, site } = params;
    if (cells) rangeOfRows(output, cellRows, at / cellRows, cells, status, site);
  },

  conv2d_grad_input_int({ gradOutput, gradParams, weight, weightParams, gradInput }, params, { round: f }) {
    const { batch, inH, inW, inC, outH, outW, outC, kernelH, kernelW, groups } = params;
    const { gradGroups, weightFolded } = params;
    const axes = windowAxes(params);
    const rows = outputOfTap(axes.high);
    const columns = outputOfTap(axes.wide);
    const inPerGroup = inC / groups;
    const outPerGroup = outC / groups;
    const gradSize = batch * outH * outW * outC;
    const weightSize = outC * kernelH * kernelW * inPerGroup;
    const g = centre(gradOutput, gradParams, gradSize, gradGroups, gradSize / gradGroups);
    const w = weightFolded
      ? Float64Array.from(weight.subarray(0, weightSize))
      : centre(weight, weightParams, weightSize, 1, weightSize);
    const weightScale = weightFolded ? 1 : weightParams[0];
    const sums = new Float64Array(inC);
    for (let b = 0; b < batch; b++) {
      const scale = f(gradParams[gradGroups === 1 ? 0 : b * QPARAMS_STRIDE] * weightScale);
      for (let ih = 0; ih < inH; ih++) {
        for (let iw = 0; iw < inW; iw++) {
          sums.fill(0);
          for (let kh = 0; kh < kernelH; kh++) {
            const oh = rows[ih * kernelH + kh];
            if (oh < 0) continue;
            for (let kw = 0; kw < kernelW; kw++) {
              const ow = columns[iw * kernelW + kw];
              if (ow < 0) continue;
              const from = ((b * outH + oh) * outW + ow) * outC;
              for (let oc = 0; oc < outC; oc++) {
                const code = g[from + oc];
                const wAt = ((oc * kernelH + kh) * kernelW + kw) * inPerGroup;
                const to = Math.floor(oc / outPerGroup) * inPerGroup;
                for (let k = 0; k < inPerGroup; k++) sums[to + k] += code * w[wAt + k];
              }
            }
          }
          const pixel = ((b * inH + ih) * inW + iw) * inC;
          for (let c = 0; c < inC; c++) gradInput[pixel + c] = f(sums[c]) * scale;
        }
      }
    }
  },

  conv2d_grad_weight_int({ gradOutput, gradParams, input, inputParams, gradWeight }, params, { round: f }) {
    const { batch, inH, inW, inC, outH, outW, outC, kernelH, kernelW, groups, gradGroups } = params;
    const axes = windowAxes(params);
    const rows = inputOfTap(axes.high);
    const columns = inputOfTap(axes.wide);
    const inPerGroup = inC / groups;
    const outPerGroup = outC / groups;
    const inputSize = batch * inH * inW * inC;
    // With a group per channel, neighbouring elements are of neighbouring groups.
    const g = centre(gradOutput, gradParams, batch * outH * outW * outC, gradGroups, 1);
    const x = centre(input, inputParams, inputSize, 1, inputSize);
    const sums = new Float64Array(outC * kernelH * kernelW * inPerGroup);
    for (let b = 0; b < batch; b++) {
      for (let oh = 0; oh < outH; oh++) {
        for (let ow = 0; ow < outW; ow++) {
          const from = ((b * outH + oh) * outW + ow) * outC;
          for (let oc = 0; oc < outC; oc++) {
            const code = g[from + oc];
            const firstChannel = Math.floor(oc / outPerGroup) * inPerGroup;
            for (let kh = 0; kh < kernelH; kh++) {
              const ih = rows[oh * kernelH + kh];
              if (ih < 0) continue;
              for (let kw = 0; kw < kernelW; kw++) {
                const iw = columns[ow * kernelW + kw];
                if (iw < 0) continue;
                const xAt = ((b * inH + ih) * inW + iw) * inC + firstChannel;
                const to = ((oc * kernelH + kh) * kernelW + kw) * inPerGroup;
                for (let k = 0; k < inPerGroup; k++) sums[to + k] += code * x[xAt + k];
              }
            }
          }
        }
      }
    }
    const perChannel = kernelH * kernelW * inPerGroup;
    for (let oc = 0; oc < outC; oc++) {
      const scale = f(gradParams[gradGroups === 1 ? 0 : oc * QPARAMS_STRIDE] * inputParams[0]);
      for (let i = oc * perChannel; i < (oc + 1) * perChannel; i++) gradWeight[i] = f(sums[i]) * scale;
    }
  },
} satisfies Pick<
  KernelTable,
  'matmul_int' | 'conv2d_int' | 'conv2d_grad_input_int' | 'conv2d_grad_weight_int'
>;
