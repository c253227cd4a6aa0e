/** The convolutions that every convolution kernel is tried on. */
import type { CallOf } from '../kernels.js';

export type ConvShape = CallOf<'conv2d'>['params'];

type Pair = readonly [high: number, wide: number];

interface ConvOptions {
  readonly batch?: number;
  readonly stride?: number | Pair;
  readonly pad?: number | Pair;
  readonly dilation?: number | Pair;
  readonly groups?: number;
}

const pair = (value: number | Pair | undefined, none: number): Pair =>
  value === undefined ? [none, none] : typeof value === 'number' ? [value, value] : value;

/** A convolution of images `size`, its output size rounded down. */
export function convShape(
  size: Pair,
  inC: number,
  outC: number,
  kernel: number | Pair,
  options: ConvOptions = {},
): ConvShape {
  const [inH, inW] = size;
  const [kernelH, kernelW] = pair(kernel, 1);
  const [strideH, strideW] = pair(options.stride, 1);
  const [padH, padW] = pair(options.pad, 0);
  const [dilationH, dilationW] = pair(options.dilation, 1);
  return {
    batch: options.batch ?? 1,
    inH,
    inW,
    inC,
    outH: Math.floor((inH + 2 * padH - dilationH * (kernelH - 1) - 1) / strideH) + 1,
    outW: Math.floor((inW + 2 * padW - dilationW * (kernelW - 1) - 1) / strideW) + 1,
    outC,
    kernelH,
    kernelW,
    strideH,
    strideW,
    padH,
    padW,
    dilationH,
    dilationW,
    groups: options.groups ?? 1,
  };
}

export const inputSize = (p: ConvShape): number => p.batch * p.inH * p.inW * p.inC;
export const outputSize = (p: ConvShape): number => p.batch * p.outH * p.outW * p.outC;
export const weightSize = (p: ConvShape): number => (p.outC * p.kernelH * p.kernelW * p.inC) / p.groups;

export function convTitle(p: ConvShape): string {
  const extras = [
    p.strideH + p.strideW > 2 && `stride ${p.strideH}x${p.strideW}`,
    p.padH + p.padW > 0 && `pad ${p.padH}x${p.padW}`,
    p.dilationH + p.dilationW > 2 && `dilation ${p.dilationH}x${p.dilationW}`,
    p.groups > 1 && `${p.groups} groups`,
  ].filter(Boolean);
  return [
    `${p.batch}x${p.inH}x${p.inW}x${p.inC} to ${p.outC}, kernel ${p.kernelH}x${p.kernelW}`,
    ...extras,
  ].join(', ');
}

export const CONV_SHAPES: readonly ConvShape[] = [
  convShape([1, 1], 1, 1, 1),
  convShape([7, 7], 3, 8, 3, { batch: 2, pad: 1 }),
  convShape([8, 8], 8, 16, 3, { batch: 2, pad: 1 }),
  convShape([9, 9], 10, 33, 3, { pad: 1 }),
  convShape([6, 6], 33, 10, 3, { batch: 3, pad: 1 }),
  convShape([8, 8], 16, 16, 3, { batch: 2, stride: 2, pad: 1 }),
  convShape([9, 7], 16, 8, 3, { stride: 2 }),
  convShape([7, 9], 8, 8, 3, { pad: 2, dilation: 2 }),
  convShape([11, 11], 3, 9, 3, { stride: 2, pad: 1, dilation: 2 }),
  convShape([8, 8], 8, 12, 3, { batch: 2, pad: 1, groups: 2 }),
  convShape([6, 6], 32, 32, 3, { pad: 1, groups: 2 }),
  convShape([7, 7], 16, 16, 3, { batch: 2, pad: 1, groups: 16 }),
  convShape([9, 9], 33, 33, 3, { stride: 2, pad: 1, groups: 33 }),
  convShape([5, 5], 3, 6, 3, { batch: 2, pad: 1, groups: 3 }),
  convShape([5, 5], 33, 10, 1, { batch: 3 }),
  convShape([8, 8], 16, 32, 1, { batch: 2, stride: 2 }),
  convShape([7, 7], 8, 8, 1, { stride: 2 }),
  convShape([6, 6], 16, 24, 1, { groups: 2 }),
  convShape([3, 2], 8, 8, 5, { batch: 2, pad: 2 }),
  convShape([4, 4], 3, 16, 7, { stride: 2, pad: 3 }),
  convShape([2, 2], 8, 3, 3, { batch: 2, pad: 3, dilation: 3 }),
  convShape([28, 28], 1, 8, 5),
  convShape([6, 9], 5, 7, [1, 3], { batch: 2, pad: [0, 1] }),
  convShape([9, 6], 8, 8, [3, 1], { stride: [2, 1], pad: [1, 0] }),
  convShape([5, 5], 4, 4, 3, { batch: 5, pad: 1 }),
  convShape([8, 8], 8, 24, 2, { stride: 2 }),
  convShape([8, 8], 3, 8, 3, { batch: 2, stride: 3 }),
  convShape([5, 6], 8, 8, 3, { pad: 2 }),
  convShape([32, 32], 3, 16, 3, { batch: 2, pad: 1 }),
  convShape([6, 6], 64, 64, 3, { pad: 1 }),
  convShape([17, 19], 8, 16, 3, { pad: 1 }),
  convShape([4, 4], 1, 1, 3, { batch: 3, pad: 1 }),
];
