/**
 * Computes what taps.ts lays out: packs the weights into panels, then, for bands of images, widens the source into a
 * band with a border of zeros and runs the tiles over it. Serves conv2d and conv2d_grad_input, integer and float.
 */
import { PAIR_PANELS } from '../control';
import { splitStart } from './args';
import { copyBytes, zeroByte } from './bytes';
import { scaleOf, widen, zeroPointOf } from './codes';
import { batch, groups } from './geometry';
import { LANES, PANEL_HEADER, packBytes, packCodes, packFloats, packHeader, sumLanes } from './panel';
import {
  areaBytes,
  bandGridRows,
  bandsPerImage,
  bandW,
  buildTables,
  elementBytes,
  gridRows,
  groupLanes,
  groupPanels,
  groupStride,
  kStride,
  laneStride,
  maxRow,
  minCol,
  minRow,
  outputC,
  outputColStride,
  outputH,
  outputRowStride,
  outputW,
  Phase,
  panelSpace,
  phaseAt,
  phaseCount,
  sourceC,
  sourceH,
  sourceW,
  stepH,
  stepW,
  terms,
  tileOf,
} from './taps';
import { startCells, widenRows } from './range';
import { barrier, scratch } from './threads';
import { prepareEpilogue, tileOut } from './tile-out';
import { EPILOGUE_STRIDE, tilePairOut } from './tile-pair';
import {
  addToWide,
  roundWide,
  storePlain,
  storeScaled,
  TILE_BYTES,
  tileFloat,
  tileInt,
  WIDE_BYTES,
} from './tile';

/** The operands of one call; qparams are 0 for floats. */
export let source: usize = 0;
export let sourceStorage: i32 = 0;
export let sourceParams: usize = 0;
/** Groups of the source's qparams: 1 or batch. */
export let sourceGroups: i32 = 1;
export let weight: usize = 0;
export let weightStorage: i32 = 0;
/** 0: scale 1 and zero point 0. */
export let weightParams: usize = 0;
/** 1, or one for every output channel. */
export let weightGroups: i32 = 1;
export let bias: usize = 0;
export let output: usize = 0;
/** Cells { min, max } of each image of the output, found while it is in cache; 0: nobody asks. */
export let cells: usize = 0;

export function setSource(at: usize, storage: i32, params: usize, paramGroups: i32): void {
  source = at;
  sourceStorage = storage;
  sourceParams = params;
  sourceGroups = paramGroups;
}

export function setWeight(at: usize, storage: i32, params: usize, paramGroups: i32): void {
  weight = at;
  weightStorage = storage;
  weightParams = params;
  weightGroups = paramGroups;
}

export function setOutput(biasAt: usize, at: usize, cellsAt: usize): void {
  bias = biasAt;
  output = at;
  cells = cellsAt;
}

function packPanel(panel: usize, phase: Phase, group: i32, block: i32, zeros: usize): void {
  const first = group * groupLanes + block * LANES;
  const lanes = min(LANES, groupLanes - block * LANES);
  const isInt = elementBytes < 4;
  let scales: usize = 0;
  let scaleStride: usize = 0;
  if (isInt) {
    const perLane = weightGroups > 1;
    if (weightParams != 0) {
      scales = weightParams + (perLane ? (<usize>first) << 4 : 0);
      scaleStride = perLane ? 16 : 0;
    }
    for (let lane = 0; lane < LANES; lane++) {
      const zero =
        weightParams == 0 || lane >= lanes ? 0 : zeroPointOf(weightParams, perLane ? first + lane : 0);
      store<i16>(zeros + ((<usize>lane) << 1), <i16>zero);
    }
  }
  packHeader(panel, lanes, scales, scaleStride, bias == 0 ? 0 : bias + ((<usize>first) << 2));
  const base = <usize>group * groupStride + <usize>(block * LANES) * laneStride;
  const bytes: usize = isInt ? (weightStorage == 3 ? 2 : 1) : 4;
  let at = panel + PANEL_HEADER;
  for (let r = 0; r < phase.runCount; r++) {
    const run = phase.runs + <usize>(r * 12);
    const from = weight + (base + <usize>load<u32>(run, 8)) * bytes;
    const count = load<i32>(run, 4);
    if (elementBytes == 1) at = packBytes(at, from, laneStride, kStride, lanes, count);
    else if (isInt) at = packCodes(at, from, weightStorage, laneStride, kStride, lanes, count, zeros);
    else at = packFloats(at, from, laneStride, kStride, lanes, count);
  }
  if (elementBytes == 1) sumLanes(panel, at);
}

function sourceZero(image: i32): i32 {
  return zeroPointOf(sourceParams, sourceGroups > 1 ? image : 0);
}

/** Source rows of a band of grid rows into the band buffer, zeros where the image ends. */
function fillBand(band: usize, image: i32, firstRow: i32, rows: i32): void {
  const isInt = elementBytes < 4;
  const zero = isInt ? sourceZero(image) : 0;
  /** Int16 and float zeros are zero bytes. */
  const border = elementBytes == 1 ? zeroByte(sourceStorage, zero) : 0;
  const pixel = <usize>sourceC * elementBytes;
  const rowBytes = <usize>bandW * pixel;
  const codeBytes: usize = isInt ? (sourceStorage == 3 ? 2 : 1) : 4;
  const left = min(bandW, max(0, -minCol));
  const firstCol = minCol + left;
  const cols = max(0, min(sourceW - firstCol, bandW - left));
  const start = firstRow * stepH + minRow;
  const count = (rows - 1) * stepH + maxRow - minRow + 1;
  for (let i = 0; i < count; i++) {
    const to = band + <usize>i * rowBytes;
    const row = start + i;
    if (row < 0 || row >= sourceH || cols == 0) {
      memory.fill(to, <u8>border, rowBytes);
      continue;
    }
    if (left > 0) memory.fill(to, <u8>border, <usize>left * pixel);
    const elements = <usize>((image * sourceH + row) * sourceW + firstCol) * sourceC;
    const middle = to + <usize>left * pixel;
    if (elementBytes == 1) copyBytes(middle, source + elements, <usize>cols * pixel, sourceStorage);
    else if (isInt) widen(middle, source + elements * codeBytes, cols * sourceC, sourceStorage, zero);
    else memory.copy(middle, source + (elements << 2), <usize>cols * pixel);
    const right = bandW - left - cols;
    if (right > 0) memory.fill(middle + <usize>cols * pixel, <u8>border, <usize>right * pixel);
  }
}

/** One panel over the grid pixels of a band, or, where `second` is not 0, two whole ones whose lanes follow each other. */
function runPanel(
  phase: Phase,
  panel: usize,
  second: usize,
  tile: usize,
  band: usize,
  rows: i32,
  target: usize,
  lanes: i32,
  scale: f32,
  zero: i32,
): void {
  const wide = tile + TILE_BYTES;
  const epilogue = wide + WIDE_BYTES + 64;
  const blocks = phase.blocks;
  const blockCount = phase.blockCount;
  const firstSegment = blockCount > 0 ? <usize>load<u32>(blocks) : 0;
  const endSegment = blockCount > 0 ? <usize>load<u32>(blocks, 4) : 0;
  const width = phase.gridW;
  const pixelStep = <usize>(stepW * sourceC) * elementBytes;
  const rowStep = <usize>(stepH * bandW * sourceC) * elementBytes;
  const outPixel = (<usize>outputColStride) << 2;
  const outRow = (<usize>outputRowStride) << 2;
  const steps = panel + PANEL_HEADER;
  const isInt = elementBytes < 4;
  const hasBias = bias != 0;
  const pixels = rows * width;
  const inOne = isInt && blockCount == 1;
  if (inOne || second != 0) prepareEpilogue(epilogue, panel, scale, zero);
  if (second != 0) prepareEpilogue(epilogue + EPILOGUE_STRIDE, second, scale, zero);
  const secondSteps = second + PANEL_HEADER;
  let row = 0;
  let col = 0;
  for (let pixel = 0; pixel < pixels; pixel += 4) {
    // Four pixels in reading order; past the end the last one again, whose sums are not stored.
    const used = min(4, pixels - pixel);
    const a0 = band + <usize>row * rowStep + <usize>col * pixelStep;
    const o0 = target + <usize>row * outRow + <usize>col * outPixel;
    let a1 = a0 + pixelStep;
    let a2 = a1 + pixelStep;
    let a3 = a2 + pixelStep;
    let o1 = o0 + outPixel;
    let o2 = o1 + outPixel;
    let o3 = o2 + outPixel;
    if (col + 4 < width) {
      col += 4;
    } else if (col + 4 == width) {
      col = 0;
      row += 1;
    } else {
      a1 = a0;
      a2 = a0;
      a3 = a0;
      for (let i = 1; i <= used; i++) {
        if (++col == width) {
          col = 0;
          row += 1;
        }
        if (i == used) break;
        const a = band + <usize>row * rowStep + <usize>col * pixelStep;
        const o = target + <usize>row * outRow + <usize>col * outPixel;
        if (i == 1) {
          a1 = a;
          o1 = o;
        } else if (i == 2) {
          a2 = a;
          o2 = o;
        } else {
          a3 = a;
          o3 = o;
        }
      }
    }
    if (second != 0) {
      if (elementBytes == 1) {
        tilePairOut<i8>(tile, epilogue, firstSegment, endSegment, a0, a1, a2, a3, 4, steps, secondSteps, o0, o1, o2, o3, used, hasBias);
      } else if (!isInt) {
        tilePairOut<f32>(tile, epilogue, firstSegment, endSegment, a0, a1, a2, a3, 4, steps, secondSteps, o0, o1, o2, o3, used, hasBias);
      } else {
        tilePairOut<i16>(tile, epilogue, firstSegment, endSegment, a0, a1, a2, a3, 4, steps, secondSteps, o0, o1, o2, o3, used, hasBias);
      }
      continue;
    }
    if (inOne) {
      if (elementBytes == 1) {
        tileOut<i8>(tile, epilogue, firstSegment, endSegment, a0, a1, a2, a3, 4, steps, o0, o1, o2, o3, used, lanes, hasBias);
      } else {
        tileOut<i16>(tile, epilogue, firstSegment, endSegment, a0, a1, a2, a3, 4, steps, o0, o1, o2, o3, used, lanes, hasBias);
      }
      continue;
    }
    if (blockCount == 0) {
      memory.fill(tile, 0, TILE_BYTES);
    } else if (!isInt) {
      tileFloat(tile, firstSegment, endSegment, a0, a1, a2, a3, 4, steps);
    } else {
      memory.fill(wide, 0, WIDE_BYTES);
      let at = steps;
      for (let b = 0; b < blockCount; b++) {
        const block = blocks + ((<usize>b) << 3);
        at = tileInt(tile, load<u32>(block), load<u32>(block, 4), a0, a1, a2, a3, 4, at);
        addToWide(wide, tile);
      }
      roundWide(tile, wide);
    }
    if (isInt) {
      storeScaled(tile, panel, o0, lanes, scale, hasBias);
      if (used > 1) storeScaled(tile + 32, panel, o1, lanes, scale, hasBias);
      if (used > 2) storeScaled(tile + 64, panel, o2, lanes, scale, hasBias);
      if (used > 3) storeScaled(tile + 96, panel, o3, lanes, scale, hasBias);
    } else {
      storePlain(tile, panel, o0, lanes, hasBias);
      if (used > 1) storePlain(tile + 32, panel, o1, lanes, hasBias);
      if (used > 2) storePlain(tile + 64, panel, o2, lanes, hasBias);
      if (used > 3) storePlain(tile + 96, panel, o3, lanes, hasBias);
    }
  }
}

/** Runs the call that planTaps and the setters above describe. Returns 1 if there are cells and a value that is not finite. */
export function runTaps(thread: i32, threads: i32): i32 {
  const panels = scratch();
  const area = panels + panelSpace + <usize>thread * areaBytes;
  const tile = tileOf(area);
  const zeros = tile + TILE_BYTES + WIDE_BYTES;
  const band = zeros + 64 + 2 * EPILOGUE_STRIDE;
  buildTables(area);
  const perPhase = groups * groupPanels;
  const packs = phaseCount * perPhase;
  const packEnd = splitStart(packs, thread + 1, threads, 1);
  for (let i = splitStart(packs, thread, threads, 1); i < packEnd; i++) {
    const phase = phaseAt(i / perPhase);
    const n = i % perPhase;
    const panel = panels + phase.panels + <usize>n * phase.panelBytes;
    packPanel(panel, phase, n / groupPanels, n % groupPanels, zeros);
  }
  const pairPanels = load<i32>(PAIR_PANELS) != 0;
  startCells(cells, batch, thread);
  barrier();
  let bad = 0;
  const size = outputH * outputW * outputC;
  const units = batch * bandsPerImage;
  const unitEnd = splitStart(units, thread + 1, threads, 1);
  for (let unit = splitStart(units, thread, threads, 1); unit < unitEnd; unit++) {
    const image = unit / bandsPerImage;
    const first = (unit % bandsPerImage) * bandGridRows;
    const rows = min(bandGridRows, gridRows - first);
    fillBand(band, image, first, rows);
    const isInt = elementBytes < 4;
    const scale = isInt ? scaleOf(sourceParams, sourceGroups > 1 ? image : 0) : 1;
    const zero = elementBytes == 1 ? zeroByte(sourceStorage, sourceZero(image)) : 0;
    const target = output + ((<usize>(image * outputH * outputW * outputC + first * outputRowStride)) << 2);
    for (let p = 0; p < phaseCount; p++) {
      const phase = phaseAt(p);
      const phaseRows = min(rows, phase.gridH - first);
      if (phaseRows <= 0 || phase.gridW <= 0) continue;
      const inPairs = pairPanels && phase.blockCount == 1;
      for (let n = 0; n < perPhase; n++) {
        const group = n / groupPanels;
        const block = n % groupPanels;
        const panel = panels + phase.panels + <usize>n * phase.panelBytes;
        const both = inPairs && groupLanes - block * LANES >= 2 * LANES;
        if (both) n++;
        runPanel(
          phase,
          panel,
          both ? panel + phase.panelBytes : 0,
          tile,
          band + <usize>(group * terms) * elementBytes,
          phaseRows,
          target + ((<usize>(phase.output + group * groupLanes + block * LANES)) << 2),
          min(LANES, groupLanes - block * LANES),
          scale,
          zero,
        );
      }
    }
    if (cells != 0) {
      // Only forward calls have cells: one phase, whose grid rows are the output's, one after the other.
      const from = image * size + first * outputRowStride;
      bad |= widenRows(output, from, from + rows * outputRowStride, size, cells);
    }
  }
  return bad;
}
