/**
 * What changes the parameters. Common rules stand in ../kernels.ts.
 */
import { type KernelSpec, rangeBuffers, rangeParams } from './spec.js';

export const optimiserSpecs = {
  /** sums[slot] = sum of gradient^2, in double in order, rounded once. */
  square_sum: { buffers: { gradient: 'in', sums: 'out' }, params: { count: 'int', slot: 'int' } },

  /** hyper[4] = clipScale = min(1, maxNorm / (norm + 1e-6)), norm = hyper[1] * sqrt(sum of sums), in double. */
  clip_scale: { buffers: { sums: 'in', hyper: 'inout' }, params: { count: 'int', maxNorm: 'float' } },

  /**
   * g = f(f(gradient * gradScale) * clipScale); lr = hyper[0]. Not decoupled: g = f(g + f(weightDecay*w)). decoupled: w = f(w * f(1 - f(lr*weightDecay))).
   * v = f(f(momentum*v) + g); d = nesterov ? f(g + f(momentum*v)) : v; w = f(w - f(lr*d)). velocity absent: d = g.
   * The cells' output is the parameter, changed.
   */
  sgd: {
    buffers: { parameter: 'inout', gradient: 'in', velocity: 'inout?', hyper: 'in', ...rangeBuffers },
    params: {
      count: 'int',
      momentum: 'float',
      nesterov: 'int',
      weightDecay: 'float',
      decoupled: 'int',
      ...rangeParams,
    },
  },

  /**
   * Adam (Kingma & Ba 2015), decoupled = AdamW. g and decay as `sgd`; m = f(f(beta1*m) + f(f(1-beta1)*g)); v = f(f(beta2*v) + f(f(1-beta2)*f(g*g)));
   * w = f(w - lr * (m/hyper[2]) / (sqrt(v/hyper[3]) + eps)), the right-hand side in double.
   * The cells' output is the parameter, changed.
   */
  adam: {
    buffers: {
      parameter: 'inout',
      gradient: 'in',
      moment1: 'inout',
      moment2: 'inout',
      hyper: 'in',
      ...rangeBuffers,
    },
    params: {
      count: 'int',
      beta1: 'float',
      beta2: 'float',
      eps: 'float',
      weightDecay: 'float',
      decoupled: 'int',
      ...rangeParams,
    },
  },
} as const satisfies Record<string, KernelSpec>;
