/**
 * conv2d_grad_weight_int: sums over pixels. For a band of two images, gradient and input are widened into pairs of one pixel
 * of both, [row][block][column][4 or 8 channels][2 x int16]; then every tile of the gradient (4 input channels, 8 output
 * channels, one tap) adds the band to its sums: int32 for as many terms as it holds, then double, where integers below 2^53
 * are exact. So bands may be dealt to threads in any way.
 */
import { INT16, INT8, int, ptr, splitStart, storageOf } from './args';
import { scaleOf, zeroPointOf } from './codes';
import { isDepthwise } from './depthwise';
import { depthwiseGradScratch, runDepthwiseGrad, setGrad, setInput } from './depthwise-grad';
import {
  conv2d_grad_weight_int_batch,
  conv2d_grad_weight_int_gradGroups,
  conv2d_grad_weight_int_gradOutput,
  conv2d_grad_weight_int_gradParams,
  conv2d_grad_weight_int_gradWeight,
  conv2d_grad_weight_int_input,
  conv2d_grad_weight_int_inputParams,
} from './generated';
import { dilationH, groups, inC, kernelH, kernelW, loadGeometry, outC, outH, outW, strideH } from './geometry';
import { fillZeros, packGrad, packInput } from './grad-weight-pack';
import {
  areaBytes,
  bandRows,
  bandsPerImage,
  columns,
  dealTiles,
  gradBand,
  gradBytes,
  gradZeros,
  gradPad,
  gradTile,
  imagePairs,
  inBlocks,
  inCols,
  innerC,
  inputBand,
  inputPad,
  inputZeros,
  layOut,
  outBlocks,
  outerC,
  plan,
  planBytes,
  residues,
  slotBytes,
  sumsBytes,
  tiles,
  tilesAtOnce,
  unitPairs,
  units,
} from './grad-weight-plan';
import { barrier, scratch } from './threads';
import { addToWide, WIDE_BYTES } from './tile';

export function conv2d_grad_weight_int_scratch(args: usize, threads: i32): usize {
  loadGeometry(args + conv2d_grad_weight_int_batch);
  plan(threads);
  return isDepthwise() ? depthwiseGradScratch(threads) : planBytes(threads);
}

/** Sums rows of pairs of some pairs of images: a tile of int32, [4 input channels][8 output channels]. */
function sumPairs(
  tile: usize,
  input: usize,
  grad: usize,
  images: i32,
  inputImage: usize,
  gradImage: usize,
  height: i32,
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
  let rows = height;
  let firstInput = input;
  let firstGrad = grad;
  do {
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
    input += inputRow;
    grad += gradRow;
    if (--rows == 0 && --images > 0) {
      rows = height;
      firstInput += inputImage;
      firstGrad += gradImage;
      input = firstInput;
      grad = firstGrad;
    }
  } while (rows > 0);
  v128.store(tile, c00);
  v128.store(tile, c01, 16);
  v128.store(tile, c10, 32);
  v128.store(tile, c11, 48);
  v128.store(tile, c20, 64);
  v128.store(tile, c21, 80);
  v128.store(tile, c30, 96);
  v128.store(tile, c31, 112);
}

/** A rectangle of the bands of some pairs of images, added to the sums at `wide` of tiles [start, end). */
function addRectangle(
  wide: usize,
  start: i32,
  end: i32,
  images: i32,
  row: i32,
  rows: i32,
  col: i32,
  count: i32,
): void {
  const inputBlock = <usize>inCols << 4;
  const inputRow = <usize>(groups * inBlocks) * inputBlock;
  const gradBlock = <usize>outW << 5;
  const gradRow = <usize>(groups * outBlocks) * gradBlock;
  const slot = slotBytes(bandRows);
  const inputImage = <usize>residues * slot;
  const gradImage = gradBytes(bandRows);
  const firstGrad = gradBand + <usize>row * gradRow + (<usize>col << 5);
  let outBlock = start % outBlocks;
  let rest = start / outBlocks;
  let inBlock = rest % (inBlocks * groups);
  rest /= inBlocks * groups;
  let tile = start;
  for (; tile < end; rest++, inBlock = 0) {
    const column = columns + (<usize>(rest % kernelW) << 3);
    const firstRow = row * strideH + (rest / kernelW) * dilationH;
    const tapInput =
      inputBand +
      <usize>load<i32>(column) * slot +
      <usize>firstRow * inputRow +
      (<usize>(load<i32>(column, 4) + col) << 4);
    for (; tile < end && inBlock < inBlocks * groups; inBlock++, outBlock = 0) {
      const input = tapInput + <usize>inBlock * inputBlock;
      const group = (inBlock / inBlocks) * outBlocks;
      for (; tile < end && outBlock < outBlocks; outBlock++, tile++, wide += WIDE_BYTES) {
        const grad = firstGrad + <usize>(group + outBlock) * gradBlock;
        const step = <usize>strideH * inputRow;
        sumPairs(gradTile, input, grad, images, inputImage, gradImage, rows, count, step, gradRow);
        addToWide(wide, gradTile);
      }
    }
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

/** gradWeight of tiles [start, end) from the sums of all threads, the first of them those of tile `first`. */
function writeOut(args: usize, wide: usize, first: i32, parts: i32, partBytes: usize, start: i32, end: i32): void {
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
        let at = wide + <usize>(tile - first) * WIDE_BYTES + ((<usize>(row * 8 + lane)) << 3);
        let sum = 0.0;
        for (let part = 0; part < parts; part++, at += partBytes) sum += load<f64>(at);
        store<f32>(to + ((<usize>row) << 2), <f32>sum * scale);
      }
    }
  }
}

/** The bands of one unit. */
function packUnit(args: usize, unit: i32): void {
  const grad = ptr(args, conv2d_grad_weight_int_gradOutput);
  const input = ptr(args, conv2d_grad_weight_int_input);
  const pair = (unit / bandsPerImage) * unitPairs;
  const images = min(unitPairs, imagePairs - pair);
  const first = (unit % bandsPerImage) * bandRows;
  const rows = min(bandRows, outH - first);
  for (let i = 0; i < images; i++) {
    const gradAt = gradBand + <usize>i * gradBytes(bandRows);
    packGrad(gradAt, grad, storageOf(args, conv2d_grad_weight_int_gradOutput), pair + i, first, rows);
    const inputAt = inputBand + <usize>(i * residues) * slotBytes(bandRows);
    packInput(inputAt, input, storageOf(args, conv2d_grad_weight_int_input), pair + i, first, rows);
  }
}

/** Adds the bands of one unit to tiles [start, end), in rectangles that fit an int32 sum: whole rows, or parts of one row. */
function addUnit(unit: i32, wide: usize, start: i32, end: i32, limit: i32): void {
  const pair = (unit / bandsPerImage) * unitPairs;
  const images = min(unitPairs, imagePairs - pair);
  const rows = min(bandRows, outH - (unit % bandsPerImage) * bandRows);
  if (images > 1) {
    // Several pairs of images are whole, and the plan made them fit together.
    addRectangle(wide, start, end, images, 0, rows, 0, outW);
    return;
  }
  const width = min(outW, limit);
  const height = limit / width;
  for (let row = 0; row < rows; row += height) {
    for (let col = 0; col < outW; col += width) {
      addRectangle(wide, start, end, 1, row, min(height, rows - row), col, min(width, outW - col));
    }
  }
}

export function conv2d_grad_weight_int(args: usize, thread: i32, threads: i32): void {
  loadGeometry(args + conv2d_grad_weight_int_batch);
  plan(threads);
  const gradStorage = storageOf(args, conv2d_grad_weight_int_gradOutput);
  const inputStorage = storageOf(args, conv2d_grad_weight_int_input);
  const gradParams = ptr(args, conv2d_grad_weight_int_gradParams);
  const inputParams = ptr(args, conv2d_grad_weight_int_inputParams);
  const gradGroups = int(args, conv2d_grad_weight_int_gradGroups);
  if (isDepthwise()) {
    setGrad(ptr(args, conv2d_grad_weight_int_gradOutput), gradStorage, gradParams, gradGroups);
    setInput(ptr(args, conv2d_grad_weight_int_input), inputStorage, inputParams);
    runDepthwiseGrad(ptr(args, conv2d_grad_weight_int_gradWeight), true, thread, threads);
    return;
  }
  const firstSums = scratch();
  layOut(firstSums + planBytes(threads) - areaBytes * (threads - thread));
  fillZeros(gradZeros, gradPad, gradStorage, gradParams, gradGroups, outC);
  fillZeros(inputZeros, inputPad, inputStorage, inputParams, 1, inC);
  const limit = stepLimit(gradStorage, inputStorage, zeroPointOf(inputParams, 0));
  const mine = splitStart(tiles, thread, threads, 1);
  const mineEnd = splitStart(tiles, thread + 1, threads, 1);
  if (dealTiles && units == 1) {
    // All images are packed once, and a few tiles at a time are summed and done with.
    const wide = firstSums + sumsBytes * thread;
    packUnit(args, 0);
    for (let tile = mine; tile < mineEnd; tile += tilesAtOnce) {
      const end = min(mineEnd, tile + tilesAtOnce);
      memory.fill(wide, 0, <usize>(end - tile) * WIDE_BYTES);
      addUnit(0, wide, tile, end, limit);
      writeOut(args, wide, tile, 1, 0, tile, end);
    }
    return;
  }
  const start = dealTiles ? mine : 0;
  const end = dealTiles ? mineEnd : tiles;
  const wide = firstSums + (dealTiles ? <usize>mine * WIDE_BYTES : sumsBytes * thread);
  memory.fill(wide, 0, <usize>(end - start) * WIDE_BYTES);
  const unitEnd = dealTiles ? units : splitStart(units, thread + 1, threads, 1);
  for (let unit = dealTiles ? 0 : splitStart(units, thread, threads, 1); unit < unitEnd; unit++) {
    packUnit(args, unit);
    addUnit(unit, wide, start, end, limit);
  }
  barrier();
  writeOut(args, firstSums, 0, dealTiles ? 1 : threads, sumsBytes, mine, mineEnd);
}
