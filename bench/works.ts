/** The fixed works that are measured, and the data they are measured on. */

export type WorkId = 'W1' | 'W2' | 'W3' | 'W4';

export interface Work {
  readonly id: WorkId;
  readonly title: string;
  /** Name of the network, for participants that build their own. */
  readonly network: 'mlp' | 'cnn' | 'resnet20' | 'resnet18';
  /** [height, width, channels]. */
  readonly inputShape: readonly [number, number, number];
  readonly classes: number;
  /** Where a participant takes a smaller one, its images/s are compared, and the table says so. */
  readonly batch: number;
  readonly learningRate: number;
}

export const works: readonly Work[] = [
  {
    id: 'W1',
    title: 'MLP 784-256-128-10',
    network: 'mlp',
    inputShape: [28, 28, 1],
    classes: 10,
    batch: 128,
    learningRate: 0.02,
  },
  {
    id: 'W2',
    title: 'small CNN on 28x28: conv 16, conv 32, fc 128',
    network: 'cnn',
    inputShape: [28, 28, 1],
    classes: 10,
    batch: 64,
    learningRate: 0.01,
  },
  {
    id: 'W3',
    title: 'ResNet-20 for CIFAR',
    network: 'resnet20',
    inputShape: [32, 32, 3],
    classes: 10,
    batch: 64,
    learningRate: 0.01,
  },
  {
    id: 'W4',
    title: 'ResNet-18 (ImageNet form) on 64x64',
    network: 'resnet18',
    inputShape: [64, 64, 3],
    classes: 10,
    batch: 8,
    learningRate: 0.005,
  },
];

/** Momentum of SGD in every work. */
export const momentum = 0.9;

/** Number i of a sequence that looks random and is the same in every language: uniform with mean 0 and variance 1. */
export function noise(i: number): number {
  const x = Math.sin(i * 12.9898) * 43758.5453;
  return (x - Math.floor(x) - 0.5) * Math.sqrt(12);
}

/** One fixed batch, images [batch, height, width, channels]. A network has to learn it by heart, which shows as a falling loss. */
export function fixedBatch(
  work: Pick<Work, 'inputShape' | 'classes'>,
  batch: number,
): { readonly inputs: Float32Array; readonly labels: Int32Array } {
  const [height, width, channels] = work.inputShape;
  return {
    inputs: Float32Array.from({ length: batch * height * width * channels }, (_, i) => noise(i)),
    labels: Int32Array.from({ length: batch }, (_, i) => i % work.classes),
  };
}
