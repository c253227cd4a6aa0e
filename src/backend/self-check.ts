/**
 * A backend held against another on a handful of calls, before it is used: for code that an experimental compiler made. The
 * whole contract is the conformance suite's affair; this one runs in a user's process, so it is short and knows no test runner.
 */
import { bytesOf, type NumericArray, type Storage } from '../core/dtype.js';
import { RandomStream } from '../core/rng.js';
import type { Backend } from './backend.js';
import { type BufferRef, type KernelCall, type KernelName, kernelSpecs } from './kernels.js';

/** A buffer of the check: what it holds before the calls. */
interface Operand {
  readonly ref: BufferRef;
  readonly values: number[];
}

/** Float products with fused multiply-add may differ from the plain ones by this many units of 2^-23 of sum |a||b|. */
const FLOAT_TOLERANCE = 4;
/** Kernels whose floats may be rounded once where the reference rounds twice. */
const floatProducts: readonly KernelName[] = ['matmul', 'conv2d', 'conv2d_grad_input', 'conv2d_grad_weight'];

class Check {
  readonly operands: Operand[] = [];
  readonly calls: KernelCall[] = [];
  private readonly random = new RandomStream(1);
  bytes = 0;

  private place(storage: Storage, values: number[]): BufferRef {
    const ref: BufferRef = { offset: this.bytes, length: values.length, storage };
    this.bytes += Math.ceil((values.length * bytesOf(storage)) / 64) * 64 + 64;
    this.operands.push({ ref, values });
    return ref;
  }

  /** Codes from low to high, both drawn too, or floats from -1 to 1. */
  drawn(storage: Storage, count: number, low = -1, high = 1): BufferRef {
    const draw = (): number => low + this.random.uniform() * (high - low);
    const values = Array.from({ length: count }, () => (storage === 'float' ? draw() : Math.round(draw())));
    return this.place(storage, values);
  }

  these(storage: Storage, values: number[]): BufferRef {
    return this.place(storage, values);
  }

  empty(storage: Storage, count: number): BufferRef {
    return this.place(storage, new Array<number>(count).fill(0));
  }

  add(call: KernelCall): void {
    this.calls.push(call);
  }
}

const scales = (zeroPoint: number, scale = 0.037): number[] => [scale, Math.fround(1 / scale), zeroPoint, 0];

/** Kernels of each kind whose loops are long enough to be compiled differently: products, quantisers, norms, gradients. */
function makeCheck(): Check {
  const check = new Check();
  const [batch, size, inC, outC] = [3, 9, 20, 24];
  const pixels = batch * size * size;
  const conv = {
    ...{ batch, inH: size, inW: size, inC, outH: size, outW: size, outC },
    ...{
      kernelH: 3,
      kernelW: 3,
      strideH: 1,
      strideW: 1,
      padH: 1,
      padW: 1,
      dilationH: 1,
      dilationW: 1,
      groups: 1,
    },
  };
  const input = check.drawn('uint8', pixels * inC, 0, 255);
  const weight = check.drawn('int8', outC * 9 * inC, -128, 127);
  const grad8 = check.drawn('int8', pixels * outC, -127, 127);
  const grad16 = check.drawn('int16', pixels * outC, -32767, 32767);
  const inputParams = check.these('float', scales(7));
  const symmetric = check.these('float', scales(0));
  const output = check.empty('float', pixels * outC);
  const gradInput = check.empty('float', pixels * inC);
  check.add({
    kernel: 'conv2d_int',
    buffers: {
      input,
      inputParams,
      weight,
      weightParams: symmetric,
      bias: check.drawn('float', outC),
      output,
    },
    params: { ...conv, inputGroups: 1, weightGroups: 1, cellRows: 0, site: 0 },
  });
  check.add({
    kernel: 'conv2d_grad_input_int',
    buffers: { gradOutput: grad8, gradParams: symmetric, weight, weightParams: symmetric, gradInput },
    params: { ...conv, gradGroups: 1, weightFolded: 0 },
  });
  check.add({
    kernel: 'conv2d_grad_weight_int',
    buffers: {
      ...{ gradOutput: grad16, gradParams: symmetric, input, inputParams },
      gradWeight: check.empty('float', outC * 9 * inC),
    },
    params: { ...conv, gradGroups: 1 },
  });
  const wide = check.drawn('float', outC * 9 * inC);
  const floatInput = check.drawn('float', pixels * inC);
  const floatGrad = check.drawn('float', pixels * outC);
  check.add({
    kernel: 'conv2d',
    buffers: {
      input: floatInput,
      weight: wide,
      output: check.empty('float', pixels * outC),
    },
    params: conv,
  });
  check.add({
    kernel: 'conv2d_grad_input',
    buffers: { gradOutput: floatGrad, weight: wide, gradInput: check.empty('float', pixels * inC) },
    params: conv,
  });
  check.add({
    kernel: 'conv2d_grad_weight',
    buffers: { gradOutput: floatGrad, input: floatInput, gradWeight: check.empty('float', outC * 9 * inC) },
    params: conv,
  });
  check.add({
    kernel: 'matmul',
    buffers: { left: floatInput, right: wide, output: check.empty('float', 45 * 40) },
    params: { batch: 1, rows: 45, cols: 40, inner: 100, transposeLeft: 0, transposeRight: 1 },
  });
  check.add({
    kernel: 'matmul_int',
    buffers: {
      ...{ left: input, leftParams: inputParams, right: weight, rightParams: symmetric },
      output: check.empty('float', 45 * 40),
    },
    params: {
      ...{ batch: 1, rows: 45, cols: 40, inner: 100, transposeLeft: 0, transposeRight: 1 },
      leftGroups: 1,
      rightBy: 0,
    },
  });
  const counters = check.these('int32', [1, 2, 3, 0]);
  const status = check.empty('int32', 4);
  const cells = check.empty('float', batch * 2);
  const count = pixels * outC;
  check.add({
    kernel: 'range',
    buffers: { input: output, cells, status },
    params: { rows: batch, cols: count / batch, site: 0 },
  });
  const outputParams = check.these('float', scales(100, 40));
  const outputCodes = check.empty('uint8', count);
  const quantize = { count, groups: 1, groupStride: count };
  check.add({
    kernel: 'quantize',
    buffers: { input: output, qparams: outputParams, codes: outputCodes },
    params: { ...quantize, stochastic: 0, qmin: 0, qmax: 255, site: 0 },
  });
  check.add({
    kernel: 'quantize_pair',
    buffers: {
      ...{
        input: output,
        qparamsA: check.these('float', scales(0, 40)),
        qparamsB: check.these('float', scales(0, 0.2)),
      },
      ...{ counters, codesA: check.empty('int8', count), codesB: check.empty('int16', count) },
    },
    params: {
      ...{ count, groupsA: 1, groupStrideA: count, stochasticA: 1, qminA: -127, qmaxA: 127, siteA: 11 },
      ...{ groupsB: 1, groupStrideB: count, stochasticB: 0, qminB: -32767, qmaxB: 32767, siteB: 12 },
    },
  });
  const norm = { batch, inner: size * size, channels: outC };
  const coef = check.drawn('float', outC * 8);
  check.add({
    kernel: 'norm_cells',
    buffers: { input: outputCodes, cells: check.empty('int32', batch * outC * 8), status },
    params: { ...norm, positions: 1, site: 1 },
  });
  check.add({
    kernel: 'norm_grad_cells',
    buffers: {
      ...{ gradOutput: grad8, input: outputCodes, coef, gradParams: symmetric },
      cells: check.empty('int32', batch * outC * 4),
    },
    params: norm,
  });
  const affine = { rows: pixels, channels: outC };
  check.add({
    kernel: 'norm_grad_input',
    buffers: {
      ...{ gradOutput: grad8, input: outputCodes, gradCoef: check.drawn('float', outC * 4) },
      gradInput: check.empty('float', count),
    },
    params: { ...affine, cellRows: 0, site: 0 },
  });
  check.add({
    kernel: 'channel_affine_quantize',
    buffers: {
      ...{ input: outputCodes, coef, qparams: check.these('float', scales(3, 0.9)) },
      ...{ codes: check.empty('uint8', count), mask: check.empty('uint8', count / 8) },
    },
    params: { ...affine, relu: 1, qmin: 0, qmax: 255 },
  });
  check.add({
    kernel: 'channel_affine_add_relu',
    buffers: {
      ...{ input: outputCodes, coef, shortcut: output, output: check.empty('float', count) },
      ...{ mask: check.empty('uint8', count / 8), cells: check.empty('float', batch * 2), status },
    },
    params: { ...norm, site: 2 },
  });
  check.add({
    kernel: 'relu_grad',
    buffers: {
      ...{ gradOutput: floatGrad, addend: output, mask: check.drawn('uint8', count / 8, 0, 255) },
      ...{ output: check.empty('float', count), cells: check.empty('float', batch * 2), status },
    },
    params: { count, cellRows: batch, site: 3 },
  });
  check.add({
    kernel: 'dequantize',
    buffers: { codes: grad8, qparams: symmetric, output: check.empty('float', count) },
    params: { count, groups: 1, groupStride: count },
  });
  return check;
}

function runOn(backend: Backend, check: Check): NumericArray[] {
  backend.reserve(check.bytes);
  for (const { ref, values } of check.operands) backend.view(ref).set(values);
  backend.compile(check.calls).run();
  return check.operands.map(({ ref }) => backend.view(ref).slice());
}

/** Products that a sum of a float product has at most. */
function termsOf({ inner, batch, inC, outC, outH, outW }: Readonly<Record<string, number>>): number {
  return inner ?? Math.max(9 * inC, 9 * outC, batch * outH * outW);
}

/** Sums of absolute products may stand beside a rounding more or less of each. */
function near(a: number, b: number, terms: number): boolean {
  return Math.abs(a - b) <= FLOAT_TOLERANCE * 2 ** -23 * terms;
}

/**
 * Runs the same calls on both backends, neither of which may serve a session.
 * @returns undefined where all bits agree (float products: within the tolerance of fused multiply-add), else what differs
 */
export function differenceOf(backend: Backend, reference: Backend): string | undefined {
  const check = makeCheck();
  const expected = runOn(reference, check);
  const found = runOn(backend, check);
  for (const { kernel, buffers, params } of check.calls) {
    for (const [name, ref] of Object.entries(buffers)) {
      const use: string = (kernelSpecs[kernel].buffers as Record<string, string>)[name];
      if (!ref || !use.includes('out')) continue;
      const at = check.operands.findIndex((operand) => operand.ref === ref);
      // Operands lie between -1 and 1, so a sum of products is at most its number of terms.
      const terms = floatProducts.includes(kernel) ? termsOf(params as Readonly<Record<string, number>>) : 0;
      const differs = (value: number, i: number): boolean =>
        !Object.is(value, found[at][i]) && !near(value, found[at][i], terms);
      const first = Array.prototype.findIndex.call(expected[at], differs);
      if (first >= 0)
        return `${kernel}: ${name}[${first}] is ${found[at][first]}, expected ${expected[at][first]}`;
    }
  }
  return undefined;
}
