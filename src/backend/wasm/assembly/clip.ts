/**
 * Clips of a range by the direction that a tensor keeps: clip_losses, clip_range. A thread takes every so many candidates and reads
 * the whole tensor for each, so that no sum is put together from threads' parts.
 */
import { int, ptr } from './args';
import {
  clip_losses_candidates,
  clip_losses_cells,
  clip_losses_count,
  clip_losses_counters,
  clip_losses_input,
  clip_losses_losses,
  clip_losses_qmax,
  clip_losses_qmin,
  clip_losses_rows,
  clip_losses_scheme,
  clip_losses_site,
  clip_losses_stochastic,
  clip_range_candidates,
  clip_range_cells,
  clip_range_losses,
  clip_range_range,
  clip_range_rows,
} from './generated';
import { noise8, noise16, noiseKey } from './noise';
import { rangeInv, rangeZeroPoint, scaleOfRange } from './qparams';
import { nearestCode, nearestCode4, offsetOf, stochasticCode, stochasticCode4 } from './quantize';
import { hashMultiplier0, hashMultiplier1, laneVector, magicVector, twoTo16Vector } from './vectors';

/** Elements of a block: its sums of products of int16 and codes of 9 bits fit 32 bits a lane. */
const BLOCK: i32 = 1024;

/** Results of {@link extremes}. Globals belong to one thread. */
let least: f32 = 0;
let greatest: f32 = 0;

function extremes(cells: usize, rows: i32): void {
  let low: f32 = Infinity;
  let high: f32 = -Infinity;
  for (let row = 0; row < rows; row++) {
    low = min<f32>(low, load<f32>(cells + (<usize>row << 3)));
    high = max<f32>(high, load<f32>(cells + (<usize>row << 3), 4));
  }
  least = low;
  greatest = high;
}

// @ts-ignore: decorator
@inline
function factorOf(k: i32, candidates: i32): f32 {
  return <f32>(<f64>(candidates - k) / <f64>candidates);
}

// @ts-ignore: decorator
@inline
function sum4(lanes: v128): i64 {
  return (
    <i64>i32x4.extract_lane(lanes, 0) +
    <i64>i32x4.extract_lane(lanes, 1) +
    <i64>i32x4.extract_lane(lanes, 2) +
    <i64>i32x4.extract_lane(lanes, 3)
  );
}

/** Code of x in 16 bits. */
// @ts-ignore: decorator
@inline
function fineCode(x: f32, inv: f32): i32 {
  return nearestCode(x, inv, -32767, 32767, offsetOf(0, false));
}

/** Sum of squares of the 16-bit codes. */
function squaresOf(input: usize, count: i32, inv: f32): f64 {
  const invs = f32x4.splat(inv);
  const lows = f32x4.splat(-32767);
  const highs = f32x4.splat(32767);
  const offsets = i32x4.splat(offsetOf(0, false));
  const magic = magicVector();
  let total: f64 = 0;
  for (let first = 0; first < count; first += BLOCK) {
    const end = min(first + BLOCK, count);
    let sums = i64x2.splat(0);
    let i = first;
    for (; i + 8 <= end; i += 8) {
      const from = input + (<usize>i << 2);
      const a = nearestCode4(v128.load(from), invs, lows, highs, offsets, magic);
      const b = nearestCode4(v128.load(from, 16), invs, lows, highs, offsets, magic);
      const fine = i16x8.narrow_i32x4_s(a, b);
      // 2 * 32767^2 is below 2^31, but no sum of two of them is.
      const pairs = i32x4.dot_i16x8_s(fine, fine);
      sums = i64x2.add(sums, i64x2.extend_low_i32x4_s(pairs));
      sums = i64x2.add(sums, i64x2.extend_high_i32x4_s(pairs));
    }
    let sum = i64x2.extract_lane(sums, 0) + i64x2.extract_lane(sums, 1);
    for (; i < end; i++) {
      const code = <i64>fineCode(load<f32>(input + (<usize>i << 2)), inv);
      sum += code * code;
    }
    total += <f64>sum;
  }
  return total;
}

/** Results of {@link productsOf}. */
let dotSum: f64 = 0;
let ownSum: f64 = 0;

/** Sums of the codes' products with those of 16 bits and with themselves. */
function productsOf(
  input: usize,
  count: i32,
  fineInv: f32,
  inv: f32,
  low: f32,
  high: f32,
  stochastic: bool,
  key: u64,
): void {
  const k0 = <u32>key;
  const k1 = <u32>(key >> 32);
  // Codes stay less their zero point.
  const offset = offsetOf(0, stochastic);
  const fineOffsets = i32x4.splat(offsetOf(0, false));
  const offsets = i32x4.splat(offset);
  const fineInvs = f32x4.splat(fineInv);
  const fineLows = f32x4.splat(-32767);
  const fineHighs = f32x4.splat(32767);
  const invs = f32x4.splat(inv);
  const lows = f32x4.splat(low);
  const highs = f32x4.splat(high);
  const magic = magicVector();
  const twoTo16 = twoTo16Vector();
  const multiplier0 = hashMultiplier0();
  const multiplier1 = hashMultiplier1();
  const lanes = laneVector();
  const keys0 = i32x4.splat(k0);
  const keys1 = i32x4.splat(k1);
  let dots: f64 = 0;
  let owns: f64 = 0;
  for (let first = 0; first < count; first += BLOCK) {
    const end = min(first + BLOCK, count);
    let dot4 = i32x4.splat(0);
    let own4 = i32x4.splat(0);
    let i = first;
    for (; i + 8 <= end; i += 8) {
      const from = input + (<usize>i << 2);
      const x0 = v128.load(from);
      const x1 = v128.load(from, 16);
      const fine = i16x8.narrow_i32x4_s(
        nearestCode4(x0, fineInvs, fineLows, fineHighs, fineOffsets, magic),
        nearestCode4(x1, fineInvs, fineLows, fineHighs, fineOffsets, magic),
      );
      let a: v128;
      let b: v128;
      if (stochastic) {
        const noise = noise8(i, keys0, keys1, multiplier0, multiplier1, lanes);
        const noise0 = i32x4.extend_low_i16x8_u(noise);
        const noise1 = i32x4.extend_high_i16x8_u(noise);
        a = stochasticCode4(x0, invs, lows, highs, offsets, noise0, magic, twoTo16);
        b = stochasticCode4(x1, invs, lows, highs, offsets, noise1, magic, twoTo16);
      } else {
        a = nearestCode4(x0, invs, lows, highs, offsets, magic);
        b = nearestCode4(x1, invs, lows, highs, offsets, magic);
      }
      const codes = i16x8.narrow_i32x4_s(a, b);
      dot4 = i32x4.add(dot4, i32x4.dot_i16x8_s(fine, codes));
      own4 = i32x4.add(own4, i32x4.dot_i16x8_s(codes, codes));
    }
    let dot = sum4(dot4);
    let own = sum4(own4);
    for (; i < end; i++) {
      const x = load<f32>(input + (<usize>i << 2));
      const code = <i64>(stochastic
        ? stochasticCode(x, inv, low, high, offset, noise16(i, k0, k1))
        : nearestCode(x, inv, low, high, offset));
      dot += code * <i64>fineCode(x, fineInv);
      own += code * code;
    }
    dots += <f64>dot;
    owns += <f64>own;
  }
  dotSum = dots;
  ownSum = owns;
}

export function clip_losses(args: usize, thread: i32, threads: i32): void {
  const candidates = int(args, clip_losses_candidates);
  if (thread >= candidates) return;
  const input = ptr(args, clip_losses_input);
  const losses = ptr(args, clip_losses_losses);
  const count = int(args, clip_losses_count);
  const qmin = int(args, clip_losses_qmin);
  const qmax = int(args, clip_losses_qmax);
  const symmetric = int(args, clip_losses_scheme) == 1;
  const stochastic = int(args, clip_losses_stochastic) != 0;
  const key: u64 = stochastic ? noiseKey(ptr(args, clip_losses_counters), int(args, clip_losses_site)) : 0;
  extremes(ptr(args, clip_losses_cells), int(args, clip_losses_rows));
  scaleOfRange(min<f32>(least, 0), max<f32>(greatest, 0), true, -32767, 32767);
  const fineInv = rangeInv;
  const squares = squaresOf(input, count, fineInv);
  for (let k = thread; k < candidates; k += threads) {
    const factor = factorOf(k, candidates);
    scaleOfRange(min<f32>(least * factor, 0), max<f32>(greatest * factor, 0), symmetric, qmin, qmax);
    const low = <f32>qmin - rangeZeroPoint;
    const high = <f32>qmax - rangeZeroPoint;
    productsOf(input, count, fineInv, rangeInv, low, high, stochastic, key);
    let loss: f64 = 0;
    if (squares != 0) loss = dotSum <= 0 ? 1 : max<f64>(0, 1 - (dotSum * dotSum) / (squares * ownSum));
    store<f32>(losses + (<usize>k << 2), <f32>loss);
  }
}

export function clip_range(args: usize, thread: i32, threads: i32): void {
  if (thread != 0) return;
  const losses = ptr(args, clip_range_losses);
  const range = ptr(args, clip_range_range);
  const candidates = int(args, clip_range_candidates);
  let best = 0;
  for (let k = 1; k < candidates; k++) {
    if (load<f32>(losses + (<usize>k << 2)) < load<f32>(losses + (<usize>best << 2))) best = k;
  }
  const factor = factorOf(best, candidates);
  extremes(ptr(args, clip_range_cells), int(args, clip_range_rows));
  store<f32>(range, least * factor);
  store<f32>(range, greatest * factor, 4);
}
