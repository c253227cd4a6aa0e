/**
 * conv2d_grad_weight_int: sums over pixels. For a band of an image, gradient and input are widened into pairs of
 * pixels, [row][block][pair][4 or 8 channels][2 x int16], the input once for every residue at which a kernel column
 * begins; then every tile of the gradient (4 input channels, 8 output channels, one tap) adds the band to its sums.
 * Sums are int32 for as many terms as it holds, then double, where integers below 2^53 are exact: so bands may be dealt to
 * threads in any way.
 */
import { INT16, INT8, int, ptr, splitStart, storageOf } from './args';
import { scaleOf, zeroPointOf } from './codes';
import { isDepthwise } from './depthwise';
import { depthwiseGradScratch, runDepthwiseGrad, setGrad, setInput } from './depthwise-grad';
import { conv2d_grad_weight_int_batch, conv2d_grad_weight_int_gradGroups, conv2d_grad_weight_int_gradOutput, conv2d_grad_weight_int_gradParams, conv2d_grad_weight_int_gradWeight, conv2d_grad_weight_int_input, conv2d_grad_weight_int_inputParams } from './generated';
import { batch, dilationH, groups, inC, kernelH, kernelW, loadGeometry, outC, outH, strideH } from './geometry';
import { fillZeros, packGrad, packInput } from './grad-weight-pack';
import { innerC, outerC, inBlocks, outBlocks, tiles, pairs, inPairs, residues, bandRows, bandsPerImage, unitImages, dealTiles, sumsBytes, areaBytes, gradZeros, inputZeros, gradPad, inputPad, columns, gradBand, inputBand, ceilDiv, gradBytes, slotBytes, plan, layOut } from './grad-weight-plan';
import { barrier, scratch } from './threads';
import { TILE_BYTES, WIDE_BYTES, addToWide } from './tile';

export function conv2d_grad_weight_int_scratch(args: usize, threads: i32): usize {
  loadGeometry(args + conv2d_grad_weight_int_batch);
  plan(threads);
  if (isDepthwise()) return depthwiseGradScratch(threads);
  return (dealTiles ? sumsBytes : sumsBytes * threads) + areaBytes * threads;
}

/** Adds rows of pairs of some images to a tile of int32 sums. */
function addPairs(
  tile: usize,
  fresh: bool,
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

/** A rectangle of the bands of some images, added to tiles [start, end). */
function addRectangle(
  sums: usize,
  start: i32,
  end: i32,
  fresh: bool,
  images: i32,
  row: i32,
  rows: i32,
  pair: i32,
  count: i32,
): void {
  const inputBlock = <usize>inPairs << 4;
  const inputRow = <usize>(groups * inBlocks) * inputBlock;
  const gradBlock = <usize>pairs << 5;
  const gradRow = <usize>(groups * outBlocks) * gradBlock;
  const slot = slotBytes(bandRows);
  const inputImage = <usize>residues * slot;
  const gradImage = gradBytes(bandRows);
  const firstGrad = gradBand + <usize>row * gradRow + (<usize>pair << 5);
  let outBlock = start % outBlocks;
  let rest = start / outBlocks;
  let inBlock = rest % (inBlocks * groups);
  rest /= inBlocks * groups;
  let tile = start;
  let tileSums = sums + <usize>start * TILE_BYTES;
  for (; tile < end; rest++, inBlock = 0) {
    const column = columns + (<usize>(rest % kernelW) << 3);
    const firstRow = row * strideH + (rest / kernelW) * dilationH;
    const tapInput =
      inputBand +
      <usize>load<i32>(column) * slot +
      <usize>firstRow * inputRow +
      (<usize>(load<i32>(column, 4) + pair) << 4);
    for (; tile < end && inBlock < inBlocks * groups; inBlock++, outBlock = 0) {
      const input = tapInput + <usize>inBlock * inputBlock;
      const group = (inBlock / inBlocks) * outBlocks;
      for (; tile < end && outBlock < outBlocks; outBlock++, tile++, tileSums += TILE_BYTES) {
        const grad = firstGrad + <usize>(group + outBlock) * gradBlock;
        addPairs(
          tileSums,
          fresh,
          input,
          grad,
          images,
          inputImage,
          gradImage,
          rows,
          count,
          <usize>strideH * inputRow,
          gradRow,
        );
      }
    }
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
  loadGeometry(args + conv2d_grad_weight_int_batch);
  plan(threads);
  const grad = ptr(args, conv2d_grad_weight_int_gradOutput);
  const gradStorage = storageOf(args, conv2d_grad_weight_int_gradOutput);
  const input = ptr(args, conv2d_grad_weight_int_input);
  const inputStorage = storageOf(args, conv2d_grad_weight_int_input);
  const gradParams = ptr(args, conv2d_grad_weight_int_gradParams);
  const inputParams = ptr(args, conv2d_grad_weight_int_inputParams);
  if (isDepthwise()) {
    setGrad(grad, gradStorage, gradParams, int(args, conv2d_grad_weight_int_gradGroups));
    setInput(input, inputStorage, inputParams);
    runDepthwiseGrad(ptr(args, conv2d_grad_weight_int_gradWeight), true, thread, threads);
    return;
  }
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
  const units = ceilDiv(batch, unitImages) * bandsPerImage;
  const unitEnd = dealTiles ? units : splitStart(units, thread + 1, threads, 1);
  let used = 0;
  for (let unit = dealTiles ? 0 : splitStart(units, thread, threads, 1); unit < unitEnd; unit++) {
    const image = (unit / bandsPerImage) * unitImages;
    const images = min(unitImages, batch - image);
    const first = (unit % bandsPerImage) * bandRows;
    const rows = min(bandRows, outH - first);
    for (let i = 0; i < images; i++) {
      const gradAt = gradBand + <usize>i * gradBytes(bandRows);
      packGrad(gradAt, grad, gradStorage, image + i, first, rows);
      const inputAt = inputBand + <usize>(i * residues) * slotBytes(bandRows);
      packInput(inputAt, input, inputStorage, image + i, first, rows);
    }
    // Rectangles of whole rows, or parts of one row where a row alone is too long.
    const width = min(pairs, limit);
    for (let row = 0; row < rows; ) {
      let height = 1;
      for (let pair = 0; pair < pairs; pair += width) {
        const count = min(width, pairs - pair);
        // Several images only where they are whole and fit a sum together.
        const least = images > 1 ? images * rows * pairs : count;
        if (used + least > limit) {
          spill(sums, wide, start, end);
          used = 0;
        }
        if (images > 1) height = rows;
        else if (width == pairs) height = min(rows - row, (limit - used) / pairs);
        addRectangle(sums, start, end, used == 0, images, row, height, pair, count);
        used += images * height * count;
      }
      row += height;
    }
  }
  if (used > 0) spill(sums, wide, start, end);
  barrier();
  writeOut(args, firstSums + <usize>tiles * TILE_BYTES, parts, sumsBytes, mine, mineEnd);
}
