/** Cases of pooling, softmax, cross-entropy and embedding. */
import { CHANNELS, Draw } from './draw.case.js';
import { data, floats, ints, type KernelCase, kernelCase, out } from './kernel-case.case.js';

interface Pool {
  readonly batch: number;
  readonly inH: number;
  readonly inW: number;
  readonly channels: number;
  readonly outH: number;
  readonly outW: number;
  readonly kernelH: number;
  readonly kernelW: number;
  readonly strideH: number;
  readonly strideW: number;
  readonly padH: number;
  readonly padW: number;
}

/** Output size is that of rounding down, as every framework's default. */
function pool(
  batch: number,
  size: readonly [number, number],
  channels: number,
  kernel: readonly [number, number],
  stride: readonly [number, number],
  pad: readonly [number, number],
): Pool {
  return {
    batch,
    inH: size[0],
    inW: size[1],
    channels,
    outH: Math.floor((size[0] + 2 * pad[0] - kernel[0]) / stride[0]) + 1,
    outW: Math.floor((size[1] + 2 * pad[1] - kernel[1]) / stride[1]) + 1,
    kernelH: kernel[0],
    kernelW: kernel[1],
    strideH: stride[0],
    strideW: stride[1],
    padH: pad[0],
    padW: pad[1],
  };
}

const POOLS: readonly Pool[] = [
  ...CHANNELS.map((channels) => pool(2, [8, 8], channels, [2, 2], [2, 2], [0, 0])),
  ...CHANNELS.map((channels) => pool(1, [7, 9], channels, [3, 3], [2, 2], [1, 1])),
  pool(1, [1, 1], 1, [1, 1], [1, 1], [0, 0]),
  pool(3, [7, 7], 5, [2, 2], [2, 2], [0, 0]),
  pool(2, [6, 5], 8, [3, 3], [1, 1], [1, 1]),
  pool(2, [8, 8], 16, [8, 8], [8, 8], [0, 0]),
  pool(2, [9, 6], 4, [3, 2], [2, 3], [1, 0]),
  pool(1, [5, 5], 3, [2, 2], [3, 3], [0, 0]),
  pool(1, [2, 3], 10, [3, 3], [1, 1], [1, 1]),
  pool(5, [4, 4], 33, [1, 1], [2, 2], [0, 0]),
];

const poolTitle = (p: Pool): string =>
  `${p.batch}x${p.inH}x${p.inW}x${p.channels}, kernel ${p.kernelH}x${p.kernelW}, stride ${p.strideH}x${p.strideW}, pad ${p.padH}x${p.padW}`;

const inputSize = (p: Pool): number => p.batch * p.inH * p.inW * p.channels;
const outputSize = (p: Pool): number => p.batch * p.outH * p.outW * p.channels;

/** For every output a place of its window that lies in the image. */
function validIndex(draw: Draw, p: Pool): Uint8Array {
  const index = new Uint8Array(outputSize(p));
  let at = 0;
  for (let image = 0; image < p.batch; image++) {
    for (let oh = 0; oh < p.outH; oh++) {
      for (let ow = 0; ow < p.outW; ow++) {
        const places: number[] = [];
        for (let kh = 0; kh < p.kernelH; kh++) {
          for (let kw = 0; kw < p.kernelW; kw++) {
            const h = oh * p.strideH - p.padH + kh;
            const w = ow * p.strideW - p.padW + kw;
            if (h >= 0 && h < p.inH && w >= 0 && w < p.inW) places.push(kh * p.kernelW + kw);
          }
        }
        for (let c = 0; c < p.channels; c++) index[at++] = places[draw.between(0, places.length - 1)];
      }
    }
  }
  return index;
}

function maxPoolCase(p: Pool, kind: string, input: Float32Array, withIndex: boolean): KernelCase {
  return kernelCase(
    'max_pool',
    `${poolTitle(p)}, ${kind}${withIndex ? '' : ', without index'}`,
    {
      input: floats(input),
      output: out('float', outputSize(p)),
      index: withIndex ? out('uint8', outputSize(p)) : undefined,
    },
    { ...p },
  );
}

function poolCases(): KernelCase[] {
  const cases = POOLS.flatMap((p) => {
    const draw = new Draw(`pool ${poolTitle(p)}`);
    const gradOutput = floats(draw.wide(outputSize(p)));
    return [
      maxPoolCase(p, 'ties', draw.ties(inputSize(p), 3), true),
      kernelCase(
        'max_pool_grad',
        poolTitle(p),
        { gradOutput, index: data('uint8', validIndex(draw, p)), gradInput: out('float', inputSize(p)) },
        { ...p },
      ),
      kernelCase(
        'avg_pool',
        poolTitle(p),
        { input: floats(draw.wide(inputSize(p))), output: out('float', outputSize(p)) },
        { ...p },
      ),
      kernelCase(
        'avg_pool_grad',
        poolTitle(p),
        { gradOutput, gradInput: out('float', inputSize(p)) },
        { ...p },
      ),
    ];
  });
  const padded = pool(2, [6, 7], 9, [3, 3], [2, 2], [1, 1]);
  const draw = new Draw('max_pool kinds');
  const size = inputSize(padded);
  return [
    ...cases,
    maxPoolCase(padded, 'normal', draw.normal(size), false),
    maxPoolCase(padded, 'special values', draw.special(size), true),
    maxPoolCase(padded, 'NaN and infinities', draw.nonFinite(size), true),
    maxPoolCase(padded, 'negative infinities', new Float32Array(size).fill(-Infinity), true),
    maxPoolCase(padded, 'negative values: padding would win', draw.uniform(size, -9, -1), true),
    maxPoolCase(padded, 'NaN everywhere', new Float32Array(size).fill(Number.NaN), true),
  ];
}

const LOGIT_SHAPES = [
  [1, 1],
  [7, 10],
  [33, 3],
  [2, 1000],
  [64, 10],
  [5, 33],
] as const;

function softmaxCases(): KernelCase[] {
  const shapes = LOGIT_SHAPES.flatMap(([rows, cols]) => {
    const draw = new Draw(`softmax ${rows} ${cols}`);
    const size = rows * cols;
    return [
      kernelCase(
        'softmax',
        `${rows} x ${cols}`,
        { input: floats(draw.normal(size, 4)), output: out('float', size) },
        { rows, cols },
      ),
      kernelCase(
        'softmax_grad',
        `${rows} x ${cols}`,
        {
          output: floats(draw.uniform(size, 0, 1)),
          gradOutput: floats(draw.wide(size)),
          gradInput: out('float', size),
        },
        { rows, cols },
      ),
      kernelCase(
        'log_softmax',
        `${rows} x ${cols}`,
        { input: floats(draw.normal(size, 4)), output: out('float', size) },
        { rows, cols },
      ),
      kernelCase(
        'log_softmax_grad',
        `${rows} x ${cols}`,
        {
          output: floats(draw.uniform(size, -20, 0)),
          gradOutput: floats(draw.wide(size)),
          gradInput: out('float', size),
        },
        { rows, cols },
      ),
    ];
  });
  const spread = [1000, -1000, 0, 88, 3e38, -3e38, 1e-40, -0, 5, 5, 5, 5, -1e30, -1e30, -1e30, -1e30];
  return [
    ...shapes,
    kernelCase(
      'softmax',
      'far apart, equal and hugely negative logits',
      { input: floats(spread), output: out('float', 16) },
      { rows: 4, cols: 4 },
    ),
    kernelCase(
      'log_softmax',
      'far apart, equal and hugely negative logits',
      { input: floats(spread), output: out('float', 16) },
      { rows: 4, cols: 4 },
    ),
  ];
}

function crossEntropyCases(): KernelCase[] {
  const cases: KernelCase[] = [];
  for (const [rows, cols] of LOGIT_SHAPES) {
    for (const smoothing of [0, 0.1]) {
      for (const optional of [true, false]) {
        const draw = new Draw(`cross-entropy ${rows} ${cols} ${smoothing} ${optional}`);
        const labels = Int32Array.from({ length: rows }, () => draw.between(0, cols - 1));
        cases.push(
          kernelCase(
            'softmax_cross_entropy',
            `${rows} x ${cols}, smoothing ${smoothing}${optional ? '' : ', loss alone'}`,
            {
              logits: floats(draw.ties(rows * cols, 20)),
              labels: ints(labels),
              loss: out('float', rows),
              gradLogits: optional ? out('float', rows * cols) : undefined,
              correct: optional ? out('float', rows) : undefined,
              status: ints([0, 4, 2]),
            },
            { rows, cols, smoothing, scale: 1 / rows, site: 1 },
          ),
        );
      }
    }
  }
  const draw = new Draw('cross-entropy bad rows');
  const logits = draw.normal(8 * 5, 3);
  logits[2 * 5 + 1] = Number.NaN;
  logits[4 * 5 + 3] = Infinity;
  return [
    ...cases,
    kernelCase(
      'softmax_cross_entropy',
      'labels out of range',
      {
        logits: floats(draw.normal(8 * 5, 3)),
        labels: ints([0, 5, -1, 4, 2_000_000_000, 1, -2_000_000_000, 3]),
        loss: out('float', 8),
        gradLogits: out('float', 40),
        // The contract does not say whether a row without a label can be correct.
        correct: out('float', 8, { unspecified: [1, 2, 4, 6] }),
        status: ints([0, 0]),
      },
      { rows: 8, cols: 5, smoothing: 0.1, scale: 0.125, site: 0 },
    ),
    kernelCase(
      'softmax_cross_entropy',
      'a NaN and an infinity',
      {
        logits: floats(logits),
        labels: ints([0, 1, 2, 3, 4, 0, 1, 2]),
        loss: out('float', 8),
        gradLogits: out('float', 40),
        correct: out('float', 8, { unspecified: [2, 4] }),
        status: ints([2, 0]),
      },
      { rows: 8, cols: 5, smoothing: 0, scale: 0.125, site: 1 },
    ),
  ];
}

function embeddingCases(): KernelCase[] {
  const shapes = [
    [1, 1, 1],
    [7, 10, 5],
    [33, 8, 100],
    [130, 33, 12],
    [40, 64, 3],
  ];
  return shapes.flatMap(([rows, cols, tableRows]) =>
    [false, true].flatMap((bad) => {
      const draw = new Draw(`embedding ${rows} ${cols} ${tableRows} ${bad}`);
      const indices = Int32Array.from({ length: rows }, () => draw.between(0, tableRows - 1));
      if (bad) {
        indices[0] = tableRows;
        indices[rows >> 1] = -1;
        indices[rows - 1] = 2 ** 31 - 1;
      }
      const title = `${rows} rows of ${cols} from ${tableRows}${bad ? ', bad indices' : ''}`;
      return [
        kernelCase(
          'embedding',
          title,
          {
            table: floats(draw.nonFinite(tableRows * cols)),
            indices: ints(indices),
            output: out('float', rows * cols),
            status: ints([8, 1, 0]),
          },
          { rows, cols, tableRows, site: 1 },
        ),
        kernelCase(
          'embedding_grad',
          title,
          {
            gradOutput: floats(draw.wide(rows * cols)),
            indices: ints(indices),
            gradTable: out('float', tableRows * cols),
          },
          { rows, cols, tableRows },
        ),
      ];
    }),
  );
}

export function poolingCases(): KernelCase[] {
  return [...poolCases(), ...softmaxCases(), ...crossEntropyCases(), ...embeddingCases()];
}
