/** Modules without parameters, for use in `Sequential`; in a `forward` of your own the functions of ops/ do as well. */
import type { Value } from '../graph/graph.js';
import { gelu, tanh } from '../ops/arithmetic.js';
import { dropout } from '../ops/dropout.js';
import { avgPool2d, maxPool2d, type PoolOptions } from '../ops/pooling.js';
import { globalAvgPool2d } from '../ops/reduce.js';
import { leakyRelu, relu } from '../ops/relu.js';
import { flatten } from '../ops/reshape.js';
import { type Child, Module } from './module.js';

/** Modules one after the other, under the paths `0`, `1`, ... */
export class Sequential extends Module {
  readonly modules: readonly Module[];

  constructor(...modules: readonly Module[]) {
    super();
    this.modules = modules;
  }

  override children(): Iterable<readonly [string, Child]> {
    return this.modules.map((module, i) => [String(i), module] as const);
  }

  forward(input: Value): Value {
    return this.modules.reduce((value, module) => module.apply(value), input);
  }
}

/** max(0, x). */
export class ReLU extends Module {
  forward(input: Value): Value {
    return relu(input);
  }
}

/** x where x > 0, else slope*x. */
export class LeakyReLU extends Module {
  constructor(private readonly slope = 0.01) {
    super();
  }

  forward(input: Value): Value {
    return leakyRelu(input, this.slope);
  }
}

/** x * Phi(x). */
export class GELU extends Module {
  forward(input: Value): Value {
    return gelu(input);
  }
}

/** Hyperbolic tangent. */
export class Tanh extends Module {
  forward(input: Value): Value {
    return tanh(input);
  }
}

/** Zeroes elements with probability p in training graphs. `apply` throws UsageError for p outside [0, 1). */
export class Dropout extends Module {
  constructor(private readonly p = 0.5) {
    super();
  }

  forward(input: Value): Value {
    return dropout(input, this.p);
  }
}

/** Maximum over windows of [batch, H, W, C]. */
export class MaxPool2d extends Module {
  private readonly options: PoolOptions;

  constructor(kernel: PoolOptions['kernel'], options: Omit<PoolOptions, 'kernel'> = {}) {
    super();
    this.options = { ...options, kernel };
  }

  forward(input: Value): Value {
    return maxPool2d(input, this.options);
  }
}

/** Mean over windows of [batch, H, W, C]. */
export class AvgPool2d extends Module {
  private readonly options: PoolOptions;

  constructor(kernel: PoolOptions['kernel'], options: Omit<PoolOptions, 'kernel'> = {}) {
    super();
    this.options = { ...options, kernel };
  }

  forward(input: Value): Value {
    return avgPool2d(input, this.options);
  }
}

/** Mean over height and width: [batch, H, W, C] becomes [batch, C]. */
export class GlobalAvgPool2d extends Module {
  forward(input: Value): Value {
    return globalAvgPool2d(input);
  }
}

/** All axes but the first as one. NHWC order: a flattened image runs over rows, columns, then channels. */
export class Flatten extends Module {
  forward(input: Value): Value {
    return flatten(input);
  }
}
