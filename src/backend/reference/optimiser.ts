/** Reference kernels of the optimisers. */
import type { KernelTable } from './kernel.js';
import { rangeOfRows } from './quantize.js';

export const optimiserKernels = {
  square_sum({ gradient, sums }, { count, slot }) {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += gradient[i] * gradient[i];
    sums[slot] = sum;
  },

  clip_scale({ sums, hyper }, { count, maxNorm }) {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += sums[i];
    const norm = hyper[1] * Math.sqrt(sum);
    hyper[4] = Math.min(1, maxNorm / (norm + 1e-6));
  },

  sgd({ parameter, gradient, velocity, hyper, cells, status }, params, { round: f }) {
    const { count, momentum, nesterov, weightDecay, decoupled, cellRows, site } = params;
    const [learningRate, gradScale, , , clipScale] = hyper;
    const keep = f(1 - f(learningRate * weightDecay));
    for (let i = 0; i < count; i++) {
      let w = parameter[i];
      let g = f(f(gradient[i] * gradScale) * clipScale);
      if (decoupled) w = f(w * keep);
      else g = f(g + f(weightDecay * w));
      let direction = g;
      if (velocity) {
        const v = f(f(momentum * velocity[i]) + g);
        velocity[i] = v;
        direction = nesterov ? f(g + f(momentum * v)) : v;
      }
      parameter[i] = w - f(learningRate * direction);
    }
    if (cells) rangeOfRows(parameter, cellRows, count / cellRows, cells, status, site);
  },

  adam({ parameter, gradient, moment1, moment2, hyper, cells, status }, params, { round: f }) {
    const { count, beta1, beta2, eps, weightDecay, decoupled, cellRows, site } = params;
    const [learningRate, gradScale, correction1, correction2, clipScale] = hyper;
    const keep = f(1 - f(learningRate * weightDecay));
    const rest1 = f(1 - beta1);
    const rest2 = f(1 - beta2);
    for (let i = 0; i < count; i++) {
      let w = parameter[i];
      let g = f(f(gradient[i] * gradScale) * clipScale);
      if (decoupled) w = f(w * keep);
      else g = f(g + f(weightDecay * w));
      const m = f(f(beta1 * moment1[i]) + f(rest1 * g));
      const v = f(f(beta2 * moment2[i]) + f(rest2 * f(g * g)));
      moment1[i] = m;
      moment2[i] = v;
      parameter[i] = w - (learningRate * (m / correction1)) / (Math.sqrt(v / correction2) + eps);
    }
    if (cells) rangeOfRows(parameter, cellRows, count / cellRows, cells, status, site);
  },
} satisfies Pick<KernelTable, 'square_sum' | 'clip_scale' | 'sgd' | 'adam'>;
