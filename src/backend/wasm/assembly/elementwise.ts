/**
 * Element-wise kernels on float without a mask: fill, binary, unary, gelu_grad, affine, accumulate, dropout. Threads
 * share the elements out in runs of whole vectors; no result depends on how.
 */
import { erf, exp, log, tanh } from '../../../core/math';
import { float, int, ptr, splitStart } from './args';
import {
  accumulate_count,
  accumulate_input,
  accumulate_total,
  affine_count,
  affine_input,
  affine_output,
  affine_scale,
  affine_shift,
  binary_count,
  binary_kind,
  binary_left,
  binary_output,
  binary_right,
  dropout_count,
  dropout_counters,
  dropout_input,
  dropout_output,
  dropout_scale,
  dropout_site,
  dropout_threshold,
  fill_count,
  fill_output,
  fill_value,
  gelu_grad_count,
  gelu_grad_gradOutput,
  gelu_grad_input,
  gelu_grad_output,
  unary_count,
  unary_input,
  unary_kind,
  unary_output,
} from './generated';
import { noise8, noise16, noiseKey } from './noise';
import { hashMultiplier0, hashMultiplier1, laneVector } from './vectors';

const SQRT2: f64 = 1.4142135623730951;
const SQRT_TWO_PI: f64 = 2.5066282746310002;

export function fill(args: usize, thread: i32, threads: i32): void {
  const output = ptr(args, fill_output);
  const count = int(args, fill_count);
  const value = float(args, fill_value);
  const end = splitStart(count, thread + 1, threads, 16);
  let i = splitStart(count, thread, threads, 16);
  const vector = f32x4.splat(value);
  for (; i + 4 <= end; i += 4) v128.store(output + (<usize>i << 2), vector);
  for (; i < end; i++) store<f32>(output + (<usize>i << 2), value);
}

/** One run of `binary` for one kind: 0 add, 1 sub, 2 mul, 3 div. */
// @ts-ignore: decorator
@inline
function binaryRun(kind: i32, left: usize, right: usize, output: usize, start: i32, end: i32): void {
  let i = start;
  for (; i + 4 <= end; i += 4) {
    const at = <usize>i << 2;
    const a = v128.load(left + at);
    const b = v128.load(right + at);
    let y: v128;
    if (kind == 0) y = f32x4.add(a, b);
    else if (kind == 1) y = f32x4.sub(a, b);
    else if (kind == 2) y = f32x4.mul(a, b);
    else y = f32x4.div(a, b);
    v128.store(output + at, y);
  }
  for (; i < end; i++) {
    const at = <usize>i << 2;
    const a = load<f32>(left + at);
    const b = load<f32>(right + at);
    store<f32>(output + at, kind == 0 ? a + b : kind == 1 ? a - b : kind == 2 ? a * b : a / b);
  }
}

export function binary(args: usize, thread: i32, threads: i32): void {
  const left = ptr(args, binary_left);
  const right = ptr(args, binary_right);
  const output = ptr(args, binary_output);
  const count = int(args, binary_count);
  const start = splitStart(count, thread, threads, 16);
  const end = splitStart(count, thread + 1, threads, 16);
  const kind = int(args, binary_kind);
  if (kind == 0) binaryRun(0, left, right, output, start, end);
  else if (kind == 1) binaryRun(1, left, right, output, start, end);
  else if (kind == 2) binaryRun(2, left, right, output, start, end);
  else binaryRun(3, left, right, output, start, end);
}

export function unary(args: usize, thread: i32, threads: i32): void {
  const input = ptr(args, unary_input);
  const output = ptr(args, unary_output);
  const kind = int(args, unary_kind);
  const count = int(args, unary_count);
  const end = splitStart(count, thread + 1, threads, 16);
  for (let i = splitStart(count, thread, threads, 16); i < end; i++) {
    const at = <usize>i << 2;
    const x = <f64>load<f32>(input + at);
    let y: f64;
    if (kind == 0) y = exp(x);
    else if (kind == 1) y = log(x);
    else if (kind == 2) y = sqrt<f64>(x);
    else if (kind == 3) y = x * 0.5 * (1.0 + erf(x / SQRT2));
    else y = tanh(x);
    store<f32>(output + at, <f32>y);
  }
}

export function gelu_grad(args: usize, thread: i32, threads: i32): void {
  const input = ptr(args, gelu_grad_input);
  const gradOutput = ptr(args, gelu_grad_gradOutput);
  const output = ptr(args, gelu_grad_output);
  const count = int(args, gelu_grad_count);
  const end = splitStart(count, thread + 1, threads, 16);
  for (let i = splitStart(count, thread, threads, 16); i < end; i++) {
    const at = <usize>i << 2;
    const x = <f64>load<f32>(input + at);
    const g = <f64>load<f32>(gradOutput + at);
    const slope = 0.5 * (1.0 + erf(x / SQRT2)) + (x * exp((-x * x) / 2.0)) / SQRT_TWO_PI;
    store<f32>(output + at, <f32>(g * slope));
  }
}

export function affine(args: usize, thread: i32, threads: i32): void {
  const input = ptr(args, affine_input);
  const output = ptr(args, affine_output);
  const count = int(args, affine_count);
  const scale = float(args, affine_scale);
  const shift = float(args, affine_shift);
  const scales = f32x4.splat(scale);
  const shifts = f32x4.splat(shift);
  const end = splitStart(count, thread + 1, threads, 16);
  let i = splitStart(count, thread, threads, 16);
  for (; i + 4 <= end; i += 4) {
    const at = <usize>i << 2;
    v128.store(output + at, f32x4.add(f32x4.mul(scales, v128.load(input + at)), shifts));
  }
  for (; i < end; i++) {
    const at = <usize>i << 2;
    store<f32>(output + at, scale * load<f32>(input + at) + shift);
  }
}

export function accumulate(args: usize, thread: i32, threads: i32): void {
  const input = ptr(args, accumulate_input);
  const total = ptr(args, accumulate_total);
  const count = int(args, accumulate_count);
  const start = splitStart(count, thread, threads, 16);
  const end = splitStart(count, thread + 1, threads, 16);
  binaryRun(0, total, input, total, start, end);
}

export function dropout(args: usize, thread: i32, threads: i32): void {
  const input = ptr(args, dropout_input);
  const output = ptr(args, dropout_output);
  const count = int(args, dropout_count);
  const threshold = int(args, dropout_threshold);
  const scale = float(args, dropout_scale);
  const key = noiseKey(ptr(args, dropout_counters), int(args, dropout_site));
  const k0 = <u32>key;
  const k1 = <u32>(key >> 32);
  const end = splitStart(count, thread + 1, threads, 16);
  let i = splitStart(count, thread, threads, 16);
  const keys0 = i32x4.splat(k0);
  const keys1 = i32x4.splat(k1);
  const multiplier0 = hashMultiplier0();
  const multiplier1 = hashMultiplier1();
  const lanes = laneVector();
  const scales = f32x4.splat(scale);
  const thresholds = i32x4.splat(threshold);
  for (; i + 8 <= end; i += 8) {
    const at = <usize>i << 2;
    const noise = noise8(i, keys0, keys1, multiplier0, multiplier1, lanes);
    const keep0 = i32x4.ge_s(i32x4.extend_low_i16x8_u(noise), thresholds);
    const keep1 = i32x4.ge_s(i32x4.extend_high_i16x8_u(noise), thresholds);
    v128.store(output + at, v128.and(f32x4.mul(v128.load(input + at), scales), keep0));
    v128.store(output + at, v128.and(f32x4.mul(v128.load(input + at, 16), scales), keep1), 16);
  }
  for (; i < end; i++) {
    const at = <usize>i << 2;
    store<f32>(output + at, noise16(i, k0, k1) >= threshold ? load<f32>(input + at) * scale : <f32>0);
  }
}
