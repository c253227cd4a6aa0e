/** The products that are measured singly: sizes, operands and the kernel calls of our side. */
import { backend as backends } from 'octograd';
import type { ArithmeticLimit } from './limits.js';

type KernelCall = backends.KernelCall;
type Storage = backends.BufferRef['storage'];

export interface ProductCase {
  /** Such as `512^3` or `64 ch 8x8 3x3`. */
  readonly size: string;
  /** What the kernel computes, such as `forward int8 x int8`. */
  readonly what: string;
  readonly kernel: KernelCall['kernel'];
  readonly params: Readonly<Record<string, number>>;
  /** Storages of the two factors, in the order of the kernel's operands. */
  readonly factors: readonly [Storage, Storage];
  readonly macs: number;
  readonly limit: ArithmeticLimit;
}

export const gemmSizes = [256, 512, 1024] as const;

const pairs = [
  ['int8', 'int8'],
  ['uint8', 'int8'],
  ['int16', 'int8'],
  ['float', 'float'],
] as const satisfies readonly (readonly [Storage, Storage])[];

const nameOf = ([left, right]: readonly [Storage, Storage]): string =>
  left === 'float' ? 'float32' : `${left} x ${right}`;

function gemm(size: number, factors: readonly [Storage, Storage]): ProductCase {
  const float = factors[0] === 'float';
  const sizes = { batch: 1, rows: size, cols: size, inner: size, transposeLeft: 0, transposeRight: 0 };
  return {
    size: `${size}^3`,
    what: nameOf(factors),
    kernel: float ? 'matmul' : 'matmul_int',
    params: float ? sizes : { ...sizes, leftGroups: 1, rightBy: 0 },
    factors,
    macs: size ** 3,
    limit: float ? 'fused' : factors[0] === 'int16' ? 'integer' : 'bytes',
  };
}

export const gemmCases: readonly ProductCase[] = gemmSizes.flatMap((size) =>
  pairs.map((factors) => gemm(size, factors)),
);

export interface ConvShape {
  readonly name: string;
  readonly inC: number;
  readonly outC: number;
  /** Height and width of the input. */
  readonly side: number;
  readonly kernel: number;
  readonly stride: number;
}

/** The convolutions of ResNet-20, one of each kind. */
export const convShapes: readonly ConvShape[] = [
  { name: '3 to 16, 32x32', inC: 3, outC: 16, side: 32, kernel: 3, stride: 1 },
  { name: '16 to 16, 32x32', inC: 16, outC: 16, side: 32, kernel: 3, stride: 1 },
  { name: '16 to 32, 32x32, stride 2', inC: 16, outC: 32, side: 32, kernel: 3, stride: 2 },
  { name: '16 to 32, 32x32, 1x1, stride 2', inC: 16, outC: 32, side: 32, kernel: 1, stride: 2 },
  { name: '32 to 32, 16x16', inC: 32, outC: 32, side: 16, kernel: 3, stride: 1 },
  { name: '64 to 64, 8x8', inC: 64, outC: 64, side: 8, kernel: 3, stride: 1 },
];

export const convBatch = 64;

function convCases(shape: ConvShape, batch: number): ProductCase[] {
  const { name, inC, outC, side, kernel, stride } = shape;
  const pad = (kernel - 1) / 2;
  const out = Math.floor((side + 2 * pad - kernel) / stride) + 1;
  const params = {
    ...{ batch, inH: side, inW: side, inC, outH: out, outW: out, outC },
    ...{ kernelH: kernel, kernelW: kernel, strideH: stride, strideW: stride, padH: pad, padW: pad },
    ...{ dilationH: 1, dilationW: 1, groups: 1 },
  };
  const macs = batch * out * out * outC * kernel * kernel * inC;
  const common = { size: name, macs };
  const bytes = { ...common, limit: 'bytes' } as const;
  const float = { ...common, params, factors: ['float', 'float'], limit: 'fused' } as const;
  return [
    {
      ...bytes,
      what: 'forward int8 x int8',
      kernel: 'conv2d_int',
      params: { ...params, inputGroups: 1, weightGroups: 1, cellRows: 0, site: 0 },
      factors: ['int8', 'int8'],
    },
    {
      ...bytes,
      what: 'gradInput int8 x int8',
      kernel: 'conv2d_grad_input_int',
      params: { ...params, gradGroups: 1, weightFolded: 0 },
      factors: ['int8', 'int8'],
    },
    {
      ...common,
      limit: 'integer',
      what: 'gradWeight int16 x int8',
      kernel: 'conv2d_grad_weight_int',
      params: { ...params, gradGroups: 1 },
      factors: ['int16', 'int8'],
    },
    { ...float, what: 'forward float32', kernel: 'conv2d' },
    { ...float, what: 'gradInput float32', kernel: 'conv2d_grad_input' },
    { ...float, what: 'gradWeight float32', kernel: 'conv2d_grad_weight' },
  ];
}

/** All convolutions, at a batch. */
export const allConvCases = (batch: number): ProductCase[] =>
  convShapes.flatMap((shape) => convCases(shape, batch));

/** Names a case's job. */
export const jobOf = ({ size, what }: ProductCase): string => `${size}: ${what}`;

/** Random codes over the whole range of their storage, or floats around 0. */
function fillRandom(view: ReturnType<backends.Backend['view']>, storage: Storage): void {
  let state = 1;
  for (let i = 0; i < view.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    // The upper bits are the better ones.
    view[i] = storage === 'float' ? state / 2 ** 31 : storage === 'int16' ? (state >> 16) | 1 : state >> 24;
  }
}

/** Makes every case ready to run on a backend, each with operands of its own. */
export function prepareProducts(
  backend: backends.Backend,
  cases: readonly ProductCase[],
): ReadonlyMap<string, () => void> {
  let end = 0;
  const place = (length: number, storage: Storage): backends.BufferRef => {
    const offset = end;
    const bytes = { float: 4, int32: 4, int16: 2, int8: 1, uint8: 1 }[storage] * length;
    end = Math.ceil((offset + bytes) / 64) * 64;
    return { offset, length, storage };
  };
  const calls = cases.map(({ kernel, params, factors }) => {
    const bare = { kernel, params, buffers: {} } as unknown as KernelCall;
    const lengths = backends.operandLengths(bare);
    const kinds = Object.entries(backends.kernelSpecs[kernel].buffers);
    const factorNames = kinds
      .filter(([name, use]) => use === 'in' && !/Params$/.test(name))
      .map(([name]) => name);
    const buffers = Object.fromEntries(
      kinds
        .filter(([, use]) => !use.endsWith('?'))
        .map(([name]) => {
          const factor = factorNames.indexOf(name);
          return [name, place(lengths[name], factor < 0 ? 'float' : factors[factor])];
        }),
    );
    return { ...bare, buffers } as unknown as KernelCall;
  });
  backend.reserve(end);
  const programs = calls.map((call) => backend.compile([call]));
  for (const call of calls) {
    for (const [name, buffer] of Object.entries(call.buffers as Record<string, backends.BufferRef>)) {
      const view = backend.view(buffer);
      // Scale and its inverse; the zero point is 0, as int16 needs it.
      if (/Params$/.test(name)) view.set([1 / 128, 128, 0, 0]);
      else fillRandom(view, buffer.storage);
    }
  }
  return new Map(cases.map((item, i) => [jobOf(item), () => programs[i].run()]));
}
