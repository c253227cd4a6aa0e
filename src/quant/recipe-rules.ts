/**
 * Which settings of a recipe contradict each other, or ask for what the arithmetic cannot do. Each rule gives its reason
 * and what to write instead. Knows the formulas (method of Banner et al. 2018), not the kernels.
 */
import { formats } from './format.js';
import type { Granularity, NormSpec, Operand, OperandSpec, ProductSpecs, Recipe } from './recipe.js';

/** A contradiction: JSON path of the field to change, reason and remedy. */
export interface Problem {
  readonly field: string;
  readonly message: string;
}

type Site =
  | 'forward.left'
  | 'forward.right'
  | 'gradLeft.gradOutput'
  | 'gradLeft.right'
  | 'gradRight.gradOutput'
  | 'gradRight.left'
  | 'norm.input'
  | 'norm.gradOutput';

// A scale along an axis factors out of a product only if the product does not sum over that axis.
const noScale: Readonly<Record<Site, Partial<Record<Granularity, string>>>> = {
  'forward.left': {
    channel: 'the product sums over the channels of an activation; use "tensor" or "sample"',
  },
  'forward.right': { sample: 'weights have no samples; use "tensor" or "channel"' },
  'gradLeft.gradOutput': {
    channel: 'gradInput sums over the output channels; use "tensor" or "sample"',
  },
  'gradLeft.right': { sample: 'weights have no samples; use "tensor" or "channel"' },
  'gradRight.gradOutput': {
    sample: 'gradWeight sums over the samples; use "tensor" or "channel"',
  },
  'gradRight.left': {
    sample: 'gradWeight sums over the samples; use "tensor"',
    channel: 'there is one scale an output channel, and an activation has none; use "tensor"',
  },
  'norm.input': {
    sample: 'the norm sums over the samples; use "tensor" or "channel"',
  },
  'norm.gradOutput': {
    channel: 'the norm\'s backward pass reads codes of one scale; use "tensor"',
    sample: 'the norm\'s backward pass reads codes of one scale; use "tensor"',
  },
};

/** Why a clip by the cosine cannot be. */
function cosineProblems({ format, scheme, granularity, range }: OperandSpec): string[] {
  const problems: string[] = [];
  const { minifloat, storage } = formats[format];
  if (scheme === 'affine-float-zero') {
    problems.push(
      'would draw the range towards zero, which "affine-float-zero" does not keep in it; use scheme "affine"',
    );
  }
  if (minifloat || storage === 'int16') {
    const why = minifloat
      ? 'weighs finer steps against clamping, and those of a float are finer without'
      : 'has nothing to gain at 16 bits';
    problems.push(`${why}; leave clip out, or use a format of int2 to int8 or uint2 to uint8`);
  }
  if (granularity !== 'tensor') {
    problems.push(
      `looks at the tensor as a whole and granularity is "${granularity}"; use granularity "tensor", or a number`,
    );
  }
  if (range === 'mean') {
    problems.push('starts from the whole range, which "mean" has left already; use range "minmax"');
  }
  return problems;
}

function specProblems(site: Site, spec: OperandSpec): Problem[] {
  const problems: Problem[] = [];
  const refuse = (field: string, message: string) => problems.push({ field, message });
  const format = formats[spec.format];
  const { granularity } = spec;

  const floatZero = spec.scheme === 'affine-float-zero';

  if (!format.signed && spec.scheme === 'symmetric') {
    const signed = spec.format.slice(1);
    refuse(
      'scheme',
      `"symmetric" needs codes on both sides of zero and ${spec.format} is unsigned; use "affine", or format "${signed}"`,
    );
  }
  if (spec.format === 'int16' && spec.scheme === 'affine') {
    refuse('scheme', 'int16 must be "symmetric": its products fit the accumulator only without a zero point');
  }
  if (spec.format === 'int16' && floatZero && spec.rounding === 'stochastic') {
    refuse(
      'rounding',
      'int16 "affine-float-zero" cannot be "stochastic": codes counted from the low end leave the noise no bits; use "nearest"',
    );
  }
  if (spec.clip === 'cosine') {
    for (const reason of cosineProblems(spec)) refuse('clip', `"cosine" ${reason}`);
  } else if (floatZero && spec.clip < 1) {
    refuse(
      'clip',
      `${spec.clip} would draw the range towards zero, which "affine-float-zero" does not keep in it; leave clip out, or use scheme "affine"`,
    );
  }
  if (format.minifloat && spec.scheme !== 'symmetric') {
    refuse(
      'scheme',
      `"${spec.scheme}" has a zero point and ${spec.format} has a zero and a sign of its own; use "symmetric", or an integer format`,
    );
  }
  const reason = noScale[site][granularity];
  if (reason !== undefined) refuse('granularity', `"${granularity}" cannot be: ${reason}`);
  const isWeight = site === 'forward.right' || site === 'gradLeft.right';
  if (isWeight && spec.range === 'mean') {
    refuse('range', '"mean" is over chunks of the batch, and weights have no batch; use "minmax"');
  } else if (isWeight && spec.range !== 'minmax') {
    refuse(
      'range',
      `"${spec.range}" is over the batches of earlier steps, and weights are quantised by their own extremes; use "minmax"`,
    );
  } else if (granularity !== 'tensor' && spec.range !== 'minmax') {
    refuse(
      'range',
      `"${spec.range}" keeps one range for the whole tensor and granularity is "${granularity}"; use range "minmax", or granularity "tensor"`,
    );
  }
  // "sample" is the default, so only a number tells that chunks were asked for.
  if (spec.range !== 'mean' && spec.chunks !== 'sample') {
    refuse(
      'chunks',
      `${spec.chunks} has no effect: only range "mean" has chunks, and range is "${spec.range}"; leave chunks out${isWeight ? '' : ', or use range "mean"'}`,
    );
  }
  // gradInput multiplies gradOutput by the weights' scales before it is quantised; a zero point cannot be folded so.
  if (isWeight && granularity === 'channel' && spec.scheme !== 'symmetric') {
    refuse(
      'scheme',
      'weights with a scale per channel must be "symmetric": gradInput folds their scales into gradOutput, which leaves no room for a zero point',
    );
  }
  if (site.endsWith('gradOutput') && spec.rounding === 'stochastic' && spec.scheme === 'affine') {
    refuse(
      'scheme',
      'a gradient rounded stochastically must be "symmetric": rounding an affine zero point clips one end of the range, which biases it',
    );
  }
  return problems;
}

function operandProblems(prefix: string, site: Site, operand: Operand | 'forward'): Problem[] {
  if (typeof operand === 'string') return [];
  return specProblems(site, operand).map(({ field, message }) => ({
    field: `${prefix}${site}.${field}`,
    message,
  }));
}

function normProblems(prefix: string, { input, gradOutput, coefficientBits }: NormSpec): Problem[] {
  const problems: Problem[] = [];
  const refuse = (field: string, message: string) =>
    problems.push({ field: `${prefix}norm.${field}`, message });
  if (typeof input === 'object') {
    if (input.rounding !== 'nearest') {
      refuse('input.rounding', 'the norm takes exact extremes and sums of its codes; use "nearest"');
    }
  } else {
    if (coefficientBits > 0) {
      refuse(
        'coefficientBits',
        `${coefficientBits} bit coefficients need a quantised norm.input, which is "float32"; set coefficientBits to 0, or quantise norm.input`,
      );
    }
    if (typeof gradOutput === 'object') {
      refuse(
        'gradOutput',
        'a quantised gradient needs a quantised norm.input, which is "float32"; set gradOutput to "float32", or quantise norm.input',
      );
    }
  }
  if (typeof gradOutput === 'object') {
    if (gradOutput.scheme === 'affine' && gradOutput.rounding === 'nearest') {
      refuse(
        'gradOutput.scheme',
        'the norm\'s backward pass sums raw codes, so zero must be code 0; use "symmetric"',
      );
    }
  }
  return problems;
}

/** All contradictions of one module's settings; `prefix` goes before the paths (`products.` is added where it belongs). */
export function findProblems(products: ProductSpecs, norm: NormSpec, prefix = ''): Problem[] {
  const inProducts = `${prefix}products.`;
  const { forward, gradLeft, gradRight } = products;
  const problems = [
    ...operandProblems(inProducts, 'forward.left', forward.left),
    ...operandProblems(inProducts, 'forward.right', forward.right),
    ...operandProblems(inProducts, 'gradLeft.gradOutput', gradLeft.gradOutput),
    ...operandProblems(inProducts, 'gradLeft.right', gradLeft.right),
    ...operandProblems(inProducts, 'gradRight.gradOutput', gradRight.gradOutput),
    ...operandProblems(inProducts, 'gradRight.left', gradRight.left),
    ...operandProblems(prefix, 'norm.input', norm.input),
    ...operandProblems(prefix, 'norm.gradOutput', norm.gradOutput),
    ...normProblems(prefix, norm),
  ];
  if (
    typeof forward.left === 'object' &&
    forward.left.granularity === 'sample' &&
    gradRight.left === 'forward'
  ) {
    problems.push({
      field: `${inProducts}forward.left.granularity`,
      message:
        '"sample" cannot be while gradRight.left is "forward": the same codes serve gradWeight, which sums over the samples; use "tensor", or give gradRight.left a format of its own or "float32"',
    });
  }
  return problems;
}

/** Contradictions between the recipe's master weights and the formats of its weights, overrides included. */
export function masterProblems({ masterWeights, products, overrides }: Recipe): Problem[] {
  if (masterWeights === 'float32') return [];
  const weights = [products, ...overrides.map((override) => override.products)]
    .map((part) => part?.forward?.right)
    .filter((weight) => typeof weight === 'object');
  if (weights.length === 0) {
    return [
      {
        field: 'masterWeights',
        message: `"${masterWeights}" needs quantised weights and products.forward.right is "float32"; use "float32", or quantise the weights`,
      },
    ];
  }
  if (weights.some(({ clip }) => clip === 'cosine')) {
    return [
      {
        field: 'masterWeights',
        message: `"${masterWeights}" and weights with clip "cosine" cannot be: each update would clamp the weights for good; use "float32", or a clip of 1`,
      },
    ];
  }
  if (
    masterWeights === 'quantized-stochastic' &&
    weights.some(({ format, scheme }) => format === 'int16' && scheme === 'affine-float-zero')
  ) {
    return [
      {
        field: 'masterWeights',
        message:
          'int16 "affine-float-zero" weights cannot be rounded stochastically: codes counted from the low end leave the noise no bits; use "quantized"',
      },
    ];
  }
  return [];
}
