/**
 * Floats to codes that are small floats, and back (core/minifloat.ts has the arithmetic one by one). Groups are walked in runs of
 * equal scale; a scale a channel goes one element at a time.
 */
import { float, int, ptr, splitStart } from './args';
import {
  dequantize_minifloat_codes,
  dequantize_minifloat_count,
  dequantize_minifloat_groupStride,
  dequantize_minifloat_groups,
  dequantize_minifloat_mantissaBits,
  dequantize_minifloat_minExponent,
  dequantize_minifloat_output,
  dequantize_minifloat_qparams,
  dequantize_minifloat_signBit,
  quantize_minifloat_codes,
  quantize_minifloat_count,
  quantize_minifloat_counters,
  quantize_minifloat_groupStride,
  quantize_minifloat_groups,
  quantize_minifloat_input,
  quantize_minifloat_largest,
  quantize_minifloat_mantissaBits,
  quantize_minifloat_minExponent,
  quantize_minifloat_qparams,
  quantize_minifloat_signBit,
  quantize_minifloat_site,
  quantize_minifloat_stochastic,
} from './generated';
import { noise8, noise16, noiseKey } from './noise';
import {
  hashMultiplier0,
  hashMultiplier1,
  laneVector,
  MAGIC,
  MAGIC_BITS,
  magicVector,
  storeCodes8,
  twoTo16Vector,
} from './vectors';

const SIGN: i32 = 0x80000000;

/** The format of the call at hand, and its noise. Globals belong to one thread. */
let mantissaBits: i32 = 0;
let minExponent: i32 = 0;
let largest: f32 = 0;
let signBit: i32 = 0;
let stochastic: bool = false;
let key: u64 = 0;

/** Code of one value. */
function encode(x: f32, inv: f32, index: i32): i32 {
  let t = x * inv;
  t = t > -largest ? t : -largest;
  t = t < largest ? t : largest;
  const a = abs(t);
  const e = max((reinterpret<i32>(a) >> 23) - 127, minExponent);
  const s = a * reinterpret<f32>((mantissaBits - e + 127) << 23);
  const r = stochastic
    ? (reinterpret<i32>(s * 65536 + MAGIC) - MAGIC_BITS + noise16(index, <u32>key, <u32>(key >> 32))) >> 16
    : reinterpret<i32>(s + MAGIC) - MAGIC_BITS;
  const code = ((e - minExponent) << mantissaBits) + r;
  return t < 0 && code > 0 ? code + signBit : code;
}

/** Four codes from values that lie in the format's range. `noise` is not read without stochastic rounding. */
// @ts-ignore: decorator
@inline
function encode4(t: v128, noise: v128, magic: v128, least: v128, bias: v128, twoTo16: v128, signShift: i32): v128 {
  const a = f32x4.abs(t);
  const e = i32x4.max_s(i32x4.shr_u(a, 23), least);
  const s = f32x4.mul(a, i32x4.shl(i32x4.sub(bias, e), 23));
  const r = stochastic
    ? i32x4.shr_s(i32x4.add(i32x4.sub(f32x4.add(f32x4.mul(s, twoTo16), magic), magic), noise), 16)
    : i32x4.sub(f32x4.add(s, magic), magic);
  const code = i32x4.add(i32x4.shl(i32x4.sub(e, least), mantissaBits), r);
  const sign = i32x4.shr_u(v128.and(t, i32x4.splat(SIGN)), signShift);
  return v128.or(code, v128.and(sign, i32x4.gt_s(code, i32x4.splat(0))));
}

/** Elements start .. end-1, all of one scale. */
function encodeRun(input: usize, codes: usize, start: i32, end: i32, inv: f32): void {
  let i = start;
  // Noise comes in pairs of elements.
  for (const head = min(end, (start + 1) & ~1); i < head; i++) {
    store<u8>(codes + i, <u8>encode(load<f32>(input + (<usize>i << 2)), inv, i));
  }
  const invs = f32x4.splat(inv);
  const highs = f32x4.splat(largest);
  const lows = f32x4.neg(highs);
  // Exponents with their bias of 127, and 2^(mantissaBits - e) with its own.
  const least = i32x4.splat(minExponent + 127);
  const bias = i32x4.splat(mantissaBits + 254);
  const signShift = 31 - ctz<i32>(signBit);
  const magic = magicVector();
  const twoTo16 = twoTo16Vector();
  const multiplier0 = hashMultiplier0();
  const multiplier1 = hashMultiplier1();
  const lanes = laneVector();
  const keys0 = i32x4.splat(<i32>key);
  const keys1 = i32x4.splat(<i32>(key >> 32));
  for (; i + 8 <= end; i += 8) {
    const from = input + (<usize>i << 2);
    const t0 = f32x4.pmin(f32x4.pmax(f32x4.mul(v128.load(from), invs), lows), highs);
    const t1 = f32x4.pmin(f32x4.pmax(f32x4.mul(v128.load(from, 16), invs), lows), highs);
    let noise = lanes;
    if (stochastic) noise = noise8(i, keys0, keys1, multiplier0, multiplier1, lanes);
    const a = encode4(t0, i32x4.extend_low_i16x8_u(noise), magic, least, bias, twoTo16, signShift);
    const b = encode4(t1, i32x4.extend_high_i16x8_u(noise), magic, least, bias, twoTo16, signShift);
    storeCodes8<u8>(codes + i, a, b);
  }
  for (; i < end; i++) store<u8>(codes + i, <u8>encode(load<f32>(input + (<usize>i << 2)), inv, i));
}

export function quantize_minifloat(args: usize, thread: i32, threads: i32): void {
  const count = int(args, quantize_minifloat_count);
  const groups = int(args, quantize_minifloat_groups);
  const groupStride = int(args, quantize_minifloat_groupStride);
  const input = ptr(args, quantize_minifloat_input);
  const codes = ptr(args, quantize_minifloat_codes);
  const params = ptr(args, quantize_minifloat_qparams);
  mantissaBits = int(args, quantize_minifloat_mantissaBits);
  minExponent = int(args, quantize_minifloat_minExponent);
  largest = float(args, quantize_minifloat_largest);
  signBit = int(args, quantize_minifloat_signBit);
  stochastic = int(args, quantize_minifloat_stochastic) != 0;
  key = stochastic ? noiseKey(ptr(args, quantize_minifloat_counters), int(args, quantize_minifloat_site)) : 0;
  const end = splitStart(count, thread + 1, threads, 16);
  let i = splitStart(count, thread, threads, 16);
  if (groups == 1) {
    encodeRun(input, codes, i, end, load<f32>(params, 4));
    return;
  }
  for (let run = i / groupStride; i < end; run++) {
    const stop = <i32>min<i64>(end, (<i64>run + 1) * groupStride);
    const inv = load<f32>(params + (<usize>(run % groups) << 4), 4);
    if (stop - i < 8) {
      for (; i < stop; i++) store<u8>(codes + i, <u8>encode(load<f32>(input + (<usize>i << 2)), inv, i));
    } else {
      encodeRun(input, codes, i, stop, inv);
      i = stop;
    }
  }
}

/** Value of one code, times the scale. */
function decode(code: i32, scale: f32): f32 {
  const unsigned = code & (signBit - 1);
  const field = max(unsigned >> mantissaBits, 1) - 1;
  const power = reinterpret<f32>((field + minExponent - mantissaBits + 127) << 23);
  const magnitude = <f32>(unsigned - (field << mantissaBits)) * power;
  return scale * (code & signBit ? -magnitude : magnitude);
}

function decodeRun(codes: usize, output: usize, start: i32, end: i32, scale: f32): void {
  const scales = f32x4.splat(scale);
  const mask = i32x4.splat(signBit - 1);
  const ones = i32x4.splat(1);
  const bias = i32x4.splat(minExponent - mantissaBits + 126);
  const signs = i32x4.splat(signBit);
  const signShift = 31 - ctz<i32>(signBit);
  let i = start;
  for (; i + 4 <= end; i += 4) {
    const bytes = i16x8.extend_low_i8x16_u(v128.load32_zero(codes + i));
    const code = i32x4.extend_low_i16x8_u(bytes);
    const unsigned = v128.and(code, mask);
    const field = i32x4.max_s(i32x4.shr_u(unsigned, mantissaBits), ones);
    const power = i32x4.shl(i32x4.add(field, bias), 23);
    const steps = i32x4.sub(unsigned, i32x4.shl(i32x4.sub(field, ones), mantissaBits));
    const magnitude = f32x4.mul(f32x4.convert_i32x4_s(steps), power);
    const value = v128.xor(magnitude, i32x4.shl(v128.and(code, signs), signShift));
    v128.store(output + (<usize>i << 2), f32x4.mul(scales, value));
  }
  for (; i < end; i++) store<f32>(output + (<usize>i << 2), decode(load<u8>(codes + i), scale));
}

export function dequantize_minifloat(args: usize, thread: i32, threads: i32): void {
  const codes = ptr(args, dequantize_minifloat_codes);
  const output = ptr(args, dequantize_minifloat_output);
  const params = ptr(args, dequantize_minifloat_qparams);
  const count = int(args, dequantize_minifloat_count);
  const groups = int(args, dequantize_minifloat_groups);
  const groupStride = int(args, dequantize_minifloat_groupStride);
  mantissaBits = int(args, dequantize_minifloat_mantissaBits);
  minExponent = int(args, dequantize_minifloat_minExponent);
  signBit = int(args, dequantize_minifloat_signBit);
  const end = splitStart(count, thread + 1, threads, 16);
  let i = splitStart(count, thread, threads, 16);
  if (groups == 1) {
    decodeRun(codes, output, i, end, load<f32>(params));
    return;
  }
  for (let run = i / groupStride; i < end; run++) {
    const stop = <i32>min<i64>(end, (<i64>run + 1) * groupStride);
    decodeRun(codes, output, i, stop, load<f32>(params + (<usize>(run % groups) << 4)));
    i = stop;
  }
}
