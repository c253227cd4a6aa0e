/** The parameters that all convolution kernels share, read into globals (each thread has its own). */
import { int } from './args';

export let batch: i32 = 0;
export let inH: i32 = 0;
export let inW: i32 = 0;
export let inC: i32 = 0;
export let outH: i32 = 0;
export let outW: i32 = 0;
export let outC: i32 = 0;
export let kernelH: i32 = 0;
export let kernelW: i32 = 0;
export let strideH: i32 = 0;
export let strideW: i32 = 0;
export let padH: i32 = 0;
export let padW: i32 = 0;
export let dilationH: i32 = 0;
export let dilationW: i32 = 0;
export let groups: i32 = 0;

/** `at` is the place of `batch` in the record; the others follow it in the order of the spec. */
export function loadGeometry(at: usize): void {
  batch = int(at, 0);
  inH = int(at, 4);
  inW = int(at, 8);
  inC = int(at, 12);
  outH = int(at, 16);
  outW = int(at, 20);
  outC = int(at, 24);
  kernelH = int(at, 28);
  kernelW = int(at, 32);
  strideH = int(at, 36);
  strideW = int(at, 40);
  padH = int(at, 44);
  padW = int(at, 48);
  dilationH = int(at, 52);
  dilationW = int(at, 56);
  groups = int(at, 60);
}

/** First output index whose tap lies in the input: index * stride + offset is its place there. */
export function firstInside(offset: i32, stride: i32): i32 {
  return offset >= 0 ? 0 : (stride - 1 - offset) / stride;
}

/** The end of the output indices whose tap lies in the input's `size` places; `count` is the number of outputs. */
export function endInside(offset: i32, stride: i32, size: i32, count: i32): i32 {
  return size - 1 - offset < 0 ? 0 : min(count, (size - 1 - offset) / stride + 1);
}
