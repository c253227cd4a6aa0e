/**
 * Where everything lies for conv2d_grad_weight_int: blocks of channels, pairs of images, bands of rows, sums and the areas of
 * threads. A step takes the same pixel of two images, so that one copy of the input serves every tap; a strided kernel
 * meets columns of one residue, which lie together.
 */
import { ceilDiv, roundUp64 } from './args';
import {
  batch,
  dilationH,
  dilationW,
  endInside,
  firstInside,
  groups,
  inC,
  inW,
  kernelH,
  kernelW,
  outC,
  outH,
  outW,
  padW,
  strideH,
  strideW,
} from './geometry';
import { TILE_BYTES, WIDE_BYTES } from './tile';

/** Bytes of a band that leave room for tiles in a level 2 cache of 512 KiB. */
const BAND_TARGET: usize = 196608;
/** The same where all images make one unit: no sums lie beside them. */
const SINGLE_TARGET: usize = 393216;
/** Steps of a unit of several images: no more than an int32 sum of int16 products holds. */
const UNIT_STEPS: i32 = 128;
/** Sums of all threads larger than this are not kept: the tiles are dealt out instead of the bands. */
const SUMS_LIMIT: usize = 67108864;

// What layOut leaves for every kernel column: its slot, the column in it at which it begins, and the output columns whose
// input lies in the image, from COLUMN_LEFT to before COLUMN_RIGHT.
export const COLUMN_BYTES: usize = 16;
export const COLUMN_START: usize = 4;
export const COLUMN_LEFT: usize = 8;
export const COLUMN_RIGHT: usize = 12;

export let innerC: i32 = 0;
export let outerC: i32 = 0;
export let inBlocks: i32 = 0;
export let outBlocks: i32 = 0;
export let tiles: i32 = 0;
export let imagePairs: i32 = 0;
/** Columns of one residue, and residues that kernel columns begin at. */
export let inCols: i32 = 0;
export let residues: i32 = 0;
/** A unit of work: a band of rows of a pair of images, or several pairs of small images whole. */
export let bandRows: i32 = 0;
export let bandsPerImage: i32 = 0;
export let unitPairs: i32 = 1;
export let units: i32 = 0;
/** Threads share the tiles, and each goes through all units; else they share the units, and each has sums of all tiles. */
export let dealTiles: bool = false;
/** All images make one unit, whose sums are stored as gradWeight at once. */
export let single: bool = false;
export let sumsBytes: usize = 0;
export let areaBytes: usize = 0;
/** Places in a thread's area. */
export let gradZeros: usize = 0;
export let inputZeros: usize = 0;
export let gradPad: usize = 0;
export let inputPad: usize = 0;
export let columns: usize = 0;
export let scales: usize = 0;
export let gradTile: usize = 0;
export let gradBand: usize = 0;
export let inputBand: usize = 0;

/** Columns of input from the first that the kernel meets to the one that kernel column kw meets first. */
function startOf(kw: i32): i32 {
  return kw * dilationW;
}

export function residueOf(kw: i32): i32 {
  return startOf(kw) % strideW;
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

export function inputRows(rows: i32): i32 {
  return (rows - 1) * strideH + (kernelH - 1) * dilationH + 1;
}

/** Bytes of the gradient's rows of a pair of images. */
export function gradBytes(rows: i32): usize {
  return <usize>(rows * outW * groups * outBlocks) * 32;
}

/** Bytes of the input's rows of a pair of images, columns of one residue. */
export function slotBytes(rows: i32): usize {
  return <usize>(inputRows(rows) * inCols * groups * inBlocks) * 16;
}

function bandBytes(rows: i32): usize {
  return gradBytes(rows) + <usize>residues * slotBytes(rows);
}

/** Sets everything but the places, from the geometry that was loaded. */
export function plan(threads: i32): void {
  innerC = inC / groups;
  outerC = outC / groups;
  inBlocks = ceilDiv(innerC, 4);
  outBlocks = ceilDiv(outerC, 8);
  tiles = kernelH * kernelW * groups * inBlocks * outBlocks;
  imagePairs = (batch + 1) >> 1;
  inCols = outW + startOf(kernelW - 1) / strideW;
  residues = 0;
  for (let kw = 0; kw < kernelW; kw++) residues = max(residues, slotOf(kw) + 1);
  let rows = outH;
  while (rows > 1 && bandBytes(rows) > BAND_TARGET) rows = (rows + 1) >> 1;
  unitPairs = 1;
  const whole = imagePairs * outH * outW;
  single = whole <= UNIT_STEPS && bandBytes(outH) * imagePairs <= SINGLE_TARGET;
  if (single) {
    unitPairs = imagePairs;
  } else {
    const wanted = ceilDiv(2 * threads, imagePairs);
    if (imagePairs % threads != 0 && ceilDiv(outH, rows) < wanted) rows = ceilDiv(outH, wanted);
    if (rows >= outH) {
      // Sums are loaded and stored once a unit: small images are too short for that pair by pair.
      const together = min(UNIT_STEPS / (outH * outW), imagePairs / (2 * threads));
      unitPairs = max(1, min(together, <i32>(BAND_TARGET / bandBytes(outH))));
    }
  }
  bandRows = rows;
  bandsPerImage = ceilDiv(outH, rows);
  units = ceilDiv(imagePairs, unitPairs) * bandsPerImage;
  sumsBytes = single ? 0 : <usize>tiles * WIDE_BYTES;
  dealTiles = single || sumsBytes * threads > SUMS_LIMIT;
  const padBytes = roundUp64(<usize>(max(inC, outC) * 2 + 16));
  areaBytes = 4 * padBytes + roundUp64(<usize>kernelW * COLUMN_BYTES) + 64 + 2 * TILE_BYTES;
  areaBytes += roundUp64(<usize>unitPairs * gradBytes(rows));
  areaBytes += roundUp64(<usize>(unitPairs * residues) * slotBytes(rows));
}

/** Scratch of all threads. */
export function planBytes(threads: i32): usize {
  // Dealt tiles share one space of sums.
  return (dealTiles ? sumsBytes : sumsBytes * threads) + areaBytes * threads;
}

/** Places, and what the kernel columns meet. */
export function layOut(area: usize): void {
  const padBytes = roundUp64(<usize>(max(inC, outC) * 2 + 16));
  gradZeros = area;
  inputZeros = gradZeros + padBytes;
  gradPad = inputZeros + padBytes;
  inputPad = gradPad + padBytes;
  columns = inputPad + padBytes;
  scales = columns + roundUp64(<usize>kernelW * COLUMN_BYTES);
  gradTile = scales + 64;
  gradBand = gradTile + 2 * TILE_BYTES;
  inputBand = gradBand + roundUp64(<usize>unitPairs * gradBytes(bandRows));
  for (let kw = 0; kw < kernelW; kw++) {
    const column = columns + <usize>kw * COLUMN_BYTES;
    const offset = startOf(kw) - padW;
    store<i32>(column, slotOf(kw));
    store<i32>(column, startOf(kw) / strideW, COLUMN_START);
    store<i32>(column, firstInside(offset, strideW), COLUMN_LEFT);
    store<i32>(column, endInside(offset, strideW, inW, outW), COLUMN_RIGHT);
  }
}
