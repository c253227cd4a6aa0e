/**
 * Depthwise convolutions (a group for every channel, one output channel each): lanes are channels, and codes and floats
 * are read where they lie. Forward and the gradient by the input differ only in which taps reach a pixel; the gradient
 * by the weight sums over pixels. Chosen by conv.ts and the grad-weight files where `isDepthwise`.
 */
import { splitStart } from './args';
import { codeAt, eightAt, scaleOf, zeroPointOf } from './codes';
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
import { bias, output, source, sourceGroups, sourceParams, sourceStorage, weight } from './taps-run';
import { weightGroups, weightParams, weightStorage } from './taps-run';
import { barrier, scratch } from './threads';
import { multiplyAdd } from './tile';

/** An int32 sum holds the taps of a pixel only up to here if one operand is int16; larger kernels go the general way. */
const TAP_LIMIT: i32 = 256;

export function isDepthwise(): bool {
  return groups == inC && groups == outC && groups > 1 && kernelH * kernelW <= TAP_LIMIT;
}

/** Channels rounded up to whole vectors. */
function paddedChannels(): usize {
  return <usize>((groups + 7) & ~7);
}

/** Per tap and channel an int16 or float weight; per channel a scale and a bias; per thread the taps of a pixel. */
export function depthwiseScratch(threads: i32): usize {
  const channels = paddedChannels();
  const taps = <usize>(kernelH * kernelW);
  return channels * (taps * 4 + 8) + <usize>threads * ((taps * 8 + 127) & ~63);
}

/** Weights [channel][tap] to [tap][channel], with the headers before them. */
function packWeights(to: usize, isInt: bool, thread: i32, threads: i32): void {
  const channels = paddedChannels();
  const taps = kernelH * kernelW;
  const end = splitStart(<i32>channels, thread + 1, threads, 8);
  for (let c = splitStart(<i32>channels, thread, threads, 8); c < end; c++) {
    const used = c < groups;
    const group = weightGroups > 1 ? c : 0;
    const zero = isInt && used && weightParams != 0 ? zeroPointOf(weightParams, group) : 0;
    const scale: f32 = isInt && used && weightParams != 0 ? scaleOf(weightParams, group) : 1;
    store<f32>(to + (<usize>c << 2), scale);
    store<f32>(to + ((channels + c) << 2), used && bias != 0 ? load<f32>(bias + (<usize>c << 2)) : 0);
    for (let tap = 0; tap < taps; tap++) {
      const from = <usize>(c * taps + tap);
      const at = to + (channels << 3) + ((<usize>tap * channels + c) << (isInt ? 1 : 2));
      if (isInt) store<i16>(at, used ? <i16>(codeAt(weight, from, weightStorage) - zero) : 0);
      else store<f32>(at, used ? load<f32>(weight + (from << 2)) : 0);
    }
  }
}

/** Source index of tap k for output index i, or -1. */
function sourceIndex(i: i32, k: i32, forward: bool, stride: i32, pad: i32, dilation: i32, size: i32): i32 {
  if (forward) {
    const at = i * stride - pad + k * dilation;
    return at < size ? max(at, -1) : -1;
  }
  const at = i + pad - k * dilation;
  return at < 0 || at % stride != 0 || at / stride >= size ? -1 : at / stride;
}

/** Lists the taps of a pixel as { element of the source pixel, tap }; returns the end of the list. */
function listTaps(list: usize, image: i32, h: i32, w: i32, forward: bool): usize {
  const height = forward ? inH : outH;
  const width = forward ? inW : outW;
  for (let kh = 0; kh < kernelH; kh++) {
    const row = sourceIndex(h, kh, forward, strideH, padH, dilationH, height);
    if (row < 0) continue;
    for (let kw = 0; kw < kernelW; kw++) {
      const col = sourceIndex(w, kw, forward, strideW, padW, dilationW, width);
      if (col < 0) continue;
      store<i32>(list, ((image * height + row) * width + col) * groups);
      store<i32>(list, kh * kernelW + kw, 4);
      list += 8;
    }
  }
  return list;
}

function pixelInt(target: usize, list: usize, listEnd: usize, headers: usize, zeroPoint: i32, scale: f32): void {
  const channels = paddedChannels();
  const weights = headers + (channels << 3);
  const zero = i16x8.splat(<i16>zeroPoint);
  const left = f32x4.splat(scale);
  let c: usize = 0;
  for (; c + 8 <= <usize>groups; c += 8) {
    let low = i32x4.splat(0);
    let high = low;
    for (let at = list; at < listEnd; at += 8) {
      const x = i16x8.sub(eightAt(source, <usize>load<i32>(at) + c, sourceStorage), zero);
      const w = v128.load(weights + ((<usize>load<i32>(at, 4) * channels + c) << 1));
      low = i32x4.add(low, i32x4.extmul_low_i16x8_s(x, w));
      high = i32x4.add(high, i32x4.extmul_high_i16x8_s(x, w));
    }
    const header = headers + (c << 2);
    let a = f32x4.mul(f32x4.convert_i32x4_s(low), f32x4.mul(left, v128.load(header)));
    let b = f32x4.mul(f32x4.convert_i32x4_s(high), f32x4.mul(left, v128.load(header, 16)));
    if (bias != 0) {
      a = f32x4.add(a, v128.load(header + (channels << 2)));
      b = f32x4.add(b, v128.load(header + (channels << 2), 16));
    }
    v128.store(target + (c << 2), a);
    v128.store(target + (c << 2), b, 16);
  }
  for (; c < <usize>groups; c++) {
    let sum = 0;
    for (let at = list; at < listEnd; at += 8) {
      const x = codeAt(source, <usize>load<i32>(at) + c, sourceStorage) - zeroPoint;
      sum += x * <i32>load<i16>(weights + ((<usize>load<i32>(at, 4) * channels + c) << 1));
    }
    const header = headers + (c << 2);
    let value = <f32>sum * (scale * load<f32>(header));
    if (bias != 0) value += load<f32>(header + (channels << 2));
    store<f32>(target + (c << 2), value);
  }
}

function pixelFloat(target: usize, list: usize, listEnd: usize, headers: usize): void {
  const channels = paddedChannels();
  const weights = headers + (channels << 3);
  let c: usize = 0;
  for (; c + 4 <= <usize>groups; c += 4) {
    let sum = f32x4.splat(0);
    for (let at = list; at < listEnd; at += 8) {
      const x = v128.load(source + ((<usize>load<i32>(at) + c) << 2));
      sum = multiplyAdd(x, v128.load(weights + ((<usize>load<i32>(at, 4) * channels + c) << 2)), sum);
    }
    if (bias != 0) sum = f32x4.add(sum, v128.load(headers + ((channels + c) << 2)));
    v128.store(target + (c << 2), sum);
  }
  for (; c < <usize>groups; c++) {
    let sum: f32 = 0;
    for (let at = list; at < listEnd; at += 8) {
      const x = load<f32>(source + ((<usize>load<i32>(at) + c) << 2));
      sum += x * load<f32>(weights + ((<usize>load<i32>(at, 4) * channels + c) << 2));
    }
    if (bias != 0) sum += load<f32>(headers + ((channels + c) << 2));
    store<f32>(target + (c << 2), sum);
  }
}

/** conv2d (forward) or conv2d_grad_input on the operands that taps-run.ts was given. */
export function runDepthwise(isInt: bool, forward: bool, thread: i32, threads: i32): void {
  const headers = scratch();
  const taps = <usize>(kernelH * kernelW);
  const list = headers + paddedChannels() * (taps * 4 + 8) + <usize>thread * ((taps * 8 + 127) & ~63);
  packWeights(headers, isInt, thread, threads);
  barrier();
  const height = forward ? outH : inH;
  const width = forward ? outW : inW;
  const end = splitStart(batch * height, thread + 1, threads, 1);
  for (let row = splitStart(batch * height, thread, threads, 1); row < end; row++) {
    const image = row / height;
    const group = sourceGroups > 1 ? image : 0;
    const zero = isInt ? zeroPointOf(sourceParams, group) : 0;
    const scale: f32 = isInt ? scaleOf(sourceParams, group) : 1;
    for (let col = 0; col < width; col++) {
      const listEnd = listTaps(list, image, row % height, col, forward);
      const target = output + (<usize>((row * width + col) * groups) << 2);
      if (isInt) pixelInt(target, list, listEnd, headers, zero, scale);
      else pixelFloat(target, list, listEnd, headers);
    }
  }
}
