/**
 * onnxruntime-web's side of the micro-benchmarks: its wasm kernels on one thread, by models of one operation. Only forward
 * products, since it has no others.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as ort from 'onnxruntime-web';
import { convShapes, gemmSizes } from '../../.cache/bench/micro/kernels.js';
import { oneOperationModel } from '../../.cache/bench/micro/onnx.js';

const arrays = { float: Float32Array, uint8: Uint8Array, int8: Int8Array };
const tensorTypes = { float: 'float32', uint8: 'uint8', int8: 'int8' };

/** Random codes over the whole range, or floats around 0: the numbers of kernels.ts. */
function randomTensor({ type, shape }) {
  const data = new arrays[type](shape.reduce((a, b) => a * b, 1));
  let state = 1;
  for (let i = 0; i < data.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    data[i] = type === 'float' ? state / 2 ** 31 : state >> 24;
  }
  return new ort.Tensor(tensorTypes[type], data, shape);
}

/** Pairs of factors, as cases of our side name them. */
const pairs = [
  ['uint8', 'int8', 'uint8 x int8'],
  ['int8', 'int8', 'int8 x int8'],
  ['float', 'float', 'float32'],
];

function gemmModels(sizes) {
  return sizes.flatMap((size) =>
    pairs.map(([left, right, name]) => ({
      job: `${size}^3: ${name}`,
      operation: left === 'float' ? 'MatMul' : 'MatMulInteger',
      inputs: [
        { name: 'a', type: left, shape: [size, size] },
        { name: 'b', type: right, shape: [size, size] },
      ],
      output: { name: 'c', type: left === 'float' ? 'float' : 'int32', shape: [size, size] },
    })),
  );
}

function convModels(batch) {
  return convShapes.flatMap(({ name, inC, outC, side, kernel, stride }) => {
    const pad = (kernel - 1) / 2;
    const out = Math.floor((side + 2 * pad - kernel) / stride) + 1;
    return pairs.map(([left, right, factors]) => ({
      job: `${name}: forward ${factors}`,
      operation: left === 'float' ? 'Conv' : 'ConvInteger',
      inputs: [
        { name: 'a', type: left, shape: [batch, inC, side, side] },
        { name: 'b', type: right, shape: [outC, inC, kernel, kernel] },
      ],
      output: { name: 'c', type: left === 'float' ? 'float' : 'int32', shape: [batch, outC, out, out] },
      attributes: { kernel_shape: [kernel, kernel], pads: [pad, pad, pad, pad], strides: [stride, stride] },
    }));
  });
}

export async function create({ batch, variant }) {
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = 'fatal';
  const jobs = new Map();
  const failures = {};
  for (const model of [
    ...gemmModels(variant.smoke ? gemmSizes.slice(0, 1) : gemmSizes),
    ...convModels(batch),
  ]) {
    try {
      const session = await ort.InferenceSession.create(oneOperationModel(model), {
        executionProviders: ['wasm'],
      });
      const feeds = Object.fromEntries(model.inputs.map((input) => [input.name, randomTensor(input)]));
      // What cannot run says so here, and not in the rounds.
      await session.run(feeds);
      jobs.set(model.job, () => session.run(feeds));
    } catch (error) {
      failures[model.job] = error.message.split('\n')[0];
    }
  }
  const file = fileURLToPath(new URL('../node_modules/onnxruntime-web/package.json', import.meta.url));
  return {
    version: `onnxruntime-web ${JSON.parse(readFileSync(file, 'utf8')).version}`,
    description: 'wasm, 1 thread',
    run: async (job) => {
      await jobs.get(job)();
      return 0;
    },
    calls: { jobs: () => [...jobs.keys()], failures: () => failures },
  };
}
