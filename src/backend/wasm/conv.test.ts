/** conv2d and its gradients on the WASM backend, against plain loops, bit for bit, on 1, 2 and 3 threads. */
import { afterAll, beforeAll, describe, it } from 'vitest';
import type { Storage } from '../../core/dtype.js';
import type { Backend } from '../backend.js';
import type { KernelCall } from '../kernels.js';
import { createWasmBackend } from './index.js';
import {
  convolve,
  convolveGradInput,
  convolveGradWeight,
  type Geometry,
  geometry,
  rescale,
} from './naive.case.js';
import { codesOf, expectBits, floatsOf, randomOf, valuesOf } from './operands.case.js';

const backends: Backend[] = [];
beforeAll(async () => {
  for (const threads of [1, 2, 3])
    backends.push(await createWasmBackend({ threads, spreadSmall: true, relaxed: false }));
});
afterAll(async () => {
  for (const backend of backends) await backend.dispose();
});

const shapes: Record<string, Geometry> = {
  'one product': geometry({}),
  '1x1, 8 to 8': geometry({ batch: 3, inH: 5, inW: 4, inC: 8, outC: 8 }),
  '3x3 padded, 16 to 16': geometry({ ...same(3), batch: 5, inH: 8, inW: 8, inC: 16, outC: 16 }),
  '3x3 padded, 3 to 10, odd width': geometry({ ...same(3), batch: 2, inH: 7, inW: 9, inC: 3, outC: 10 }),
  '3x3 stride 2': geometry({ ...same(3), ...stride(2, 2), batch: 2, inH: 9, inW: 8, inC: 8, outC: 12 }),
  '1x1 stride 2': geometry({ ...stride(2, 2), batch: 2, inH: 8, inW: 7, inC: 4, outC: 8 }),
  'unequal strides and kernel': geometry({
    ...{ batch: 2, inH: 11, inW: 13, inC: 5, outC: 7, kernelH: 2, kernelW: 5, strideH: 3, strideW: 2 },
    ...{ padH: 1, padW: 2 },
  }),
  'many small images': geometry({ ...same(3), batch: 20, inH: 3, inW: 4, inC: 6, outC: 8 }),
  'dilation 2': geometry({
    ...{ batch: 1, inH: 9, inW: 10, inC: 6, outC: 8, kernelH: 3, kernelW: 3, padH: 2, padW: 1 },
    ...{ dilationH: 2, dilationW: 2 },
  }),
  'stride and dilation': geometry({
    ...{ batch: 1, inH: 12, inW: 12, inC: 2, outC: 4, kernelH: 3, kernelW: 2, padH: 3, padW: 0 },
    ...{ dilationH: 3, dilationW: 2, strideH: 2, strideW: 2 },
  }),
  'two groups': geometry({ ...same(3), batch: 2, inH: 6, inW: 6, inC: 10, outC: 6, groups: 2 }),
  'groups of 16': geometry({ ...same(3), batch: 1, inH: 6, inW: 5, inC: 32, outC: 32, groups: 2 }),
  depthwise: geometry({ ...same(3), batch: 2, inH: 8, inW: 7, inC: 19, outC: 19, groups: 19 }),
  'depthwise, stride and dilation': geometry({
    ...{ batch: 2, inH: 9, inW: 11, inC: 16, outC: 16, groups: 16, kernelH: 3, kernelW: 2, padH: 2, padW: 1 },
    ...{ ...stride(2, 3), dilationH: 2, dilationW: 2 },
  }),
  'depthwise, long rows': geometry({ batch: 2, inH: 1, inW: 600, inC: 9, outC: 9, groups: 9, kernelW: 3 }),
  'depthwise, stride 2, two per channel': geometry({
    ...{ ...same(3), ...stride(2, 2), batch: 2, inH: 8, inW: 7, inC: 5, outC: 10, groups: 5 },
  }),
  'stride beyond the kernel': geometry({
    ...stride(3, 3),
    batch: 1,
    inH: 8,
    inW: 8,
    inC: 4,
    outC: 4,
    kernelW: 2,
  }),
  'padding beyond the kernel': geometry({ batch: 1, inH: 3, inW: 3, inC: 4, outC: 4, padH: 2, padW: 1 }),
  'one pixel, whole image': geometry({ batch: 7, inH: 4, inW: 4, inC: 12, outC: 20, kernelH: 4, kernelW: 4 }),
  'several bands': geometry({ batch: 1, inH: 40, inW: 64, inC: 32, outC: 4, kernelH: 3, padH: 1 }),
  'more than one int32 block of int16': geometry({ ...same(5), batch: 1, inH: 5, inW: 6, inC: 20, outC: 20 }),
  'a row longer than an int32 block of int16': geometry({ batch: 1, inH: 2, inW: 700, inC: 2, outC: 3 }),
};

function same(kernel: number): Partial<Geometry> {
  return { kernelH: kernel, kernelW: kernel, padH: kernel >> 1, padW: kernel >> 1 };
}

function stride(strideH: number, strideW: number): Partial<Geometry> {
  return { strideH, strideW };
}

const inputs = (g: Geometry): number => g.batch * g.inH * g.inW * g.inC;
const outputs = (g: Geometry): number => g.batch * g.outH * g.outW * g.outC;
const weights = (g: Geometry): number => (g.outC * g.kernelH * g.kernelW * g.inC) / g.groups;

describe.each(Object.entries(shapes))('%s', (_name, g) => {
  const random = randomOf(7);

  it.each([
    ['uint8', 'int8', false],
    ['int8', 'uint8', true],
    ['int16', 'int8', false],
  ] as [Storage, Storage, boolean][])('conv2d_int, %s by %s', (inputStorage, weightStorage, grouped) => {
    const inputGroups = grouped ? g.batch : 1;
    const weightGroups = grouped ? g.outC : 1;
    const input = codesOf(random, inputStorage, inputs(g), inputGroups);
    const weight = codesOf(random, weightStorage, weights(g), weightGroups);
    const bias = floatsOf(random, g.outC);
    const sums = convolve(
      g,
      valuesOf(input, inputGroups, inputs(g) / g.batch),
      valuesOf(weight, weightGroups, weights(g) / g.outC),
    );
    const expected = Float32Array.from(sums, (acc, i) => {
      const image = Math.floor(i / (sums.length / g.batch));
      const scaleLeft = input.params[grouped ? 4 * image : 0];
      const scaleRight = weight.params[grouped ? 4 * (i % g.outC) : 0];
      return rescale(acc, scaleLeft, scaleRight, grouped ? bias[i % g.outC] : undefined);
    });
    expectBits(
      backends,
      (place) => {
        const output = place.empty('float', outputs(g));
        const buffers = {
          input: place.put(inputStorage, input.codes),
          inputParams: place.put('float', input.params),
          weight: place.put(weightStorage, weight.codes),
          weightParams: place.put('float', weight.params),
          bias: grouped ? place.put('float', bias) : undefined,
          output,
        };
        return {
          output,
          call: {
            kernel: 'conv2d_int',
            buffers,
            params: { ...g, inputGroups, weightGroups, cellRows: 0, site: 0 },
          },
        };
      },
      expected,
    );
  });

  it.each([
    ['int8', 'int8', false, 0],
    ['uint8', 'uint8', true, 0],
    ['int16', 'int8', false, 1],
  ] as [Storage, Storage, boolean, number][])(
    'conv2d_grad_input_int, %s by %s',
    (gradStorage, weightStorage, grouped, weightFolded) => {
      const gradGroups = grouped ? g.batch : 1;
      const grad = codesOf(random, gradStorage, outputs(g), gradGroups);
      const weight = codesOf(random, weightStorage, weights(g), 1);
      const plain = Float32Array.of(1, 1, 0, 0);
      const weightParams = weightFolded ? plain : weight.params;
      const sums = convolveGradInput(
        g,
        valuesOf(grad, gradGroups, outputs(g) / g.batch),
        valuesOf({ codes: weight.codes, params: weightParams }, 1, 1),
      );
      const expected = Float32Array.from(sums, (acc, i) => {
        const image = Math.floor(i / (sums.length / g.batch));
        return rescale(acc, grad.params[grouped ? 4 * image : 0], weightParams[0]);
      });
      expectBits(
        backends,
        (place) => {
          const gradInput = place.empty('float', inputs(g));
          const buffers = {
            gradOutput: place.put(gradStorage, grad.codes),
            gradParams: place.put('float', grad.params),
            weight: place.put(weightStorage, weight.codes),
            weightParams: place.put('float', weight.params),
            gradInput,
          };
          const params = { ...g, gradGroups, weightFolded };
          return { output: gradInput, call: { kernel: 'conv2d_grad_input_int', buffers, params } };
        },
        expected,
      );
    },
  );

  it.each([
    ['int16', 'uint8', false],
    ['int8', 'int8', true],
    ['int16', 'int8', true],
  ] as [Storage, Storage, boolean][])(
    'conv2d_grad_weight_int, %s by %s',
    (gradStorage, inputStorage, grouped) => {
      const gradGroups = grouped ? g.outC : 1;
      const grad = codesOf(random, gradStorage, outputs(g), gradGroups);
      const input = codesOf(random, inputStorage, inputs(g), 1);
      const sums = convolveGradWeight(g, valuesOf(grad, gradGroups, 1), valuesOf(input, 1, 1));
      const expected = Float32Array.from(sums, (acc, i) => {
        const channel = Math.floor(i / (sums.length / g.outC));
        return rescale(acc, grad.params[grouped ? 4 * channel : 0], input.params[0]);
      });
      expectBits(
        backends,
        (place) => {
          const gradWeight = place.empty('float', weights(g));
          const buffers = {
            gradOutput: place.put(gradStorage, grad.codes),
            gradParams: place.put('float', grad.params),
            input: place.put(inputStorage, input.codes),
            inputParams: place.put('float', input.params),
            gradWeight,
          };
          const call: KernelCall = {
            kernel: 'conv2d_grad_weight_int',
            buffers,
            params: { ...g, gradGroups },
          };
          return { output: gradWeight, call };
        },
        expected,
      );
    },
  );

  it('float, in the order of the contract', () => {
    const input = floatsOf(random, inputs(g));
    const weight = floatsOf(random, weights(g));
    const grad = floatsOf(random, outputs(g));
    const bias = floatsOf(random, g.outC);
    const forward = convolve(g, input, weight, Math.fround);
    expectBits(
      backends,
      (place) => {
        const output = place.empty('float', outputs(g));
        const buffers = {
          input: place.put('float', input),
          weight: place.put('float', weight),
          bias: place.put('float', bias),
          output,
        };
        return { output, call: { kernel: 'conv2d', buffers, params: { ...g } } };
      },
      forward.map((sum, i) => Math.fround(sum + bias[i % g.outC])),
    );
    expectBits(
      backends,
      (place) => {
        const gradInput = place.empty('float', inputs(g));
        const buffers = {
          gradOutput: place.put('float', grad),
          weight: place.put('float', weight),
          gradInput,
        };
        return { output: gradInput, call: { kernel: 'conv2d_grad_input', buffers, params: { ...g } } };
      },
      convolveGradInput(g, grad, weight, Math.fround),
    );
    expectBits(
      backends,
      (place) => {
        const gradWeight = place.empty('float', weights(g));
        const buffers = {
          gradOutput: place.put('float', grad),
          input: place.put('float', input),
          gradWeight,
        };
        return { output: gradWeight, call: { kernel: 'conv2d_grad_weight', buffers, params: { ...g } } };
      },
      convolveGradWeight(g, grad, input, Math.fround),
    );
  });
});

it('conv2d_grad_weight_int of a layer whose sums threads cannot each keep', () => {
  const g = geometry({ batch: 3, inC: 1400, outC: 1400 });
  const random = randomOf(3);
  const grad = codesOf(random, 'int16', outputs(g), 1);
  const input = codesOf(random, 'uint8', inputs(g), 1);
  const sums = convolveGradWeight(g, valuesOf(grad, 1, 1), valuesOf(input, 1, 1));
  expectBits(
    backends,
    (place) => {
      const gradWeight = place.empty('float', weights(g));
      const buffers = {
        gradOutput: place.put('int16', grad.codes),
        gradParams: place.put('float', grad.params),
        input: place.put('uint8', input.codes),
        inputParams: place.put('float', input.params),
        gradWeight,
      };
      const call: KernelCall = { kernel: 'conv2d_grad_weight_int', buffers, params: { ...g, gradGroups: 1 } };
      return { output: gradWeight, call };
    },
    sums.map((acc) => rescale(acc, grad.params[0], input.params[0])),
  );
});
