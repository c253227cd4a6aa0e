/**
 * Convolution forward and its gradient by the input as one thing: a grid of output pixels, each the sum over taps of a
 * source pixel at a fixed distance times a matrix. A strided gradient falls into phases (residues of the output pixel
 * modulo the stride), each with the taps that reach it, so that no zero is multiplied. This file lays that out;
 * taps-run.ts computes it. Knows neither codes nor floats, only the bytes of an element.
 */
import { ceilDiv, roundUp64 } from './args';
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
  outC,
  outH,
  outW,
  padH,
  padW,
  strideH,
  strideW,
} from './geometry';
import { LANES, PANEL_HEADER, STEP_BYTES } from './panel';
import { SEGMENT_BYTES, TILE_BYTES, WIDE_BYTES } from './tile';
import { EPILOGUE_STRIDE } from './tile-pair';

/** Output pixels with the same taps. */
@unmanaged
export class Phase {
  /** Runs: { byte offset in the band, values of k, element offset in the weights }. */
  runs: usize = 0;
  runCount: i32 = 0;
  /** Blocks: { first segment, end of segments }; an int32 sum holds one block. */
  blocks: usize = 0;
  blockCount: i32 = 0;
  /** Bytes from the first panel of the call to this phase's first, and from panel to panel. */
  panels: usize = 0;
  panelBytes: usize = 0;
  gridH: i32 = 0;
  gridW: i32 = 0;
  /** Element offset of the phase's first output pixel. */
  output: i32 = 0;
}

const RUN_BYTES: usize = 12;
const BLOCK_BYTES: usize = 8;
/** Bytes of a band that leave room for panels in a level 2 cache of 512 KiB. */
const BAND_TARGET: usize = 131072;

/** Of the band: 1 (unsigned bytes), 2 (int16) or 4 (float). */
export let elementBytes: usize = 0;
/** Values of k in a step, which takes 4 bytes of a row. */
let stepTerms: i32 = 1;
export let sourceH: i32 = 0;
export let sourceW: i32 = 0;
export let sourceC: i32 = 0;
/** Values of k of a tap, lanes of a group, panels of a group. */
export let terms: i32 = 0;
export let groupLanes: i32 = 0;
export let groupPanels: i32 = 0;
/** Pixels of output (height, width, channels) and, in elements, from a grid pixel to the next. */
export let outputH: i32 = 0;
export let outputW: i32 = 0;
export let outputC: i32 = 0;
export let outputRowStride: i32 = 0;
export let outputColStride: i32 = 0;
/** Source pixels from a grid pixel to the next. */
export let stepH: i32 = 0;
export let stepW: i32 = 0;
/** Weights: elements from lane to lane, from k to k, from group to group. */
export let laneStride: usize = 0;
export let kStride: usize = 0;
export let groupStride: usize = 0;
/** The band: source rows and columns that the taps reach. */
export let minRow: i32 = 0;
export let maxRow: i32 = 0;
export let minCol: i32 = 0;
export let bandW: i32 = 0;
export let gridRows: i32 = 0;
export let bandGridRows: i32 = 0;
export let bandsPerImage: i32 = 0;
export let phases: usize = 0;
export let phaseCount: i32 = 0;
/** Scratch: panels first, then one area a thread: tables, then tile, wide tile, zero points, epilogues, then the band. */
export let panelSpace: usize = 0;
let tableSpace: usize = 0;
export let areaBytes: usize = 0;

let forward: bool = true;
let mergeTaps: bool = false;
let stepsLimit: i32 = 0;

/**
 * Sets everything but the tables, from the geometry that was loaded.
 * @param bytes of an element of the band: 1, 2 or 4
 * @param blockTerms products that a sum may hold; 0 for no limit
 */
export function planTaps(isForward: bool, bytes: usize, blockTerms: i32, threads: i32): void {
  forward = isForward;
  elementBytes = bytes;
  stepTerms = 4 / <i32>bytes;
  const inner = inC / groups;
  const outer = outC / groups;
  const taps = kernelH * kernelW;
  groupStride = <usize>(outer * taps * inner);
  stepsLimit = blockTerms == 0 ? i32.MAX_VALUE : blockTerms / stepTerms;
  // Both ends of the range of tap distances, and the grid.
  let maxCol: i32;
  if (forward) {
    sourceH = inH;
    sourceW = inW;
    sourceC = inC;
    terms = inner;
    groupLanes = outer;
    outputH = outH;
    outputW = outW;
    outputC = outC;
    stepH = strideH;
    stepW = strideW;
    laneStride = <usize>(taps * inner);
    kStride = 1;
    phaseCount = 1;
    mergeTaps = groups == 1 && dilationW == 1;
    minRow = -padH;
    maxRow = (kernelH - 1) * dilationH - padH;
    minCol = -padW;
    maxCol = (kernelW - 1) * dilationW - padW;
    gridRows = outH;
    bandW = (outW - 1) * stepW + maxCol - minCol + 1;
  } else {
    sourceH = outH;
    sourceW = outW;
    sourceC = outC;
    terms = outer;
    groupLanes = inner;
    outputH = inH;
    outputW = inW;
    outputC = inC;
    stepH = 1;
    stepW = 1;
    laneStride = 1;
    kStride = <usize>(taps * inner);
    phaseCount = strideH * strideW;
    mergeTaps = false;
    minRow = floorDiv(padH - (kernelH - 1) * dilationH, strideH);
    maxRow = floorDiv(strideH - 1 + padH, strideH);
    minCol = floorDiv(padW - (kernelW - 1) * dilationW, strideW);
    maxCol = floorDiv(strideW - 1 + padW, strideW);
    gridRows = ceilDiv(inH, strideH);
    bandW = ceilDiv(inW, strideW) + maxCol - minCol;
  }
  groupPanels = ceilDiv(groupLanes, LANES);
  outputRowStride = (forward ? 1 : strideH) * outputW * outputC;
  outputColStride = (forward ? 1 : strideW) * outputC;
  // Space. Every run of k is filled up to whole steps.
  const stepsOfTaps = <usize>taps * ceilDiv(terms, stepTerms);
  const panelCount = <usize>(groups * groupPanels);
  panelSpace = roundUp64(panelCount * (<usize>phaseCount * PANEL_HEADER + stepsOfTaps * STEP_BYTES));
  const blocks: usize = blockTerms == 0 ? <usize>phaseCount : stepsOfTaps / stepsLimit + phaseCount;
  tableSpace = roundUp64(
    <usize>phaseCount * offsetof<Phase>() +
      <usize>taps * (RUN_BYTES + SEGMENT_BYTES) +
      blocks * (SEGMENT_BYTES + BLOCK_BYTES),
  );
  planBands(threads);
  areaBytes = tableSpace + TILE_BYTES + WIDE_BYTES + 64 + 2 * EPILOGUE_STRIDE + roundUp64(bandBytes(bandGridRows) + 16);
}

function floorDiv(a: i32, b: i32): i32 {
  return a >= 0 ? a / b : -((b - 1 - a) / b);
}

function bandBytes(rows: i32): usize {
  return <usize>((rows - 1) * stepH + maxRow - minRow + 1) * bandW * sourceC * elementBytes;
}

/** Bands small enough for the cache, and enough of them for all threads. */
function planBands(threads: i32): void {
  let rows = gridRows;
  while (rows > 1 && bandBytes(rows) > BAND_TARGET) rows = (rows + 1) >> 1;
  const wanted = ceilDiv(2 * threads, batch);
  if (batch % threads != 0 && ceilDiv(gridRows, rows) < wanted) rows = ceilDiv(gridRows, wanted);
  bandGridRows = rows;
  bandsPerImage = ceilDiv(gridRows, rows);
}

/** Builds the tables at the start of a thread's area. */
export function buildTables(area: usize): void {
  phases = area;
  let free = area + <usize>phaseCount * offsetof<Phase>();
  let panels: usize = 0;
  for (let p = 0; p < phaseCount; p++) {
    const phase = phaseAt(p);
    const phaseH = forward ? 0 : p / strideW;
    const phaseW = forward ? 0 : p % strideW;
    phase.gridH = forward ? outH : ceilDiv(inH - phaseH, strideH);
    phase.gridW = forward ? outW : ceilDiv(inW - phaseW, strideW);
    phase.output = (phaseH * outputW + phaseW) * outputC;
    phase.runs = free;
    phase.runCount = 0;
    if (forward) addForwardRuns(phase);
    else addGradientRuns(phase, phaseH, phaseW);
    free += <usize>phase.runCount * RUN_BYTES;
    phase.panels = panels;
    phase.panelBytes = PANEL_HEADER;
    free = addSegments(phase, free);
    panels += <usize>(groups * groupPanels) * phase.panelBytes;
  }
}

export function phaseAt(p: i32): Phase {
  return changetype<Phase>(phases + <usize>p * offsetof<Phase>());
}

function addRun(phase: Phase, row: i32, col: i32, count: i32, weight: i32): void {
  const at = phase.runs + <usize>phase.runCount * RUN_BYTES;
  store<u32>(at, <u32>(<usize>((row - minRow) * bandW + col - minCol) * sourceC * elementBytes));
  store<i32>(at, count, 4);
  store<i32>(at, weight, 8);
  phase.runCount += 1;
}

function addForwardRuns(phase: Phase): void {
  for (let kh = 0; kh < kernelH; kh++) {
    const row = kh * dilationH - padH;
    if (mergeTaps) {
      addRun(phase, row, -padW, kernelW * terms, kh * kernelW * terms);
      continue;
    }
    for (let kw = 0; kw < kernelW; kw++) {
      addRun(phase, row, kw * dilationW - padW, terms, (kh * kernelW + kw) * terms);
    }
  }
}

/** Integers in the order of addresses, floats in the order of kernel taps that the contract gives their sum. */
function addGradientRuns(phase: Phase, phaseH: i32, phaseW: i32): void {
  for (let kh = 0; kh < kernelH; kh++) {
    const h = phaseH + padH - kh * dilationH;
    if (h % strideH != 0) continue;
    for (let i = 0; i < kernelW; i++) {
      const kw = elementBytes < 4 ? kernelW - 1 - i : i;
      const w = phaseW + padW - kw * dilationW;
      if (w % strideW != 0) continue;
      addRun(phase, h / strideH, w / strideW, terms, (kh * kernelW + kw) * groupLanes);
    }
  }
}

/** Joins runs that follow each other in the band, and cuts at blocks. */
function addSegments(phase: Phase, free: usize): usize {
  phase.blocks = free;
  phase.blockCount = 0;
  let total: usize = 0;
  for (let r = 0; r < phase.runCount; r++) {
    const count = load<i32>(phase.runs + <usize>r * RUN_BYTES, 4);
    total += ceilDiv(count, stepTerms);
  }
  phase.panelBytes += total * STEP_BYTES;
  const blockLimit: usize = total / <usize>stepsLimit + 1;
  const segments = free + blockLimit * BLOCK_BYTES;
  let segment = segments;
  let used = stepsLimit;
  let whole = false;
  for (let r = 0; r < phase.runCount; r++) {
    const run = phase.runs + <usize>r * RUN_BYTES;
    let offset = load<u32>(run);
    const count = load<i32>(run, 4);
    let steps = ceilDiv(count, stepTerms);
    while (steps > 0) {
      if (used == stepsLimit) {
        // A new block begins here.
        store<u32>(phase.blocks + <usize>phase.blockCount * BLOCK_BYTES, <u32>segment);
        phase.blockCount += 1;
        used = 0;
        whole = false;
      }
      const part = min(steps, stepsLimit - used);
      const last = segment - SEGMENT_BYTES;
      if (whole && load<u32>(last) + (load<u32>(last, 4) << 2) == offset) {
        store<i32>(last, load<i32>(last, 4) + part, 4);
      } else {
        store<u32>(segment, offset);
        store<i32>(segment, part, 4);
        segment += SEGMENT_BYTES;
      }
      store<u32>(phase.blocks + <usize>(phase.blockCount - 1) * BLOCK_BYTES, <u32>segment, 4);
      used += part;
      steps -= part;
      offset += (<u32>part) << 2;
      // Only a run of whole steps can go on into the next.
      whole = count % stepTerms == 0;
    }
  }
  return segment;
}

/** Scratch of all threads. */
export function tapsScratch(threads: i32): usize {
  return panelSpace + <usize>threads * areaBytes;
}

/** Where in a thread's area the tile lies; the wide tile, 64 bytes for zero points, two epilogues and the band follow it. */
export function tileOf(area: usize): usize {
  return area + tableSpace;
}
