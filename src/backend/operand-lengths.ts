/**
 * How many elements each operand of a kernel call must have at least, and which of the optional ones a call cannot do
 * without, so that a backend can refuse a list that would reach past a buffer. Knows the layouts that kernels.ts
 * states, nothing of memory.
 */
import type { CallOf, KernelCall, KernelName } from './kernels.js';

type LengthsOf<K extends KernelName> = { readonly [B in keyof CallOf<K>['buffers']]?: number };
type LengthTable = { readonly [K in KernelName]: (p: CallOf<K>['params']) => LengthsOf<K> };
type ConvParams = CallOf<'conv2d'>['params'];
type PoolParams = CallOf<'max_pool'>['params'];

const QPARAMS = 4;
const STATE = 4;
const COUNTERS = 4;
const HYPER = 8;
const COEF = 8;

const rangeSizes = ({ cellRows, site }: { cellRows: number; site: number }) => ({
  cells: cellRows * 2,
  status: site + 1,
});

const maskBytes = (count: number): number => Math.ceil(count / 8);

const convSizes = (p: ConvParams) => ({
  input: p.batch * p.inH * p.inW * p.inC,
  output: p.batch * p.outH * p.outW * p.outC,
  weight: (p.outC * p.kernelH * p.kernelW * p.inC) / p.groups,
});

const poolSizes = (p: PoolParams) => ({
  input: p.batch * p.inH * p.inW * p.channels,
  output: p.batch * p.outH * p.outW * p.channels,
});

/** Elements up to the furthest one that a strided view reaches; 0 for an empty view. */
function reach(params: Readonly<Record<string, number>>, side: 'in' | 'out'): number {
  let last = params[`${side}Offset`];
  for (let axis = 0; axis < 6; axis++) {
    const length = params[`shape${axis}`];
    if (length === 0) return 0;
    last += Math.max(0, (length - 1) * params[`${side}Stride${axis}`]);
  }
  return last + 1;
}

const lengths: LengthTable = {
  fill: ({ count }) => ({ output: count }),
  copy_strided: (p) => ({ input: reach(p, 'in'), output: reach(p, 'out') }),
  binary: ({ count }) => ({ left: count, right: count, output: count }),
  unary: ({ count }) => ({ input: count, output: count }),
  gelu_grad: ({ count }) => ({ input: count, gradOutput: count, output: count }),
  affine: ({ count }) => ({ input: count, output: count }),
  relu: ({ count }) => ({ input: count, output: count, mask: maskBytes(count) }),
  relu_grad: ({ count, ...p }) => ({
    gradOutput: count,
    addend: count,
    mask: maskBytes(count),
    output: count,
    ...rangeSizes(p),
  }),
  leaky_relu: ({ count }) => ({ input: count, output: count, mask: maskBytes(count) }),
  leaky_relu_grad: ({ count }) => ({ gradOutput: count, mask: maskBytes(count), output: count }),
  dropout: ({ count }) => ({ input: count, counters: COUNTERS, output: count }),
  reduce_sum: ({ outer, axis, inner }) => ({ input: outer * axis * inner, output: outer * inner }),
  accumulate: ({ count }) => ({ input: count, total: count }),

  max_pool: (p) => ({ input: poolSizes(p).input, output: poolSizes(p).output, index: poolSizes(p).output }),
  max_pool_grad: (p) => ({
    gradOutput: poolSizes(p).output,
    index: poolSizes(p).output,
    gradInput: poolSizes(p).input,
  }),
  avg_pool: (p) => poolSizes(p),
  avg_pool_grad: (p) => ({ gradOutput: poolSizes(p).output, gradInput: poolSizes(p).input }),
  softmax: ({ rows, cols }) => ({ input: rows * cols, output: rows * cols }),
  softmax_grad: ({ rows, cols }) => ({
    output: rows * cols,
    gradOutput: rows * cols,
    gradInput: rows * cols,
  }),
  log_softmax: ({ rows, cols }) => ({ input: rows * cols, output: rows * cols }),
  log_softmax_grad: ({ rows, cols }) => ({
    output: rows * cols,
    gradOutput: rows * cols,
    gradInput: rows * cols,
  }),
  softmax_cross_entropy: ({ rows, cols, site }) => ({
    logits: rows * cols,
    labels: rows,
    loss: rows,
    gradLogits: rows * cols,
    correct: rows,
    status: site + 1,
  }),
  embedding: ({ rows, cols, tableRows, site }) => ({
    table: tableRows * cols,
    indices: rows,
    output: rows * cols,
    status: site + 1,
  }),
  embedding_grad: ({ rows, cols, tableRows }) => ({
    gradOutput: rows * cols,
    indices: rows,
    gradTable: tableRows * cols,
  }),

  range: ({ rows, cols, site }) => ({ input: rows * cols, cells: rows * 2, status: site + 1 }),
  range_channels: ({ batch, inner, channels, site }) => ({
    input: batch * inner * channels,
    cells: batch * channels * 2,
    status: site + 1,
  }),
  qparams: ({ outer, inner, by }) => ({
    cells: outer * inner * 2,
    state: STATE * (by === 2 ? inner : 1),
    qparams: QPARAMS * (by === 0 ? 1 : by === 1 ? outer : inner),
  }),
  quantize: ({ count, groups }) => ({
    input: count,
    qparams: groups * QPARAMS,
    counters: COUNTERS,
    codes: count,
  }),
  quantize_pair: ({ count, groupsA, groupsB }) => ({
    input: count,
    qparamsA: groupsA * QPARAMS,
    qparamsB: groupsB * QPARAMS,
    counters: COUNTERS,
    codesA: count,
    codesB: count,
  }),
  dequantize: ({ count, groups }) => ({ codes: count, qparams: groups * QPARAMS, output: count }),
  quantize_minifloat: ({ count, groups }) => ({
    input: count,
    qparams: groups * QPARAMS,
    counters: COUNTERS,
    codes: count,
  }),
  dequantize_minifloat: ({ count, groups }) => ({ codes: count, qparams: groups * QPARAMS, output: count }),
  clip_losses: ({ count, rows, candidates }) => ({
    input: count,
    cells: 2 * rows,
    counters: COUNTERS,
    losses: candidates,
  }),
  clip_range: ({ rows, candidates }) => ({ cells: 2 * rows, losses: candidates, range: 2 }),
  scale_channels: ({ rows, channels }) => ({
    input: rows * channels,
    qparams: channels * QPARAMS,
    output: rows * channels,
  }),

  norm_cells: ({ batch, inner, channels, site }) => ({
    input: batch * inner * channels,
    cells: batch * channels * 8,
    status: site + 1,
  }),
  norm_finalize: ({ batch, channels, codes }) => ({
    cells: batch * channels * 8,
    qparams: QPARAMS * (codes === 2 ? channels : 1),
    gamma: channels,
    beta: channels,
    runningMean: channels,
    runningSpread: channels,
    coef: channels * COEF,
  }),
  channel_affine: ({ rows, channels }) => ({
    input: rows * channels,
    coef: channels * COEF,
    output: rows * channels,
  }),
  channel_affine_quantize: ({ rows, channels }) => ({
    input: rows * channels,
    coef: channels * COEF,
    qparams: QPARAMS,
    codes: rows * channels,
    mask: maskBytes(rows * channels),
  }),
  channel_affine_range: ({ batch, channels, site }) => ({
    normCells: batch * channels * 8,
    coef: channels * COEF,
    cells: batch * 2,
    status: site + 1,
  }),
  channel_affine_add_relu: ({ batch, inner, channels, site }) => ({
    input: batch * inner * channels,
    coef: channels * COEF,
    shortcut: batch * inner * channels,
    output: batch * inner * channels,
    mask: maskBytes(batch * inner * channels),
    cells: batch * 2,
    status: site + 1,
  }),
  norm_grad_cells: ({ batch, inner, channels }) => ({
    gradOutput: batch * inner * channels,
    input: batch * inner * channels,
    mask: maskBytes(batch * inner * channels),
    coef: channels * COEF,
    gradParams: QPARAMS,
    cells: batch * channels * 4,
  }),
  norm_grad_finalize: ({ batch, channels }) => ({
    cells: batch * channels * 4,
    coef: channels * COEF,
    gradParams: QPARAMS,
    gradCoef: channels * 4,
    gradGamma: channels,
    gradBeta: channels,
  }),
  norm_grad_input: ({ rows, channels, ...p }) => ({
    gradOutput: rows * channels,
    input: rows * channels,
    mask: maskBytes(rows * channels),
    gradCoef: channels * 4,
    gradInput: rows * channels,
    ...rangeSizes(p),
  }),
  range_norm_spikes: ({ batch, inner, channels }) => ({
    cells: batch * channels * 8,
    gradCoef: channels * 4,
    gradInput: batch * inner * channels,
  }),

  matmul: ({ batch, rows, cols, inner }) => ({
    left: batch * rows * inner,
    right: batch * inner * cols,
    bias: cols,
    output: batch * rows * cols,
  }),
  conv2d: (p) => ({ ...convSizes(p), bias: p.outC }),
  conv2d_grad_input: (p) => ({
    gradOutput: convSizes(p).output,
    weight: convSizes(p).weight,
    gradInput: convSizes(p).input,
  }),
  conv2d_grad_weight: (p) => ({
    gradOutput: convSizes(p).output,
    input: convSizes(p).input,
    gradWeight: convSizes(p).weight,
  }),
  matmul_int: ({ batch, rows, cols, inner, leftGroups, rightBy }) => ({
    left: batch * rows * inner,
    leftParams: leftGroups * QPARAMS,
    right: batch * inner * cols,
    rightParams: [1, cols, batch, 0][rightBy] * QPARAMS,
    bias: cols,
    output: batch * rows * cols,
  }),
  conv2d_int: (p) => ({
    ...convSizes(p),
    inputParams: p.inputGroups * QPARAMS,
    weightParams: p.weightGroups * QPARAMS,
    bias: p.outC,
    ...rangeSizes(p),
  }),
  conv2d_grad_input_int: (p) => ({
    gradOutput: convSizes(p).output,
    gradParams: p.gradGroups * QPARAMS,
    weight: convSizes(p).weight,
    weightParams: p.weightFolded ? 0 : QPARAMS,
    gradInput: convSizes(p).input,
  }),
  conv2d_grad_weight_int: (p) => ({
    gradOutput: convSizes(p).output,
    gradParams: p.gradGroups * QPARAMS,
    input: convSizes(p).input,
    inputParams: QPARAMS,
    gradWeight: convSizes(p).weight,
  }),

  square_sum: ({ count, slot }) => ({ gradient: count, sums: slot + 1 }),
  clip_scale: ({ count }) => ({ sums: count, hyper: HYPER }),
  sgd: ({ count, ...p }) => ({
    parameter: count,
    gradient: count,
    velocity: count,
    hyper: HYPER,
    ...rangeSizes(p),
  }),
  adam: ({ count, ...p }) => ({
    ...rangeSizes(p),
    parameter: count,
    gradient: count,
    moment1: count,
    moment2: count,
    hyper: HYPER,
  }),
};

/** Least number of elements of every operand of a call by its name; what may be absent is listed too. */
export function operandLengths(call: KernelCall): Readonly<Record<string, number>> {
  const lengthsOf = lengths[call.kernel] as (p: KernelCall['params']) => Readonly<Record<string, number>>;
  return lengthsOf(call.params);
}

/** Names of the optional operands that this call's parameters and storages make necessary. */
export function neededOperands(call: KernelCall): readonly string[] {
  const needed: string[] = [];
  switch (call.kernel) {
    case 'quantize':
    case 'quantize_minifloat':
    case 'clip_losses':
      if (call.params.stochastic) needed.push('counters');
      break;
    case 'quantize_pair':
      if (call.params.stochasticA || call.params.stochasticB) needed.push('counters');
      break;
    case 'qparams':
      if (call.params.tracking !== 2) needed.push('cells');
      if (call.params.tracking !== 0) needed.push('state');
      break;
    case 'norm_finalize':
      if (call.params.train) needed.push('cells');
      if (call.params.codes) needed.push('qparams');
      break;
    case 'norm_grad_cells':
      if (call.buffers.gradOutput.storage !== 'float') needed.push('gradParams');
      break;
    case 'norm_grad_finalize':
      if (call.buffers.cells.storage !== 'float') needed.push('gradParams');
      break;
  }
  return needed;
}
