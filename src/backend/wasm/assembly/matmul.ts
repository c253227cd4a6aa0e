/**
 * matmul and matmul_int. The right side is packed into panels, a chunk of columns at a time; bands of left rows are
 * widened (or, transposed, interleaved) into a band buffer and the tiles run over both. Many small products of a batch
 * go to one thread each, whole; otherwise the threads share each product.
 */
import { INT16, ceilDiv, int, ptr, roundUp64, splitStart, storageOf } from './args';
import { allZeroPoints0, BYTE_TERMS, bytesFit, copyBytes, zeroByte } from './bytes';
import { blockTerms, codeAt, eightAt, scaleOf, widen, zeroPointOf } from './codes';
import {
  matmul_batch,
  matmul_bias,
  matmul_int_batch,
  matmul_int_bias,
  matmul_int_cols,
  matmul_int_left,
  matmul_int_leftGroups,
  matmul_int_leftParams,
  matmul_int_output,
  matmul_int_right,
  matmul_int_rightBy,
  matmul_int_rightParams,
  matmul_int_transposeLeft,
  matmul_int_inner,
  matmul_left,
  matmul_output,
  matmul_right,
} from './generated';
import { LANES, PANEL_HEADER, packBytes, packCodes, packFloats, packHeader, STEP_BYTES, sumLanes } from './panel';
import { barrier, scratch } from './threads';
import { prepareEpilogue, tileOut } from './tile-out';
import { EPILOGUE_STRIDE } from './tile-pair';
import {
  addToWide,
  roundTile,
  roundWide,
  SEGMENT_BYTES,
  storePlain,
  storeScaled,
  TILE_BYTES,
  tileFloat,
  tileInt,
  WIDE_BYTES,
} from './tile';

/** Bytes of panels of one chunk of columns, and of a band of left rows. */
const CHUNK_TARGET: usize = 4194304;
const BAND_TARGET: usize = 131072;

let isInt: bool = false;
/** Codes go as bytes, four values of k a step, instead of as int16. */
let isBytes: bool = false;
let batch: i32 = 0;
let rows: i32 = 0;
let cols: i32 = 0;
let inner: i32 = 0;
let transposeLeft: bool = false;
let transposeRight: bool = false;
let left: usize = 0;
let leftStorage: i32 = 0;
let leftParams: usize = 0;
let leftGroups: i32 = 1;
let right: usize = 0;
let rightStorage: i32 = 0;
let rightParams: usize = 0;
let rightBy: i32 = 0;
let bias: usize = 0;
let output: usize = 0;

/** Values of k in a step are 4 (bytes), 2 (int16) or 1; a step of a row takes 4 bytes. */
let steps: i32 = 0;
let stepLimit: i32 = 0;
let blocks: i32 = 0;
let chunkPanels: i32 = 0;
let panelBytes: usize = 0;
let bandRows: i32 = 0;
/** Threads work on products of their own. */
let apart: bool = false;
let panelSpace: usize = 0;
let areaBytes: usize = 0;

/** `at` is the place of `batch` in the record, `width` the bytes of a value in a band. */
function plan(at: usize, width: i32, limit: i32, threads: i32): void {
  isInt = width < 4;
  isBytes = width == 1;
  const stepTerms = 4 / width;
  batch = int(at, 0);
  rows = int(at, 4);
  cols = int(at, 8);
  inner = int(at, 12);
  transposeLeft = int(at, 16) != 0;
  transposeRight = int(at, 20) != 0;
  steps = ceilDiv(inner, stepTerms);
  stepLimit = isInt ? limit / stepTerms : i32.MAX_VALUE;
  blocks = isInt ? max(1, ceilDiv(steps, stepLimit)) : 1;
  panelBytes = PANEL_HEADER + <usize>steps * STEP_BYTES;
  chunkPanels = min(ceilDiv(cols, LANES), max(1, <i32>(CHUNK_TARGET / panelBytes)));
  apart = batch >= threads;
  const rowBytes = (<usize>steps) << 2;
  bandRows = min((rows + 3) & ~3, max(4, <i32>(BAND_TARGET / max<usize>(1, rowBytes)) & ~3));
  if (!apart) bandRows = min(bandRows, max(4, (ceilDiv(rows, threads) + 3) & ~3));
  panelSpace = roundUp64(<usize>chunkPanels * panelBytes);
  areaBytes = TILE_BYTES + WIDE_BYTES + 64 + EPILOGUE_STRIDE + roundUp64(<usize>blocks * SEGMENT_BYTES);
  areaBytes += roundUp64(<usize>bandRows * rowBytes + 16);
}

function scratchOf(threads: i32): usize {
  return (apart ? panelSpace * threads : panelSpace) + areaBytes * threads;
}

function leftGroup(product: i32, row: i32): i32 {
  if (leftGroups == 1) return 0;
  return <i32>((<i64>product * rows + row) / ((<i64>batch * rows) / leftGroups));
}

function packPanel(panel: usize, product: i32, block: i32, zeros: usize): void {
  const first = block * LANES;
  const lanes = min(LANES, cols - first);
  const laneStride: usize = transposeRight ? inner : 1;
  const kStride: usize = transposeRight ? 1 : cols;
  const element = <usize>product * inner * cols + <usize>first * laneStride;
  const biasAt = bias == 0 ? 0 : bias + ((<usize>first) << 2);
  if (!isInt) {
    packHeader(panel, lanes, 0, 0, biasAt);
    packFloats(panel + PANEL_HEADER, right + (element << 2), laneStride, kStride, lanes, inner);
    return;
  }
  const folded = rightBy == 3;
  const group = rightBy == 1 ? first : rightBy == 2 ? product : 0;
  for (let lane = 0; lane < LANES; lane++) {
    const zero = folded || lane >= lanes ? 0 : zeroPointOf(rightParams, rightBy == 1 ? group + lane : group);
    store<i16>(zeros + ((<usize>lane) << 1), <i16>zero);
  }
  packHeader(panel, lanes, folded ? 0 : rightParams + ((<usize>group) << 4), rightBy == 1 ? 16 : 0, biasAt);
  if (isBytes) {
    const steps = panel + PANEL_HEADER;
    sumLanes(panel, packBytes(steps, right + element, laneStride, kStride, lanes, inner));
    return;
  }
  const from = right + (rightStorage == INT16 ? element << 1 : element);
  packCodes(panel + PANEL_HEADER, from, rightStorage, laneStride, kStride, lanes, inner, zeros);
}

/** Rows [first, first + count) of the left side as [row][step] (not transposed). */
function fillRows(band: usize, product: i32, first: i32, count: i32): void {
  const rowBytes = (<usize>steps) << 2;
  for (let r = 0; r < count; r++) {
    const element = (<usize>product * rows + first + r) * inner;
    const to = band + <usize>r * rowBytes;
    if (isBytes) {
      copyBytes(to, left + element, inner, leftStorage);
    } else if (isInt) {
      const zero = zeroPointOf(leftParams, leftGroup(product, first + r));
      widen(to, left + (leftStorage == INT16 ? element << 1 : element), inner, leftStorage, zero);
      if (inner & 1) store<i16>(to + ((<usize>inner) << 1), 0);
    } else {
      memory.copy(to, left + (element << 2), rowBytes);
    }
  }
}

/** The same of a transposed left side [inner][rows], as [step][bandRows]. */
function fillColumns(band: usize, product: i32, first: i32, count: i32): void {
  const stepBytes = (<usize>bandRows) << 2;
  const base = <usize>product * inner * rows + first;
  if (!isInt) {
    for (let k = 0; k < inner; k++) {
      memory.copy(band + <usize>k * stepBytes, left + ((base + <usize>k * rows) << 2), (<usize>count) << 2);
    }
    return;
  }
  const group = leftGroup(product, first);
  const uniform = leftGroup(product, first + count - 1) == group;
  const zero = i16x8.splat(<i16>zeroPointOf(leftParams, group));
  for (let s = 0; s < steps; s++) {
    const even = base + <usize>(2 * s) * rows;
    const paired = 2 * s + 1 < inner;
    const odd = even + rows;
    const to = band + <usize>s * stepBytes;
    let r: i32 = 0;
    if (uniform && paired) {
      for (; r + 8 <= count; r += 8) {
        const e = i16x8.sub(eightAt(left, even + r, leftStorage), zero);
        const o = i16x8.sub(eightAt(left, odd + r, leftStorage), zero);
        v128.store(to + ((<usize>r) << 2), v128.shuffle<i16>(e, o, 0, 8, 1, 9, 2, 10, 3, 11));
        v128.store(to + ((<usize>r) << 2), v128.shuffle<i16>(e, o, 4, 12, 5, 13, 6, 14, 7, 15), 16);
      }
    }
    for (; r < count; r++) {
      const zp = zeroPointOf(leftParams, leftGroup(product, first + r));
      const at = to + ((<usize>r) << 2);
      store<i16>(at, <i16>(codeAt(left, even + r, leftStorage) - zp));
      store<i16>(at, paired ? <i16>(codeAt(left, odd + r, leftStorage) - zp) : 0, 2);
    }
  }
}

/** One panel over a band. */
function runPanel(
  panel: usize,
  area: usize,
  band: usize,
  product: i32,
  block: i32,
  first: i32,
  count: i32,
): void {
  const tile = area;
  const wide = tile + TILE_BYTES;
  const epilogue = wide + WIDE_BYTES + 64;
  const segments = epilogue + EPILOGUE_STRIDE;
  const segmentsEnd = segments + SEGMENT_BYTES;
  const rowStep: usize = transposeLeft ? 4 : (<usize>steps) << 2;
  const step: usize = transposeLeft ? (<usize>bandRows) << 2 : 4;
  const lanes = min(LANES, cols - block * LANES);
  const hasBias = bias != 0;
  const outRow = (<usize>cols) << 2;
  let out = output + (((<usize>product * rows + first) * cols + <usize>(block * LANES)) << 2);
  const inOne = isInt && blocks == 1 && steps > 0 && leftGroups == 1;
  if (inOne) {
    const zero = isBytes ? zeroByte(leftStorage, zeroPointOf(leftParams, 0)) : 0;
    prepareEpilogue(epilogue, panel, scaleOf(leftParams, 0), zero);
  }
  for (let r = 0; r < count; r += 4) {
    const used = min(4, count - r);
    const a0 = band + <usize>r * rowStep;
    const a1 = used > 1 ? a0 + rowStep : a0;
    const a2 = used > 2 ? a1 + rowStep : a0;
    const a3 = used > 3 ? a2 + rowStep : a0;
    const b = panel + PANEL_HEADER;
    if (inOne) {
      const o1 = out + outRow;
      const o2 = o1 + outRow;
      const o3 = o2 + outRow;
      if (isBytes) {
        tileOut<i8>(tile, epilogue, segments, segmentsEnd, a0, a1, a2, a3, step, b, out, o1, o2, o3, used, lanes, hasBias);
      } else {
        tileOut<i16>(tile, epilogue, segments, segmentsEnd, a0, a1, a2, a3, step, b, out, o1, o2, o3, used, lanes, hasBias);
      }
      out = o3 + outRow;
      continue;
    }
    if (steps == 0) memory.fill(tile, 0, TILE_BYTES);
    else if (!isInt) tileFloat(tile, segments, segmentsEnd, a0, a1, a2, a3, step, b);
    else if (blocks == 1) {
      tileInt(tile, segments, segmentsEnd, a0, a1, a2, a3, step, b);
      roundTile(tile);
    } else {
      memory.fill(wide, 0, WIDE_BYTES);
      let at = b;
      for (let i = 0; i < blocks; i++) {
        const segment = segments + <usize>i * SEGMENT_BYTES;
        at = tileInt(tile, segment, segment + SEGMENT_BYTES, a0, a1, a2, a3, step, at);
        addToWide(wide, tile);
      }
      roundWide(tile, wide);
    }
    for (let i = 0; i < used; i++, out += outRow) {
      const sums = tile + ((<usize>i) << 5);
      if (isInt) {
        const scale = scaleOf(leftParams, leftGroup(product, first + r + i));
        storeScaled(sums, panel, out, lanes, scale, hasBias);
      } else {
        storePlain(sums, panel, out, lanes, hasBias);
      }
    }
  }
}

/** One product by `count` threads of which this is number `index`. */
function runProduct(panels: usize, area: usize, product: i32, index: i32, count: i32): void {
  const zeros = area + TILE_BYTES + WIDE_BYTES;
  const band = zeros + 64 + EPILOGUE_STRIDE + roundUp64(<usize>blocks * SEGMENT_BYTES);
  const bands = ceilDiv(rows, bandRows);
  const panelCount = ceilDiv(cols, LANES);
  for (let chunk = 0; chunk < panelCount; chunk += chunkPanels) {
    const size = min(chunkPanels, panelCount - chunk);
    const packEnd = splitStart(size, index + 1, count, 1);
    for (let i = splitStart(size, index, count, 1); i < packEnd; i++) {
      packPanel(panels + <usize>i * panelBytes, product, chunk + i, zeros);
    }
    if (count > 1) barrier();
    // Deal out bands, or panels where that balances better.
    const byBand = ceilDiv(bands, count) * size <= ceilDiv(size, count) * bands;
    const bandStart = byBand ? splitStart(bands, index, count, 1) : 0;
    const bandEnd = byBand ? splitStart(bands, index + 1, count, 1) : bands;
    const panelStart = byBand ? 0 : splitStart(size, index, count, 1);
    const panelEnd = byBand ? size : packEnd;
    for (let i = bandStart; i < bandEnd; i++) {
      if (panelStart == panelEnd) break;
      const first = i * bandRows;
      const used = min(bandRows, rows - first);
      if (transposeLeft) fillColumns(band, product, first, used);
      else fillRows(band, product, first, used);
      for (let p = panelStart; p < panelEnd; p++) {
        runPanel(panels + <usize>p * panelBytes, area, band, product, chunk + p, first, used);
      }
    }
    if (count > 1) barrier();
  }
}

function run(thread: i32, threads: i32): void {
  const panels = scratch() + (apart ? panelSpace * thread : 0);
  const area = scratch() + (apart ? panelSpace * threads : panelSpace) + areaBytes * thread;
  const segments = area + TILE_BYTES + WIDE_BYTES + 64 + EPILOGUE_STRIDE;
  const stepBytes = transposeLeft ? bandRows << 2 : 4;
  for (let i = 0; i < blocks; i++) {
    const start = i * stepLimit;
    store<i32>(segments + <usize>i * SEGMENT_BYTES, start * stepBytes);
    store<i32>(segments + <usize>i * SEGMENT_BYTES, min(stepLimit, steps - start), 4);
  }
  const start = apart ? splitStart(batch, thread, threads, 1) : 0;
  const end = apart ? splitStart(batch, thread + 1, threads, 1) : batch;
  for (let product = start; product < end; product++) {
    runProduct(panels, area, product, apart ? 0 : thread, apart ? 1 : threads);
  }
}

export function matmul_scratch(args: usize, threads: i32): usize {
  plan(args + matmul_batch, 4, 0, threads);
  return scratchOf(threads);
}

export function matmul(args: usize, thread: i32, threads: i32): void {
  plan(args + matmul_batch, 4, 0, threads);
  left = ptr(args, matmul_left);
  right = ptr(args, matmul_right);
  bias = ptr(args, matmul_bias);
  output = ptr(args, matmul_output);
  run(thread, threads);
}

function planInt(args: usize, bytes: bool, threads: i32): void {
  const limit = bytes ? BYTE_TERMS : blockTerms(leftStorage, rightStorage);
  plan(args + matmul_int_batch, bytes ? 1 : 2, limit, threads);
}

/** Rows with scales of their own and a transposed left side go by int16. */
function byBytes(args: usize): bool {
  leftStorage = storageOf(args, matmul_int_left);
  rightStorage = storageOf(args, matmul_int_right);
  const plain = int(args, matmul_int_transposeLeft) == 0 && int(args, matmul_int_leftGroups) == 1;
  return plain && bytesFit(leftStorage, rightStorage, int(args, matmul_int_inner));
}

/** Only the call's zero points tell whether it goes by bytes: room for both ways. */
export function matmul_int_scratch(args: usize, threads: i32): usize {
  const bytes = byBytes(args);
  planInt(args, false, threads);
  const wide = scratchOf(threads);
  if (!bytes) return wide;
  planInt(args, true, threads);
  return max(wide, scratchOf(threads));
}

export function matmul_int(args: usize, thread: i32, threads: i32): void {
  rightParams = ptr(args, matmul_int_rightParams);
  rightBy = int(args, matmul_int_rightBy);
  const rightGroups =
    rightBy == 0 ? 1 : rightBy == 1 ? int(args, matmul_int_cols) : rightBy == 2 ? int(args, matmul_int_batch) : 0;
  planInt(args, byBytes(args) && allZeroPoints0(rightParams, rightGroups), threads);
  left = ptr(args, matmul_int_left);
  leftParams = ptr(args, matmul_int_leftParams);
  leftGroups = int(args, matmul_int_leftGroups);
  right = ptr(args, matmul_int_right);
  bias = ptr(args, matmul_int_bias);
  output = ptr(args, matmul_int_output);
  run(thread, threads);
}
