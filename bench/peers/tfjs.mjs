/**
 * TensorFlow.js's side of the works, on its cpu or wasm backend, written with its layers, gradients and optimiser as its
 * users would: float32, NHWC. Plain JavaScript, since the peers' types are there only where the peers are installed.
 */
import * as tf from '@tensorflow/tfjs';
import { version_wasm as wasmVersion } from '@tensorflow/tfjs-backend-wasm';
import { fixedBatch } from '../../.cache/bench/works.js';
import { registerFilterGradient } from './tfjs-filter-gradient.mjs';

const { layers } = tf;

function conv(filters, kernelSize, strides = 1) {
  return layers.conv2d({
    filters,
    kernelSize,
    strides,
    padding: 'same',
    useBias: false,
    kernelInitializer: tf.initializers.varianceScaling({ scale: 2, mode: 'fanOut', distribution: 'normal' }),
  });
}

const norm = () => layers.batchNormalization({ momentum: 0.9, epsilon: 1e-5 });
const relu = () => layers.activation({ activation: 'relu' });

function block(x, filters, strides) {
  const sameShape = strides === 1 && x.shape[3] === filters;
  const shortcut = sameShape ? x : norm().apply(conv(filters, 1, strides).apply(x));
  let y = relu().apply(norm().apply(conv(filters, 3, strides).apply(x)));
  y = norm().apply(conv(filters, 3).apply(y));
  return relu().apply(layers.add().apply([y, shortcut]));
}

function stages(x, widths, blocks) {
  let y = x;
  widths.forEach((filters, i) => {
    for (let j = 0; j < blocks; j++) y = block(y, filters, i > 0 && j === 0 ? 2 : 1);
  });
  return layers.globalAveragePooling2d({}).apply(y);
}

const networks = {
  mlp: (x) => {
    let y = layers.flatten().apply(x);
    for (const units of [256, 128]) y = layers.dense({ units, activation: 'relu' }).apply(y);
    return y;
  },
  cnn: (x) => {
    let y = x;
    for (const filters of [16, 32]) {
      y = relu().apply(norm().apply(conv(filters, 3).apply(y)));
      y = layers.maxPooling2d({ poolSize: 2 }).apply(y);
    }
    return layers.dense({ units: 128, activation: 'relu' }).apply(layers.flatten().apply(y));
  },
  resnet20: (x) => stages(relu().apply(norm().apply(conv(16, 3).apply(x))), [16, 32, 64], 3),
  resnet18: (x) => {
    const y = relu().apply(norm().apply(conv(64, 7, 2).apply(x)));
    return stages(
      layers.maxPooling2d({ poolSize: 3, strides: 2, padding: 'same' }).apply(y),
      [64, 128, 256, 512],
      2,
    );
  },
};

function build({ network, inputShape, classes }) {
  const input = tf.input({ shape: inputShape });
  const output = layers.dense({ units: classes }).apply(networks[network](input));
  return tf.model({ inputs: input, outputs: output });
}

export async function create({ work, batch, momentum, variant }) {
  if (!(await tf.setBackend(variant.backend)))
    throw new Error(`tfjs cannot start its ${variant.backend} backend`);
  if (variant.patched) registerFilterGradient(tf);
  const model = build(work);
  const { inputs, labels } = fixedBatch(work, batch);
  const images = tf.tensor4d(inputs, [batch, ...work.inputShape]);
  const wanted = tf.oneHot(tf.tensor1d(labels, 'int32'), work.classes).toFloat();
  const optimizer = tf.train.momentum(work.learningRate, momentum);
  const lossOf = () =>
    tf.losses.softmaxCrossEntropy(wanted, model.apply(images, { training: true })).asScalar();
  const patch = variant.patched ? ', with a gradient of filters composed of its own operations' : '';
  return {
    version:
      variant.backend === 'wasm' ? `tfjs ${tf.version.tfjs}, wasm ${wasmVersion}` : `tfjs ${tf.version.tfjs}`,
    description: `${variant.backend} backend, 1 thread${patch}`,
    run: async () => {
      const loss = optimizer.minimize(lossOf, true);
      const [value] = await loss.data();
      loss.dispose();
      return value;
    },
  };
}
