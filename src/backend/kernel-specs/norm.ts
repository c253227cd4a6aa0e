/**
 * Normalisation over channels: input is [batch][inner][channels], float or 8-bit codes; n = batch*inner values a channel. Common rules stand in ../kernels.ts.
 */
import { type KernelSpec, rangeBuffers, rangeParams } from './spec.js';

export const normSpecs = {
  /**
   * What a norm must know of each image and channel. Codes: cells int32 [batch][channels][8] = { min, max, argMin, argMax
   * (position in 0..inner-1, lowest on ties), sum, 0, sumSq low word, sumSq high word (int64) } of the raw codes.
   * Float input: cells float [batch][channels][8] = { min, max, argMin, argMax, mean, m2, 0, 0 }, mean = f(sum in blocks
   * / inner), m2 = sum in blocks of f(d*d), d = f(x - mean); a non-finite value sets status bit 1.
   * positions = 0: argMin and argMax are not looked for, and are 0.
   */
  norm_cells: {
    buffers: { input: 'in', cells: 'out', status: 'inout' },
    params: { batch: 'int', inner: 'int', channels: 'int', positions: 'int', site: 'int' },
  },

  /**
   * Cells to per-channel coefficients coef float [channels][8] = { a, b, yA, yB, inv, gamma, mean, spread }, such that for
   * a raw value q (code or float) y = yA*q + yB is the normalised value and a*q + b = gamma*y + beta. Per channel, in double, each
   * formula from left to right:
   *   codes: 0 a float input, 1 codes of one scale, 2 codes with a scale per channel (qparams [channels][4]); scale and zeroPoint
   *     below are the channel's, and codes stands for codes > 0.
   *   raw mean: codes sum/n; float: cells combined in order by Chan's formula: from mean = m2 = N = 0, for each image
   *     d = mean_k - mean; w = inner/(N + inner); mean = mean + d*w; m2 = m2 + m2_k + d*d*N*w; N = N + inner. meanX = codes ? scale*(mean - zeroPoint) : mean.
   *   kind 0, batch norm: var = m2/n (codes: scale^2 * (sumSq/n - mean^2)); inv = 1/sqrt(var + eps); spread = var*n/(n-1).
   *   kind 1, Range BN: chunk k holds images floor(k*batch/chunks) .. floor((k+1)*batch/chunks)-1; s = (1/chunks) * sum_k
   *     constant_k * (max_k - min_k) [* scale], constant_k = constantHigh where the chunk has ceil(batch/chunks) images
   *     and that is more than floor(batch/chunks), else constantLow; inv = 1/(s + eps); spread = s.
   *   train = 1: inputs as above, then running values: runningMean = f((1-momentum)*runningMean + momentum*meanX), runningSpread
   *     likewise with spread; where coefBits > 0, a channel of spread 0 (dead, see below) adds the smallest spread of the live channels
   *     instead (1 if all are dead), whose inverse it is given: an average of spreads that decayed to 0 would have inference
   *     normalise by an inverse that no step used, and collapse the others when it is quantised with them. train = 0: cells absent; meanX = runningMean; kind 0: inv = 1/sqrt(runningSpread + eps), kind 1: 1/(runningSpread + eps).
   *   A channel whose spread is 0 (codes, batch norm: max = min everywhere) is dead: its inv is set to the largest inv of the live
   *     channels (1 if all are dead). Only where coefBits > 0. In train = 0 the running spread of a channel that was dead in training
   *     without quantised coefficients has decayed and is not 0: a channel is dead if D <= max(0, D of every channel) / 4096, D = sqrt(runningSpread) for kind 0 and
   *     runningSpread for kind 1. (With 16 chunks the range of a live channel is at least one code step in one chunk and the
   *     largest at most 255 steps in all: 16*255 = 4080. Codes with a scale per channel have no such bound, and the same limit.)
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
   * mask: relu's gradient before it, of a float gradOutput and a number of channels that 8 divides: g = mask bit ? g : 0.
   */
  norm_grad_cells: {
    buffers: { gradOutput: 'in', input: 'in', mask: 'in?', coef: 'in', gradParams: 'in?', cells: 'out' },
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

  /** gradInput = f(f(f(P*g) + f(Q*q)) + R), g the raw code or float of gradOutput, q of input; with input absent f(f(P*g) + R). mask as above. */
  norm_grad_input: {
    buffers: {
      gradOutput: 'in',
      input: 'in?',
      mask: 'in?',
      gradCoef: 'in',
      gradInput: 'out',
      ...rangeBuffers,
    },
    params: { rows: 'int', channels: 'int', ...rangeParams },
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
} as const satisfies Record<string, KernelSpec>;
