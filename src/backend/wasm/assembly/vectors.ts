/**
 * Vector helpers that several kernels share: constants, loads and stores of codes, masks, and the layout in which rows
 * of any number of channels are walked eight at a time. Knows no kernel.
 *
 * Constants come from a table in memory: a literal splat is sunk into the loop by the optimiser and rebuilt at every
 * round by V8, which costs a factor of two to three.
 */

const TABLE: usize = memory.data<u32>(
  [
    0x4b400000, 0x47800000, 0x7feb352d, 0x846ca68b, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096,
    8192, 16384, 32768, 0, 1, 2, 3, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0, 0, 0, 0,
  ],
  16,
);

/** 1.5 * 2^23: adding it rounds |x| <= 2^22 to the nearest integer, ties to even, in the low bits of the sum. */
export const MAGIC: f32 = 12582912.0;
/** The bits of {@link MAGIC}; its low 16 bits are zero. */
export const MAGIC_BITS: i32 = 0x4b400000;

/** {@link MAGIC} in every lane. */
// @ts-ignore: decorator
@inline
export function magicVector(): v128 {
  return v128.load32_splat(TABLE);
}

/** 65536 in every float lane. */
// @ts-ignore: decorator
@inline
export function twoTo16Vector(): v128 {
  return v128.load32_splat(TABLE + 4);
}

/** First and second multiplier of the noise hash (core/rng.ts). */
// @ts-ignore: decorator
@inline
export function hashMultiplier0(): v128 {
  return v128.load32_splat(TABLE + 8);
}
// @ts-ignore: decorator
@inline
export function hashMultiplier1(): v128 {
  return v128.load32_splat(TABLE + 12);
}

/** Bits 4*quad .. 4*quad + 3, one a lane. */
// @ts-ignore: decorator
@inline
export function bitVector(quad: usize): v128 {
  return v128.load(TABLE + 16 + (quad << 4));
}

/** Lanes whose bit is set in `word` (splat) as they are, the others 0; `bits`: a {@link bitVector}. */
// @ts-ignore: decorator
@inline
export function keepLanes(x: v128, word: v128, bits: v128): v128 {
  return v128.and(x, i32x4.eq(v128.and(word, bits), bits));
}

/** 0, 1, 2, 3. */
// @ts-ignore: decorator
@inline
export function laneVector(): v128 {
  return v128.load(TABLE + 80);
}

/** All bits of the first `count` (0 to 8) of eight int16. */
// @ts-ignore: decorator
@inline
export function laneMask(count: i32): v128 {
  return v128.load(TABLE + 112 - (<usize>count << 1));
}

/** Eight codes as int16. */
// @ts-ignore: decorator
@inline
export function loadCodes8<T>(p: usize): v128 {
  if (sizeof<T>() == 2) return v128.load(p);
  return isSigned<T>() ? v128.load8x8_s(p) : v128.load8x8_u(p);
}

/** The first four of eight int16, as float. */
// @ts-ignore: decorator
@inline
export function firstFloats(codes: v128): v128 {
  return f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(codes));
}

/** The last four of eight int16, as float. */
// @ts-ignore: decorator
@inline
export function lastFloats(codes: v128): v128 {
  return f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(codes));
}

/** Element i as float, whatever its storage. */
// @ts-ignore: decorator
@inline
export function loadOne<T>(p: usize, i: i32): f32 {
  return <f32>load<T>(p + <usize>i * sizeof<T>());
}

/** Stores eight int32 within the range of T. */
// @ts-ignore: decorator
@inline
export function storeCodes8<T>(p: usize, a: v128, b: v128): void {
  const words = i16x8.narrow_i32x4_s(a, b);
  if (sizeof<T>() == 2) v128.store(p, words);
  else if (isSigned<T>()) v128.store64_lane(p, i8x16.narrow_i16x8_s(words, words), 0);
  else v128.store64_lane(p, i8x16.narrow_i16x8_u(words, words), 0);
}

/** Stores sixteen int32 within the range of T. */
// @ts-ignore: decorator
@inline
export function storeCodes16<T>(p: usize, a: v128, b: v128, c: v128, d: v128): void {
  const low = i16x8.narrow_i32x4_s(a, b);
  const high = i16x8.narrow_i32x4_s(c, d);
  if (sizeof<T>() == 2) {
    v128.store(p, low);
    v128.store(p, high, 16);
  } else if (isSigned<T>()) v128.store(p, i8x16.narrow_i16x8_s(low, high));
  else v128.store(p, i8x16.narrow_i16x8_u(low, high));
}

/** Eight bits from eight lane masks. */
// @ts-ignore: decorator
@inline
export function bits8(a: v128, b: v128): i32 {
  return i16x8.bitmask(i16x8.narrow_i32x4_s(a, b));
}

/** Sixteen bits from sixteen lane masks. */
// @ts-ignore: decorator
@inline
export function bits16(a: v128, b: v128, c: v128, d: v128): i32 {
  return i8x16.bitmask(i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(a, b), i16x8.narrow_i32x4_s(c, d)));
}

/**
 * Rows of `channels` values, seen as super-rows of lcm(channels, 8) values: at the same place of every super-row a
 * vector of eight meets the same channels, so that any number of channels runs at full width. This is how many
 * vectors of `width` make a super-row.
 */
export function unitsOf(channels: i32, width: i32): i32 {
  let a = channels;
  let b = width;
  while (b != 0) {
    const rest = a % b;
    a = b;
    b = rest;
  }
  return channels / a;
}

/** Super-rows walked for one vector before the next vector's turn: about 32 KiB of float, which stays in cache. */
export function superRowsAtOnce(period: i32): i32 {
  return max(1, 8192 / period);
}

/** Four floats `stride` bytes apart, for channels c, c + 1, ... (counted round `channels`). */
export function gather4(base: usize, stride: usize, c: i32, channels: i32): v128 {
  const c0 = c % channels;
  const c1 = (c0 + 1) % channels;
  const c2 = (c1 + 1) % channels;
  const c3 = (c2 + 1) % channels;
  let lanes = v128.load32_zero(base + <usize>c0 * stride);
  lanes = f32x4.replace_lane(lanes, 1, load<f32>(base + <usize>c1 * stride));
  lanes = f32x4.replace_lane(lanes, 2, load<f32>(base + <usize>c2 * stride));
  return f32x4.replace_lane(lanes, 3, load<f32>(base + <usize>c3 * stride));
}
