/**
 * conv2d_grad_weight_int: sums over pixels. For a band of two images, gradient and input are widened into pairs of one pixel
 * of both, [row][block][column][4 or 8 channels][2 x int16]; then every tile of the gradient (4 input channels, 8 output
 * channels, one tap) adds the band to its sums: int32 for as many terms as it holds, then double, where integers below 2^53
 * are exact. So bands may be dealt to threads in any way.
 */
import { PAIR_PANELS } from '../control';
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
import {
  dilationH,
  endInside,
  firstInside,
  groups,
  inC,
  inH,
  kernelH,
  kernelW,
  loadGeometry,
  outC,
  outH,
  outW,
  padH,
  strideH,
} from './geometry';
import { gatherWide, loadScales, storeTile } from './grad-weight-out';
import { fillZeros, packGrad, packInput } from './grad-weight-pack';
import {
  areaBytes,
  bandRows,
  bandsPerImage,
  COLUMN_BYTES,
  COLUMN_LEFT,
  COLUMN_RIGHT,
  COLUMN_START,
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
  inputBand,
  inputPad,
  inputZeros,
  layOut,
  outBlocks,
  plan,
  planBytes,
  residues,
  scales,
  single,
  slotBytes,
  sumsBytes,
  tiles,
  unitPairs,
  units,
} from './grad-weight-plan';
import { sumPairs, sumPairsOfTwo } from './grad-weight-sums';
import { barrier, scratch } from './threads';
import { addToWide, roundTile, TILE_BYTES, WIDE_BYTES } from './tile';

let gradParams: usize = 0;
let gradGroups: i32 = 0;
let inputScale: f32 = 0;

export function conv2d_grad_weight_int_scratch(args: usize, threads: i32): usize {
  loadGeometry(args + conv2d_grad_weight_int_batch);
  plan(threads);
  return isDepthwise() ? depthwiseGradScratch(threads) : planBytes(threads);
}

/**
 * A rectangle of the bands of some pairs of images, over tiles [start, end): added to the sums at `wide`, or, where it is all
 * there is to a sum, stored as gradWeight at `gradWeight`. Pixels whose input lies beside the image are left out.
 * @param first row of the image that is the bands' first
 */
function addRectangle(
  wide: usize,
  gradWeight: usize,
  start: i32,
  end: i32,
  images: i32,
  first: i32,
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
  const step = <usize>strideH * inputRow;
  const taps = kernelH * kernelW;
  const tilesOfOut = taps * inBlocks;
  const wideOfOut = <usize>tilesOfOut * WIDE_BYTES;
  const pairs = load<i32>(PAIR_PANELS) != 0;
  let inBlock = start % inBlocks;
  let out = start / inBlocks / taps;
  let tap = start / inBlocks - out * taps;
  for (let tile = start; tile < end; out++, tap = 0) {
    const group = out / outBlocks;
    const outBlock = out - group * outBlocks;
    // Two blocks of output channels at once, where both are whole here.
    const both = pairs && tap == 0 && inBlock == 0 && outBlock + 1 < outBlocks && end - tile >= 2 * tilesOfOut;
    if (gradWeight != 0) {
      loadScales(scales, gradParams, gradGroups, inputScale, group, outBlock);
      if (both) loadScales(scales + 32, gradParams, gradGroups, inputScale, group, outBlock + 1);
    }
    const groupInput = inputBand + <usize>(group * inBlocks) * inputBlock;
    const outGrad = gradBand + <usize>out * gradBlock;
    const outEnd = both ? tile + tilesOfOut : end;
    for (; tile < outEnd && tap < taps; tap++, inBlock = 0) {
      const kh = tap / kernelW;
      const column = columns + <usize>(tap - kh * kernelW) * COLUMN_BYTES;
      const offsetH = kh * dilationH - padH + first * strideH;
      const top = max(row, firstInside(offsetH, strideH));
      const height = min(row + rows, endInside(offsetH, strideH, inH, outH)) - top;
      const left = max(col, load<i32>(column, COLUMN_LEFT));
      const width = min(col + count, load<i32>(column, COLUMN_RIGHT)) - left;
      const some = height > 0 && width > 0;
      const last = min(outEnd, tile + inBlocks - inBlock);
      if (!some) {
        if (gradWeight == 0) {
          wide += <usize>(last - tile) * WIDE_BYTES;
          tile = last;
          continue;
        }
        memory.fill(gradTile, 0, 2 * TILE_BYTES);
      }
      const inRow = <usize>(top * strideH + kh * dilationH);
      let input = groupInput + <usize>inBlock * inputBlock + <usize>load<i32>(column) * slot + inRow * inputRow;
      input += <usize>(load<i32>(column, COLUMN_START) + left) << 4;
      const grad = outGrad + <usize>top * gradRow + (<usize>left << 5);
      for (; tile < last; tile++, inBlock++, input += inputBlock) {
        if (some && both) {
          sumPairsOfTwo(gradTile, input, grad, gradBlock, images, inputImage, gradImage, height, width, step, gradRow);
        } else if (some) {
          sumPairs(gradTile, input, grad, images, inputImage, gradImage, height, width, step, gradRow);
        }
        if (gradWeight == 0) {
          addToWide(wide, gradTile);
          if (both) addToWide(wide + wideOfOut, gradTile + TILE_BYTES);
          wide += WIDE_BYTES;
          continue;
        }
        roundTile(gradTile);
        storeTile(gradWeight, gradTile, scales, group, outBlock, tap, inBlock);
        if (!both) continue;
        roundTile(gradTile + TILE_BYTES);
        storeTile(gradWeight, gradTile + TILE_BYTES, scales + 32, group, outBlock + 1, tap, inBlock);
      }
    }
    if (both) {
      out += 1;
      tile += tilesOfOut;
      if (gradWeight == 0) wide += wideOfOut;
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

/** gradWeight of tiles [start, end) from the sums at `wide` of all threads. */
function writeOut(gradWeight: usize, wide: usize, parts: i32, partBytes: usize, start: i32, end: i32): void {
  const taps = kernelH * kernelW;
  let known = -1;
  for (let tile = start; tile < end; tile++) {
    const rest = tile / inBlocks;
    const out = rest / taps;
    const group = out / outBlocks;
    const outBlock = out - group * outBlocks;
    if (out != known) loadScales(scales, gradParams, gradGroups, inputScale, group, outBlock);
    known = out;
    gatherWide(gradTile, wide + <usize>tile * WIDE_BYTES, parts, partBytes);
    storeTile(gradWeight, gradTile, scales, group, outBlock, rest - out * taps, tile - rest * inBlocks);
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
  const first = (unit % bandsPerImage) * bandRows;
  const rows = min(bandRows, outH - first);
  if (images > 1) {
    // Several pairs of images are whole, and the plan made them fit together.
    addRectangle(wide, 0, start, end, images, 0, 0, rows, 0, outW);
    return;
  }
  const width = min(outW, limit);
  const height = limit / width;
  for (let row = 0; row < rows; row += height) {
    for (let col = 0; col < outW; col += width) {
      const count = min(width, outW - col);
      addRectangle(wide, 0, start, end, 1, first, row, min(height, rows - row), col, count);
    }
  }
}

export function conv2d_grad_weight_int(args: usize, thread: i32, threads: i32): void {
  loadGeometry(args + conv2d_grad_weight_int_batch);
  plan(threads);
  const gradStorage = storageOf(args, conv2d_grad_weight_int_gradOutput);
  const inputStorage = storageOf(args, conv2d_grad_weight_int_input);
  const inputParams = ptr(args, conv2d_grad_weight_int_inputParams);
  const gradWeight = ptr(args, conv2d_grad_weight_int_gradWeight);
  gradParams = ptr(args, conv2d_grad_weight_int_gradParams);
  gradGroups = int(args, conv2d_grad_weight_int_gradGroups);
  inputScale = scaleOf(inputParams, 0);
  if (isDepthwise()) {
    setGrad(ptr(args, conv2d_grad_weight_int_gradOutput), gradStorage, gradParams, gradGroups);
    setInput(ptr(args, conv2d_grad_weight_int_input), inputStorage, inputParams);
    runDepthwiseGrad(gradWeight, true, thread, threads);
    return;
  }
  const firstSums = scratch();
  layOut(firstSums + planBytes(threads) - areaBytes * (threads - thread));
  fillZeros(gradZeros, gradPad, gradStorage, gradParams, gradGroups, outC);
  fillZeros(inputZeros, inputPad, inputStorage, inputParams, 1, inC);
  const limit = stepLimit(gradStorage, inputStorage, zeroPointOf(inputParams, 0));
  const mine = splitStart(tiles, thread, threads, 1);
  const mineEnd = splitStart(tiles, thread + 1, threads, 1);
  if (single) {
    // All images are packed by every thread, and each tile is summed and done with.
    packUnit(args, 0);
    addRectangle(0, gradWeight, mine, mineEnd, imagePairs, 0, 0, outH, 0, outW);
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
  writeOut(gradWeight, firstSums, dealTiles ? 1 : threads, sumsBytes, mine, mineEnd);
}
