/** SGD, Adam, and what clipping by the global norm needs. Parameters are shared out over the threads element by element. */
import { float, int, ptr, splitStart } from './args';
import {
  adam_beta1,
  adam_beta2,
  adam_cellRows,
  adam_cells,
  adam_count,
  adam_decoupled,
  adam_eps,
  adam_gradient,
  adam_hyper,
  adam_moment1,
  adam_moment2,
  adam_parameter,
  adam_site,
  adam_status,
  adam_weightDecay,
  clip_scale_count,
  clip_scale_hyper,
  clip_scale_maxNorm,
  clip_scale_sums,
  sgd_cellRows,
  sgd_cells,
  sgd_count,
  sgd_decoupled,
  sgd_gradient,
  sgd_hyper,
  sgd_momentum,
  sgd_nesterov,
  sgd_parameter,
  sgd_site,
  sgd_status,
  sgd_velocity,
  sgd_weightDecay,
  square_sum_count,
  square_sum_gradient,
  square_sum_slot,
  square_sum_sums,
} from './generated';
import { setStatus, startCells, widenRows } from './range';
import { barrier } from './threads';

/** Elements whose range is found right after they were written. */
const BLOCK: i32 = 4096;

// Byte offsets in `hyper`.
const LEARNING_RATE: usize = 0;
const GRAD_SCALE: usize = 4;
const BIAS_CORRECTION1: usize = 8;
const BIAS_CORRECTION2: usize = 12;
const CLIP_SCALE: usize = 16;

export function square_sum(args: usize, thread: i32, threads: i32): void {
  // The sum is in order, so it is one thread's.
  if (thread != 0) return;
  const gradient = ptr(args, square_sum_gradient);
  const end = gradient + ((<usize>int(args, square_sum_count)) << 2);
  let sum: f64 = 0;
  for (let p = gradient; p < end; p += 4) {
    const g = <f64>load<f32>(p);
    sum += g * g;
  }
  store<f32>(ptr(args, square_sum_sums) + ((<usize>int(args, square_sum_slot)) << 2), <f32>sum);
}

export function clip_scale(args: usize, thread: i32, threads: i32): void {
  if (thread != 0) return;
  const hyper = ptr(args, clip_scale_hyper);
  const sums = ptr(args, clip_scale_sums);
  const count = int(args, clip_scale_count);
  let sum: f64 = 0;
  for (let i = 0; i < count; i++) sum += <f64>load<f32>(sums + ((<usize>i) << 2));
  const norm = <f64>load<f32>(hyper, GRAD_SCALE) * sqrt<f64>(sum);
  const factor = <f64>float(args, clip_scale_maxNorm) / (norm + 1e-6);
  store<f32>(hyper, <f32>min<f64>(1.0, factor), CLIP_SCALE);
}

export function sgd(args: usize, thread: i32, threads: i32): void {
  const parameter = ptr(args, sgd_parameter);
  const gradient = ptr(args, sgd_gradient);
  const velocity = ptr(args, sgd_velocity);
  const hyper = ptr(args, sgd_hyper);
  const momentum = float(args, sgd_momentum);
  const nesterov = int(args, sgd_nesterov) != 0;
  const weightDecay = float(args, sgd_weightDecay);
  const decoupled = int(args, sgd_decoupled) != 0;
  const lr = load<f32>(hyper, LEARNING_RATE);
  const gradScale = load<f32>(hyper, GRAD_SCALE);
  const clipScale = load<f32>(hyper, CLIP_SCALE);
  const keep: f32 = 1 - lr * weightDecay;
  const momenta = f32x4.splat(momentum);
  const decays = f32x4.splat(weightDecay);
  const rates = f32x4.splat(lr);
  const gradScales = f32x4.splat(gradScale);
  const clipScales = f32x4.splat(clipScale);
  const keeps = f32x4.splat(keep);
  const count = int(args, sgd_count);
  const cells = ptr(args, sgd_cells);
  const cellRows = int(args, sgd_cellRows);
  if (cells != 0) {
    startCells(cells, cellRows, thread);
    barrier();
  }
  let bad = 0;
  const last = splitStart(count, thread + 1, threads, 16);
  for (let first = splitStart(count, thread, threads, 16); first < last; first += BLOCK) {
    const end = min(last, first + BLOCK);
    let i = first;
    for (; i + 4 <= end; i += 4) {
      const at = (<usize>i) << 2;
      let w = v128.load(parameter + at);
      let g = f32x4.mul(f32x4.mul(v128.load(gradient + at), gradScales), clipScales);
      if (decoupled) w = f32x4.mul(w, keeps);
      else g = f32x4.add(g, f32x4.mul(decays, w));
      if (velocity != 0) {
        const v = f32x4.add(f32x4.mul(momenta, v128.load(velocity + at)), g);
        v128.store(velocity + at, v);
        g = nesterov ? f32x4.add(g, f32x4.mul(momenta, v)) : v;
      }
      v128.store(parameter + at, f32x4.sub(w, f32x4.mul(rates, g)));
    }
    for (; i < end; i++) {
      const at = (<usize>i) << 2;
      let w = load<f32>(parameter + at);
      let g: f32 = load<f32>(gradient + at) * gradScale * clipScale;
      if (decoupled) w = w * keep;
      else g = g + weightDecay * w;
      if (velocity != 0) {
        const v: f32 = momentum * load<f32>(velocity + at) + g;
        store<f32>(velocity + at, v);
        g = nesterov ? g + momentum * v : v;
      }
      store<f32>(parameter + at, w - lr * g);
    }
    if (cells != 0) bad |= widenRows(parameter, first, end, count / cellRows, cells);
  }
  if (cells != 0) setStatus(ptr(args, sgd_status), int(args, sgd_site), bad);
}

export function adam(args: usize, thread: i32, threads: i32): void {
  const parameter = ptr(args, adam_parameter);
  const gradient = ptr(args, adam_gradient);
  const moment1 = ptr(args, adam_moment1);
  const moment2 = ptr(args, adam_moment2);
  const hyper = ptr(args, adam_hyper);
  const beta1 = float(args, adam_beta1);
  const beta2 = float(args, adam_beta2);
  const rest1: f32 = 1 - beta1;
  const rest2: f32 = 1 - beta2;
  const eps = <f64>float(args, adam_eps);
  const weightDecay = float(args, adam_weightDecay);
  const decoupled = int(args, adam_decoupled) != 0;
  const lr = load<f32>(hyper, LEARNING_RATE);
  const gradScale = load<f32>(hyper, GRAD_SCALE);
  const clipScale = load<f32>(hyper, CLIP_SCALE);
  const correction1 = <f64>load<f32>(hyper, BIAS_CORRECTION1);
  const correction2 = <f64>load<f32>(hyper, BIAS_CORRECTION2);
  const keep: f32 = 1 - lr * weightDecay;
  const rates = f64x2.splat(<f64>lr);
  const corrections1 = f64x2.splat(correction1);
  const corrections2 = f64x2.splat(correction2);
  const epsilons = f64x2.splat(eps);
  const count = int(args, adam_count);
  const cells = ptr(args, adam_cells);
  const cellRows = int(args, adam_cellRows);
  if (cells != 0) {
    startCells(cells, cellRows, thread);
    barrier();
  }
  const start = splitStart(count, thread, threads, 16);
  const end = splitStart(count, thread + 1, threads, 16);
  let bad = 0;
  for (let i = start; i < end; i += 2) {
    // Two at a time in double; an odd last element stands alone in both lanes' place.
    const at = (<usize>i) << 2;
    const pair = i + 1 < end;
    let w = pair ? v128.load64_zero(parameter + at) : v128.load32_zero(parameter + at);
    let g = pair ? v128.load64_zero(gradient + at) : v128.load32_zero(gradient + at);
    let m = pair ? v128.load64_zero(moment1 + at) : v128.load32_zero(moment1 + at);
    let v = pair ? v128.load64_zero(moment2 + at) : v128.load32_zero(moment2 + at);
    g = f32x4.mul(f32x4.mul(g, f32x4.splat(gradScale)), f32x4.splat(clipScale));
    if (decoupled) w = f32x4.mul(w, f32x4.splat(keep));
    else g = f32x4.add(g, f32x4.mul(f32x4.splat(weightDecay), w));
    m = f32x4.add(f32x4.mul(f32x4.splat(beta1), m), f32x4.mul(f32x4.splat(rest1), g));
    v = f32x4.add(f32x4.mul(f32x4.splat(beta2), v), f32x4.mul(f32x4.splat(rest2), f32x4.mul(g, g)));
    const top = f64x2.mul(rates, f64x2.div(f64x2.promote_low_f32x4(m), corrections1));
    const root = f64x2.sqrt(f64x2.div(f64x2.promote_low_f32x4(v), corrections2));
    const step = f64x2.div(top, f64x2.add(root, epsilons));
    w = f32x4.demote_f64x2_zero(f64x2.sub(f64x2.promote_low_f32x4(w), step));
    if (pair) {
      v128.store64_lane(parameter + at, w, 0);
      v128.store64_lane(moment1 + at, m, 0);
      v128.store64_lane(moment2 + at, v, 0);
    } else {
      v128.store32_lane(parameter + at, w, 0);
      v128.store32_lane(moment1 + at, m, 0);
      v128.store32_lane(moment2 + at, v, 0);
    }
    const done = min(i + 2, end) - start;
    if (cells != 0 && (done % BLOCK == 0 || i + 2 >= end)) {
      const first = start + ((done - 1) / BLOCK) * BLOCK;
      bad |= widenRows(parameter, first, start + done, count / cellRows, cells);
    }
  }
  if (cells != 0) setStatus(ptr(args, adam_status), int(args, adam_site), bad);
}
