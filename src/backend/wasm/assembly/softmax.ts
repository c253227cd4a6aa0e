/**
 * Softmax over rows, its logarithm, their gradients, and cross-entropy, all in double with the functions of core/math.ts. Threads share out
 * the rows, and do two exponentials at a time. exp is computed again where it is needed twice, since a float buffer cannot keep a double.
 */
import { exp, log } from '../../../core/math';
import { exp2 } from './exp';
import { FLOAT, float, int, ptr, splitStart, storageOf } from './args';
import {
  log_softmax_cols,
  log_softmax_grad_cols,
  log_softmax_grad_gradInput,
  log_softmax_grad_gradOutput,
  log_softmax_grad_output,
  log_softmax_grad_rows,
  log_softmax_input,
  log_softmax_output,
  log_softmax_rows,
  softmax_cols,
  softmax_cross_entropy_cols,
  softmax_cross_entropy_correct,
  softmax_cross_entropy_gradLogits,
  softmax_cross_entropy_labels,
  softmax_cross_entropy_logits,
  softmax_cross_entropy_loss,
  softmax_cross_entropy_rows,
  softmax_cross_entropy_scale,
  softmax_cross_entropy_site,
  softmax_cross_entropy_smoothing,
  softmax_cross_entropy_status,
  softmax_grad_cols,
  softmax_grad_gradInput,
  softmax_grad_gradOutput,
  softmax_grad_output,
  softmax_grad_rows,
  softmax_input,
  softmax_output,
  softmax_rows,
} from './generated';
import { setStatus } from './range';

/** Position of a row's first maximum (a NaN is never larger). */
function firstMaximum(row: usize, cols: i32): i32 {
  let best = 0;
  let value = load<f32>(row);
  for (let j = 1; j < cols; j++) {
    const x = load<f32>(row + (<usize>j << 2));
    if (x > value) {
      value = x;
      best = j;
    }
  }
  return best;
}

/** exp(x - highest) of two neighbours. */
// @ts-ignore: decorator
@inline
function expsAt(at: usize, highest: v128): v128 {
  return exp2(f64x2.sub(f64x2.promote_low_f32x4(v128.load64_zero(at)), highest));
}

/** Sum over a row of exp(x - highest), in order. */
function sumOfExps(row: usize, cols: i32, highest: f64): f64 {
  const highests = f64x2.splat(highest);
  const end = row + (<usize>cols << 2);
  let sum: f64 = 0;
  let p = row;
  for (; p + 8 <= end; p += 8) {
    const powers = expsAt(p, highests);
    sum += f64x2.extract_lane(powers, 0);
    sum += f64x2.extract_lane(powers, 1);
  }
  if (p < end) sum += exp(<f64>load<f32>(p) - highest);
  return sum;
}

export function softmax(args: usize, thread: i32, threads: i32): void {
  const rows = int(args, softmax_rows);
  const cols = int(args, softmax_cols);
  const step = <usize>cols << 2;
  const end = splitStart(rows, thread + 1, threads, 1);
  for (let r = splitStart(rows, thread, threads, 1); r < end; r++) {
    const from = ptr(args, softmax_input) + <usize>r * step;
    const to = ptr(args, softmax_output) + <usize>r * step;
    const highest = <f64>load<f32>(from + (<usize>firstMaximum(from, cols) << 2));
    const sum = sumOfExps(from, cols, highest);
    const highests = f64x2.splat(highest);
    const sums = f64x2.splat(sum);
    let j: usize = 0;
    for (; j + 8 <= step; j += 8) {
      const shares = f64x2.div(expsAt(from + j, highests), sums);
      v128.store64_lane(to + j, f32x4.demote_f64x2_zero(shares), 0);
    }
    if (j < step) store<f32>(to + j, <f32>(exp(<f64>load<f32>(from + j) - highest) / sum));
  }
}

export function softmax_grad(args: usize, thread: i32, threads: i32): void {
  const rows = int(args, softmax_grad_rows);
  const step = <usize>int(args, softmax_grad_cols) << 2;
  const end = splitStart(rows, thread + 1, threads, 1);
  for (let r = splitStart(rows, thread, threads, 1); r < end; r++) {
    const y = ptr(args, softmax_grad_output) + <usize>r * step;
    const g = ptr(args, softmax_grad_gradOutput) + <usize>r * step;
    const to = ptr(args, softmax_grad_gradInput) + <usize>r * step;
    let dot: f64 = 0;
    for (let j: usize = 0; j < step; j += 4) dot += <f64>load<f32>(g + j) * <f64>load<f32>(y + j);
    for (let j: usize = 0; j < step; j += 4) {
      store<f32>(to + j, <f32>(<f64>load<f32>(y + j) * (<f64>load<f32>(g + j) - dot)));
    }
  }
}

export function log_softmax(args: usize, thread: i32, threads: i32): void {
  const rows = int(args, log_softmax_rows);
  const cols = int(args, log_softmax_cols);
  const step = <usize>cols << 2;
  const end = splitStart(rows, thread + 1, threads, 1);
  for (let r = splitStart(rows, thread, threads, 1); r < end; r++) {
    const from = ptr(args, log_softmax_input) + <usize>r * step;
    const to = ptr(args, log_softmax_output) + <usize>r * step;
    const highest = <f64>load<f32>(from + (<usize>firstMaximum(from, cols) << 2));
    const logSum = log(sumOfExps(from, cols, highest));
    for (let j: usize = 0; j < step; j += 4) {
      store<f32>(to + j, <f32>(<f64>load<f32>(from + j) - highest - logSum));
    }
  }
}

export function log_softmax_grad(args: usize, thread: i32, threads: i32): void {
  const rows = int(args, log_softmax_grad_rows);
  const step = <usize>int(args, log_softmax_grad_cols) << 2;
  const end = splitStart(rows, thread + 1, threads, 1);
  for (let r = splitStart(rows, thread, threads, 1); r < end; r++) {
    const y = ptr(args, log_softmax_grad_output) + <usize>r * step;
    const g = ptr(args, log_softmax_grad_gradOutput) + <usize>r * step;
    const to = ptr(args, log_softmax_grad_gradInput) + <usize>r * step;
    let sum: f64 = 0;
    for (let j: usize = 0; j < step; j += 4) sum += <f64>load<f32>(g + j);
    for (let j: usize = 0; j < step; j += 4) {
      store<f32>(to + j, <f32>(<f64>load<f32>(g + j) - exp(<f64>load<f32>(y + j)) * sum));
    }
  }
}

export function softmax_cross_entropy(args: usize, thread: i32, threads: i32): void {
  const rows = int(args, softmax_cross_entropy_rows);
  const cols = int(args, softmax_cross_entropy_cols);
  const smoothing = <f64>float(args, softmax_cross_entropy_smoothing);
  const scale = <f64>float(args, softmax_cross_entropy_scale);
  // Shares of the target distribution: of any class, and of the label's.
  const share = smoothing / <f64>cols;
  const own = 1.0 - smoothing + share;
  const loss = ptr(args, softmax_cross_entropy_loss);
  const gradLogits = ptr(args, softmax_cross_entropy_gradLogits);
  const correct = ptr(args, softmax_cross_entropy_correct);
  const correctIsFloat = storageOf(args, softmax_cross_entropy_correct) == FLOAT;
  const step = <usize>cols << 2;
  let bits = 0;
  const end = splitStart(rows, thread + 1, threads, 1);
  for (let r = splitStart(rows, thread, threads, 1); r < end; r++) {
    const at = <usize>r << 2;
    const x = ptr(args, softmax_cross_entropy_logits) + <usize>r * step;
    const grad = gradLogits + <usize>r * step;
    const label = load<i32>(ptr(args, softmax_cross_entropy_labels) + at);
    const best = firstMaximum(x, cols);
    if (correct != 0) {
      if (correctIsFloat) store<f32>(correct + at, best == label ? <f32>1 : <f32>0);
      else store<i32>(correct + at, <i32>(best == label));
    }
    if (label < 0 || label >= cols) {
      bits |= 2;
      store<f32>(loss + at, 0);
      if (gradLogits != 0) memory.fill(grad, 0, step);
      continue;
    }
    const highest = <f64>load<f32>(x + (<usize>best << 2));
    const sum = sumOfExps(x, cols, highest);
    let agreement: f64 = 0;
    const highests = f64x2.splat(highest);
    const sums = f64x2.splat(sum);
    let j = 0;
    for (; j + 2 <= cols; j += 2) {
      const lane = <usize>j << 2;
      const d = f64x2.sub(f64x2.promote_low_f32x4(v128.load64_zero(x + lane)), highests);
      let target = f64x2.splat(share);
      if (j == label) target = f64x2.replace_lane(target, 0, own);
      if (j + 1 == label) target = f64x2.replace_lane(target, 1, own);
      const agreements = f64x2.mul(target, d);
      agreement += f64x2.extract_lane(agreements, 0);
      agreement += f64x2.extract_lane(agreements, 1);
      if (gradLogits != 0) {
        const difference = f64x2.mul(f64x2.sub(f64x2.div(exp2(d), sums), target), f64x2.splat(scale));
        v128.store64_lane(grad + lane, f32x4.demote_f64x2_zero(difference), 0);
      }
    }
    if (j < cols) {
      const d = <f64>load<f32>(x + (<usize>j << 2)) - highest;
      const target = j == label ? own : share;
      agreement += target * d;
      if (gradLogits != 0) store<f32>(grad + (<usize>j << 2), <f32>((exp(d) / sum - target) * scale));
    }
    const value = <f32>(log(sum) - agreement);
    if (!(value - value == 0)) bits |= 1;
    store<f32>(loss + at, value);
  }
  setStatus(ptr(args, softmax_cross_entropy_status), int(args, softmax_cross_entropy_site), bits);
}
