/**
 * What a recipe is: frozen, serialisable data that says how every operand of every product, and the normalisation, is
 * stored and rounded. Models never name a format; recipes never name a kernel.
 */
import type { FormatName } from './format.js';

/** `tensor`: one scale. `channel`: one per output channel. `sample`: one per entry of the batch. */
export type Granularity = 'tensor' | 'channel' | 'sample';

/**
 * Where an operand's range comes from in training:
 * `minmax` absolute minimum and maximum; `mean` mean over chunks of the batch of each chunk's minimum and maximum;
 * `running` running average of the batches' ranges; `previous` the previous step's range.
 */
export type RangeSource = 'minmax' | 'mean' | 'running' | 'previous';

/**
 * How codes stand for values. `symmetric`: about zero, which is code 0. `affine`: over a range that holds zero, which is
 * one of the codes (the zero point). `affine-float-zero`: over the range of the values as it is, counted from its low end,
 * a float: x ~ scale*(q - qmin) + lo with q = clip(round((x - lo)/scale), 0, L) + qmin, so zero falls between two codes. That is the
 * quantiser of the published code of Banner et al. 2018, kept to measure what an exact zero is worth. No integer kernel
 * takes such codes: products of them are decoded and multiplied in float, and say `simulated`.
 */
export type Scheme = 'symmetric' | 'affine' | 'affine-float-zero';

/**
 * How a value between two codes becomes one. `nearest`: the nearer, ties to even. `stochastic`: either, with a probability by
 * its distance, so that the mean is the value to 16 bits.
 */
export type Rounding = 'nearest' | 'stochastic';

/** How one operand is stored. */
export interface OperandSpec {
  readonly format: Exclude<FormatName, 'float32'>;
  readonly scheme: Scheme;
  readonly granularity: Granularity;
  readonly range: RangeSource;
  /** For `mean`: number of chunks, `sample` for one a sample. */
  readonly chunks: number | 'sample';
  readonly rounding: Rounding;
  /**
   * Factor on the range, (0, 1]: below 1 values outside are clamped. `cosine`: of 1, 15/16, ... 1/16, the one under which the cosine of
   * values and codes is greatest, found anew each time (Unified INT8 training, Zhu et al., CVPR 2020, which descends on 1 - cos).
   */
  readonly clip: number | 'cosine';
}

/** How an operand of a product or a norm is stored: quantised as specified, or left in float32. */
export type Operand = OperandSpec | 'float32';

/** Product first: for each of a layer's three products, its two operands. */
export interface ProductSpecs {
  readonly forward: { readonly left: Operand; readonly right: Operand };
  /** gradInput where the left side is an activation. `forward` takes the codes of the forward product. */
  readonly gradLeft: { readonly gradOutput: Operand; readonly right: Operand | 'forward' };
  /** gradWeight where the right side is a parameter. */
  readonly gradRight: { readonly gradOutput: Operand; readonly left: Operand | 'forward' };
}

/** Which normalisation a model's norms use, and how what they read is stored. */
export interface NormSpec {
  /** `batch`: standard batch norm; `range`: Range BN (method section 3). */
  readonly kind: 'batch' | 'range';
  /** Range BN: number of chunks of the batch, at most the batch size. */
  readonly chunks: number;
  /** Range BN's c(n): `d2` = 1/d2(n) exact for a Gaussian; `paper` 1/sqrt(2 ln n); `published-code` 0.5402/... of it. */
  readonly constant: 'd2' | 'paper' | 'published-code';
  readonly input: Operand;
  /** Bits of gamma, beta and 1/spread over the channels; 0 keeps them in float32. */
  readonly coefficientBits: number;
  readonly gradOutput: Operand;
  readonly eps: number;
  /** running = (1 - momentum)*running + momentum*batch. */
  readonly momentum: number;
}

/** What overrides tell modules apart by, beside their paths. */
export type ModuleKind = 'depthwise';

/** Replaces parts of the recipe for modules whose path matches. */
export interface RecipeOverride {
  /** Glob on module paths: `conv1`, `layer1.*`, `**.downsample.*`. */
  readonly modules: string;
  /** Of these only such: `depthwise` are convolutions with as many groups as input channels, and the norms of what they put out. */
  readonly kind?: ModuleKind;
  readonly products?: {
    readonly forward?: Partial<ProductSpecs['forward']>;
    readonly gradLeft?: Partial<ProductSpecs['gradLeft']>;
    readonly gradRight?: Partial<ProductSpecs['gradRight']>;
  };
  readonly norm?: Partial<NormSpec>;
}

/**
 * What weights are between steps. `float32`: optimisers change a float32 copy, which products quantise anew. `quantized`: after each
 * update, every weight that a product takes quantised is replaced by its value in `forward.right`'s format, so that nothing finer
 * than its codes survives; `quantized-stochastic`: the same, rounded stochastically, so that steps smaller than half a code are not
 * lost in the mean. Biases, a norm's parameters, momenta and weights in float32 stay as they are.
 */
export type MasterWeights = 'float32' | 'quantized' | 'quantized-stochastic';

/** A recipe with all fields filled in, frozen: getRecipe hands out the built-in ones, parseRecipe makes one from JSON. */
export interface Recipe {
  readonly formatVersion: 1;
  readonly name: string;
  readonly description: string;
  readonly products: ProductSpecs;
  readonly norm: NormSpec;
  readonly masterWeights: MasterWeights;
  /** Weight of the new value in running ranges: running = (1 - m)*running + m*batch. */
  readonly rangeMomentum: number;
  readonly overrides: readonly RecipeOverride[];
}
