/** Modules with parameters: linear, convolution, normalisations, embedding. Names and defaults are PyTorch's. */
import { UsageError } from '../core/errors.js';
import type { Value } from '../graph/graph.js';
import { type Conv2dOptions, conv2d, isDepthwise, pair } from '../ops/conv2d.js';
import { embedding } from '../ops/embedding.js';
import { featureNorm } from '../ops/layer-norm.js';
import { linear } from '../ops/matmul.js';
import { norm } from '../ops/norm.js';
import { fanIn, type Initializer, kaimingUniform, normal, ones, uniform, zeros } from './init.js';
import { type Child, Module, Parameter, StateBuffer } from './module.js';

/** Throws UsageError unless every entry is a positive integer. */
function requireCounts(module: string, counts: Readonly<Record<string, number>>): void {
  for (const [name, count] of Object.entries(counts)) {
    if (!Number.isInteger(count) || count < 1) {
      throw new UsageError(`${module}: ${name} must be a positive integer, got ${count}`);
    }
  }
}

/** Options of {@link Linear}. */
export interface LinearOptions {
  /** Default true. */
  readonly bias?: boolean;
  /** Of the weight; default {@link kaimingUniform}. */
  readonly init?: Initializer;
}

/** input [..., inFeatures] times weight [outFeatures, inFeatures] transposed, plus bias. Throws UsageError for sizes that are no counts. */
export class Linear extends Module {
  readonly weight: Parameter;
  readonly bias?: Parameter;

  constructor(inFeatures: number, outFeatures: number, options: LinearOptions = {}) {
    super();
    requireCounts('Linear', { inFeatures, outFeatures });
    const shape = [outFeatures, inFeatures];
    this.weight = new Parameter(shape, options.init ?? kaimingUniform);
    if (options.bias ?? true) {
      this.bias = new Parameter([outFeatures], uniform(1 / Math.sqrt(fanIn(shape))));
    }
  }

  forward(input: Value): Value {
    const { graph } = input;
    return linear(input, this.weight.value(graph), this.bias?.value(graph));
  }
}

/** Options of {@link Conv2d}: those of the operation, a bias and initial values. */
export interface Conv2dModuleOptions extends Conv2dOptions {
  /** Default true; pointless before a norm. */
  readonly bias?: boolean;
  /** Of the weight; default {@link kaimingUniform}. */
  readonly init?: Initializer;
}

/** Convolution of images [batch, H, W, inChannels]. Throws UsageError for sizes that are no counts. */
export class Conv2d extends Module {
  readonly weight: Parameter;
  readonly bias?: Parameter;
  /** Whether it keeps channels apart: as many groups as input channels, more than one. */
  readonly depthwise: boolean;
  private readonly options: Conv2dOptions;

  constructor(
    inChannels: number,
    outChannels: number,
    kernel: number | readonly [number, number],
    options: Conv2dModuleOptions = {},
  ) {
    super();
    const { bias = true, init = kaimingUniform, ...rest } = options;
    const { groups = 1 } = rest;
    const [kernelH, kernelW] = pair(kernel, 1);
    requireCounts('Conv2d', { inChannels, outChannels, kernelH, kernelW, groups });
    if (inChannels % groups !== 0 || outChannels % groups !== 0) {
      throw new UsageError(
        `Conv2d: groups ${groups} must divide inChannels ${inChannels} and outChannels ${outChannels}`,
      );
    }
    const shape = [outChannels, kernelH, kernelW, inChannels / groups];
    this.options = rest;
    this.depthwise = isDepthwise({ groups, inC: inChannels });
    this.weight = new Parameter(shape, init);
    if (bias) this.bias = new Parameter([outChannels], uniform(1 / Math.sqrt(fanIn(shape))));
  }

  forward(input: Value): Value {
    const { graph } = input;
    return conv2d(input, this.weight.value(graph), this.bias?.value(graph), this.options);
  }
}

/** Options of {@link Norm}. */
export interface NormOptions {
  /** Initial value of the weight (gamma); default ones. Zeros on the last norm of a residual branch makes it start as identity. */
  readonly init?: Initializer;
}

/**
 * Normalisation over channels, the last axis; batch norm or Range BN, as the recipe says. Parameters `weight`
 * (gamma) and `bias` (beta), state `running_mean` and `running_spread`. Throws UsageError for a channel count that is none.
 */
export class Norm extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter;
  readonly runningMean: StateBuffer;
  readonly runningSpread: StateBuffer;

  constructor(channels: number, options: NormOptions = {}) {
    super();
    requireCounts('Norm', { channels });
    this.weight = new Parameter([channels], options.init ?? ones);
    this.bias = new Parameter([channels], zeros);
    this.runningMean = new StateBuffer([channels], 0);
    this.runningSpread = new StateBuffer([channels], 1);
  }

  /** State keeps the file names of PyTorch's batch norm, as far as it means the same. */
  override children(): Iterable<readonly [string, Child]> {
    return [
      ['weight', this.weight],
      ['bias', this.bias],
      ['running_mean', this.runningMean],
      ['running_spread', this.runningSpread],
    ];
  }

  forward(input: Value): Value {
    const { graph } = input;
    return norm(
      input,
      this.weight.value(graph),
      this.bias.value(graph),
      this.runningMean.value(graph),
      this.runningSpread.value(graph),
    );
  }
}

/**
 * Layer normalisation over the last axis of `width`, by the standard deviation or the range as the recipe's norm says. Throws UsageError for a
 * width that is no count.
 */
export class LayerNorm extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter;

  constructor(
    width: number,
    private readonly eps = 1e-5,
  ) {
    super();
    requireCounts('LayerNorm', { width });
    this.weight = new Parameter([width], ones);
    this.bias = new Parameter([width], zeros);
  }

  forward(input: Value): Value {
    const { graph } = input;
    return featureNorm(input, this.weight.value(graph), this.bias.value(graph), this.eps);
  }
}

/** A table of `rows` vectors of `width`, looked up by int32 indices; initially standard normal. Throws UsageError for sizes that are no counts. */
export class Embedding extends Module {
  readonly weight: Parameter;

  constructor(rows: number, width: number, options: { readonly init?: Initializer } = {}) {
    super();
    requireCounts('Embedding', { rows, width });
    this.weight = new Parameter([rows, width], options.init ?? normal(1));
  }

  forward(indices: Value): Value {
    return embedding(this.weight.value(indices.graph), indices);
  }
}
