/** Codes to floats: dequantize. Groups are walked as in quantize.ts. */
import { INT8, int, ptr, splitStart, storageOf, UINT8 } from './args';
import {
  dequantize_codes,
  dequantize_count,
  dequantize_groupStride,
  dequantize_groups,
  dequantize_output,
  dequantize_qparams,
} from './generated';
import { grainOf } from './quantize';
import { firstFloats, gather4, lastFloats, loadCodes8, loadOne, superRowsAtOnce, unitsOf } from './vectors';

function dequantizeRun<T>(codes: usize, output: usize, start: i32, end: i32, params: usize): void {
  const scale = load<f32>(params);
  const zeroPoint = load<f32>(params, 8);
  const offset = load<f32>(params, 12);
  const scales = f32x4.splat(scale);
  const zeroPoints = f32x4.splat(zeroPoint);
  const offsets = f32x4.splat(offset);
  let i = start;
  for (; i + 8 <= end; i += 8) {
    const to = output + (<usize>i << 2);
    const words = loadCodes8<T>(codes + <usize>i * sizeof<T>());
    v128.store(to, f32x4.add(f32x4.mul(scales, f32x4.sub(firstFloats(words), zeroPoints)), offsets));
    v128.store(to, f32x4.add(f32x4.mul(scales, f32x4.sub(lastFloats(words), zeroPoints)), offsets), 16);
  }
  for (; i < end; i++) {
    store<f32>(output + (<usize>i << 2), scale * (loadOne<T>(codes, i) - zeroPoint) + offset);
  }
}

function dequantizeColumns<T>(codes: usize, output: usize, start: i32, end: i32, params: usize, groups: i32): void {
  const units = unitsOf(groups, 8);
  const period = units * 8;
  const block = superRowsAtOnce(period) * period;
  for (let first = start; first < end; first += block) {
    const stop = min(end, first + block);
    for (let unit = 0; unit < units; unit++) {
      const c = unit * 8;
      const scale0 = gather4(params, 16, c, groups);
      const scale1 = gather4(params, 16, c + 4, groups);
      const zero0 = gather4(params + 8, 16, c, groups);
      const zero1 = gather4(params + 8, 16, c + 4, groups);
      const offset0 = gather4(params + 12, 16, c, groups);
      const offset1 = gather4(params + 12, 16, c + 4, groups);
      for (let i = first + c; i < stop; i += period) {
        const to = output + (<usize>i << 2);
        const words = loadCodes8<T>(codes + <usize>i * sizeof<T>());
        v128.store(to, f32x4.add(f32x4.mul(scale0, f32x4.sub(firstFloats(words), zero0)), offset0));
        v128.store(to, f32x4.add(f32x4.mul(scale1, f32x4.sub(lastFloats(words), zero1)), offset1), 16);
      }
    }
  }
}

function dequantizePart<T>(
  codes: usize,
  output: usize,
  start: i32,
  end: i32,
  params: usize,
  groups: i32,
  groupStride: i32,
): void {
  let i = start;
  if (groups == 1) {
    dequantizeRun<T>(codes, output, start, end, params);
    return;
  }
  if (groupStride == 1) {
    const period = unitsOf(groups, 8) * 8;
    i = start + ((end - start) / period) * period;
    dequantizeColumns<T>(codes, output, start, i, params, groups);
  }
  for (let run = i / groupStride; i < end; run++) {
    const stop = <i32>min<i64>(end, (<i64>run + 1) * groupStride);
    dequantizeRun<T>(codes, output, i, stop, params + (<usize>(run % groups) << 4));
    i = stop;
  }
}

export function dequantize(args: usize, thread: i32, threads: i32): void {
  const codes = ptr(args, dequantize_codes);
  const output = ptr(args, dequantize_output);
  const params = ptr(args, dequantize_qparams);
  const count = int(args, dequantize_count);
  const groups = int(args, dequantize_groups);
  const groupStride = int(args, dequantize_groupStride);
  const grain = grainOf(groups, groupStride);
  const start = splitStart(count, thread, threads, grain);
  const end = splitStart(count, thread + 1, threads, grain);
  const storage = storageOf(args, dequantize_codes);
  if (storage == INT8) dequantizePart<i8>(codes, output, start, end, params, groups, groupStride);
  else if (storage == UINT8) dequantizePart<u8>(codes, output, start, end, params, groups, groupStride);
  else dequantizePart<i16>(codes, output, start, end, params, groups, groupStride);
}
