/**
 * norm_grad_cells: the sums of the backward pass per image and channel. Codes with codes are exact integers, sixteen
 * channels wide and two super-rows (vectors.ts) at a time; everything else is float, eight channels wide, in blocks.
 */
import { FLOAT, INT8, INT16, int, ptr, splitStart, storageOf, UINT8 } from './args';
import {
  norm_grad_cells_batch,
  norm_grad_cells_cells,
  norm_grad_cells_channels,
  norm_grad_cells_coef,
  norm_grad_cells_gradOutput,
  norm_grad_cells_gradParams,
  norm_grad_cells_inner,
  norm_grad_cells_input,
  norm_grad_cells_mask,
} from './generated';
import { scratch } from './threads';
import { bitVector, gather4, keepLanes, unitsOf } from './vectors';

// Byte offsets in a thread's lanes: sums of g, sums of g*q.
const LANES_PRODUCT: usize = 64;
const LANES_BYTES: usize = 128;

/** Rows of a block of a float sum. */
const BLOCK: i32 = 128;

/** A vector's lanes for each thread. */
export function norm_grad_cells_scratch(args: usize, threads: i32): usize {
  return <usize>threads * LANES_BYTES;
}

/** Low eight of sixteen bytes of T as int16. */
// @ts-ignore: decorator
@inline
function widenLow<T>(bytes: v128): v128 {
  return isSigned<T>() ? i16x8.extend_low_i8x16_s(bytes) : i16x8.extend_low_i8x16_u(bytes);
}

/** High eight of sixteen bytes of T as int16. */
// @ts-ignore: decorator
@inline
function widenHigh<T>(bytes: v128): v128 {
  return isSigned<T>() ? i16x8.extend_high_i8x16_s(bytes) : i16x8.extend_high_i8x16_u(bytes);
}

/** a0 b0 a1 b1 ... of the low eight bytes. */
// @ts-ignore: decorator
@inline
function interleaveLow(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}

/** a8 b8 a9 b9 ... of the high eight bytes. */
// @ts-ignore: decorator
@inline
function interleaveHigh(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}

/**
 * Sixteen channels of `pairs` pairs of super-rows of `period` values: sums of g and of g*q of each lane to `lanes`. TG may
 * be int16; pairs must keep the sums within int32.
 */
function gatherCodes<TG, TQ>(grad: usize, input: usize, period: usize, pairs: i32, lanes: usize): void {
  let p = grad;
  let r = input;
  const step = period * sizeof<TG>();
  let sum0 = i32x4.splat(0);
  let sum1 = sum0;
  let sum2 = sum0;
  let sum3 = sum0;
  let product0 = sum0;
  let product1 = sum0;
  let product2 = sum0;
  let product3 = sum0;
  for (let k = 0; k < pairs; k++) {
    let g0: v128;
    let g1: v128;
    let g2: v128;
    let g3: v128;
    if (sizeof<TG>() == 2) {
      const a0 = v128.load(p);
      const a1 = v128.load(p, 16);
      const b0 = v128.load(p + step);
      const b1 = v128.load(p + step, 16);
      g0 = i16x8.shuffle(a0, b0, 0, 8, 1, 9, 2, 10, 3, 11);
      g1 = i16x8.shuffle(a0, b0, 4, 12, 5, 13, 6, 14, 7, 15);
      g2 = i16x8.shuffle(a1, b1, 0, 8, 1, 9, 2, 10, 3, 11);
      g3 = i16x8.shuffle(a1, b1, 4, 12, 5, 13, 6, 14, 7, 15);
    } else {
      const a = v128.load(p);
      const b = v128.load(p + step);
      const low = interleaveLow(a, b);
      const high = interleaveHigh(a, b);
      g0 = widenLow<TG>(low);
      g1 = widenHigh<TG>(low);
      g2 = widenLow<TG>(high);
      g3 = widenHigh<TG>(high);
    }
    sum0 = i32x4.add(sum0, i32x4.extadd_pairwise_i16x8_s(g0));
    sum1 = i32x4.add(sum1, i32x4.extadd_pairwise_i16x8_s(g1));
    sum2 = i32x4.add(sum2, i32x4.extadd_pairwise_i16x8_s(g2));
    sum3 = i32x4.add(sum3, i32x4.extadd_pairwise_i16x8_s(g3));
    const c = v128.load(r);
    const d = v128.load(r + period);
    const low = interleaveLow(c, d);
    const high = interleaveHigh(c, d);
    product0 = i32x4.add(product0, i32x4.dot_i16x8_s(g0, widenLow<TQ>(low)));
    product1 = i32x4.add(product1, i32x4.dot_i16x8_s(g1, widenHigh<TQ>(low)));
    product2 = i32x4.add(product2, i32x4.dot_i16x8_s(g2, widenLow<TQ>(high)));
    product3 = i32x4.add(product3, i32x4.dot_i16x8_s(g3, widenHigh<TQ>(high)));
    p += step << 1;
    r += period << 1;
  }
  v128.store(lanes, sum0);
  v128.store(lanes, sum1, 16);
  v128.store(lanes, sum2, 32);
  v128.store(lanes, sum3, 48);
  v128.store(lanes, product0, LANES_PRODUCT);
  v128.store(lanes, product1, LANES_PRODUCT + 16);
  v128.store(lanes, product2, LANES_PRODUCT + 32);
  v128.store(lanes, product3, LANES_PRODUCT + 48);
}

/** Adds to one cell { sum g, 0, sum g*q }. */
// @ts-ignore: decorator
@inline
function mergeCell(cell: usize, sum: i32, product: i32): void {
  store<i32>(cell, load<i32>(cell) + sum);
  store<i64>(cell, load<i64>(cell, 8) + <i64>product, 8);
}

/** Cells of one image, both operands codes: the channels of units firstUnit .. lastUnit-1, or all of them. */
function imageOfCodes<TG, TQ>(
  grad: usize,
  input: usize,
  cells: usize,
  inner: i32,
  channels: i32,
  firstUnit: i32,
  lastUnit: i32,
  lanes: usize,
): void {
  const units = unitsOf(channels, 16);
  const period = units << 4;
  const pairs = <i32>((<i64>inner * channels) / (2 * period));
  // Pairs of products that fit int32: 2 * 255^2 * 8192 and 2 * 32767 * 255 * 64 are below 2^31.
  const segment = sizeof<TG>() == 2 ? 64 : 8192;
  const c0 = channels & 15 ? 0 : firstUnit << 4;
  const c1 = channels & 15 ? channels : lastUnit << 4;
  memory.fill(cells + (<usize>c0 << 4), 0, <usize>(c1 - c0) << 4);
  for (let unit = firstUnit; unit < lastUnit; unit++) {
    for (let pair = 0; pair < pairs; pair += segment) {
      const start = (<usize>unit << 4) + (<usize>pair << 1) * <usize>period;
      gatherCodes<TG, TQ>(grad + start * sizeof<TG>(), input + start, period, min(segment, pairs - pair), lanes);
      let c = (unit << 4) % channels;
      for (let lane: usize = 0; lane < 64; lane += 4) {
        mergeCell(cells + (<usize>c << 4), load<i32>(lanes + lane), load<i32>(lanes + lane, LANES_PRODUCT));
        if (++c == channels) c = 0;
      }
    }
  }
  for (let row = (pairs << 1) * (period / channels); row < inner; row++) {
    for (let c = c0; c < c1; c++) {
      const i = <usize>row * <usize>channels + <usize>c;
      const g = <i32>load<TG>(grad + i * sizeof<TG>());
      mergeCell(cells + (<usize>c << 4), g, g * <i32>load<TQ>(input + i));
    }
  }
}

/** The first four channels of a row as float, or the one that is left. */
// @ts-ignore: decorator
@inline
function firstChannels<T>(p: usize, width: i32): v128 {
  if (isFloat<T>()) return width >= 4 ? v128.load(p) : v128.load32_zero(p);
  if (width < 4) return f32x4.convert_i32x4_s(i32x4.splat(<i32>load<T>(p)));
  if (sizeof<T>() == 2) return f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(v128.load64_zero(p)));
  return f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(widenLow<T>(v128.load32_zero(p))));
}

/** Channels 4 .. 7 of a row as float, if the walk is that wide. */
// @ts-ignore: decorator
@inline
function lastChannels<T>(p: usize, width: i32, none: v128): v128 {
  return width == 8 ? firstChannels<T>(p + 4 * sizeof<T>(), 4) : none;
}

/** Float cells of 8, 4 or 1 channels of one image, the first of them c. `mask`, or 0 for none, has bits of eight channels at c. */
function columnsOfFloats<TG, TQ>(
  grad: usize,
  input: usize,
  coef: usize,
  cell: usize,
  inner: i32,
  channels: i32,
  c: i32,
  width: i32,
  gradScale: v128,
  mask: usize,
  lanes: usize,
): void {
  const bits0 = bitVector(0);
  const bits1 = bitVector(1);
  const maskStep = <usize>(channels >> 3);
  let m = mask;
  const yA0 = gather4(coef + 8, 32, c, channels);
  const yA1 = gather4(coef + 8, 32, c + 4, channels);
  const yB0 = gather4(coef + 12, 32, c, channels);
  const yB1 = gather4(coef + 12, 32, c + 4, channels);
  const zero = f32x4.splat(0);
  let p = grad;
  let r = input;
  let total0 = zero;
  let total1 = zero;
  let totalProduct0 = zero;
  let totalProduct1 = zero;
  for (let first = 0; first < inner; first += BLOCK) {
    const n = min(BLOCK, inner - first);
    let sum0 = zero;
    let sum1 = zero;
    let product0 = zero;
    let product1 = zero;
    for (let k = 0; k < n; k++) {
      let g0 = firstChannels<TG>(p, width);
      let g1 = lastChannels<TG>(p, width, zero);
      if (!isFloat<TG>()) {
        g0 = f32x4.mul(gradScale, g0);
        g1 = f32x4.mul(gradScale, g1);
      } else if (mask != 0) {
        const word = i32x4.splat(<i32>load<u8>(m));
        g0 = keepLanes(g0, word, bits0);
        g1 = keepLanes(g1, word, bits1);
        m += maskStep;
      }
      const y0 = f32x4.add(f32x4.mul(yA0, firstChannels<TQ>(r, width)), yB0);
      const y1 = f32x4.add(f32x4.mul(yA1, lastChannels<TQ>(r, width, zero)), yB1);
      sum0 = f32x4.add(sum0, g0);
      sum1 = f32x4.add(sum1, g1);
      product0 = f32x4.add(product0, f32x4.mul(g0, y0));
      product1 = f32x4.add(product1, f32x4.mul(g1, y1));
      p += <usize>channels * sizeof<TG>();
      r += <usize>channels * sizeof<TQ>();
    }
    total0 = f32x4.add(total0, sum0);
    total1 = f32x4.add(total1, sum1);
    totalProduct0 = f32x4.add(totalProduct0, product0);
    totalProduct1 = f32x4.add(totalProduct1, product1);
  }
  v128.store(lanes, total0);
  v128.store(lanes, total1, 16);
  v128.store(lanes, totalProduct0, LANES_PRODUCT);
  v128.store(lanes, totalProduct1, LANES_PRODUCT + 16);
  for (let lane: usize = 0; lane < <usize>width; lane++) {
    const own = cell + (lane << 4);
    store<f32>(own, load<f32>(lanes + (lane << 2)));
    store<f32>(own, load<f32>(lanes + (lane << 2), LANES_PRODUCT), 4);
    store<i64>(own, 0, 8);
  }
}

/** The call where an operand is float. */
function floatCells<TG, TQ>(args: usize, thread: i32, threads: i32): void {
  const batch = int(args, norm_grad_cells_batch);
  const inner = int(args, norm_grad_cells_inner);
  const channels = int(args, norm_grad_cells_channels);
  const lanes = scratch() + <usize>thread * LANES_BYTES;
  const gradScale = isFloat<TG>() ? f32x4.splat(1) : v128.load32_splat(ptr(args, norm_grad_cells_gradParams));
  const octets = channels >> 3;
  // Channels beyond the octets: a group of four, then one by one.
  const quads = (channels >> 2) & 1;
  const mask = ptr(args, norm_grad_cells_mask);
  const groups = octets + quads + (channels & 3);
  const end = splitStart(batch * groups, thread + 1, threads, 1);
  for (let item = splitStart(batch * groups, thread, threads, 1); item < end; item++) {
    const image = item / groups;
    const group = item - image * groups;
    const width = group < octets ? 8 : group < octets + quads ? 4 : 1;
    const c = width == 1 ? channels - groups + group : group << 3;
    const start = <usize>image * <usize>inner * <usize>channels + <usize>c;
    columnsOfFloats<TG, TQ>(
      ptr(args, norm_grad_cells_gradOutput) + start * sizeof<TG>(),
      ptr(args, norm_grad_cells_input) + start * sizeof<TQ>(),
      ptr(args, norm_grad_cells_coef),
      ptr(args, norm_grad_cells_cells) + ((<usize>image * <usize>channels + <usize>c) << 4),
      inner,
      channels,
      c,
      width,
      gradScale,
      mask == 0 ? 0 : mask + (start >> 3),
      lanes,
    );
  }
}

/** The call where both operands are codes. */
function codeCells<TG, TQ>(args: usize, thread: i32, threads: i32): void {
  const inner = int(args, norm_grad_cells_inner);
  const channels = int(args, norm_grad_cells_channels);
  const size = <usize>inner * <usize>channels;
  const units = unitsOf(channels, 16);
  // Whole images, or vectors of channels where each vector has its channels for itself.
  const parts = channels & 15 ? 1 : units;
  const items = int(args, norm_grad_cells_batch) * parts;
  const end = splitStart(items, thread + 1, threads, 1);
  for (let item = splitStart(items, thread, threads, 1); item < end; item++) {
    const image = item / parts;
    const firstUnit = item - image * parts;
    imageOfCodes<TG, TQ>(
      ptr(args, norm_grad_cells_gradOutput) + <usize>image * size * sizeof<TG>(),
      ptr(args, norm_grad_cells_input) + <usize>image * size,
      ptr(args, norm_grad_cells_cells) + ((<usize>image * <usize>channels) << 4),
      inner,
      channels,
      firstUnit,
      parts == 1 ? units : firstUnit + 1,
      scratch() + <usize>thread * LANES_BYTES,
    );
  }
}

export function norm_grad_cells(args: usize, thread: i32, threads: i32): void {
  const grad = storageOf(args, norm_grad_cells_gradOutput);
  const input = storageOf(args, norm_grad_cells_input);
  if (input == FLOAT) {
    if (grad == FLOAT) floatCells<f32, f32>(args, thread, threads);
    else if (grad == INT8) floatCells<i8, f32>(args, thread, threads);
    else if (grad == UINT8) floatCells<u8, f32>(args, thread, threads);
    else floatCells<i16, f32>(args, thread, threads);
  } else if (input == INT8) {
    if (grad == FLOAT) floatCells<f32, i8>(args, thread, threads);
    else if (grad == INT16) codeCells<i16, i8>(args, thread, threads);
    else if (grad == INT8) codeCells<i8, i8>(args, thread, threads);
    else codeCells<u8, i8>(args, thread, threads);
  } else {
    if (grad == FLOAT) floatCells<f32, u8>(args, thread, threads);
    else if (grad == INT16) codeCells<i16, u8>(args, thread, threads);
    else if (grad == INT8) codeCells<i8, u8>(args, thread, threads);
    else codeCells<u8, u8>(args, thread, threads);
  }
}
