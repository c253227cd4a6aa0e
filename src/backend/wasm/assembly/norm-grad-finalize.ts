/** The small kernels of a norm's backward pass: norm_grad_finalize and range_norm_spikes, a thread a share of the channels. */
import { FLOAT, float, int, ptr, splitStart, storageOf } from './args';
import {
  norm_grad_finalize_batch,
  norm_grad_finalize_cells,
  norm_grad_finalize_channels,
  norm_grad_finalize_chunks,
  norm_grad_finalize_coef,
  norm_grad_finalize_gradBeta,
  norm_grad_finalize_gradCoef,
  norm_grad_finalize_gradGamma,
  norm_grad_finalize_gradParams,
  norm_grad_finalize_inner,
  norm_grad_finalize_kind,
  range_norm_spikes_batch,
  range_norm_spikes_cells,
  range_norm_spikes_channels,
  range_norm_spikes_chunks,
  range_norm_spikes_constantHigh,
  range_norm_spikes_constantLow,
  range_norm_spikes_gradCoef,
  range_norm_spikes_gradInput,
  range_norm_spikes_inner,
} from './generated';
import { chunkConstant, chunkStart } from './norm-finalize';

export function norm_grad_finalize(args: usize, thread: i32, threads: i32): void {
  const gradParams = ptr(args, norm_grad_finalize_gradParams);
  const batch = int(args, norm_grad_finalize_batch);
  const channels = int(args, norm_grad_finalize_channels);
  const chunks = <f64>int(args, norm_grad_finalize_chunks);
  const n = <f64>batch * <f64>int(args, norm_grad_finalize_inner);
  const exact = storageOf(args, norm_grad_finalize_cells) != FLOAT;
  const gradScale: f64 = gradParams != 0 ? <f64>load<f32>(gradParams) : 1.0;
  const last = splitStart(channels, thread + 1, threads, 1);
  for (let c = splitStart(channels, thread, threads, 1); c < last; c++) {
    const own = ptr(args, norm_grad_finalize_coef) + (<usize>c << 5);
    const yA = <f64>load<f32>(own, 8);
    const yB = <f64>load<f32>(own, 12);
    const gi = <f64>load<f32>(own, 20) * <f64>load<f32>(own, 16);
    let sum: f64 = 0;
    let product: f64 = 0;
    let cell = ptr(args, norm_grad_finalize_cells) + (<usize>c << 4);
    if (exact) {
      let codes: i64 = 0;
      let products: i64 = 0;
      for (let b = 0; b < batch; b++) {
        codes += <i64>load<i32>(cell);
        products += load<i64>(cell, 8);
        cell += <usize>channels << 4;
      }
      sum = gradScale * <f64>codes;
      product = gradScale * (yA * <f64>products + yB * <f64>codes);
    } else {
      for (let b = 0; b < batch; b++) {
        sum += <f64>load<f32>(cell);
        product += <f64>load<f32>(cell, 4);
        cell += <usize>channels << 4;
      }
    }
    store<f32>(ptr(args, norm_grad_finalize_gradBeta) + (<usize>c << 2), <f32>sum);
    store<f32>(ptr(args, norm_grad_finalize_gradGamma) + (<usize>c << 2), <f32>product);
    const to = ptr(args, norm_grad_finalize_gradCoef) + (<usize>c << 4);
    store<f32>(to, <f32>(gi * gradScale));
    if (int(args, norm_grad_finalize_kind) == 0) {
      store<f32>(to, <f32>(((-gi * product) / n) * yA), 4);
      store<f32>(to, <f32>(-gi * (sum / n + (yB * product) / n)), 8);
      store<f32>(to, 0, 12);
    } else {
      store<f32>(to, 0, 4);
      store<f32>(to, <f32>((-gi * sum) / n), 8);
      store<f32>(to, <f32>((-gi * product) / chunks), 12);
    }
  }
}

/** Whether the minimum or maximum of one cell is below that of another, code or float. */
// @ts-ignore: decorator
@inline
function below(a: usize, b: usize, ofFloats: bool): bool {
  return ofFloats ? load<f32>(a) < load<f32>(b) : load<i32>(a) < load<i32>(b);
}

export function range_norm_spikes(args: usize, thread: i32, threads: i32): void {
  const cells = ptr(args, range_norm_spikes_cells);
  const gradCoef = ptr(args, range_norm_spikes_gradCoef);
  const gradInput = ptr(args, range_norm_spikes_gradInput);
  const batch = int(args, range_norm_spikes_batch);
  const inner = int(args, range_norm_spikes_inner);
  const channels = int(args, range_norm_spikes_channels);
  const chunks = int(args, range_norm_spikes_chunks);
  const low = float(args, range_norm_spikes_constantLow);
  const high = float(args, range_norm_spikes_constantHigh);
  const ofFloats = storageOf(args, range_norm_spikes_cells) == FLOAT;
  const step = <usize>channels << 5;
  const end = splitStart(channels, thread + 1, threads, 1);
  for (let c = splitStart(channels, thread, threads, 1); c < end; c++) {
    const spike = load<f32>(gradCoef + (<usize>c << 4), 12);
    const column = cells + (<usize>c << 5);
    for (let k = 0; k < chunks; k++) {
      const first = chunkStart(k, batch, chunks);
      const last = chunkStart(k + 1, batch, chunks);
      let lowImage = first;
      let highImage = first;
      for (let b = first + 1; b < last; b++) {
        const cell = column + <usize>b * step;
        if (below(cell, column + <usize>lowImage * step, ofFloats)) lowImage = b;
        if (below(column + <usize>highImage * step + 4, cell + 4, ofFloats)) highImage = b;
      }
      const lowCell = column + <usize>lowImage * step;
      const highCell = column + <usize>highImage * step;
      const argMin = ofFloats ? <i32>load<f32>(lowCell, 8) : load<i32>(lowCell, 8);
      const argMax = ofFloats ? <i32>load<f32>(highCell, 12) : load<i32>(highCell, 12);
      const value: f32 = spike * chunkConstant(last - first, batch, chunks, low, high);
      const up = gradInput + ((<usize>(highImage * inner + argMax) * <usize>channels + <usize>c) << 2);
      store<f32>(up, load<f32>(up) + value);
      const down = gradInput + ((<usize>(lowImage * inner + argMin) * <usize>channels + <usize>c) << 2);
      store<f32>(down, load<f32>(down) - value);
    }
  }
}
