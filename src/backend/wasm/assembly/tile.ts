/**
 * The inner loops of all products with panels: 4 rows times 8 lanes over a list of segments. Rows are read by
 * broadcast straight from a band of int16 (pairs of k adjacent) or float32 values, lanes from a panel.
 * A segment is two words: byte offset from each row's pointer, and steps. Also what becomes of a finished tile.
 */

/** A tile of int32 or float32 sums, [4 rows][8 lanes]. */
export const TILE_BYTES: usize = 128;
/** The same in double: integer sums below 2^53 are exact in it. */
export const WIDE_BYTES: usize = 256;
export const SEGMENT_BYTES: usize = 8;

/** tile = sum over segments; returns the panel's pointer after them. `step` is the bytes from a pair of k to the next. */
export function tileInt(
  tile: usize,
  segment: usize,
  segmentEnd: usize,
  row0: usize,
  row1: usize,
  row2: usize,
  row3: usize,
  step: usize,
  panel: usize,
): usize {
  let c00 = i32x4.splat(0);
  let c01 = i32x4.splat(0);
  let c10 = i32x4.splat(0);
  let c11 = i32x4.splat(0);
  let c20 = i32x4.splat(0);
  let c21 = i32x4.splat(0);
  let c30 = i32x4.splat(0);
  let c31 = i32x4.splat(0);
  for (; segment < segmentEnd; segment += SEGMENT_BYTES) {
    const offset = <usize>load<u32>(segment);
    let steps = load<i32>(segment, 4);
    let p0 = row0 + offset;
    let p1 = row1 + offset;
    let p2 = row2 + offset;
    let p3 = row3 + offset;
    do {
      const b0 = v128.load(panel);
      const b1 = v128.load(panel, 16);
      let a = v128.load32_splat(p0);
      c00 = i32x4.add(c00, i32x4.dot_i16x8_s(a, b0));
      c01 = i32x4.add(c01, i32x4.dot_i16x8_s(a, b1));
      a = v128.load32_splat(p1);
      c10 = i32x4.add(c10, i32x4.dot_i16x8_s(a, b0));
      c11 = i32x4.add(c11, i32x4.dot_i16x8_s(a, b1));
      a = v128.load32_splat(p2);
      c20 = i32x4.add(c20, i32x4.dot_i16x8_s(a, b0));
      c21 = i32x4.add(c21, i32x4.dot_i16x8_s(a, b1));
      a = v128.load32_splat(p3);
      c30 = i32x4.add(c30, i32x4.dot_i16x8_s(a, b0));
      c31 = i32x4.add(c31, i32x4.dot_i16x8_s(a, b1));
      p0 += step;
      p1 += step;
      p2 += step;
      p3 += step;
      panel += 32;
    } while (--steps);
  }
  v128.store(tile, c00);
  v128.store(tile, c01, 16);
  v128.store(tile, c10, 32);
  v128.store(tile, c11, 48);
  v128.store(tile, c20, 64);
  v128.store(tile, c21, 80);
  v128.store(tile, c30, 96);
  v128.store(tile, c31, 112);
  return panel;
}

/** One rounding in the relaxed build, two in the plain one. */
// @ts-ignore: decorator
@inline
export function multiplyAdd(a: v128, b: v128, c: v128): v128 {
  // @ts-ignore: RELAXED is a constant of the build
  if (RELAXED) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(c, f32x4.mul(a, b));
}

/** As `tileInt` in float32, one k a step: each element is summed in order from 0. */
export function tileFloat(
  tile: usize,
  segment: usize,
  segmentEnd: usize,
  row0: usize,
  row1: usize,
  row2: usize,
  row3: usize,
  step: usize,
  panel: usize,
): usize {
  let c00 = f32x4.splat(0);
  let c01 = f32x4.splat(0);
  let c10 = f32x4.splat(0);
  let c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0);
  let c21 = f32x4.splat(0);
  let c30 = f32x4.splat(0);
  let c31 = f32x4.splat(0);
  for (; segment < segmentEnd; segment += SEGMENT_BYTES) {
    const offset = <usize>load<u32>(segment);
    let steps = load<i32>(segment, 4);
    let p0 = row0 + offset;
    let p1 = row1 + offset;
    let p2 = row2 + offset;
    let p3 = row3 + offset;
    do {
      const b0 = v128.load(panel);
      const b1 = v128.load(panel, 16);
      let a = v128.load32_splat(p0);
      c00 = multiplyAdd(a, b0, c00);
      c01 = multiplyAdd(a, b1, c01);
      a = v128.load32_splat(p1);
      c10 = multiplyAdd(a, b0, c10);
      c11 = multiplyAdd(a, b1, c11);
      a = v128.load32_splat(p2);
      c20 = multiplyAdd(a, b0, c20);
      c21 = multiplyAdd(a, b1, c21);
      a = v128.load32_splat(p3);
      c30 = multiplyAdd(a, b0, c30);
      c31 = multiplyAdd(a, b1, c31);
      p0 += step;
      p1 += step;
      p2 += step;
      p3 += step;
      panel += 32;
    } while (--steps);
  }
  v128.store(tile, c00);
  v128.store(tile, c01, 16);
  v128.store(tile, c10, 32);
  v128.store(tile, c11, 48);
  v128.store(tile, c20, 64);
  v128.store(tile, c21, 80);
  v128.store(tile, c30, 96);
  v128.store(tile, c31, 112);
  return panel;
}

/** wide (32 doubles) += tile (32 int32). */
export function addToWide(wide: usize, tile: usize): void {
  for (let i: usize = 0; i < TILE_BYTES; i += 16) {
    const sums = v128.load(tile + i);
    const to = wide + (i << 1);
    const high = v128.shuffle<i64>(sums, sums, 1, 1);
    v128.store(to, f64x2.add(v128.load(to), f64x2.convert_low_i32x4_s(sums)));
    v128.store(to, f64x2.add(v128.load(to, 16), f64x2.convert_low_i32x4_s(high)), 16);
  }
}

/** Tile = wide, rounded once to float32: a tile of floats. */
export function roundWide(tile: usize, wide: usize): void {
  for (let i: usize = 0; i < 32; i++) store<f32>(tile + (i << 2), <f32>load<f64>(wide + (i << 3)));
}

/** A tile of int32 sums rounded once to float32, in place. */
export function roundTile(tile: usize): void {
  for (let i: usize = 0; i < TILE_BYTES; i += 16) {
    v128.store(tile + i, f32x4.convert_i32x4_s(v128.load(tile + i)));
  }
}

// @ts-ignore: decorator
@inline
function storeLanes(output: usize, low: v128, high: v128, lanes: i32, sums: usize): void {
  if (lanes == 8) {
    v128.store(output, low);
    v128.store(output, high, 16);
  } else {
    v128.store(sums, low);
    v128.store(sums, high, 16);
    memory.copy(output, sums, <usize>lanes << 2);
  }
}

/** output[lane] = f(sum * f(scale * header.scale)) (+ header.bias): one row of a tile of floats, which it may overwrite. */
export function storeScaled(sums: usize, header: usize, output: usize, lanes: i32, scale: f32, bias: bool): void {
  const left = f32x4.splat(scale);
  let low = f32x4.mul(v128.load(sums), f32x4.mul(left, v128.load(header)));
  let high = f32x4.mul(v128.load(sums, 16), f32x4.mul(left, v128.load(header, 16)));
  if (bias) {
    low = f32x4.add(low, v128.load(header, 32));
    high = f32x4.add(high, v128.load(header, 48));
  }
  storeLanes(output, low, high, lanes, sums);
}

/** output[lane] = sum (+ header.bias). */
export function storePlain(sums: usize, header: usize, output: usize, lanes: i32, bias: bool): void {
  let low = v128.load(sums);
  let high = v128.load(sums, 16);
  if (bias) {
    low = f32x4.add(low, v128.load(header, 32));
    high = f32x4.add(high, v128.load(header, 48));
  }
  storeLanes(output, low, high, lanes, sums);
}
