/**
 * Where everything lies for conv2d_grad_weight_int: blocks of channels, pairs of pixels, bands of rows, sums and the areas of
 * threads. Pairs begin at column 2 * strideW * pair + residue of the input, so kernel columns of one residue share a copy.
 */
import { batch, dilationH, dilationW, groups, inC, kernelH, kernelW, outC, outH, outW, padW, strideH, strideW } from './geometry';
import { TILE_BYTES, WIDE_BYTES } from './tile';

/** Bytes of a band that leave room for tiles in a level 2 cache of 512 KiB. */
const BAND_TARGET: usize = 196608;
/** Steps of a unit of several images: no more than an int32 sum of int16 products holds. */
const UNIT_STEPS: i32 = 128;
/** Sums of all threads larger than this are not kept: the tiles are dealt out instead of the bands. */
const SUMS_LIMIT: usize = 67108864;

export let innerC: i32 = 0;
export let outerC: i32 = 0;
export let inBlocks: i32 = 0;
export let outBlocks: i32 = 0;
export let tiles: i32 = 0;
/** Pairs of a row of the gradient, of the input. */
export let pairs: i32 = 0;
export let inPairs: i32 = 0;
export let firstPair: i32 = 0;
export let residues: i32 = 0;
/** A unit of work: a band of rows of one image, or several small images whole. */
export let bandRows: i32 = 0;
export let bandsPerImage: i32 = 0;
export let unitImages: i32 = 1;
export let dealTiles: bool = false;
export let sumsBytes: usize = 0;
export let areaBytes: usize = 0;
/** Places in a thread's area. */
export let gradZeros: usize = 0;
export let inputZeros: usize = 0;
export let gradPad: usize = 0;
export let inputPad: usize = 0;
export let columns: usize = 0;
export let eight: usize = 0;
export let gradBand: usize = 0;
export let inputBand: usize = 0;

export function ceilDiv(a: i32, b: i32): i32 {
  return (a + b - 1) / b;
}

export function roundUp64(bytes: usize): usize {
  return (bytes + 63) & ~63;
}

/** Pairs of 2 * strideW input columns to the left of which kernel column kw begins: rounded down. */
export function pairOf(kw: i32): i32 {
  const period = 2 * strideW;
  const start = kw * dilationW - padW;
  return start >= 0 ? start / period : -((period - 1 - start) / period);
}

export function residueOf(kw: i32): i32 {
  return kw * dilationW - padW - pairOf(kw) * 2 * strideW;
}

/** The place of kw's residue among the distinct ones. */
export function slotOf(kw: i32): i32 {
  let slot = 0;
  for (let i = 0; i < kw; i++) {
    if (residueOf(i) == residueOf(kw)) return slotOf(i);
    let isNew = true;
    for (let j = 0; j < i; j++) if (residueOf(j) == residueOf(i)) isNew = false;
    if (isNew) slot += 1;
  }
  return slot;
}

export function inputRows(rows: i32): i32 {
  return (rows - 1) * strideH + (kernelH - 1) * dilationH + 1;
}

export function gradBytes(rows: i32): usize {
  return <usize>(rows * pairs * groups * outBlocks) * 32;
}

export function slotBytes(rows: i32): usize {
  return <usize>(inputRows(rows) * inPairs * groups * inBlocks) * 16;
}

export function bandBytes(rows: i32): usize {
  return gradBytes(rows) + <usize>residues * slotBytes(rows);
}

/** Sets everything but the places, from the geometry that was loaded. */
export function plan(threads: i32): void {
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
  unitImages = 1;
  if (bandsPerImage == 1) {
    // Tiles are loaded and stored once a unit: small images are too short for that one by one.
    const together = min(UNIT_STEPS / (outH * pairs), batch / (4 * threads));
    unitImages = max(1, min(together, <i32>(BAND_TARGET / bandBytes(outH))));
  }
  sumsBytes = <usize>tiles * (TILE_BYTES + WIDE_BYTES);
  dealTiles = sumsBytes * threads > SUMS_LIMIT;
  const padBytes = roundUp64(<usize>(max(inC, outC) * 2 + 16));
  areaBytes = 4 * padBytes + roundUp64((<usize>kernelW) << 3) + 64;
  areaBytes += roundUp64(<usize>unitImages * gradBytes(rows));
  areaBytes += roundUp64(<usize>(unitImages * residues) * slotBytes(rows));
}

/** Places, zero points, and for every kernel column its slot and pair. */
export function layOut(area: usize): void {
  const padBytes = roundUp64(<usize>(max(inC, outC) * 2 + 16));
  gradZeros = area;
  inputZeros = gradZeros + padBytes;
  gradPad = inputZeros + padBytes;
  inputPad = gradPad + padBytes;
  columns = inputPad + padBytes;
  eight = columns + roundUp64((<usize>kernelW) << 3);
  gradBand = eight + 64;
  inputBand = gradBand + roundUp64(<usize>unitImages * gradBytes(bandRows));
  for (let kw = 0; kw < kernelW; kw++) {
    store<i32>(columns + ((<usize>kw) << 3), slotOf(kw));
    store<i32>(columns + ((<usize>kw) << 3), pairOf(kw) - firstPair, 4);
  }
}

