/**
 * conv2d_grad_weight_int: sums over pixels. For a band of an image, gradient and input are widened into pairs of
 * pixels, [row][block][pair][4 or 8 channels][2 x int16], the input once for every residue at which a kernel column
 * begins; then every tile of the gradient (4 input channels, 8 output channels, one tap) adds the band to its sums.
 * Sums are int32 for as many terms as it holds, then double, where integers below 2^53 are exact: so bands may be dealt to
 * threads in any way.
 */
import { INT8, INT16, int, ptr, splitStart, storageOf } from './args';
import { codeAt, eightAt, scaleOf, zeroPointOf } from './codes';
import {
  conv2d_grad_weight_int_batch,
  conv2d_grad_weight_int_gradGroups,
  conv2d_grad_weight_int_gradOutput,
  conv2d_grad_weight_int_gradParams,
  conv2d_grad_weight_int_gradWeight,
  conv2d_grad_weight_int_input,
  conv2d_grad_weight_int_inputParams,
} from './generated';
import {
  batch,
  dilationH,
  dilationW,
  groups,
  inC,
  inH,
  inW,
  kernelH,
  kernelW,
  loadGeometry,
  outC,
  outH,
  outW,
  padH,
  padW,
  strideH,
  strideW,
} from './geometry';
import { barrier, scratch } from './threads';
import { addToWide, TILE_BYTES, WIDE_BYTES } from './tile';

/** Bytes of a band that leave room for tiles in a level 2 cache of 512 KiB. */
const BAND_TARGET: usize = 196608;
/** Sums of all threads larger than this are not kept: the tiles are dealt out instead of the bands. */
const SUMS_LIMIT: usize = 67108864;

let innerC: i32 = 0;
let outerC: i32 = 0;
let inBlocks: i32 = 0;
let outBlocks: i32 = 0;
let tiles: i32 = 0;
/** Pairs of a row of the gradient, of the input. */
let pairs: i32 = 0;
let inPairs: i32 = 0;
let firstPair: i32 = 0;
let residues: i32 = 0;
let bandRows: i32 = 0;
let bandsPerImage: i32 = 0;
let dealTiles: bool = false;
let sumsBytes: usize = 0;
let areaBytes: usize = 0;
/** Places in a thread's area. */
let gradZeros: usize = 0;
let inputZeros: usize = 0;
let gradPad: usize = 0;
let inputPad: usize = 0;
let columns: usize = 0;
let eight: usize = 0;
let gradBand: usize = 0;
let inputBand: usize = 0;

function ceilDiv(a: i32, b: i32): i32 {
  return (a + b - 1) / b;
}

function roundUp64(bytes: usize): usize {
  return (bytes + 63) & ~63;
}

/** Pairs of 2 * strideW input columns to the left of which kernel column kw begins: rounded down. */
function pairOf(kw: i32): i32 {
  const period = 2 * strideW;
  const start = kw * dilationW - padW;
  return start >= 0 ? start / period : -((period - 1 - start) / period);
}

function residueOf(kw: i32): i32 {
  return kw * dilationW - padW - pairOf(kw) * 2 * strideW;
}

/** The place of kw's residue among the distinct ones. */
function slotOf(kw: i32): i32 {
  let slot = 0;
  for (let i = 0; i < kw; i++) {
    if (residueOf(i) == residueOf(kw)) return slotOf(i);
    let isNew = true;
    for (let j = 0; j < i; j++) if (residueOf(j) == residueOf(i)) isNew = false;
    if (isNew) slot += 1;
  }
  return slot;
}

function inputRows(rows: i32): i32 {
  return (rows - 1) * strideH + (kernelH - 1) * dilationH + 1;
}

function gradBytes(rows: i32): usize {
  return <usize>(rows * pairs * groups * outBlocks) * 32;
}

function slotBytes(rows: i32): usize {
  return <usize>(inputRows(rows) * inPairs * groups * inBlocks) * 16;
}

function bandBytes(rows: i32): usize {
  return gradBytes(rows) + <usize>residues * slotBytes(rows);
}

function plan(args: usize, threads: i32): void {
  loadGeometry(args + conv2d_grad_weight_int_batch);
  innerC = inC / groups;
  outerC = outC / groups;
  inBlocks = ceilDiv(innerC, 4);
  outBlocks = ceilDiv(outerC, 8);
  tiles = kernelH * kernelW * groups * inBlocks * outBlocks;
  pairs = ceilDiv(outW, 2);
  firstPair = pairOf(0);
  inPairs = pairs + pairOf(kernelW - 1) - firstPair;
  residues = 0;
  for (let kw = 0; kw < kernelW; kw++) residues = max(residues, slotOf(kw) + 1);
  let rows = outH;
  while (rows > 1 && bandBytes(rows) > BAND_TARGET) rows = (rows + 1) >> 1;
  const wanted = ceilDiv(2 * threads, batch);
  if (batch % threads != 0 && ceilDiv(outH, rows) < wanted) rows = ceilDiv(outH, wanted);
  bandRows = rows;
  bandsPerImage = ceilDiv(outH, rows);
  sumsBytes = <usize>tiles * (TILE_BYTES + WIDE_BYTES);
  dealTiles = sumsBytes * threads > SUMS_LIMIT;
  const padBytes = roundUp64(<usize>(max(inC, outC) * 2 + 16));
  areaBytes = 4 * padBytes + roundUp64((<usize>kernelW) << 3) + 64;
  areaBytes += roundUp64(gradBytes(rows)) + roundUp64(<usize>residues * slotBytes(rows));
}

export function conv2d_grad_weight_int_scratch(args: usize, threads: i32): usize {
  plan(args, threads);
  return (dealTiles ? sumsBytes : sumsBytes * threads) + areaBytes * threads;
}

/** Places, zero points, and for every kernel column its slot and pair. */
function layOut(area: usize): void {
  const padBytes = roundUp64(<usize>(max(inC, outC) * 2 + 16));
  gradZeros = area;
  inputZeros = gradZeros + padBytes;
  gradPad = inputZeros + padBytes;
  inputPad = gradPad + padBytes;
  columns = inputPad + padBytes;
  eight = columns + roundUp64((<usize>kernelW) << 3);
  gradBand = eight + 64;
  inputBand = gradBand + roundUp64(gradBytes(bandRows));
  for (let kw = 0; kw < kernelW; kw++) {
    store<i32>(columns + ((<usize>kw) << 3), slotOf(kw));
    store<i32>(columns + ((<usize>kw) << 3), pairOf(kw) - firstPair, 4);
  }
}

/** Zero points as int16, and the pixel of codes that stands for zero: beside the image, and after a row of odd length. */
function fillZeros(
  zeros: usize,
  pad: usize,
  storage: i32,
  qparams: usize,
  paramGroups: i32,
  count: i32,
): void {
  for (let c = 0; c < count; c++) {
    const zero = zeroPointOf(qparams, paramGroups > 1 ? c : 0);
    store<i16>(zeros + ((<usize>c) << 1), <i16>zero);
    if (storage == INT16) store<i16>(pad + ((<usize>c) << 1), <i16>zero);
    else store<u8>(pad + <usize>c, <u8>zero);
  }
}

/** `count` channels of codes from `first` on, less their zero points, as eight int16 of which the rest are 0. */
function someAt(pixel: usize, zeros: usize, first: i32, count: i32, storage: i32): v128 {
  v128.store(eight, i64x2.splat(0));
  for (let c = 0; c < count; c++) {
    const zero = <i32>load<i16>(zeros + ((<usize>(first + c)) << 1));
    store<i16>(eight + ((<usize>c) << 1), <i16>(codeAt(pixel, first + c, storage) - zero));
  }
  return v128.load(eight);
}

/**
 * Two pixels' channels, paired. Blocks of a group follow each other at `blockStride`; `half` is the bytes from channels
 * 0..3 of eight to channels 4..7, `next` to the eight after them.
 */
function packPair(
  to: usize,
  even: usize,
  odd: usize,
  zeros: usize,
  storage: i32,
  groupChannels: i32,
  groupBytes: usize,
  half: usize,
  next: usize,
  blockChannels: i32,
): void {
  for (let group = 0; group < groups; group++, to += groupBytes) {
    const first = group * groupChannels;
    let at = to;
    for (let c = 0; c < groupChannels; c += 8, at += next) {
      const left = groupChannels - c;
      let e: v128;
      let o: v128;
      if (left >= 8) {
        const zero = v128.load(zeros + ((<usize>(first + c)) << 1));
        e = i16x8.sub(eightAt(even, first + c, storage), zero);
        o = i16x8.sub(eightAt(odd, first + c, storage), zero);
      } else {
        e = someAt(even, zeros, first + c, left, storage);
        o = someAt(odd, zeros, first + c, left, storage);
      }
      v128.store(at, v128.shuffle<i16>(e, o, 0, 8, 1, 9, 2, 10, 3, 11));
      if (blockChannels == 8 || left > 4) {
        v128.store(at + half, v128.shuffle<i16>(e, o, 4, 12, 5, 13, 6, 14, 7, 15));
      }
    }
  }
}

function packGrad(codes: usize, storage: i32, image: i32, first: i32, rows: i32): void {
  const bytes: usize = storage == INT16 ? 2 : 1;
  const pixel = <usize>outC * bytes;
  const block = (<usize>pairs) << 5;
  const rowBytes = <usize>(groups * outBlocks) * block;
  for (let r = 0; r < rows; r++) {
    const row = codes + <usize>((image * outH + first + r) * outW) * pixel;
    const to = gradBand + <usize>r * rowBytes;
    for (let t = 0; t < pairs; t++) {
      const even = row + <usize>(2 * t) * pixel;
      const odd = 2 * t + 1 < outW ? even + pixel : gradPad;
      const at = to + ((<usize>t) << 5);
      packPair(at, even, odd, gradZeros, storage, outerC, <usize>outBlocks * block, 16, block, 8);
    }
  }
}

function packInput(codes: usize, storage: i32, image: i32, first: i32, rows: i32): void {
  const bytes: usize = storage == INT16 ? 2 : 1;
  const pixel = <usize>inC * bytes;
  const block = (<usize>inPairs) << 4;
  const rowBytes = <usize>(groups * inBlocks) * block;
  const count = inputRows(rows);
  for (let kw = 0; kw < kernelW; kw++) {
    const slot = load<i32>(columns + ((<usize>kw) << 3));
    let seen = false;
    for (let i = 0; i < kw; i++) if (load<i32>(columns + ((<usize>i) << 3)) == slot) seen = true;
    if (seen) continue;
    const start = firstPair * 2 * strideW + residueOf(kw);
    for (let r = 0; r < count; r++) {
      const ih = first * strideH - padH + r;
      const to = inputBand + <usize>slot * slotBytes(bandRows) + <usize>r * rowBytes;
      if (ih < 0 || ih >= inH) {
        memory.fill(to, 0, rowBytes);
        continue;
      }
      const row = codes + <usize>((image * inH + ih) * inW) * pixel;
      for (let t = 0; t < inPairs; t++) {
        const iw = start + 2 * t * strideW;
        const even = iw >= 0 && iw < inW ? row + <usize>iw * pixel : inputPad;
        const jw = iw + strideW;
        const odd = jw >= 0 && jw < inW ? row + <usize>jw * pixel : inputPad;
        const at = to + ((<usize>t) << 4);
        packPair(at, even, odd, inputZeros, storage, innerC, <usize>inBlocks * block, block, 2 * block, 4);
      }
    }
  }
}

/** Adds rows of pairs to a tile of int32 sums. */
function addPairs(
  tile: usize,
  fresh: bool,
  input: usize,
  grad: usize,
  rows: i32,
  count: i32,
  inputRow: usize,
  gradRow: usize,
): void {
  let c00 = i32x4.splat(0);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  let c20 = c00;
  let c21 = c00;
  let c30 = c00;
  let c31 = c00;
  if (!fresh) {
    c00 = v128.load(tile);
    c01 = v128.load(tile, 16);
    c10 = v128.load(tile, 32);
    c11 = v128.load(tile, 48);
    c20 = v128.load(tile, 64);
    c21 = v128.load(tile, 80);
    c30 = v128.load(tile, 96);
    c31 = v128.load(tile, 112);
  }
  for (; rows > 0; rows--, input += inputRow, grad += gradRow) {
    let x = input;
    let g = grad;
    let n = count;
    do {
      const b0 = v128.load(g);
      const b1 = v128.load(g, 16);
      let a = v128.load32_splat(x);
      c00 = i32x4.add(c00, i32x4.dot_i16x8_s(a, b0));
      c01 = i32x4.add(c01, i32x4.dot_i16x8_s(a, b1));
      a = v128.load32_splat(x, 4);
      c10 = i32x4.add(c10, i32x4.dot_i16x8_s(a, b0));
      c11 = i32x4.add(c11, i32x4.dot_i16x8_s(a, b1));
      a = v128.load32_splat(x, 8);
      c20 = i32x4.add(c20, i32x4.dot_i16x8_s(a, b0));
      c21 = i32x4.add(c21, i32x4.dot_i16x8_s(a, b1));
      a = v128.load32_splat(x, 12);
      c30 = i32x4.add(c30, i32x4.dot_i16x8_s(a, b0));
      c31 = i32x4.add(c31, i32x4.dot_i16x8_s(a, b1));
      x += 16;
      g += 32;
    } while (--n);
  }
  v128.store(tile, c00);
  v128.store(tile, c01, 16);
  v128.store(tile, c10, 32);
  v128.store(tile, c11, 48);
  v128.store(tile, c20, 64);
  v128.store(tile, c21, 80);
  v128.store(tile, c30, 96);
  v128.store(tile, c31, 112);
}

/** A rectangle of the band, added to tiles [start, end). */
function addRectangle(
  sums: usize,
  start: i32,
  end: i32,
  fresh: bool,
  row: i32,
  rows: i32,
  pair: i32,
  count: i32,
): void {
  const inputBlock = (<usize>inPairs) << 4;
  const inputRow = <usize>(groups * inBlocks) * inputBlock;
  const gradBlock = (<usize>pairs) << 5;
  const gradRow = <usize>(groups * outBlocks) * gradBlock;
  const slot = slotBytes(bandRows);
  for (let tile = start; tile < end; tile++) {
    const outBlock = tile % outBlocks;
    let rest = tile / outBlocks;
    const inBlock = rest % (inBlocks * groups);
    rest /= inBlocks * groups;
    const kw = rest % kernelW;
    const kh = rest / kernelW;
    const column = columns + ((<usize>kw) << 3);
    const input =
      inputBand +
      <usize>load<i32>(column) * slot +
      <usize>(row * strideH + kh * dilationH) * inputRow +
      <usize>inBlock * inputBlock +
      ((<usize>(load<i32>(column, 4) + pair)) << 4);
    const block = (inBlock / inBlocks) * outBlocks + outBlock;
    const grad = gradBand + <usize>row * gradRow + <usize>block * gradBlock + ((<usize>pair) << 5);
    addPairs(
      sums + <usize>tile * TILE_BYTES,
      fresh,
      input,
      grad,
      rows,
      count,
      <usize>strideH * inputRow,
      gradRow,
    );
  }
}

function spill(sums: usize, wide: usize, start: i32, end: i32): void {
  for (let tile = start; tile < end; tile++) {
    addToWide(wide + <usize>tile * WIDE_BYTES, sums + <usize>tile * TILE_BYTES);
  }
}

/** Steps (pairs of products) that an int32 sum holds. The input's zero point is known here: often 512 products, not 256. */
function stepLimit(gradStorage: i32, inputStorage: i32, inputZero: i32): i32 {
  if (inputStorage == INT16) return 128;
  if (gradStorage != INT16) return 16384;
  const low = inputStorage == INT8 ? -128 : 0;
  const largest = max(inputZero - low, low + 255 - inputZero);
  return i32.MAX_VALUE / (32767 * largest) / 2;
}

/** gradWeight from the sums of all threads. */
function writeOut(args: usize, wide: usize, parts: i32, partBytes: usize, start: i32, end: i32): void {
  const gradWeight = ptr(args, conv2d_grad_weight_int_gradWeight);
  const gradParams = ptr(args, conv2d_grad_weight_int_gradParams);
  const gradGroups = int(args, conv2d_grad_weight_int_gradGroups);
  const inputScale = scaleOf(ptr(args, conv2d_grad_weight_int_inputParams), 0);
  for (let tile = start; tile < end; tile++) {
    const outBlock = tile % outBlocks;
    const rest = tile / outBlocks;
    const inBlock = rest % inBlocks;
    const group = (rest / inBlocks) % groups;
    const tap = rest / (inBlocks * groups);
    const lanes = min(8, outerC - outBlock * 8);
    const rows = min(4, innerC - inBlock * 4);
    for (let lane = 0; lane < lanes; lane++) {
      const oc = group * outerC + outBlock * 8 + lane;
      const scale = scaleOf(gradParams, gradGroups > 1 ? oc : 0) * inputScale;
      const to = gradWeight + ((<usize>((oc * kernelH * kernelW + tap) * innerC + inBlock * 4)) << 2);
      for (let row = 0; row < rows; row++) {
        let at = wide + <usize>tile * WIDE_BYTES + ((<usize>(row * 8 + lane)) << 3);
        let sum = 0.0;
        for (let part = 0; part < parts; part++, at += partBytes) sum += load<f64>(at);
        store<f32>(to + ((<usize>row) << 2), <f32>sum * scale);
      }
    }
  }
}

export function conv2d_grad_weight_int(args: usize, thread: i32, threads: i32): void {
  plan(args, threads);
  const grad = ptr(args, conv2d_grad_weight_int_gradOutput);
  const gradStorage = storageOf(args, conv2d_grad_weight_int_gradOutput);
  const input = ptr(args, conv2d_grad_weight_int_input);
  const inputStorage = storageOf(args, conv2d_grad_weight_int_input);
  const gradParams = ptr(args, conv2d_grad_weight_int_gradParams);
  const inputParams = ptr(args, conv2d_grad_weight_int_inputParams);
  const parts = dealTiles ? 1 : threads;
  const firstSums = scratch();
  layOut(firstSums + sumsBytes * parts + areaBytes * thread);
  fillZeros(gradZeros, gradPad, gradStorage, gradParams, int(args, conv2d_grad_weight_int_gradGroups), outC);
  fillZeros(inputZeros, inputPad, inputStorage, inputParams, 1, inC);

  const sums = firstSums + (dealTiles ? 0 : sumsBytes * thread);
  const wide = sums + <usize>tiles * TILE_BYTES;
  const mine = splitStart(tiles, thread, threads, 1);
  const mineEnd = splitStart(tiles, thread + 1, threads, 1);
  const start = dealTiles ? mine : 0;
  const end = dealTiles ? mineEnd : tiles;
  memory.fill(wide + <usize>start * WIDE_BYTES, 0, <usize>(end - start) * WIDE_BYTES);

  const limit = stepLimit(gradStorage, inputStorage, zeroPointOf(inputParams, 0));
  const units = batch * bandsPerImage;
  const unitEnd = dealTiles ? units : splitStart(units, thread + 1, threads, 1);
  let used = 0;
  for (let unit = dealTiles ? 0 : splitStart(units, thread, threads, 1); unit < unitEnd; unit++) {
    const image = unit / bandsPerImage;
    const first = (unit % bandsPerImage) * bandRows;
    const rows = min(bandRows, outH - first);
    packGrad(grad, gradStorage, image, first, rows);
    packInput(input, inputStorage, image, first, rows);
    // Rectangles of whole rows, or parts of one row where a row alone is too long.
    const width = min(pairs, limit);
    for (let row = 0; row < rows; ) {
      let height = 1;
      for (let pair = 0; pair < pairs; pair += width) {
        const count = min(width, pairs - pair);
        if (used + count > limit) {
          spill(sums, wide, start, end);
          used = 0;
        }
        if (width == pairs) height = min(rows - row, (limit - used) / pairs);
        addRectangle(sums, start, end, used == 0, row, height, pair, count);
        used += height * count;
      }
      row += height;
    }
  }
  if (used > 0) spill(sums, wide, start, end);
  barrier();
  writeOut(args, firstSums + <usize>tiles * TILE_BYTES, parts, sumsBytes, mine, mineEnd);
}
