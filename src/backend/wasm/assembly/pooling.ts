/**
 * Maximum and average pooling over NHWC images, forward and backward. Threads share out the pixel rows of what is
 * written; the backward kernels gather, so that no two threads add to one pixel and the order of a sum is fixed.
 */
import { int, ptr, splitStart } from './args';
import {
  avg_pool_batch,
  avg_pool_grad_batch,
  avg_pool_grad_gradInput,
  avg_pool_grad_gradOutput,
  avg_pool_input,
  avg_pool_output,
  max_pool_batch,
  max_pool_grad_batch,
  max_pool_grad_gradInput,
  max_pool_grad_gradOutput,
  max_pool_grad_index,
  max_pool_index,
  max_pool_input,
  max_pool_output,
} from './generated';

/** The parameters that all four kernels share, in the order of the spec (each thread has its own globals). */
let batch: i32 = 0;
let inH: i32 = 0;
let inW: i32 = 0;
let channels: i32 = 0;
let outH: i32 = 0;
let outW: i32 = 0;
let kernelH: i32 = 0;
let kernelW: i32 = 0;
let strideH: i32 = 0;
let strideW: i32 = 0;
let padH: i32 = 0;
let padW: i32 = 0;

/** `at` is the place of `batch` in the record. */
function loadPool(at: usize): void {
  batch = int(at, 0);
  inH = int(at, 4);
  inW = int(at, 8);
  channels = int(at, 12);
  outH = int(at, 16);
  outW = int(at, 20);
  kernelH = int(at, 24);
  kernelW = int(at, 28);
  strideH = int(at, 32);
  strideW = int(at, 36);
  padH = int(at, 40);
  padW = int(at, 44);
}

/** floor((x + step - 1) / step) for x >= 0, 0 below. */
// @ts-ignore: decorator
@inline
function ceilDivide(x: i32, step: i32): i32 {
  return x <= 0 ? 0 : (x + step - 1) / step;
}

/** The later value wins if it is larger, or the first NaN. */
// @ts-ignore: decorator
@inline
function laterWins(best: v128, x: v128): v128 {
  return v128.andnot(f32x4.eq(best, best), f32x4.le(x, best));
}

/**
 * One output pixel of max_pool: window rows kh0 .. kh1-1 and columns kw0 .. kw1-1 lie inside; `corner` is the address
 * that window position (0, 0) has or would have.
 */
function maxPixel(
  corner: usize,
  output: usize,
  index: usize,
  channels: i32,
  rowStep: usize,
  kernelW: i32,
  kh0: i32,
  kh1: i32,
  kw0: i32,
  kw1: i32,
): void {
  const pixelStep = <usize>channels << 2;
  const first = corner + <usize>kh0 * rowStep + <usize>kw0 * pixelStep;
  const firstIndex = kh0 * kernelW + kw0;
  let c = 0;
  if (kh0 >= kh1 || kw0 >= kw1) {
    // Nothing but padding.
    for (; c < channels; c++) store<f32>(output + (<usize>c << 2), -Infinity);
    if (index != 0) memory.fill(index, 255, <usize>channels);
    return;
  }
  for (; c + 8 <= channels; c += 8) {
    const lane = <usize>c << 2;
    let best0 = v128.load(first + lane);
    let best1 = v128.load(first + lane, 16);
    let at0 = i32x4.splat(firstIndex);
    let at1 = at0;
    for (let kh = kh0; kh < kh1; kh++) {
      let p = corner + <usize>kh * rowStep + <usize>kw0 * pixelStep + lane;
      for (let kw = kw0; kw < kw1; kw++) {
        const x0 = v128.load(p);
        const x1 = v128.load(p, 16);
        const wins0 = laterWins(best0, x0);
        const wins1 = laterWins(best1, x1);
        const here = i32x4.splat(kh * kernelW + kw);
        best0 = v128.bitselect(x0, best0, wins0);
        best1 = v128.bitselect(x1, best1, wins1);
        at0 = v128.bitselect(here, at0, wins0);
        at1 = v128.bitselect(here, at1, wins1);
        p += pixelStep;
      }
    }
    v128.store(output + lane, best0);
    v128.store(output + lane, best1, 16);
    if (index != 0) {
      const words = i16x8.narrow_i32x4_s(at0, at1);
      v128.store64_lane(index + <usize>c, i8x16.narrow_i16x8_u(words, words), 0);
    }
  }
  for (; c < channels; c++) {
    const lane = <usize>c << 2;
    let best = load<f32>(first + lane);
    let at = firstIndex;
    for (let kh = kh0; kh < kh1; kh++) {
      let p = corner + <usize>kh * rowStep + <usize>kw0 * pixelStep + lane;
      for (let kw = kw0; kw < kw1; kw++) {
        const x = load<f32>(p);
        if (best == best && !(x <= best)) {
          best = x;
          at = kh * kernelW + kw;
        }
        p += pixelStep;
      }
    }
    store<f32>(output + lane, best);
    if (index != 0) store<u8>(index + <usize>c, <u8>at);
  }
}

export function max_pool(args: usize, thread: i32, threads: i32): void {
  const input = ptr(args, max_pool_input);
  const output = ptr(args, max_pool_output);
  const index = ptr(args, max_pool_index);
  loadPool(args + max_pool_batch);
  const pixelStep = <usize>channels << 2;
  const rowStep = <usize>inW * pixelStep;
  const rows = batch * outH;
  const end = splitStart(rows, thread + 1, threads, 1);
  for (let row = splitStart(rows, thread, threads, 1); row < end; row++) {
    const image = row / outH;
    const top = (row - image * outH) * strideH - padH;
    const kh0 = max(0, -top);
    const kh1 = min(kernelH, inH - top);
    for (let ow = 0; ow < outW; ow++) {
      const left = ow * strideW - padW;
      const corner = input + <usize>(image * inH + top) * rowStep + <usize>left * pixelStep;
      const pixel = <usize>(row * outW + ow) * <usize>channels;
      maxPixel(
        corner,
        output + (pixel << 2),
        index == 0 ? 0 : index + pixel,
        channels,
        rowStep,
        kernelW,
        kh0,
        kh1,
        max(0, -left),
        min(kernelW, inW - left),
      );
    }
  }
}

/**
 * One input pixel of max_pool_grad: the windows of output rows oh0 .. oh1-1 and columns ow0 .. ow1-1 cover it, and it is
 * position (y - oh*strideH, x - ow*strideW) of each. `first` is the first element of the image's gradients.
 */
function chosenPixel(
  grad: usize,
  index: usize,
  first: usize,
  to: usize,
  channels: i32,
  outW: i32,
  kernelW: i32,
  strideH: i32,
  strideW: i32,
  y: i32,
  x: i32,
  oh0: i32,
  oh1: i32,
  ow0: i32,
  ow1: i32,
): void {
  let c = 0;
  for (; c + 8 <= channels; c += 8) {
    let sum0 = f32x4.splat(0);
    let sum1 = sum0;
    for (let oh = oh0; oh < oh1; oh++) {
      let at = first + <usize>(oh * outW + ow0) * <usize>channels + <usize>c;
      let here = (y - oh * strideH) * kernelW + x - ow0 * strideW;
      for (let ow = ow0; ow < ow1; ow++) {
        const from = grad + (at << 2);
        const same = i16x8.extend_low_i8x16_s(i8x16.eq(v128.load64_zero(index + at), i8x16.splat(<i8>here)));
        sum0 = f32x4.add(sum0, v128.and(v128.load(from), i32x4.extend_low_i16x8_s(same)));
        sum1 = f32x4.add(sum1, v128.and(v128.load(from, 16), i32x4.extend_high_i16x8_s(same)));
        at += <usize>channels;
        here -= strideW;
      }
    }
    v128.store(to + ((<usize>c) << 2), sum0);
    v128.store(to + ((<usize>c) << 2), sum1, 16);
  }
  for (; c < channels; c++) {
    let sum: f32 = 0;
    for (let oh = oh0; oh < oh1; oh++) {
      let at = first + <usize>(oh * outW + ow0) * <usize>channels + <usize>c;
      let here = (y - oh * strideH) * kernelW + x - ow0 * strideW;
      for (let ow = ow0; ow < ow1; ow++) {
        if (<i32>load<u8>(index + at) == here) sum += load<f32>(grad + (at << 2));
        at += <usize>channels;
        here -= strideW;
      }
    }
    store<f32>(to + ((<usize>c) << 2), sum);
  }
}

/** gradInput of one input pixel that one window covers: its gradient where the window's index is `here`, else 0. */
// @ts-ignore: decorator
@inline
function chosenOnce(grad: usize, index: usize, at: usize, to: usize, channels: i32, here: i32): void {
  const heres = i8x16.splat(<i8>here);
  let c = 0;
  for (; c + 8 <= channels; c += 8) {
    const from = grad + ((at + <usize>c) << 2);
    const same = i16x8.extend_low_i8x16_s(i8x16.eq(v128.load64_zero(index + at + <usize>c), heres));
    v128.store(to + (<usize>c << 2), v128.and(v128.load(from), i32x4.extend_low_i16x8_s(same)));
    v128.store(to + (<usize>c << 2), v128.and(v128.load(from, 16), i32x4.extend_high_i16x8_s(same)), 16);
  }
  for (; c < channels; c++) {
    const place = at + <usize>c;
    const chosen = <i32>load<u8>(index + place) == here;
    store<f32>(to + (<usize>c << 2), chosen ? load<f32>(grad + (place << 2)) : 0);
  }
}

/** max_pool_grad where windows do not overlap: one row of the input after another, no pixel is looked for twice. */
function spread(grad: usize, index: usize, gradInput: usize, thread: i32, threads: i32): void {
  const bytes = (<usize>channels) << 2;
  const rows = batch * inH;
  const end = splitStart(rows, thread + 1, threads, 1);
  for (let row = splitStart(rows, thread, threads, 1); row < end; row++) {
    const image = row / inH;
    const y = row - image * inH + padH;
    const oh = y / strideH;
    const kh = y - oh * strideH;
    let to = gradInput + <usize>(row * inW) * bytes;
    if (oh >= outH || kh >= kernelH) {
      memory.fill(to, 0, <usize>inW * bytes);
      continue;
    }
    let ow = padW / strideW;
    let kw = padW - ow * strideW;
    let at = <usize>((image * outH + oh) * outW + ow) * <usize>channels;
    for (let iw = 0; iw < inW; iw++, to += bytes) {
      if (ow < outW && kw < kernelW) chosenOnce(grad, index, at, to, channels, kh * kernelW + kw);
      else memory.fill(to, 0, bytes);
      if (++kw == strideW) {
        kw = 0;
        ow += 1;
        at += <usize>channels;
      }
    }
  }
}

/** to[c] = f(factor * sum in order of `rows` x `cols` pixels, the first at `from`, image rows of `width` pixels). */
function sumPixels(
  from: usize,
  to: usize,
  channels: i32,
  rows: i32,
  cols: i32,
  width: i32,
  factor: f32,
): void {
  const pixelStep = (<usize>channels) << 2;
  const rowStep = <usize>width * pixelStep;
  let c = 0;
  for (; c + 8 <= channels; c += 8) {
    let sum0 = f32x4.splat(0);
    let sum1 = sum0;
    for (let row = 0; row < rows; row++) {
      let p = from + <usize>row * rowStep + ((<usize>c) << 2);
      for (let col = 0; col < cols; col++) {
        sum0 = f32x4.add(sum0, v128.load(p));
        sum1 = f32x4.add(sum1, v128.load(p, 16));
        p += pixelStep;
      }
    }
    const factors = f32x4.splat(factor);
    v128.store(to + ((<usize>c) << 2), f32x4.mul(sum0, factors));
    v128.store(to + ((<usize>c) << 2), f32x4.mul(sum1, factors), 16);
  }
  for (; c < channels; c++) {
    let sum: f32 = 0;
    for (let row = 0; row < rows; row++) {
      let p = from + <usize>row * rowStep + ((<usize>c) << 2);
      for (let col = 0; col < cols; col++) {
        sum += load<f32>(p);
        p += pixelStep;
      }
    }
    store<f32>(to + ((<usize>c) << 2), sum * factor);
  }
}

/** Both backward kernels: for each input pixel, the windows that cover it in order; index = 0: average. */
// @ts-ignore: decorator
@inline
function gather(grad: usize, index: usize, gradInput: usize, thread: i32, threads: i32): void {
  const factor: f32 = <f32>1 / <f32>(kernelH * kernelW);
  const bytes = (<usize>channels) << 2;
  const rows = batch * inH;
  const end = splitStart(rows, thread + 1, threads, 1);
  for (let row = splitStart(rows, thread, threads, 1); row < end; row++) {
    const image = row / inH;
    const first = <usize>(image * outH * outW) * <usize>channels;
    const y = row - image * inH + padH;
    const oh0 = ceilDivide(y - kernelH + 1, strideH);
    const oh1 = min(outH, y / strideH + 1);
    for (let iw = 0; iw < inW; iw++) {
      const x = iw + padW;
      const ow0 = ceilDivide(x - kernelW + 1, strideW);
      const ow1 = min(outW, x / strideW + 1);
      const to = gradInput + <usize>(row * inW + iw) * bytes;
      if (index != 0) {
        chosenPixel(
          grad,
          index,
          first,
          to,
          channels,
          outW,
          kernelW,
          strideH,
          strideW,
          y,
          x,
          oh0,
          oh1,
          ow0,
          ow1,
        );
      } else {
        const from = grad + ((first + <usize>(oh0 * outW + ow0) * <usize>channels) << 2);
        sumPixels(from, to, channels, oh1 - oh0, ow1 - ow0, outW, factor);
      }
    }
  }
}

export function max_pool_grad(args: usize, thread: i32, threads: i32): void {
  const grad = ptr(args, max_pool_grad_gradOutput);
  const index = ptr(args, max_pool_grad_index);
  const gradInput = ptr(args, max_pool_grad_gradInput);
  loadPool(args + max_pool_grad_batch);
  const apart = strideH >= kernelH && strideW >= kernelW;
  if (apart) spread(grad, index, gradInput, thread, threads);
  else gather(grad, index, gradInput, thread, threads);
}

export function avg_pool(args: usize, thread: i32, threads: i32): void {
  const input = ptr(args, avg_pool_input);
  const output = ptr(args, avg_pool_output);
  loadPool(args + avg_pool_batch);
  const factor: f32 = <f32>1 / <f32>(kernelH * kernelW);
  const bytes = <usize>channels << 2;
  const rows = batch * outH;
  const end = splitStart(rows, thread + 1, threads, 1);
  for (let row = splitStart(rows, thread, threads, 1); row < end; row++) {
    const image = row / outH;
    const top = (row - image * outH) * strideH - padH;
    const ih0 = max(0, top);
    const ih1 = min(inH, top + kernelH);
    for (let ow = 0; ow < outW; ow++) {
      const left = ow * strideW - padW;
      const iw0 = max(0, left);
      const iw1 = min(inW, left + kernelW);
      const from = input + <usize>((image * inH + ih0) * inW + iw0) * bytes;
      sumPixels(from, output + <usize>(row * outW + ow) * bytes, channels, ih1 - ih0, iw1 - iw0, inW, factor);
    }
  }
}

export function avg_pool_grad(args: usize, thread: i32, threads: i32): void {
  const grad = ptr(args, avg_pool_grad_gradOutput);
  loadPool(args + avg_pool_grad_batch);
  gather(grad, 0, ptr(args, avg_pool_grad_gradInput), thread, threads);
}
