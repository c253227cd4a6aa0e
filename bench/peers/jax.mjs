/**
 * jax-js's side of the works on its wasm device. It has no layers, norms or optimisers, so that these are written here in the
 * manner of its documentation: a function of a list of parameters, differentiated and compiled whole by `jit`. Images are NCHW,
 * as its convolution takes them. An array is consumed by its use; `.ref` is what keeps it.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { blockUntilReady, defaultDevice, init, jit, lax, nn, numpy as np, valueAndGrad } from '@jax-js/jax';
import { fixedBatch } from '../../.cache/bench/works.js';

const epsilon = 1e-5;

/** Makes parameters while a network is described, and hands them out while it is applied. */
class Parameters {
  constructor(random) {
    this.random = random;
    this.values = [];
  }

  normal(shape, deviation) {
    const size = shape.reduce((a, b) => a * b, 1);
    const data = Float32Array.from({ length: size }, () => this.random() * deviation);
    return this.keep(np.array(data).reshape(shape));
  }

  full(size, value) {
    return this.keep(np.array(new Float32Array(size).fill(value)));
  }

  keep(value) {
    this.values.push(value);
    return this.values.length - 1;
  }
}

/** A layer is a function of (parameters, x). */
function linear(make, from, to) {
  const weight = make.normal([from, to], Math.sqrt(2 / from));
  const bias = make.full(to, 0);
  return (p, x) => np.dot(x, p[weight].ref).add(p[bias].ref);
}

function conv(make, from, to, kernel, stride) {
  const weight = make.normal([to, from, kernel, kernel], Math.sqrt(2 / (to * kernel * kernel)));
  const pad = (kernel - 1) / 2;
  return (p, x) =>
    lax.convGeneralDilated(
      x,
      p[weight].ref,
      [stride, stride],
      [
        [pad, pad],
        [pad, pad],
      ],
    );
}

/** Batch norm by the batch's statistics; running ones are left out, which saves it a little work. */
function norm(make, channels) {
  const gamma = make.full(channels, 1);
  const beta = make.full(channels, 0);
  const shape = [1, channels, 1, 1];
  const axes = { axis: [0, 2, 3], keepdims: true };
  return (p, x) => {
    const mean = np.mean(x.ref, axes.axis, { keepdims: true });
    const centred = x.sub(mean);
    const variance = np.mean(centred.ref.mul(centred.ref), axes.axis, { keepdims: true });
    const scale = p[gamma].ref.reshape(shape).div(np.sqrt(variance.add(epsilon)));
    return centred.mul(scale).add(p[beta].ref.reshape(shape));
  };
}

const relu = (_, x) => nn.relu(x);
const flatten = (_, x) => x.reshape([x.shape[0], -1]);
const averageAll = (_, x) => np.mean(x, [2, 3]);
const maxPool = (size, stride) => (_, x) =>
  lax.reduceWindow(x, (window) => np.max(window), [size, size], [stride, stride]);
const padded = (_, x) =>
  np.pad(x, [
    [0, 0],
    [0, 0],
    [1, 1],
    [1, 1],
  ]);

const chain = (parts) => (p, x) => parts.reduce((value, part) => part(p, value), x);

function block(make, from, to, stride) {
  const body = chain([
    conv(make, from, to, 3, stride),
    norm(make, to),
    relu,
    conv(make, to, to, 3, 1),
    norm(make, to),
  ]);
  if (stride === 1 && from === to) return (p, x) => nn.relu(body(p, x.ref).add(x));
  const shortcut = chain([conv(make, from, to, 1, stride), norm(make, to)]);
  return (p, x) => nn.relu(body(p, x.ref).add(shortcut(p, x)));
}

function stages(make, first, widths, blocks) {
  const parts = [];
  let from = first;
  widths.forEach((to, i) => {
    for (let j = 0; j < blocks; j++) {
      parts.push(block(make, from, to, i > 0 && j === 0 ? 2 : 1));
      from = to;
    }
  });
  return [...parts, averageAll];
}

/** The network of a work as a function of (parameters, images). */
function build(make, { network, inputShape, classes }) {
  const [height, width, channels] = inputShape;
  const normed = (from, to, kernel, stride) => [conv(make, from, to, kernel, stride), norm(make, to), relu];
  switch (network) {
    case 'mlp':
      return chain([
        flatten,
        linear(make, height * width * channels, 256),
        relu,
        linear(make, 256, 128),
        relu,
        linear(make, 128, classes),
      ]);
    case 'cnn':
      return chain([
        ...normed(channels, 16, 3, 1),
        maxPool(2, 2),
        ...normed(16, 32, 3, 1),
        maxPool(2, 2),
        flatten,
        linear(make, (height / 4) * (width / 4) * 32, 128),
        relu,
        linear(make, 128, classes),
      ]);
    case 'resnet20':
      return chain([
        ...normed(channels, 16, 3, 1),
        ...stages(make, 16, [16, 32, 64], 3),
        linear(make, 64, classes),
      ]);
    case 'resnet18':
      return chain([
        ...normed(channels, 64, 7, 2),
        // After a ReLU zeros never win, so that they may stand for the padding.
        padded,
        maxPool(3, 2),
        ...stages(make, 64, [64, 128, 256, 512], 2),
        linear(make, 512, classes),
      ]);
    default:
      throw new Error(`there is no network ${network}`);
  }
}

/** Normal numbers of a small generator (Park and Miller 1988; Box and Muller 1958). */
function gaussian() {
  let state = 1;
  const uniform = () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** NHWC to NCHW. */
function channelsFirst(data, batch, [height, width, channels]) {
  const result = new Float32Array(data.length);
  const pixels = height * width;
  for (let i = 0; i < data.length; i++) {
    const image = Math.floor(i / (pixels * channels));
    const pixel = Math.floor(i / channels) % pixels;
    result[(image * channels + (i % channels)) * pixels + pixel] = data[i];
  }
  return np.array(result).reshape([batch, channels, height, width]);
}

/** Its package.json is not among its exports. */
function packageVersion() {
  const file = fileURLToPath(new URL('../package.json', import.meta.resolve('@jax-js/jax')));
  return JSON.parse(readFileSync(file, 'utf8')).version;
}

export async function create({ work, batch, momentum }) {
  const devices = await init('wasm');
  if (!devices.includes('wasm')) throw new Error('jax-js cannot start its wasm device');
  defaultDevice('wasm');
  const make = new Parameters(gaussian());
  const network = build(make, work);
  const { inputs, labels } = fixedBatch(work, batch);
  const images = channelsFirst(inputs, batch, work.inputShape);
  const wanted = nn.oneHot(np.array(labels, { dtype: np.int32 }), work.classes);
  const lossOf = (p, x, target) => np.mean(np.sum(nn.logSoftmax(network(p, x)).mul(target), -1)).mul(-1);
  const update = jit((p, velocities, x, target) => {
    const [loss, gradients] = valueAndGrad(lossOf)(
      p.map((value) => value.ref),
      x,
      target,
    );
    const moved = velocities.map((velocity, i) => velocity.mul(momentum).add(gradients[i]));
    const next = p.map((value, i) => value.sub(moved[i].ref.mul(work.learningRate)));
    return [loss, next, moved];
  });
  let parameters = make.values;
  let velocities = parameters.map((value) => np.zeros(value.shape));
  return {
    version: `jax-js ${packageVersion()}`,
    description: 'wasm device, 1 thread, jit of the whole step',
    run: async () => {
      const [loss, next, moved] = update(parameters, velocities, images.ref, wanted.ref);
      [parameters, velocities] = [next, moved];
      await blockUntilReady(parameters);
      const [value] = await loss.data();
      return value;
    },
  };
}
