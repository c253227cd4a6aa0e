/** conv2d and conv2d_grad_input, float and integer: each names its operands for taps-run.ts. */
import { int, ptr, splitStart, storageOf } from './args';
import { allZeroPoints0, BYTE_TERMS, bytesFit } from './bytes';
import { blockTerms } from './codes';
import {
  conv2d_batch,
  conv2d_bias,
  conv2d_grad_input_batch,
  conv2d_grad_input_gradInput,
  conv2d_grad_input_gradOutput,
  conv2d_grad_input_int_batch,
  conv2d_grad_input_int_gradGroups,
  conv2d_grad_input_int_gradInput,
  conv2d_grad_input_int_gradOutput,
  conv2d_grad_input_int_gradParams,
  conv2d_grad_input_int_weight,
  conv2d_grad_input_int_weightFolded,
  conv2d_grad_input_int_weightParams,
  conv2d_grad_input_weight,
  conv2d_input,
  conv2d_int_batch,
  conv2d_int_bias,
  conv2d_int_cells,
  conv2d_int_input,
  conv2d_int_inputGroups,
  conv2d_int_inputParams,
  conv2d_int_output,
  conv2d_int_site,
  conv2d_int_status,
  conv2d_int_weight,
  conv2d_int_weightGroups,
  conv2d_int_weightParams,
  conv2d_output,
  conv2d_weight,
} from './generated';
import { depthwiseScratch, isDepthwise, runDepthwise } from './depthwise';
import { batch, groups, inC, kernelH, kernelW, loadGeometry, outC, outH, outW } from './geometry';
import { setStatus, startCells, widenRows } from './range';
import { planTaps, tapsScratch } from './taps';
import { cells, output, runTaps, setOutput, setSource, setWeight } from './taps-run';
import { barrier } from './threads';

/** Returns 1 if the output has cells and a value that is not finite. */
function run(isInt: bool, forward: bool, thread: i32, threads: i32): i32 {
  if (!isDepthwise()) return runTaps(thread, threads);
  runDepthwise(isInt, forward, thread, threads);
  if (cells == 0) return 0;
  startCells(cells, batch, thread);
  barrier();
  const size = outH * outW * outC;
  const end = splitStart(batch, thread + 1, threads, 1);
  return widenRows(output, splitStart(batch, thread, threads, 1) * size, end * size, size, cells);
}

function planConv(args: usize, threads: i32): void {
  loadGeometry(args + conv2d_batch);
  planTaps(true, 4, 0, threads);
}

export function conv2d_scratch(args: usize, threads: i32): usize {
  planConv(args, threads);
  return isDepthwise() ? depthwiseScratch(threads) : tapsScratch(threads);
}

export function conv2d(args: usize, thread: i32, threads: i32): void {
  planConv(args, threads);
  setSource(ptr(args, conv2d_input), 0, 0, 1);
  setWeight(ptr(args, conv2d_weight), 0, 0, 1);
  setOutput(ptr(args, conv2d_bias), ptr(args, conv2d_output), 0);
  run(false, true, thread, threads);
}

function planGradInput(args: usize, threads: i32): void {
  loadGeometry(args + conv2d_grad_input_batch);
  planTaps(false, 4, 0, threads);
}

export function conv2d_grad_input_scratch(args: usize, threads: i32): usize {
  planGradInput(args, threads);
  return isDepthwise() ? depthwiseScratch(threads) : tapsScratch(threads);
}

export function conv2d_grad_input(args: usize, thread: i32, threads: i32): void {
  planGradInput(args, threads);
  setSource(ptr(args, conv2d_grad_input_gradOutput), 0, 0, 1);
  setWeight(ptr(args, conv2d_grad_input_weight), 0, 0, 1);
  setOutput(0, ptr(args, conv2d_grad_input_gradInput), 0);
  run(false, false, thread, threads);
}

/** Lays out an integer convolution over a band of bytes or of int16. */
function planInt(forward: bool, bytes: bool, source: i32, weight: i32, threads: i32): void {
  planTaps(forward, bytes ? 1 : 2, bytes ? BYTE_TERMS : blockTerms(source, weight), threads);
}

function byBytes(forward: bool, source: i32, weight: i32): bool {
  const channels = (forward ? inC : outC) / groups;
  return !isDepthwise() && bytesFit(source, weight, kernelH * kernelW * channels);
}

/** Only the call's zero points tell whether it goes by bytes: room for both ways. */
function scratchInt(forward: bool, source: i32, weight: i32, threads: i32): usize {
  if (isDepthwise()) return depthwiseScratch(threads);
  planInt(forward, false, source, weight, threads);
  const wide = tapsScratch(threads);
  if (!byBytes(forward, source, weight)) return wide;
  planInt(forward, true, source, weight, threads);
  return max(wide, tapsScratch(threads));
}

export function conv2d_int_scratch(args: usize, threads: i32): usize {
  loadGeometry(args + conv2d_int_batch);
  return scratchInt(true, storageOf(args, conv2d_int_input), storageOf(args, conv2d_int_weight), threads);
}

export function conv2d_int(args: usize, thread: i32, threads: i32): void {
  loadGeometry(args + conv2d_int_batch);
  const inputStorage = storageOf(args, conv2d_int_input);
  const ofWeight = storageOf(args, conv2d_int_weight);
  const weightParams = ptr(args, conv2d_int_weightParams);
  const bytes = byBytes(true, inputStorage, ofWeight) && allZeroPoints0(weightParams, int(args, conv2d_int_weightGroups));
  planInt(true, bytes, inputStorage, ofWeight, threads);
  setSource(
    ptr(args, conv2d_int_input),
    inputStorage,
    ptr(args, conv2d_int_inputParams),
    int(args, conv2d_int_inputGroups),
  );
  setWeight(
    ptr(args, conv2d_int_weight),
    ofWeight,
    weightParams,
    int(args, conv2d_int_weightGroups),
  );
  setOutput(ptr(args, conv2d_int_bias), ptr(args, conv2d_int_output), ptr(args, conv2d_int_cells));
  const bad = run(true, true, thread, threads);
  if (cells != 0) setStatus(ptr(args, conv2d_int_status), int(args, conv2d_int_site), bad);
}

export function conv2d_grad_input_int_scratch(args: usize, threads: i32): usize {
  loadGeometry(args + conv2d_grad_input_int_batch);
  const gradStorage = storageOf(args, conv2d_grad_input_int_gradOutput);
  return scratchInt(false, gradStorage, storageOf(args, conv2d_grad_input_int_weight), threads);
}

export function conv2d_grad_input_int(args: usize, thread: i32, threads: i32): void {
  loadGeometry(args + conv2d_grad_input_int_batch);
  const gradStorage = storageOf(args, conv2d_grad_input_int_gradOutput);
  const ofWeight = storageOf(args, conv2d_grad_input_int_weight);
  const folded = int(args, conv2d_grad_input_int_weightFolded) != 0;
  const weightParams = folded ? 0 : ptr(args, conv2d_grad_input_int_weightParams);
  const bytes = byBytes(false, gradStorage, ofWeight) && allZeroPoints0(weightParams, 1);
  planInt(false, bytes, gradStorage, ofWeight, threads);
  setSource(
    ptr(args, conv2d_grad_input_int_gradOutput),
    gradStorage,
    ptr(args, conv2d_grad_input_int_gradParams),
    int(args, conv2d_grad_input_int_gradGroups),
  );
  setWeight(ptr(args, conv2d_grad_input_int_weight), ofWeight, weightParams, 1);
  setOutput(0, ptr(args, conv2d_grad_input_int_gradInput), 0);
  run(true, false, thread, threads);
}
