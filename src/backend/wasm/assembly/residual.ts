/**
 * channel_affine_add_relu, the end of a residual block in one pass, and channel_affine_range, which derives a range from
 * cells without a pass.
 */
import { FLOAT, INT8, int, ptr, splitStart, storageOf } from './args';
import {
  channel_affine_add_relu_batch,
  channel_affine_add_relu_cells,
  channel_affine_add_relu_channels,
  channel_affine_add_relu_coef,
  channel_affine_add_relu_inner,
  channel_affine_add_relu_input,
  channel_affine_add_relu_mask,
  channel_affine_add_relu_output,
  channel_affine_add_relu_shortcut,
  channel_affine_add_relu_site,
  channel_affine_add_relu_status,
  channel_affine_range_batch,
  channel_affine_range_cells,
  channel_affine_range_channels,
  channel_affine_range_coef,
  channel_affine_range_normCells,
  channel_affine_range_relu,
  channel_affine_range_site,
  channel_affine_range_status,
} from './generated';
import { highestLane, isBad, lowestLane, resetCell, setStatus, widenShared } from './range';
import { barrier } from './threads';
import {
  bits8,
  firstFloats,
  gather4,
  lastFloats,
  loadCodes8,
  loadOne,
  superRowsAtOnce,
  unitsOf,
} from './vectors';

const COEF: usize = 32;

/** Operands of one call, per thread (globals belong to one instance): passing them on would need nine parameters. */
let input: usize = 0;
let coef: usize = 0;
let shortcut: usize = 0;
let output: usize = 0;
let mask: usize = 0;
let channels: i32 = 0;

/** Elements start .. end-1 (multiples of the period) of one image, all super-rows; widens `cell`, returns 1 if it met NaN. */
function superRows<T>(start: i32, end: i32, cell: usize): i32 {
  const units = unitsOf(channels, 8);
  const period = units * 8;
  const block = superRowsAtOnce(period) * period;
  const zero = f32x4.splat(0);
  let lows = f32x4.splat(Infinity);
  let highs = f32x4.splat(-Infinity);
  let sound = i32x4.splat(-1);
  for (let first = start; first < end; first += block) {
    const stop = min(end, first + block);
    for (let unit = 0; unit < units; unit++) {
      const c = unit * 8;
      const a0 = gather4(coef, COEF, c, channels);
      const a1 = gather4(coef, COEF, c + 4, channels);
      const b0 = gather4(coef + 4, COEF, c, channels);
      const b1 = gather4(coef + 4, COEF, c + 4, channels);
      for (let i = first + c; i < stop; i += period) {
        const from = input + <usize>i * sizeof<T>();
        const at = (<usize>i) << 2;
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
        y0 = f32x4.add(f32x4.add(f32x4.mul(a0, y0), b0), v128.load(shortcut + at));
        y1 = f32x4.add(f32x4.add(f32x4.mul(a1, y1), b1), v128.load(shortcut + at, 16));
        store<u8>(mask + (<usize>i >> 3), <u8>bits8(f32x4.gt(y0, zero), f32x4.gt(y1, zero)));
        y0 = v128.andnot(y0, f32x4.lt(y0, zero));
        y1 = v128.andnot(y1, f32x4.lt(y1, zero));
        v128.store(output + at, y0);
        v128.store(output + at, y1, 16);
        lows = f32x4.pmin(lows, f32x4.pmin(y0, y1));
        highs = f32x4.pmax(highs, f32x4.pmax(y0, y1));
        sound = v128.and(sound, v128.and(f32x4.eq(y0, y0), f32x4.eq(y1, y1)));
      }
    }
  }
  if (start < end) widenShared(cell, lowestLane(lows), highestLane(highs));
  return <i32>!i32x4.all_true(sound);
}

/** Elements start .. end-1 one by one; start is a multiple of 8. Widens the cell of each element's image. */
function singly<T>(start: i32, end: i32, size: i32, cells: usize): i32 {
  let bad = 0;
  let bits = 0;
  for (let i = start; i < end; i++) {
    const own = coef + <usize>(i % channels) * COEF;
    const at = (<usize>i) << 2;
    let y: f32 = load<f32>(own) * loadOne<T>(input, i) + load<f32>(own, 4) + load<f32>(shortcut + at);
    bits |= (<i32>(y > 0)) << (i & 7);
    if ((i & 7) == 7 || i + 1 == end) {
      store<u8>(mask + (<usize>i >> 3), <u8>bits);
      bits = 0;
    }
    if (y < 0) y = 0;
    store<f32>(output + at, y);
    bad |= isBad(y);
    widenShared(cells + ((<usize>(i / size)) << 3), y, y);
  }
  return bad;
}

function addRelu<T>(size: i32, batch: i32, cells: usize, thread: i32, threads: i32): i32 {
  let bad = 0;
  if (size & 7) {
    // Images share bytes of the mask: whole bytes to each thread, whatever image they belong to.
    const start = splitStart(size * batch, thread, threads, 8);
    return singly<T>(start, splitStart(size * batch, thread + 1, threads, 8), size, cells);
  }
  const period = unitsOf(channels, 8) * 8;
  const whole = (size / period) * period;
  const byImage = batch >= 2 * threads;
  const firstImage = byImage ? splitStart(batch, thread, threads, 1) : 0;
  const lastImage = byImage ? splitStart(batch, thread + 1, threads, 1) : batch;
  const first = byImage ? 0 : splitStart(whole, thread, threads, period);
  const last = byImage ? whole : splitStart(whole, thread + 1, threads, period);
  for (let image = firstImage; image < lastImage; image++) {
    const base = image * size;
    bad |= superRows<T>(base + first, base + last, cells + ((<usize>image) << 3));
    if (byImage || thread == threads - 1) bad |= singly<T>(base + whole, base + size, size, cells);
  }
  return bad;
}

export function channel_affine_add_relu(args: usize, thread: i32, threads: i32): void {
  const cells = ptr(args, channel_affine_add_relu_cells);
  const batch = int(args, channel_affine_add_relu_batch);
  input = ptr(args, channel_affine_add_relu_input);
  coef = ptr(args, channel_affine_add_relu_coef);
  shortcut = ptr(args, channel_affine_add_relu_shortcut);
  output = ptr(args, channel_affine_add_relu_output);
  mask = ptr(args, channel_affine_add_relu_mask);
  channels = int(args, channel_affine_add_relu_channels);
  const size = int(args, channel_affine_add_relu_inner) * channels;
  const storage = storageOf(args, channel_affine_add_relu_input);
  if (thread == 0) for (let image = 0; image < batch; image++) resetCell(cells + ((<usize>image) << 3));
  barrier();
  let bad = 0;
  if (storage == FLOAT) bad = addRelu<f32>(size, batch, cells, thread, threads);
  else if (storage == INT8) bad = addRelu<i8>(size, batch, cells, thread, threads);
  else bad = addRelu<u8>(size, batch, cells, thread, threads);
  barrier();
  // Infinities in full vectors show in the cells.
  if (thread == 0) {
    for (let image = 0; image < batch; image++) {
      bad |=
        isBad(load<f32>(cells + ((<usize>image) << 3))) | isBad(load<f32>(cells + ((<usize>image) << 3), 4));
    }
  }
  setStatus(ptr(args, channel_affine_add_relu_status), int(args, channel_affine_add_relu_site), bad);
}

export function channel_affine_range(args: usize, thread: i32, threads: i32): void {
  const normCells = ptr(args, channel_affine_range_normCells);
  const ofCodes = storageOf(args, channel_affine_range_normCells) != FLOAT;
  const coefs = ptr(args, channel_affine_range_coef);
  const cells = ptr(args, channel_affine_range_cells);
  const batch = int(args, channel_affine_range_batch);
  const count = int(args, channel_affine_range_channels);
  const relu = int(args, channel_affine_range_relu) != 0;
  let bad = 0;
  const end = splitStart(batch, thread + 1, threads, 1);
  for (let image = splitStart(batch, thread, threads, 1); image < end; image++) {
    let low: f32 = Infinity;
    let high: f32 = -Infinity;
    for (let c = 0; c < count; c++) {
      const cell = normCells + ((<usize>image * <usize>count + <usize>c) << 5);
      const own = coefs + <usize>c * COEF;
      for (let side: usize = 0; side < 8; side += 4) {
        const x: f32 = ofCodes ? <f32>load<i32>(cell + side) : load<f32>(cell + side);
        let y: f32 = load<f32>(own) * x + load<f32>(own, 4);
        if (relu && y < 0) y = 0;
        bad |= isBad(y);
        if (y < low) low = y;
        if (y > high) high = y;
      }
    }
    store<f32>(cells + ((<usize>image) << 3), low + 0);
    store<f32>(cells + ((<usize>image) << 3), high + 0, 4);
  }
  setStatus(ptr(args, channel_affine_range_status), int(args, channel_affine_range_site), bad);
}
