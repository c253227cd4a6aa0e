/**
 * The gradient of a depthwise convolution by its weight: for every tap and channel a sum over pixels. Threads share
 * the (tap, eight channels) pairs, so no sum is split; integer sums go from int32 to double before they can overflow.
 */
import { INT16, splitStart } from './args';
import { codeAt, eightAt, scaleOf, zeroPointOf } from './codes';
import {
  batch,
  dilationH,
  dilationW,
  endInside,
  firstInside,
  groups,
  inH,
  inW,
  kernelH,
  kernelW,
  outH,
  outW,
  padH,
  padW,
  strideH,
  strideW,
} from './geometry';
import { scratch } from './threads';
import { multiplyAdd } from './tile';

/** Eight zero points, eight int32 or float sums and eight doubles for every thread. */
const AREA_BYTES: usize = 128;

export function depthwiseGradScratch(threads: i32): usize {
  return <usize>threads * AREA_BYTES;
}

/** Operands of one call; params are 0 for floats. */
let grad: usize = 0;
let gradStorage: i32 = 0;
let gradParams: usize = 0;
let gradGroups: i32 = 1;
let input: usize = 0;
let inputStorage: i32 = 0;
let inputParams: usize = 0;

export function setGrad(at: usize, storage: i32, params: usize, paramGroups: i32): void {
  grad = at;
  gradStorage = storage;
  gradParams = params;
  gradGroups = paramGroups;
}

export function setInput(at: usize, storage: i32, params: usize): void {
  input = at;
  inputStorage = storage;
  inputParams = params;
}

/** Adds `count` pixels of eight channels; element indexes of the first, elements between pixels. */
function addEight(area: usize, g: usize, x: usize, count: i32, inputStep: usize): void {
  const gradZero = v128.load(area);
  const inputZero = i16x8.splat(<i16>zeroPointOf(inputParams, 0));
  let low = i32x4.splat(0);
  let high = low;
  for (; count > 0; count--, g += groups, x += inputStep) {
    const a = i16x8.sub(eightAt(grad, g, gradStorage), gradZero);
    const b = i16x8.sub(eightAt(input, x, inputStorage), inputZero);
    low = i32x4.add(low, i32x4.extmul_low_i16x8_s(a, b));
    high = i32x4.add(high, i32x4.extmul_high_i16x8_s(a, b));
  }
  v128.store(area, low, 16);
  v128.store(area, high, 32);
}

/** The same for `lanes` channels, one by one. */
function addSome(area: usize, lanes: i32, g: usize, x: usize, count: i32, inputStep: usize): void {
  const inputZero = zeroPointOf(inputParams, 0);
  for (let lane: usize = 0; lane < <usize>lanes; lane++) {
    const gradZero = <i32>load<i16>(area + (lane << 1));
    let sum = 0;
    for (let i: usize = 0; i < <usize>count; i++) {
      const a = codeAt(grad, g + i * groups + lane, gradStorage) - gradZero;
      sum += a * (codeAt(input, x + i * inputStep + lane, inputStorage) - inputZero);
    }
    store<i32>(area + (lane << 2), sum, 16);
  }
}

/** Adds `count` pixels of up to eight channels to float sums, in order. */
function addFloats(area: usize, lanes: i32, g: usize, x: usize, count: i32, inputStep: usize): void {
  let a = grad + (g << 2);
  let b = input + (x << 2);
  const gradStep = <usize>groups << 2;
  if (lanes == 8) {
    let low = v128.load(area, 16);
    let high = v128.load(area, 32);
    for (; count > 0; count--, a += gradStep, b += inputStep << 2) {
      low = multiplyAdd(v128.load(a), v128.load(b), low);
      high = multiplyAdd(v128.load(a, 16), v128.load(b, 16), high);
    }
    v128.store(area, low, 16);
    v128.store(area, high, 32);
    return;
  }
  for (; count > 0; count--, a += gradStep, b += inputStep << 2) {
    for (let lane: usize = 0; lane < <usize>lanes; lane++) {
      const at = area + (lane << 2);
      store<f32>(at, load<f32>(at, 16) + load<f32>(a + (lane << 2)) * load<f32>(b + (lane << 2)), 16);
    }
  }
}

/** gradWeight [channel][tap], integer where `isInt`. */
export function runDepthwiseGrad(gradWeight: usize, isInt: bool, thread: i32, threads: i32): void {
  const area = scratch() + <usize>thread * AREA_BYTES;
  const taps = kernelH * kernelW;
  const blocks = (groups + 7) >> 3;
  const limit = !isInt ? i32.MAX_VALUE : gradStorage == INT16 || inputStorage == INT16 ? 256 : 32768;
  const inputStep = <usize>(strideW * groups);
  const end = splitStart(taps * blocks, thread + 1, threads, 1);
  for (let unit = splitStart(taps * blocks, thread, threads, 1); unit < end; unit++) {
    const tap = unit / blocks;
    const channel = (unit % blocks) << 3;
    const lanes = min(8, groups - channel);
    const offsetH = (tap / kernelW) * dilationH - padH;
    const offsetW = (tap % kernelW) * dilationW - padW;
    const firstRow = firstInside(offsetH, strideH);
    const endRow = endInside(offsetH, strideH, inH, outH);
    const firstCol = firstInside(offsetW, strideW);
    const endCol = endInside(offsetW, strideW, inW, outW);
    memory.fill(area, 0, AREA_BYTES);
    if (isInt) {
      for (let lane = 0; lane < lanes; lane++) {
        const zero = zeroPointOf(gradParams, gradGroups > 1 ? channel + lane : 0);
        store<i16>(area + (<usize>lane << 1), <i16>zero);
      }
    }
    for (let image = 0; image < batch; image++) {
      for (let oh = firstRow; oh < endRow; oh++) {
        const ih = image * inH + oh * strideH + offsetH;
        for (let ow = firstCol; ow < endCol; ow += limit) {
          const count = min(limit, endCol - ow);
          const g = <usize>(((image * outH + oh) * outW + ow) * groups + channel);
          const x = <usize>((ih * inW + ow * strideW + offsetW) * groups + channel);
          if (!isInt) {
            addFloats(area, lanes, g, x, count, inputStep);
            // ow must not wrap around past the end.
            break;
          }
          if (lanes == 8) addEight(area, g, x, count, inputStep);
          else addSome(area, lanes, g, x, count, inputStep);
          for (let lane: usize = 0; lane < <usize>lanes; lane++) {
            const wide = area + (lane << 3);
            store<f64>(wide, load<f64>(wide, 48) + <f64>load<i32>(area + (lane << 2), 16), 48);
          }
        }
      }
    }
    for (let lane = 0; lane < lanes; lane++) {
      const to = gradWeight + (<usize>((channel + lane) * taps + tap) << 2);
      if (isInt) {
        const scale = scaleOf(gradParams, gradGroups > 1 ? channel + lane : 0) * scaleOf(inputParams, 0);
        store<f32>(to, <f32>load<f64>(area + (<usize>lane << 3), 48) * scale);
      } else {
        store<f32>(to, load<f32>(area + (<usize>lane << 2), 16));
      }
    }
  }
}
