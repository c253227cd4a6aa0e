/**
 * conv2d_grad_weight, float: every element sums over images and pixels in their order, so threads share the tiles (4
 * input channels, 8 output channels, one tap), never a sum. Both operands are read where they lie; border pixels are
 * left out by bounds.
 */
import { PAIR_PANELS } from '../control';
import { ceilDiv, ptr, splitStart } from './args';
import {
  conv2d_grad_weight_batch,
  conv2d_grad_weight_gradOutput,
  conv2d_grad_weight_gradWeight,
  conv2d_grad_weight_input,
} from './generated';
import {
  batch,
  dilationH,
  dilationW,
  endInside,
  firstInside,
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
import { depthwiseGradScratch, runDepthwiseGrad, setGrad, setInput } from './depthwise-grad';
import { isDepthwise } from './depthwise';
import { scratch } from './threads';
import { multiplyAdd, TILE_BYTES } from './tile';

function tileCount(): i32 {
  return kernelH * kernelW * groups * ceilDiv(inC / groups, 4) * ceilDiv(outC / groups, 8);
}

export function conv2d_grad_weight_scratch(args: usize, threads: i32): usize {
  loadGeometry(args + conv2d_grad_weight_batch);
  if (isDepthwise()) return depthwiseGradScratch(threads);
  return <usize>tileCount() * TILE_BYTES;
}

/** Adds rows of pixels to a tile; input channels lie at `input` and at the offsets from it. */
function addPixels(
  tile: usize,
  fresh: bool,
  input: usize,
  grad: usize,
  rows: i32,
  count: i32,
  inputRow: usize,
  gradRow: usize,
  inputStep: usize,
  gradStep: usize,
  channels: i32,
): void {
  let c00 = f32x4.splat(0);
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
  // Channels that are not there repeat the first; their sums are not used.
  const at1: usize = channels > 1 ? 4 : 0;
  const at2: usize = channels > 2 ? 8 : 0;
  const at3: usize = channels > 3 ? 12 : 0;
  for (; rows > 0; rows--, input += inputRow, grad += gradRow) {
    let x = input;
    let g = grad;
    let n = count;
    do {
      const b0 = v128.load(g);
      const b1 = v128.load(g, 16);
      let a = v128.load32_splat(x);
      c00 = multiplyAdd(a, b0, c00);
      c01 = multiplyAdd(a, b1, c01);
      a = v128.load32_splat(x + at1);
      c10 = multiplyAdd(a, b0, c10);
      c11 = multiplyAdd(a, b1, c11);
      a = v128.load32_splat(x + at2);
      c20 = multiplyAdd(a, b0, c20);
      c21 = multiplyAdd(a, b1, c21);
      a = v128.load32_splat(x + at3);
      c30 = multiplyAdd(a, b0, c30);
      c31 = multiplyAdd(a, b1, c31);
      x += inputStep;
      g += gradStep;
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

/**
 * As addPixels, for two tiles beside each other in memory, whose output channels follow each other: 16 lanes, for 256-bit vectors. Eight
 * sums of those keep an instruction of four cycles busy twice a cycle; in 128-bit vectors they are sixteen and do not fit the registers.
 */
function addPixelsPair(
  tile: usize,
  input: usize,
  grad: usize,
  rows: i32,
  count: i32,
  inputRow: usize,
  gradRow: usize,
  inputStep: usize,
  gradStep: usize,
  channels: i32,
): void {
  let c00 = v128.load(tile);
  let c01 = v128.load(tile, 16);
  let c10 = v128.load(tile, 32);
  let c11 = v128.load(tile, 48);
  let c20 = v128.load(tile, 64);
  let c21 = v128.load(tile, 80);
  let c30 = v128.load(tile, 96);
  let c31 = v128.load(tile, 112);
  let c02 = v128.load(tile, 128);
  let c03 = v128.load(tile, 144);
  let c12 = v128.load(tile, 160);
  let c13 = v128.load(tile, 176);
  let c22 = v128.load(tile, 192);
  let c23 = v128.load(tile, 208);
  let c32 = v128.load(tile, 224);
  let c33 = v128.load(tile, 240);
  const at1: usize = channels > 1 ? 4 : 0;
  const at2: usize = channels > 2 ? 8 : 0;
  const at3: usize = channels > 3 ? 12 : 0;
  for (; rows > 0; rows--, input += inputRow, grad += gradRow) {
    let x = input;
    let g = grad;
    let n = count;
    do {
      const b0 = v128.load(g);
      const b1 = v128.load(g, 16);
      const b2 = v128.load(g, 32);
      const b3 = v128.load(g, 48);
      let a = v128.load32_splat(x);
      c00 = multiplyAdd(a, b0, c00);
      c01 = multiplyAdd(a, b1, c01);
      c02 = multiplyAdd(a, b2, c02);
      c03 = multiplyAdd(a, b3, c03);
      a = v128.load32_splat(x + at1);
      c10 = multiplyAdd(a, b0, c10);
      c11 = multiplyAdd(a, b1, c11);
      c12 = multiplyAdd(a, b2, c12);
      c13 = multiplyAdd(a, b3, c13);
      a = v128.load32_splat(x + at2);
      c20 = multiplyAdd(a, b0, c20);
      c21 = multiplyAdd(a, b1, c21);
      c22 = multiplyAdd(a, b2, c22);
      c23 = multiplyAdd(a, b3, c23);
      a = v128.load32_splat(x + at3);
      c30 = multiplyAdd(a, b0, c30);
      c31 = multiplyAdd(a, b1, c31);
      c32 = multiplyAdd(a, b2, c32);
      c33 = multiplyAdd(a, b3, c33);
      x += inputStep;
      g += gradStep;
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
  v128.store(tile, c02, 128);
  v128.store(tile, c03, 144);
  v128.store(tile, c12, 160);
  v128.store(tile, c13, 176);
  v128.store(tile, c22, 192);
  v128.store(tile, c23, 208);
  v128.store(tile, c32, 224);
  v128.store(tile, c33, 240);
}

export function conv2d_grad_weight(args: usize, thread: i32, threads: i32): void {
  loadGeometry(args + conv2d_grad_weight_batch);
  const grad = ptr(args, conv2d_grad_weight_gradOutput);
  const input = ptr(args, conv2d_grad_weight_input);
  const gradWeight = ptr(args, conv2d_grad_weight_gradWeight);
  if (isDepthwise()) {
    setGrad(grad, 0, 0, 1);
    setInput(input, 0, 0);
    runDepthwiseGrad(gradWeight, false, thread, threads);
    return;
  }
  const innerC = inC / groups;
  const outerC = outC / groups;
  const inBlocks = ceilDiv(innerC, 4);
  const outBlocks = ceilDiv(outerC, 8);
  const inputStep = (<usize>(strideW * inC)) << 2;
  const inputRow = (<usize>(strideH * inW * inC)) << 2;
  const gradStep = (<usize>outC) << 2;
  const gradRow = <usize>outW * gradStep;
  const tiles = tileCount();
  const start = splitStart(tiles, thread, threads, 1);
  const end = splitStart(tiles, thread + 1, threads, 1);
  const sums = scratch();
  memory.fill(sums + <usize>start * TILE_BYTES, 0, <usize>(end - start) * TILE_BYTES);
  const pairs = load<i32>(PAIR_PANELS) != 0;
  // Image by image, so that both stay in the cache for all tiles.
  for (let image = 0; image < batch; image++) {
    for (let tile = start; tile < end; tile++) {
      const outBlock = tile % outBlocks;
      const inBlock = (tile / outBlocks) % inBlocks;
      const group = (tile / (outBlocks * inBlocks)) % groups;
      const tap = tile / (outBlocks * inBlocks * groups);
      const offsetH = (tap / kernelW) * dilationH - padH;
      const offsetW = (tap % kernelW) * dilationW - padW;
      const oh = firstInside(offsetH, strideH);
      const ow = firstInside(offsetW, strideW);
      const rows = endInside(offsetH, strideH, inH, outH) - oh;
      const count = endInside(offsetW, strideW, inW, outW) - ow;
      if (rows <= 0 || count <= 0) continue;
      const ih = image * inH + oh * strideH + offsetH;
      const iw = ow * strideW + offsetW;
      const x = input + ((<usize>((ih * inW + iw) * inC + group * innerC + inBlock * 4)) << 2);
      const g =
        grad + ((<usize>(((image * outH + oh) * outW + ow) * outC + group * outerC + outBlock * 8)) << 2);
      const channels = innerC - inBlock * 4;
      const at = sums + <usize>tile * TILE_BYTES;
      if (pairs && outBlock + 1 < outBlocks && tile + 1 < end) {
        addPixelsPair(at, x, g, rows, count, inputRow, gradRow, inputStep, gradStep, channels);
        tile++;
        continue;
      }
      addPixels(
        at,
        image == 0,
        x,
        g,
        rows,
        count,
        inputRow,
        gradRow,
        inputStep,
        gradStep,
        channels,
      );
    }
  }
  for (let tile = start; tile < end; tile++) {
    const outBlock = tile % outBlocks;
    const inBlock = (tile / outBlocks) % inBlocks;
    const group = (tile / (outBlocks * inBlocks)) % groups;
    const tap = tile / (outBlocks * inBlocks * groups);
    const lanes = min(8, outerC - outBlock * 8);
    const rows = min(4, innerC - inBlock * 4);
    for (let lane = 0; lane < lanes; lane++) {
      const oc = group * outerC + outBlock * 8 + lane;
      const to = gradWeight + ((<usize>((oc * kernelH * kernelW + tap) * innerC + inBlock * 4)) << 2);
      const from = sums + <usize>tile * TILE_BYTES + ((<usize>lane) << 2);
      for (let row: usize = 0; row < <usize>rows; row++)
        store<f32>(to + (row << 2), load<f32>(from + (row << 5)));
    }
  }
}
