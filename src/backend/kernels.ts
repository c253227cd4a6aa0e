/**
 * The kernels of every backend: their operands, their parameters and, in the comments, exactly what they compute. A
 * plan is a list of calls of these. Kernels know buffers and numbers; they know nothing of graphs, recipes or modules.
 *
 * Common rules
 * - A buffer is a run of elements of one storage at a byte offset (a multiple of 16) of one memory. Buffers named
 *   `X?` may be absent.
 * - f(x) is rounding to float32 (to nearest, ties to even). Where a formula shows f around each operation, float32
 *   backends compute just that, in that order, without fused multiply-add, so that the bits agree everywhere. The
 *   float64 mode of the reference backend drops f. "In double" means: double arithmetic, one f at the end.
 * - rne is rounding to the nearest integer, ties to even.
 * - A sum "in blocks" over a long axis: blocks of 128 consecutive terms (the last may be shorter), each summed in
 *   order from 0 with f after each addition, then the block sums added in order from 0 likewise.
 * - Sums of codes are exact integers, so they have no order.
 * - A minimum or maximum in cells that is zero is +0, whichever zeros were met.
 * - qparams: float [groups][4] = { scale, inv, zeroPoint, 0 }, inv = f(1/scale), zeroPoint an integer.
 * - counters: int32 [4] = { seedLow, seedHigh, step, microStep }: with a call's `site` they key its noise
 *   (core/rng.ts: noiseKey, noise16 of the element's index).
 * - hyper: float [8] = { learningRate, gradScale, biasCorrection1, biasCorrection2, clipScale, 0, 0, 0 }.
 * - status: int32 [sites]; a kernel ORs bits into status[site]: 1 = met a NaN or infinity, 2 = a label or index out
 *   of range.
 * - Images are NHWC; conv2d weights [outChannels, kernelH, kernelW, inChannels / groups]; linear weights [out, in].
 * - Bits of a mask: element i is bit (i & 7) of byte i >> 3.
 */
import type { Storage } from '../core/dtype.js';

type BufferUse = 'in' | 'out' | 'inout' | 'in?' | 'out?' | 'inout?';
type ParamType = 'int' | 'float';

export interface KernelSpec {
  readonly buffers: Readonly<Record<string, BufferUse>>;
  readonly params: Readonly<Record<string, ParamType>>;
}

const conv = {
  batch: 'int',
  inH: 'int',
  inW: 'int',
  inC: 'int',
  outH: 'int',
  outW: 'int',
  outC: 'int',
  kernelH: 'int',
  kernelW: 'int',
  strideH: 'int',
  strideW: 'int',
  padH: 'int',
  padW: 'int',
  dilationH: 'int',
  dilationW: 'int',
  groups: 'int',
} as const;

const pool = {
  batch: 'int',
  inH: 'int',
  inW: 'int',
  channels: 'int',
  outH: 'int',
  outW: 'int',
  kernelH: 'int',
  kernelW: 'int',
  strideH: 'int',
  strideW: 'int',
  padH: 'int',
  padW: 'int',
} as const;

const view = {
  rank: 'int',
  shape0: 'int',
  shape1: 'int',
  shape2: 'int',
  shape3: 'int',
  shape4: 'int',
  shape5: 'int',
  inStride0: 'int',
  inStride1: 'int',
  inStride2: 'int',
  inStride3: 'int',
  inStride4: 'int',
  inStride5: 'int',
  outStride0: 'int',
  outStride1: 'int',
  outStride2: 'int',
  outStride3: 'int',
  outStride4: 'int',
  outStride5: 'int',
  inOffset: 'int',
  outOffset: 'int',
} as const;

const matmul = {
  batch: 'int',
  rows: 'int',
  cols: 'int',
  inner: 'int',
  transposeLeft: 'int',
  transposeRight: 'int',
} as const;

export const kernelSpecs = {
  // ---------------------------------------------------------------- moving and element-wise (all float unless said)

  /** output[i] = value. */
  fill: { buffers: { output: 'out' }, params: { count: 'int', value: 'float' } },

  /**
   * output[outOffset + sum i_d*outStride_d] = input[inOffset + sum i_d*inStride_d] for every index of shape (rank <= 6,
   * unused axes have shape 1 and stride 0). Any storage, the same on both sides. Serves transpose, slice, concat,
   * broadcast (inStride 0). Strides and offsets in elements.
   */
  copy_strided: { buffers: { input: 'in', output: 'out' }, params: view },

  /** kind 0 add, 1 sub, 2 mul, 3 div: output[i] = f(left[i] op right[i]). */
  binary: { buffers: { left: 'in', right: 'in', output: 'out' }, params: { kind: 'int', count: 'int' } },

  /** kind 0 exp, 1 log, 2 sqrt, 3 gelu = x * 0.5 * (1 + erf(x / sqrt 2)), 4 tanh: in double with core/math.ts. */
  unary: { buffers: { input: 'in', output: 'out' }, params: { kind: 'int', count: 'int' } },

  /** Derivative of unary kind 3: output[i] = gradOutput[i] * (0.5(1 + erf(x/sqrt 2)) + x exp(-x^2/2)/sqrt(2 pi)), in double. */
  gelu_grad: { buffers: { input: 'in', gradOutput: 'in', output: 'out' }, params: { count: 'int' } },

  /** output[i] = f(f(scale * input[i]) + shift). */
  affine: {
    buffers: { input: 'in', output: 'out' },
    params: { count: 'int', scale: 'float', shift: 'float' },
  },

  /** output[i] = x < 0 ? 0 : x (a NaN passes); mask bit i = x > 0. The last byte's unused bits are 0. */
  relu: { buffers: { input: 'in', output: 'out', mask: 'out?' }, params: { count: 'int' } },

  /** output[i] = mask bit i ? gradOutput[i] : 0. */
  relu_grad: { buffers: { gradOutput: 'in', mask: 'in', output: 'out' }, params: { count: 'int' } },

  /** output[i] = x > 0 ? x : f(slope * x); mask bit i = x > 0. */
  leaky_relu: {
    buffers: { input: 'in', output: 'out', mask: 'out?' },
    params: { count: 'int', slope: 'float' },
  },

  /** output[i] = mask bit i ? gradOutput[i] : f(slope * gradOutput[i]). */
  leaky_relu_grad: {
    buffers: { gradOutput: 'in', mask: 'in', output: 'out' },
    params: { count: 'int', slope: 'float' },
  },

  /**
   * Inverted dropout, forward and backward alike: keep element i iff noise16(i) >= threshold (= rne(p * 65536));
   * output[i] = kept ? f(input[i] * scale) : 0, scale = 1/(1-p). The mask is regenerated from its counter, not kept.
   */
  dropout: {
    buffers: { input: 'in', counters: 'in', output: 'out' },
    params: { count: 'int', threshold: 'int', scale: 'float', site: 'int' },
  },

  /** input [outer][axis][inner] -> output [outer][inner] = f(scale * sum over axis, in blocks). */
  reduce_sum: {
    buffers: { input: 'in', output: 'out' },
    params: { outer: 'int', axis: 'int', inner: 'int', scale: 'float' },
  },

  /** total[i] = f(total[i] + input[i]). */
  accumulate: { buffers: { input: 'in', total: 'inout' }, params: { count: 'int' } },

  // ---------------------------------------------------------------- pooling, softmax, embedding

  /** index (uint8) = kh*kernelW + kw of the first maximum of the window (a NaN counts as larger); padding never wins. */
  max_pool: { buffers: { input: 'in', output: 'out', index: 'out?' }, params: pool },

  /** gradInput pixel = sum in order (oh, then ow ascending) of gradOutput of the windows whose index points at it. */
  max_pool_grad: { buffers: { gradOutput: 'in', index: 'in', gradInput: 'out' }, params: pool },

  /** Sum over the window (kh, kw ascending, f each, from 0), times f(1/divisor); divisor = kernelH*kernelW, padding included. */
  avg_pool: { buffers: { input: 'in', output: 'out' }, params: pool },

  /** gradInput pixel = f(f(1/divisor) * sum in order (oh, then ow ascending) of gradOutput of the windows that cover it). */
  avg_pool_grad: { buffers: { gradOutput: 'in', gradInput: 'out' }, params: pool },

  /** Over the last axis: y_j = f(e_j / s), e_j = exp(x_j - max) in double, s = sum e_j in double in order. */
  softmax: { buffers: { input: 'in', output: 'out' }, params: { rows: 'int', cols: 'int' } },

  /** gradInput_j = f(y_j * (g_j - dot)), dot = sum g_j*y_j in double in order; the formula in double. */
  softmax_grad: {
    buffers: { output: 'in', gradOutput: 'in', gradInput: 'out' },
    params: { rows: 'int', cols: 'int' },
  },

  /**
   * Softmax cross-entropy of logits [rows][cols] with labels int32 [rows], label smoothing eps, all in double:
   * p_j = softmax; target_j = (1-eps)[j = label] + eps/cols; loss[row] = log(sum exp(x - max)) - sum_j target_j (x_j - max);
   * gradLogits_j = (p_j - target_j) * scale (scale = 1/rows for the mean). A label outside 0..cols-1 sets status bit 2,
   * and its row gets loss 0 and gradient 0. A non-finite loss sets status bit 1.
   * correct[row] = 1 if the first maximum is the label, else 0.
   */
  softmax_cross_entropy: {
    buffers: {
      logits: 'in',
      labels: 'in',
      loss: 'out',
      gradLogits: 'out?',
      correct: 'out?',
      status: 'inout',
    },
    params: { rows: 'int', cols: 'int', smoothing: 'float', scale: 'float', site: 'int' },
  },

  /** output[row] = table[indices[row]] of width cols; a bad index gives zeros and status bit 2. */
  embedding: {
    buffers: { table: 'in', indices: 'in', output: 'out', status: 'inout' },
    params: { rows: 'int', cols: 'int', tableRows: 'int', site: 'int' },
  },

  /** gradTable = 0, then gradTable[indices[row]] += gradOutput[row] for rows in order (f each). */
  embedding_grad: {
    buffers: { gradOutput: 'in', indices: 'in', gradTable: 'out' },
    params: { rows: 'int', cols: 'int', tableRows: 'int' },
  },

  // ---------------------------------------------------------------- quantisation

  /** input [rows][cols] -> cells [rows][2] = { min, max } of each row; a NaN or infinity sets status bit 1 (cells then unspecified). */
  range: {
    buffers: { input: 'in', cells: 'out', status: 'inout' },
    params: { rows: 'int', cols: 'int', site: 'int' },
  },

  /** input [batch][inner][channels] -> cells [batch][channels][2], as `range`. */
  range_channels: {
    buffers: { input: 'in', cells: 'out', status: 'inout' },
    params: { batch: 'int', inner: 'int', channels: 'int', site: 'int' },
  },

  /**
   * Ranges to scales (method: affine with an exact zero, or symmetric). cells [outer][inner][2] -> qparams.
   * by: 0 one group; 1 a group per outer index; 2 a group per inner index. Range of a group = min and max over its
   * cells; with chunks > 0 (by = 0 only): chunk k is outer rows floor(k*outer/chunks) .. floor((k+1)*outer/chunks)-1,
   * lo = mean over chunks of the chunk minima (in double, in order), hi likewise.
   * tracking (by = 0 only; state float [4] = { lo, hi, count, 0 }):
   *   0 none. 1 use the batch's range, then state.lo = count = 0 ? lo : f((1-momentum)*state.lo + momentum*lo) in double,
   *   hi likewise, count += 1. 2 use the state's range (cells may be absent). 3 use the state's range if count > 0,
   *   else the batch's; then state = the batch's range, count += 1. 4 update the state as 1 does, then use the state's range.
   * Then lo = min(f(lo*clip), 0), hi = max(f(hi*clip), 0).
   * symmetric: qmin = -qmax; scale = f(max(-lo, hi)/qmax), zeroPoint 0.
   * affine: scale = f((hi - lo)/(qmax - qmin)) in double; zeroPoint = rne(clip(qmin - lo*inv, qmin, qmax)) in double.
   * scale below 2^-126 (all zeros): scale = inv = 1, zeroPoint by the same formula with lo = 0.
   */
  qparams: {
    buffers: { cells: 'in?', state: 'inout?', qparams: 'out' },
    params: {
      outer: 'int',
      inner: 'int',
      by: 'int',
      chunks: 'int',
      tracking: 'int',
      momentum: 'float',
      clip: 'float',
      symmetric: 'int',
      qmin: 'int',
      qmax: 'int',
    },
  },

  /**
   * codes (int8, uint8 or int16) = clamp(round(x*inv)) + zeroPoint. Element i belongs to group floor(i/groupStride) % groups.
   * t = f(x*inv); t = min(max(t, qmin - zeroPoint), qmax - zeroPoint); nearest: rne(t);
   * stochastic: (int32(rne(t * 65536)) + noise16(i)) >> 16, an arithmetic shift. A NaN gives an unspecified code.
   */
  quantize: {
    buffers: { input: 'in', qparams: 'in', counters: 'in?', codes: 'out' },
    params: {
      count: 'int',
      groups: 'int',
      groupStride: 'int',
      stochastic: 'int',
      qmin: 'int',
      qmax: 'int',
      site: 'int',
    },
  },

  /** Two `quantize` from one read; suffix A and B; the same grouping for both. */
  quantize_pair: {
    buffers: {
      input: 'in',
      qparamsA: 'in',
      qparamsB: 'in',
      counters: 'in?',
      codesA: 'out',
      codesB: 'out',
    },
    params: {
      count: 'int',
      groupsA: 'int',
      groupStrideA: 'int',
      stochasticA: 'int',
      qminA: 'int',
      qmaxA: 'int',
      siteA: 'int',
      groupsB: 'int',
      groupStrideB: 'int',
      stochasticB: 'int',
      qminB: 'int',
      qmaxB: 'int',
      siteB: 'int',
    },
  },

  /** output[i] = f(scale * (code - zeroPoint)), grouping as `quantize`. */
  dequantize: {
    buffers: { codes: 'in', qparams: 'in', output: 'out' },
    params: { count: 'int', groups: 'int', groupStride: 'int' },
  },

  /** output[m][c] = f(input[m][c] * qparams[c].scale): W's channel scales folded into the gradient that meets W. */
  scale_channels: {
    buffers: { input: 'in', qparams: 'in', output: 'out' },
    params: { rows: 'int', channels: 'int' },
  },

  // ---------------------------------------------------------------- normalisation over channels
  // input is [batch][inner][channels], float or 8-bit codes; n = batch*inner values a channel.

  /**
   * What a norm must know of each image and channel. Codes: cells int32 [batch][channels][8] = { min, max, argMin, argMax
   * (position in 0..inner-1, lowest on ties), sum, 0, sumSq low word, sumSq high word (int64) } of the raw codes.
   * Float input: cells float [batch][channels][8] = { min, max, argMin, argMax, mean, m2, 0, 0 }, mean = f(sum in blocks
   * / inner), m2 = sum in blocks of f(d*d), d = f(x - mean); a non-finite value sets status bit 1.
   */
  norm_cells: {
    buffers: { input: 'in', cells: 'out', status: 'inout' },
    params: { batch: 'int', inner: 'int', channels: 'int', site: 'int' },
  },

  /**
   * Cells to per-channel coefficients coef float [channels][8] = { a, b, yA, yB, inv, gamma, mean, spread }, such that for
   * a raw value q (code or float) y = yA*q + yB is the normalised value and a*q + b = gamma*y + beta. Per channel, in double, each
   * formula from left to right:
   *   raw mean: codes sum/n; float: cells combined in order by Chan's formula: from mean = m2 = N = 0, for each image
   *     d = mean_k - mean; w = inner/(N + inner); mean = mean + d*w; m2 = m2 + m2_k + d*d*N*w; N = N + inner. meanX = codes ? scale*(mean - zeroPoint) : mean.
   *   kind 0, batch norm: var = m2/n (codes: scale^2 * (sumSq/n - mean^2)); inv = 1/sqrt(var + eps); spread = var*n/(n-1).
   *   kind 1, Range BN: chunk k holds images floor(k*batch/chunks) .. floor((k+1)*batch/chunks)-1; s = (1/chunks) * sum_k
   *     constant_k * (max_k - min_k) [* scale], constant_k = constantHigh where the chunk has ceil(batch/chunks) images
   *     and that is more than floor(batch/chunks), else constantLow; inv = 1/(s + eps); spread = s.
   *   train = 1: inputs as above, then running values: runningMean = f((1-momentum)*runningMean + momentum*meanX), runningSpread
   *     likewise with spread. train = 0: cells absent; meanX = runningMean; kind 0: inv = 1/sqrt(runningSpread + eps), kind 1: 1/(runningSpread + eps).
   *   A channel whose spread is 0 (codes, batch norm: max = min everywhere) is dead: its inv is set to the largest inv of the live
   *     channels (1 if all are dead). In train = 0 a channel with runningSpread = 0 is dead. Only where coefBits > 0.
   *   coefBits > 0: gamma, beta and inv are replaced by their affine quantised values (coefBits bits, exact zero, nearest, range over
   *     the channels; for inv over live channels only, and dead ones then take the largest live decoded value, 1 if all are dead):
   *     f(inv), and the formulas of qparams, quantize and dequantize with their f, qmin = 0, qmax = 2^coefBits - 1.
   *   Then, sx = codes ? scale : 1, z = codes ? zeroPoint : 0, raw mean r = meanX/sx + z: yA = f(inv*sx); yB = f(-inv*sx*r);
   *   a = f(gamma*inv*sx); b = f(beta - gamma*inv*sx*r); inv, gamma = f(..); mean = f(meanX); spread = f(spread).
   */
  norm_finalize: {
    buffers: {
      cells: 'in?',
      qparams: 'in?',
      gamma: 'in',
      beta: 'in',
      runningMean: 'inout',
      runningSpread: 'inout',
      coef: 'out',
    },
    params: {
      batch: 'int',
      inner: 'int',
      channels: 'int',
      kind: 'int',
      train: 'int',
      codes: 'int',
      chunks: 'int',
      constantLow: 'float',
      constantHigh: 'float',
      eps: 'float',
      momentum: 'float',
      coefBits: 'int',
    },
  },

  /** output[m][c] = f(f(coef[c].a * q) + coef[c].b), q the raw code or float. coefStride = 8. Also uint8 images to float. */
  channel_affine: {
    buffers: { input: 'in', coef: 'in', output: 'out' },
    params: { rows: 'int', channels: 'int' },
  },

  /** channel_affine, then relu if relu = 1 (mask as there), then quantize (one group, nearest) without a pass between. */
  channel_affine_quantize: {
    buffers: { input: 'in', coef: 'in', qparams: 'in', codes: 'out', mask: 'out?' },
    params: { rows: 'int', channels: 'int', relu: 'int', qmin: 'int', qmax: 'int' },
  },

  /**
   * The range of relu?(a*q + b) per image, derived from the code cells without a pass over memory: the chain is monotone per
   * channel, so its extremes are those of the extreme codes. cells [batch][2] as `range` would have found them.
   */
  channel_affine_range: {
    buffers: { normCells: 'in', coef: 'in', cells: 'out', status: 'inout' },
    params: { batch: 'int', channels: 'int', relu: 'int', site: 'int' },
  },

  /** output = relu(f(f(f(a*q) + b) + shortcut)), mask, and cells [batch][2] = range of the output per image: one pass. */
  channel_affine_add_relu: {
    buffers: {
      input: 'in',
      coef: 'in',
      shortcut: 'in',
      output: 'out',
      mask: 'out',
      cells: 'out',
      status: 'inout',
    },
    params: { batch: 'int', inner: 'int', channels: 'int', site: 'int' },
  },

  /**
   * Sums for the backward pass per image and channel. gradOutput and input both codes: cells int32 [batch][channels][4] =
   * { sum g, 0, sum g*q low, high (int64) } of raw codes. Otherwise cells float [batch][channels][4] = { sum g, sum f(g*y), 0, 0 } in
   * blocks, g decoded (f(scale*code)) where it is codes, y = f(f(yA*q) + yB).
   */
  norm_grad_cells: {
    buffers: { gradOutput: 'in', input: 'in', coef: 'in', gradParams: 'in?', cells: 'out' },
    params: { batch: 'int', inner: 'int', channels: 'int' },
  },

  /**
   * Per channel, in double: S = sum g, T = sum g*y (codes: S = sg*sum g, T = sg*(yA*sum gq + yB*sum g), sg = gradParams.scale; int64 and
   * int32 sums exact; float cells added in image order). gradBeta = S, gradGamma = T, gi = gamma*inv, sg = 1 for a float gradOutput.
   * gradCoef float [channels][4] = { P, Q, R, spike }:
   *   kind 0: P = gi*sg; Q = -gi*T/n*yA; R = -gi*(S/n + yB*T/n); spike = 0.
   *   kind 1: P = gi*sg; Q = 0; R = -gi*S/n; spike = -gi*T/chunks.
   */
  norm_grad_finalize: {
    buffers: {
      cells: 'in',
      coef: 'in',
      gradParams: 'in?',
      gradCoef: 'out',
      gradGamma: 'out',
      gradBeta: 'out',
    },
    params: { batch: 'int', inner: 'int', channels: 'int', kind: 'int', chunks: 'int' },
  },

  /** gradInput = f(f(f(P*g) + f(Q*q)) + R), g the raw code or float of gradOutput, q of input; with input absent f(f(P*g) + R). */
  norm_grad_input: {
    buffers: { gradOutput: 'in', input: 'in?', gradCoef: 'in', gradInput: 'out' },
    params: { rows: 'int', channels: 'int' },
  },

  /**
   * Range BN's third term: per channel and chunk k (chunks as in norm_finalize), value v = f(spike * constant_k): gradInput at the
   * chunk's argmax (lowest image, then lowest position) = f(old + v), then at its argmin = f(old - v). cells: of norm_cells.
   */
  range_norm_spikes: {
    buffers: { cells: 'in', gradCoef: 'in', gradInput: 'inout' },
    params: {
      batch: 'int',
      inner: 'int',
      channels: 'int',
      chunks: 'int',
      constantLow: 'float',
      constantHigh: 'float',
    },
  },

  // ---------------------------------------------------------------- products, float
  // Sums over k (conv: kh, kw, channel ascending; gradWeight: image, oh, ow ascending) in order from 0 with f after each
  // multiplication and addition. This is the reference's order; the wasm backend may differ within the tolerance it states.

  /** output [batch][rows][cols] = left . right + bias[col]; left [batch][rows][inner] (transposeLeft: [inner][rows]), right
   * [batch][inner][cols] (transposeRight: [cols][inner]). */
  matmul: { buffers: { left: 'in', right: 'in', bias: 'in?', output: 'out' }, params: matmul },

  /** Cross-correlation, as every framework's conv2d; out pixel (oh, ow) reads in pixel (oh*strideH - padH + kh*dilationH, ...). */
  conv2d: { buffers: { input: 'in', weight: 'in', bias: 'in?', output: 'out' }, params: conv },
  conv2d_grad_input: { buffers: { gradOutput: 'in', weight: 'in', gradInput: 'out' }, params: conv },
  conv2d_grad_weight: { buffers: { gradOutput: 'in', input: 'in', gradWeight: 'out' }, params: conv },

  // ---------------------------------------------------------------- products, integer
  // Operands are codes less their zero point, 8-bit storage (at most +-255 each) or one of them symmetric int16 (+-32767). The
  // accumulator is exact at any length (int32 blocks of at most 256 terms with int16, 32,768 without, spilled into int64), converted
  // once: out = f(f(acc) * f(scaleLeft * scaleRight)), then f(out + bias) if there is a bias.

  /** leftGroups: group of row m of batch b = floor((b*rows + m) / (batch*rows/leftGroups)). rightBy: 0 one group, 1 per
   * col, 2 per batch, 3 folded: the right side's scales are already in the left codes (scale_channels), scale 1 and zeroPoint 0 stand for it. */
  matmul_int: {
    buffers: { left: 'in', leftParams: 'in', right: 'in', rightParams: 'in', bias: 'in?', output: 'out' },
    params: { ...matmul, leftGroups: 'int', rightBy: 'int' },
  },

  /** inputGroups 1 or batch (per sample); weightGroups 1 or outC. */
  conv2d_int: {
    buffers: { input: 'in', inputParams: 'in', weight: 'in', weightParams: 'in', bias: 'in?', output: 'out' },
    params: { ...conv, inputGroups: 'int', weightGroups: 'int' },
  },

  /** gradGroups 1 or batch; one weight group. weightFolded = 1: the weight's channel scales are already in the gradient's codes
   * (scale_channels); scale 1 and zeroPoint 0 stand for it. */
  conv2d_grad_input_int: {
    buffers: { gradOutput: 'in', gradParams: 'in', weight: 'in', weightParams: 'in', gradInput: 'out' },
    params: { ...conv, gradGroups: 'int', weightFolded: 'int' },
  },

  /** gradGroups 1 or outC; one input group. */
  conv2d_grad_weight_int: {
    buffers: { gradOutput: 'in', gradParams: 'in', input: 'in', inputParams: 'in', gradWeight: 'out' },
    params: { ...conv, gradGroups: 'int' },
  },

  // ---------------------------------------------------------------- optimisers

  /** sums[slot] = sum of gradient^2, in double in order, rounded once. */
  square_sum: { buffers: { gradient: 'in', sums: 'out' }, params: { count: 'int', slot: 'int' } },

  /** hyper[4] = clipScale = min(1, maxNorm / (norm + 1e-6)), norm = hyper[1] * sqrt(sum of sums), in double. */
  clip_scale: { buffers: { sums: 'in', hyper: 'inout' }, params: { count: 'int', maxNorm: 'float' } },

  /**
   * g = f(f(gradient * gradScale) * clipScale); lr = hyper[0]. Not decoupled: g = f(g + f(weightDecay*w)). decoupled: w = f(w * f(1 - f(lr*weightDecay))).
   * v = f(f(momentum*v) + g); d = nesterov ? f(g + f(momentum*v)) : v; w = f(w - f(lr*d)). velocity absent: d = g.
   */
  sgd: {
    buffers: { parameter: 'inout', gradient: 'in', velocity: 'inout?', hyper: 'in' },
    params: { count: 'int', momentum: 'float', nesterov: 'int', weightDecay: 'float', decoupled: 'int' },
  },

  /**
   * Adam (Kingma & Ba 2015), decoupled = AdamW. g and decay as `sgd`; m = f(f(beta1*m) + f(f(1-beta1)*g)); v = f(f(beta2*v) + f(f(1-beta2)*f(g*g)));
   * w = f(w - lr * (m/hyper[2]) / (sqrt(v/hyper[3]) + eps)), the right-hand side in double.
   */
  adam: {
    buffers: { parameter: 'inout', gradient: 'in', moment1: 'inout', moment2: 'inout', hyper: 'in' },
    params: {
      count: 'int',
      beta1: 'float',
      beta2: 'float',
      eps: 'float',
      weightDecay: 'float',
      decoupled: 'int',
    },
  },
} as const satisfies Record<string, KernelSpec>;

export type KernelName = keyof typeof kernelSpecs;

/** Names in the order of their index, which compiled plans use. */
export const kernelNames = Object.keys(kernelSpecs) as KernelName[];

/** Where a buffer lies. */
export interface BufferRef {
  /** Bytes from the start of memory, a multiple of 16. */
  readonly offset: number;
  /** Elements. */
  readonly length: number;
  readonly storage: Storage;
}

type OptionalKeys<B> = { [K in keyof B]: B[K] extends `${string}?` ? K : never }[keyof B];
type Buffers<B> = { readonly [K in Exclude<keyof B, OptionalKeys<B>>]: BufferRef } & {
  readonly [K in OptionalKeys<B>]?: BufferRef | undefined;
};

/** One call of one kernel, with names for everything. */
export type CallOf<K extends KernelName> = {
  readonly kernel: K;
  readonly buffers: Buffers<(typeof kernelSpecs)[K]['buffers']>;
  readonly params: { readonly [P in keyof (typeof kernelSpecs)[K]['params']]: number };
};

export type KernelCall = { [K in KernelName]: CallOf<K> }[KernelName];
