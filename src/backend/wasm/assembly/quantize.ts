/**
 * Floats to codes: quantize, quantize_pair. Groups are runs of equal scale; the case of one group a
 * channel (groupStride 1) is walked by super-rows (vectors.ts), every other by runs.
 */
import { INT8, int, ptr, splitStart, storageOf, UINT8 } from './args';
import {
  quantize_codes,
  quantize_count,
  quantize_counters,
  quantize_groupStride,
  quantize_groups,
  quantize_input,
  quantize_pair_codesA,
  quantize_pair_codesB,
  quantize_pair_count,
  quantize_pair_counters,
  quantize_pair_groupStrideA,
  quantize_pair_groupStrideB,
  quantize_pair_groupsA,
  quantize_pair_groupsB,
  quantize_pair_input,
  quantize_pair_qmaxA,
  quantize_pair_qmaxB,
  quantize_pair_qminA,
  quantize_pair_qminB,
  quantize_pair_qparamsA,
  quantize_pair_qparamsB,
  quantize_pair_siteA,
  quantize_pair_siteB,
  quantize_pair_stochasticA,
  quantize_pair_stochasticB,
  quantize_qmax,
  quantize_qmin,
  quantize_qparams,
  quantize_site,
  quantize_stochastic,
} from './generated';
import { noise8, noise16, noiseKey } from './noise';
import {
  gather4,
  hashMultiplier0,
  hashMultiplier1,
  laneVector,
  MAGIC,
  MAGIC_BITS,
  magicVector,
  storeCodes8,
  storeCodes16,
  superRowsAtOnce,
  twoTo16Vector,
  unitsOf,
} from './vectors';

/** Elements of one turn of a pair: the second quantiser finds them in cache. */
const PAIR_BLOCK: i32 = 4096;

/** Code of x to the nearest. `offset` = zeroPoint - MAGIC_BITS. */
// @ts-ignore: decorator
@inline
export function nearestCode(x: f32, inv: f32, low: f32, high: f32, offset: i32): i32 {
  let t = x * inv;
  t = t > low ? t : low;
  t = t < high ? t : high;
  return reinterpret<i32>(t + MAGIC) + offset;
}

/** Four of {@link nearestCode}. */
// @ts-ignore: decorator
@inline
export function nearestCode4(x: v128, inv: v128, low: v128, high: v128, offset: v128, magic: v128): v128 {
  const t = f32x4.pmin(f32x4.pmax(f32x4.mul(x, inv), low), high);
  return i32x4.add(f32x4.add(t, magic), offset);
}

/**
 * Code of x, stochastic: (rne(t * 65536) + noise) >> 16 in two parts, the nearest integer of t and the rest, so that
 * both roundings are one addition; exact, since the rest t - rne(t) is. `offset` = zeroPoint - MAGIC_BITS - (MAGIC_BITS >> 16).
 */
// @ts-ignore: decorator
@inline
export function stochasticCode(x: f32, inv: f32, low: f32, high: f32, offset: i32, noise: i32): i32 {
  let t = x * inv;
  t = t > low ? t : low;
  t = t < high ? t : high;
  const whole = t + MAGIC;
  const rest = (t - (whole - MAGIC)) * 65536.0 + MAGIC;
  return reinterpret<i32>(whole) + ((reinterpret<i32>(rest) + noise) >> 16) + offset;
}

/** Four of {@link stochasticCode}. */
// @ts-ignore: decorator
@inline
export function stochasticCode4(
  x: v128,
  inv: v128,
  low: v128,
  high: v128,
  offset: v128,
  noise: v128,
  magic: v128,
  twoTo16: v128,
): v128 {
  const t = f32x4.pmin(f32x4.pmax(f32x4.mul(x, inv), low), high);
  const whole = f32x4.add(t, magic);
  const rest = f32x4.add(f32x4.mul(f32x4.sub(t, f32x4.sub(whole, magic)), twoTo16), magic);
  return i32x4.add(i32x4.add(whole, offset), i32x4.shr_s(i32x4.add(rest, noise), 16));
}

/** What a code lacks after the additions of the two roundings. */
// @ts-ignore: decorator
@inline
export function offsetOf(zeroPoint: f32, stochastic: bool): i32 {
  return <i32>zeroPoint - MAGIC_BITS - (stochastic ? MAGIC_BITS >> 16 : 0);
}

/** Elements start .. end-1, all of one group with qparams at `params`. */
function quantizeRun<T>(
  input: usize,
  codes: usize,
  start: i32,
  end: i32,
  params: usize,
  qmin: i32,
  qmax: i32,
  stochastic: bool,
  key: u64,
): void {
  const inv = load<f32>(params, 4);
  const zeroPoint = load<f32>(params, 8);
  const base = load<f32>(params, 12);
  const low = <f32>qmin - zeroPoint;
  const high = <f32>qmax - zeroPoint;
  const offset = offsetOf(zeroPoint, stochastic);
  const k0 = <u32>key;
  const k1 = <u32>(key >> 32);
  let i = start;
  const invs = f32x4.splat(inv);
  const bases = f32x4.splat(base);
  const lows = f32x4.splat(low);
  const highs = f32x4.splat(high);
  const offsets = i32x4.splat(offset);
  const magic = magicVector();
  if (stochastic) {
    for (const head = min(end, (start + 1) & ~1); i < head; i++) {
      const x = load<f32>(input + (<usize>i << 2)) - base;
      const code = stochasticCode(x, inv, low, high, offset, noise16(i, k0, k1));
      store<T>(codes + <usize>i * sizeof<T>(), <T>code);
    }
    const twoTo16 = twoTo16Vector();
    const multiplier0 = hashMultiplier0();
    const multiplier1 = hashMultiplier1();
    const lanes = laneVector();
    const keys0 = i32x4.splat(k0);
    const keys1 = i32x4.splat(k1);
    for (; i + 8 <= end; i += 8) {
      const from = input + (<usize>i << 2);
      const noise = noise8(i, keys0, keys1, multiplier0, multiplier1, lanes);
      const noise0 = i32x4.extend_low_i16x8_u(noise);
      const noise1 = i32x4.extend_high_i16x8_u(noise);
      const a = stochasticCode4(f32x4.sub(v128.load(from), bases), invs, lows, highs, offsets, noise0, magic, twoTo16);
      const b = stochasticCode4(f32x4.sub(v128.load(from, 16), bases), invs, lows, highs, offsets, noise1, magic, twoTo16);
      storeCodes8<T>(codes + <usize>i * sizeof<T>(), a, b);
    }
    for (; i < end; i++) {
      const x = load<f32>(input + (<usize>i << 2)) - base;
      const code = stochasticCode(x, inv, low, high, offset, noise16(i, k0, k1));
      store<T>(codes + <usize>i * sizeof<T>(), <T>code);
    }
  } else {
    for (; i + 16 <= end; i += 16) {
      const from = input + (<usize>i << 2);
      const a = nearestCode4(f32x4.sub(v128.load(from), bases), invs, lows, highs, offsets, magic);
      const b = nearestCode4(f32x4.sub(v128.load(from, 16), bases), invs, lows, highs, offsets, magic);
      const c = nearestCode4(f32x4.sub(v128.load(from, 32), bases), invs, lows, highs, offsets, magic);
      const d = nearestCode4(f32x4.sub(v128.load(from, 48), bases), invs, lows, highs, offsets, magic);
      storeCodes16<T>(codes + <usize>i * sizeof<T>(), a, b, c, d);
    }
    for (; i < end; i++) {
      const code = nearestCode(load<f32>(input + (<usize>i << 2)) - base, inv, low, high, offset);
      store<T>(codes + <usize>i * sizeof<T>(), <T>code);
    }
  }
}

/** Elements start .. end-1 where element i belongs to group floor(i / groupStride) % groups. */
function quantizeRuns<T>(
  input: usize,
  codes: usize,
  start: i32,
  end: i32,
  params: usize,
  groups: i32,
  groupStride: i32,
  qmin: i32,
  qmax: i32,
  stochastic: bool,
  key: u64,
): void {
  if (groups == 1) {
    quantizeRun<T>(input, codes, start, end, params, qmin, qmax, stochastic, key);
    return;
  }
  let run = start / groupStride;
  let group = run % groups;
  for (let i = start; i < end; run++) {
    const stop = <i32>min<i64>(end, (<i64>run + 1) * groupStride);
    const own = params + (<usize>group << 4);
    quantizeRun<T>(input, codes, i, stop, own, qmin, qmax, stochastic, key);
    i = stop;
    if (++group == groups) group = 0;
  }
}

/** A group a channel: elements start .. end-1, both multiples of the period lcm(groups, 8). */
function quantizeColumns<T>(
  input: usize,
  codes: usize,
  start: i32,
  end: i32,
  params: usize,
  groups: i32,
  qmin: i32,
  qmax: i32,
  stochastic: bool,
  key: u64,
): void {
  const units = unitsOf(groups, 8);
  const period = units * 8;
  const block = superRowsAtOnce(period) * period;
  const qmins = f32x4.splat(<f32>qmin);
  const qmaxs = f32x4.splat(<f32>qmax);
  const magic = magicVector();
  const twoTo16 = twoTo16Vector();
  const multiplier0 = hashMultiplier0();
  const multiplier1 = hashMultiplier1();
  const lanes = laneVector();
  const keys0 = i32x4.splat(<i32>key);
  const keys1 = i32x4.splat(<i32>(key >> 32));
  const shift = i32x4.splat(offsetOf(0, stochastic));
  for (let first = start; first < end; first += block) {
    const stop = min(end, first + block);
    for (let unit = 0; unit < units; unit++) {
      const c = unit * 8;
      const inv0 = gather4(params + 4, 16, c, groups);
      const inv1 = gather4(params + 4, 16, c + 4, groups);
      const zero0 = gather4(params + 8, 16, c, groups);
      const zero1 = gather4(params + 8, 16, c + 4, groups);
      const base0 = gather4(params + 12, 16, c, groups);
      const base1 = gather4(params + 12, 16, c + 4, groups);
      const low0 = f32x4.sub(qmins, zero0);
      const low1 = f32x4.sub(qmins, zero1);
      const high0 = f32x4.sub(qmaxs, zero0);
      const high1 = f32x4.sub(qmaxs, zero1);
      const offset0 = i32x4.add(i32x4.trunc_sat_f32x4_s(zero0), shift);
      const offset1 = i32x4.add(i32x4.trunc_sat_f32x4_s(zero1), shift);
      for (let i = first + c; i < stop; i += period) {
        const from = input + (<usize>i << 2);
        const x0 = f32x4.sub(v128.load(from), base0);
        const x1 = f32x4.sub(v128.load(from, 16), base1);
        let a: v128;
        let b: v128;
        if (stochastic) {
          const noise = noise8(i, keys0, keys1, multiplier0, multiplier1, lanes);
          const noise0 = i32x4.extend_low_i16x8_u(noise);
          const noise1 = i32x4.extend_high_i16x8_u(noise);
          a = stochasticCode4(x0, inv0, low0, high0, offset0, noise0, magic, twoTo16);
          b = stochasticCode4(x1, inv1, low1, high1, offset1, noise1, magic, twoTo16);
        } else {
          a = nearestCode4(x0, inv0, low0, high0, offset0, magic);
          b = nearestCode4(x1, inv1, low1, high1, offset1, magic);
        }
        storeCodes8<T>(codes + <usize>i * sizeof<T>(), a, b);
      }
    }
  }
}

/** Elements start .. end-1 of a call; start is a multiple of the grain (see {@link grainOf}). */
function quantizePart<T>(
  input: usize,
  codes: usize,
  start: i32,
  end: i32,
  params: usize,
  groups: i32,
  groupStride: i32,
  qmin: i32,
  qmax: i32,
  stochastic: bool,
  key: u64,
): void {
  let from = start;
  if (groupStride == 1 && groups > 1) {
    const period = unitsOf(groups, 8) * 8;
    from = start + ((end - start) / period) * period;
    quantizeColumns<T>(input, codes, start, from, params, groups, qmin, qmax, stochastic, key);
  }
  quantizeRuns<T>(input, codes, from, end, params, groups, groupStride, qmin, qmax, stochastic, key);
}

/** {@link quantizePart} for the storage of the codes. */
function quantizeAs(
  storage: i32,
  input: usize,
  codes: usize,
  start: i32,
  end: i32,
  params: usize,
  groups: i32,
  groupStride: i32,
  qmin: i32,
  qmax: i32,
  stochastic: bool,
  key: u64,
): void {
  if (storage == INT8) {
    quantizePart<i8>(input, codes, start, end, params, groups, groupStride, qmin, qmax, stochastic, key);
  } else if (storage == UINT8) {
    quantizePart<u8>(input, codes, start, end, params, groups, groupStride, qmin, qmax, stochastic, key);
  } else {
    quantizePart<i16>(input, codes, start, end, params, groups, groupStride, qmin, qmax, stochastic, key);
  }
}

/** Threads begin at multiples of this many elements: whole vectors and whole super-rows. */
export function grainOf(groups: i32, groupStride: i32): i32 {
  return groupStride == 1 && groups > 1 ? unitsOf(groups, 8) * 16 : 16;
}

export function quantize(args: usize, thread: i32, threads: i32): void {
  const count = int(args, quantize_count);
  const groups = int(args, quantize_groups);
  const groupStride = int(args, quantize_groupStride);
  const stochastic = int(args, quantize_stochastic) != 0;
  const grain = grainOf(groups, groupStride);
  quantizeAs(
    storageOf(args, quantize_codes),
    ptr(args, quantize_input),
    ptr(args, quantize_codes),
    splitStart(count, thread, threads, grain),
    splitStart(count, thread + 1, threads, grain),
    ptr(args, quantize_qparams),
    groups,
    groupStride,
    int(args, quantize_qmin),
    int(args, quantize_qmax),
    stochastic,
    stochastic ? noiseKey(ptr(args, quantize_counters), int(args, quantize_site)) : 0,
  );
}

export function quantize_pair(args: usize, thread: i32, threads: i32): void {
  const input = ptr(args, quantize_pair_input);
  const counters = ptr(args, quantize_pair_counters);
  const codesA = ptr(args, quantize_pair_codesA);
  const codesB = ptr(args, quantize_pair_codesB);
  const paramsA = ptr(args, quantize_pair_qparamsA);
  const paramsB = ptr(args, quantize_pair_qparamsB);
  const storageA = storageOf(args, quantize_pair_codesA);
  const storageB = storageOf(args, quantize_pair_codesB);
  const count = int(args, quantize_pair_count);
  const groupsA = int(args, quantize_pair_groupsA);
  const groupsB = int(args, quantize_pair_groupsB);
  const strideA = int(args, quantize_pair_groupStrideA);
  const strideB = int(args, quantize_pair_groupStrideB);
  const qminA = int(args, quantize_pair_qminA);
  const qmaxA = int(args, quantize_pair_qmaxA);
  const qminB = int(args, quantize_pair_qminB);
  const qmaxB = int(args, quantize_pair_qmaxB);
  const stochasticA = int(args, quantize_pair_stochasticA) != 0;
  const stochasticB = int(args, quantize_pair_stochasticB) != 0;
  const keyA: u64 = stochasticA ? noiseKey(counters, int(args, quantize_pair_siteA)) : 0;
  const keyB: u64 = stochasticB ? noiseKey(counters, int(args, quantize_pair_siteB)) : 0;
  const grainA = grainOf(groupsA, strideA);
  const grainB = grainOf(groupsB, strideB);
  // A multiple of both grains, which are 16 times an integer; equal in every plan, since the grouping is.
  const grain = grainA == grainB ? grainA : (grainA * grainB) >> 4;
  const block = max(1, PAIR_BLOCK / grain) * grain;
  const end = splitStart(count, thread + 1, threads, grain);
  for (let i = splitStart(count, thread, threads, grain); i < end; i += block) {
    const stop = min(end, i + block);
    quantizeAs(storageA, input, codesA, i, stop, paramsA, groupsA, strideA, qminA, qmaxA, stochasticA, keyA);
    quantizeAs(storageB, input, codesB, i, stop, paramsB, groupsB, strideB, qminB, qmaxB, stochasticB, keyB);
  }
}
