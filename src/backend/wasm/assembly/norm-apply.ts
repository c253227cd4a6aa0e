/**
 * The passes that apply coefficients per channel: scale_channels, channel_affine and its fused forms, norm_grad_input.
 * Rows of any number of channels are walked by super-rows (vectors.ts), eight values wide; rows that are left are done
 * one by one with the same arithmetic.
 */
import { FLOAT, INT8, INT16, int, ptr, splitStart, storageOf, UINT8 } from './args';
import {
  channel_affine_channels,
  channel_affine_coef,
  channel_affine_input,
  channel_affine_output,
  channel_affine_quantize_channels,
  channel_affine_quantize_codes,
  channel_affine_quantize_coef,
  channel_affine_quantize_input,
  channel_affine_quantize_mask,
  channel_affine_quantize_qmax,
  channel_affine_quantize_qmin,
  channel_affine_quantize_qparams,
  channel_affine_quantize_relu,
  channel_affine_quantize_rows,
  channel_affine_rows,
  norm_grad_input_cellRows,
  norm_grad_input_cells,
  norm_grad_input_channels,
  norm_grad_input_gradCoef,
  norm_grad_input_gradInput,
  norm_grad_input_gradOutput,
  norm_grad_input_input,
  norm_grad_input_mask,
  norm_grad_input_rows,
  norm_grad_input_site,
  norm_grad_input_status,
  scale_channels_channels,
  scale_channels_input,
  scale_channels_output,
  scale_channels_qparams,
  scale_channels_rows,
} from './generated';
import { nearestCode, nearestCode4 } from './quantize';
import { setStatus, startCells, widenRows } from './range';
import { barrier } from './threads';
import {
  bits8,
  bitVector,
  firstFloats,
  gather4,
  keepLanes,
  lastFloats,
  loadCodes8,
  loadOne,
  MAGIC_BITS,
  magicVector,
  storeCodes8,
  superRowsAtOnce,
  unitsOf,
} from './vectors';

/** Bytes of one channel in coef, gradCoef and qparams. */
const COEF: usize = 32;
const GRAD_COEF: usize = 16;
const QPARAMS: usize = 16;

export function scale_channels(args: usize, thread: i32, threads: i32): void {
  const input = ptr(args, scale_channels_input);
  const output = ptr(args, scale_channels_output);
  const qparams = ptr(args, scale_channels_qparams);
  const channels = int(args, scale_channels_channels);
  const count = int(args, scale_channels_rows) * channels;
  const units = unitsOf(channels, 8);
  const period = units * 8;
  const block = superRowsAtOnce(period) * period;
  const whole = (count / period) * period;
  const end = splitStart(whole, thread + 1, threads, period);
  for (let first = splitStart(whole, thread, threads, period); first < end; first += block) {
    const stop = min(end, first + block);
    for (let unit = 0; unit < units; unit++) {
      const scale0 = gather4(qparams, QPARAMS, unit * 8, channels);
      const scale1 = gather4(qparams, QPARAMS, unit * 8 + 4, channels);
      for (let i = first + unit * 8; i < stop; i += period) {
        const at = <usize>i << 2;
        v128.store(output + at, f32x4.mul(v128.load(input + at), scale0));
        v128.store(output + at, f32x4.mul(v128.load(input + at, 16), scale1), 16);
      }
    }
  }
  if (thread != threads - 1) return;
  for (let i = whole; i < count; i++) {
    const at = <usize>i << 2;
    store<f32>(output + at, load<f32>(input + at) * load<f32>(qparams + <usize>(i % channels) * QPARAMS));
  }
}

function affineOf<T>(args: usize, thread: i32, threads: i32): void {
  const input = ptr(args, channel_affine_input);
  const output = ptr(args, channel_affine_output);
  const coef = ptr(args, channel_affine_coef);
  const channels = int(args, channel_affine_channels);
  const count = int(args, channel_affine_rows) * channels;
  const units = unitsOf(channels, 8);
  const period = units * 8;
  const block = superRowsAtOnce(period) * period;
  const whole = (count / period) * period;
  const end = splitStart(whole, thread + 1, threads, period);
  for (let first = splitStart(whole, thread, threads, period); first < end; first += block) {
    const stop = min(end, first + block);
    for (let unit = 0; unit < units; unit++) {
      const c = unit * 8;
      const a0 = gather4(coef, COEF, c, channels);
      const a1 = gather4(coef, COEF, c + 4, channels);
      const b0 = gather4(coef + 4, COEF, c, channels);
      const b1 = gather4(coef + 4, COEF, c + 4, channels);
      for (let i = first + c; i < stop; i += period) {
        const from = input + <usize>i * sizeof<T>();
        const to = output + (<usize>i << 2);
        let x0: v128;
        let x1: v128;
        if (isFloat<T>()) {
          x0 = v128.load(from);
          x1 = v128.load(from, 16);
        } else {
          const words = loadCodes8<T>(from);
          x0 = firstFloats(words);
          x1 = lastFloats(words);
        }
        v128.store(to, f32x4.add(f32x4.mul(a0, x0), b0));
        v128.store(to, f32x4.add(f32x4.mul(a1, x1), b1), 16);
      }
    }
  }
  if (thread != threads - 1) return;
  for (let i = whole; i < count; i++) {
    const own = coef + <usize>(i % channels) * COEF;
    store<f32>(output + (<usize>i << 2), load<f32>(own) * loadOne<T>(input, i) + load<f32>(own, 4));
  }
}

export function channel_affine(args: usize, thread: i32, threads: i32): void {
  const storage = storageOf(args, channel_affine_input);
  if (storage == FLOAT) affineOf<f32>(args, thread, threads);
  else if (storage == INT8) affineOf<i8>(args, thread, threads);
  else if (storage == UINT8) affineOf<u8>(args, thread, threads);
  else affineOf<i16>(args, thread, threads);
}

function affineQuantize<T, TC>(args: usize, thread: i32, threads: i32): void {
  const input = ptr(args, channel_affine_quantize_input);
  const codes = ptr(args, channel_affine_quantize_codes);
  const coef = ptr(args, channel_affine_quantize_coef);
  const qparams = ptr(args, channel_affine_quantize_qparams);
  const channels = int(args, channel_affine_quantize_channels);
  const relu = int(args, channel_affine_quantize_relu) != 0;
  const mask = relu ? ptr(args, channel_affine_quantize_mask) : 0;
  const inv = load<f32>(qparams, 4);
  const zeroPoint = load<f32>(qparams, 8);
  // ReLU before the quantiser is a clamp to 0 within it, since inv > 0.
  const lowest: f32 = <f32>int(args, channel_affine_quantize_qmin) - zeroPoint;
  const low: f32 = relu ? max<f32>(lowest, 0) : lowest;
  const high: f32 = <f32>int(args, channel_affine_quantize_qmax) - zeroPoint;
  const offset = <i32>zeroPoint - MAGIC_BITS;
  const invs = f32x4.splat(inv);
  const lows = f32x4.splat(low);
  const highs = f32x4.splat(high);
  const offsets = i32x4.splat(offset);
  const magic = magicVector();
  const zero = f32x4.splat(0);
  const count = int(args, channel_affine_quantize_rows) * channels;
  const units = unitsOf(channels, 8);
  const period = units * 8;
  const block = superRowsAtOnce(period) * period;
  const whole = (count / period) * period;
  const end = splitStart(whole, thread + 1, threads, period);
  for (let first = splitStart(whole, thread, threads, period); first < end; first += block) {
    const stop = min(end, first + block);
    for (let unit = 0; unit < units; unit++) {
      const c = unit * 8;
      const a0 = gather4(coef, COEF, c, channels);
      const a1 = gather4(coef, COEF, c + 4, channels);
      const b0 = gather4(coef + 4, COEF, c, channels);
      const b1 = gather4(coef + 4, COEF, c + 4, channels);
      for (let i = first + c; i < stop; i += period) {
        const from = input + <usize>i * sizeof<T>();
        let y0: v128;
        let y1: v128;
        if (isFloat<T>()) {
          y0 = v128.load(from);
          y1 = v128.load(from, 16);
        } else {
          const words = loadCodes8<T>(from);
          y0 = firstFloats(words);
          y1 = lastFloats(words);
        }
        y0 = f32x4.add(f32x4.mul(a0, y0), b0);
        y1 = f32x4.add(f32x4.mul(a1, y1), b1);
        if (mask != 0) store<u8>(mask + (<usize>i >> 3), bits8(f32x4.gt(y0, zero), f32x4.gt(y1, zero)));
        const code0 = nearestCode4(y0, invs, lows, highs, offsets, magic);
        const code1 = nearestCode4(y1, invs, lows, highs, offsets, magic);
        storeCodes8<TC>(codes + <usize>i * sizeof<TC>(), code0, code1);
      }
    }
  }
  if (thread != threads - 1) return;
  let bits = 0;
  for (let i = whole; i < count; i++) {
    const own = coef + <usize>(i % channels) * COEF;
    const y: f32 = load<f32>(own) * loadOne<T>(input, i) + load<f32>(own, 4);
    bits |= <i32>(y > 0) << (i & 7);
    if ((i & 7) == 7 || i + 1 == count) {
      if (mask != 0) store<u8>(mask + (<usize>i >> 3), <u8>bits);
      bits = 0;
    }
    store<TC>(codes + <usize>i * sizeof<TC>(), <TC>nearestCode(y, inv, low, high, offset));
  }
}

export function channel_affine_quantize(args: usize, thread: i32, threads: i32): void {
  const from = storageOf(args, channel_affine_quantize_input);
  const to = storageOf(args, channel_affine_quantize_codes);
  if (from == FLOAT) {
    if (to == INT8) affineQuantize<f32, i8>(args, thread, threads);
    else if (to == UINT8) affineQuantize<f32, u8>(args, thread, threads);
    else affineQuantize<f32, i16>(args, thread, threads);
  } else if (from == INT8) {
    if (to == INT8) affineQuantize<i8, i8>(args, thread, threads);
    else if (to == UINT8) affineQuantize<i8, u8>(args, thread, threads);
    else affineQuantize<i8, i16>(args, thread, threads);
  } else {
    if (to == INT8) affineQuantize<u8, i8>(args, thread, threads);
    else if (to == UINT8) affineQuantize<u8, u8>(args, thread, threads);
    else affineQuantize<u8, i16>(args, thread, threads);
  }
}

/** TQ = bool stands for an absent input. */
function gradInputOf<TG, TQ>(args: usize, thread: i32, threads: i32): i32 {
  const grad = ptr(args, norm_grad_input_gradOutput);
  const input = ptr(args, norm_grad_input_input);
  const output = ptr(args, norm_grad_input_gradInput);
  const coef = ptr(args, norm_grad_input_gradCoef);
  const mask = isFloat<TG>() ? ptr(args, norm_grad_input_mask) : 0;
  const bits0 = bitVector(0);
  const bits1 = bitVector(1);
  const channels = int(args, norm_grad_input_channels);
  const count = int(args, norm_grad_input_rows) * channels;
  const cells = ptr(args, norm_grad_input_cells);
  const size = cells == 0 ? count : count / int(args, norm_grad_input_cellRows);
  let bad = 0;
  const units = unitsOf(channels, 8);
  const period = units * 8;
  const block = superRowsAtOnce(period) * period;
  const whole = (count / period) * period;
  const end = splitStart(whole, thread + 1, threads, period);
  for (let first = splitStart(whole, thread, threads, period); first < end; first += block) {
    const stop = min(end, first + block);
    for (let unit = 0; unit < units; unit++) {
      const c = unit * 8;
      const p0 = gather4(coef, GRAD_COEF, c, channels);
      const p1 = gather4(coef, GRAD_COEF, c + 4, channels);
      const q0 = gather4(coef + 4, GRAD_COEF, c, channels);
      const q1 = gather4(coef + 4, GRAD_COEF, c + 4, channels);
      const r0 = gather4(coef + 8, GRAD_COEF, c, channels);
      const r1 = gather4(coef + 8, GRAD_COEF, c + 4, channels);
      for (let i = first + c; i < stop; i += period) {
        const from = grad + <usize>i * sizeof<TG>();
        const to = output + (<usize>i << 2);
        let g0: v128;
        let g1: v128;
        if (isFloat<TG>()) {
          g0 = v128.load(from);
          g1 = v128.load(from, 16);
          if (mask != 0) {
            const word = i32x4.splat(<i32>load<u8>(mask + (<usize>i >> 3)));
            g0 = keepLanes(g0, word, bits0);
            g1 = keepLanes(g1, word, bits1);
          }
        } else {
          const words = loadCodes8<TG>(from);
          g0 = firstFloats(words);
          g1 = lastFloats(words);
        }
        g0 = f32x4.mul(p0, g0);
        g1 = f32x4.mul(p1, g1);
        if (!isBoolean<TQ>()) {
          let x0: v128;
          let x1: v128;
          if (isFloat<TQ>()) {
            x0 = v128.load(input + (<usize>i << 2));
            x1 = v128.load(input + (<usize>i << 2), 16);
          } else {
            const words = loadCodes8<TQ>(input + <usize>i);
            x0 = firstFloats(words);
            x1 = lastFloats(words);
          }
          g0 = f32x4.add(g0, f32x4.mul(q0, x0));
          g1 = f32x4.add(g1, f32x4.mul(q1, x1));
        }
        v128.store(to, f32x4.add(g0, r0));
        v128.store(to, f32x4.add(g1, r1), 16);
      }
    }
    if (cells != 0) bad |= widenRows(output, first, stop, size, cells);
  }
  if (thread != threads - 1) return bad;
  for (let i = whole; i < count; i++) {
    const own = coef + <usize>(i % channels) * GRAD_COEF;
    let g: f32 = load<f32>(own) * loadOne<TG>(grad, i);
    if (!isBoolean<TQ>()) g = g + load<f32>(own, 4) * loadOne<TQ>(input, i);
    store<f32>(output + (<usize>i << 2), g + load<f32>(own, 8));
  }
  if (cells != 0) bad |= widenRows(output, whole, count, size, cells);
  return bad;
}

/** {@link gradInputOf} for the storage of the input. */
// @ts-ignore: decorator
@inline
function gradInputFor<TG>(args: usize, thread: i32, threads: i32): i32 {
  const storage = storageOf(args, norm_grad_input_input);
  if (ptr(args, norm_grad_input_input) == 0) return gradInputOf<TG, bool>(args, thread, threads);
  if (storage == FLOAT) return gradInputOf<TG, f32>(args, thread, threads);
  if (storage == INT8) return gradInputOf<TG, i8>(args, thread, threads);
  return gradInputOf<TG, u8>(args, thread, threads);
}

export function norm_grad_input(args: usize, thread: i32, threads: i32): void {
  const storage = storageOf(args, norm_grad_input_gradOutput);
  const cells = ptr(args, norm_grad_input_cells);
  if (cells != 0) {
    startCells(cells, int(args, norm_grad_input_cellRows), thread);
    barrier();
  }
  let bad = 0;
  if (storage == FLOAT) bad = gradInputFor<f32>(args, thread, threads);
  else if (storage == INT8) bad = gradInputFor<i8>(args, thread, threads);
  else if (storage == INT16) bad = gradInputFor<i16>(args, thread, threads);
  else bad = gradInputFor<u8>(args, thread, threads);
  if (cells != 0) setStatus(ptr(args, norm_grad_input_status), int(args, norm_grad_input_site), bad);
}
