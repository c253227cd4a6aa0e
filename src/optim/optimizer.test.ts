import { describe, expect, it } from 'vitest';
import type { BufferRef } from '../backend/kernels.js';
import { createReferenceBackend } from '../backend/reference/index.js';
import { UsageError } from '../core/errors.js';
import { adam, adamw, createOptimizer, type Optimizer, type OptimizerSettings, sgd } from './optimizer.js';

const count = 5;
const buffer = (position: number, length = count): BufferRef => ({
  offset: position * 64,
  length,
  storage: 'float',
});

/** Runs `steps` updates of the emitted call in float64 and gives the parameter after each. */
function run(optimizer: Optimizer, steps: number, decayed: boolean, gradScale: number): number[][] {
  const backend = createReferenceBackend({ float64: true });
  backend.reserve(1024);
  const [parameter, gradient, hyper] = [buffer(0), buffer(1), buffer(2, 8)];
  const state = Object.fromEntries(optimizer.stateSlots.map((name, i) => [name, buffer(3 + i)]));
  backend.view(parameter).set(start);
  const program = backend.compile([optimizer.update({ parameter, gradient, hyper, state }, count, decayed)]);
  return Array.from({ length: steps }, (_, t) => {
    backend.view(gradient).set(gradientAt(t));
    optimizer.hyper(backend.view(hyper), t, rateAt(t), gradScale);
    program.run();
    return Array.from(backend.view(parameter), Number);
  });
}

const start = [1, -2, 0.5, 0, 3];
const gradientAt = (t: number): number[] => start.map((w, i) => Math.sin(1 + i + 3 * t) + 0.1 * w);
const rateAt = (t: number): number => 0.1 / (1 + t);

/** The textbook update of one weight, as a function that keeps its own state. */
type Rule = (w: number, g: number, t: number) => number;

function sgdRule(momentum: number, nesterov: boolean, decay: number, decoupled: boolean): Rule {
  let v = 0;
  return (w, gradient, t) => {
    const lr = rateAt(t);
    const g = decoupled ? gradient : gradient + decay * w;
    v = momentum * v + g;
    return (decoupled ? w * (1 - lr * decay) : w) - lr * (nesterov ? g + momentum * v : v);
  };
}

function adamRule(beta1: number, beta2: number, eps: number, decay: number, decoupled: boolean): Rule {
  let m = 0;
  let v = 0;
  return (w, gradient, t) => {
    const lr = rateAt(t);
    const g = decoupled ? gradient : gradient + decay * w;
    m = beta1 * m + (1 - beta1) * g;
    v = beta2 * v + (1 - beta2) * g * g;
    const mHat = m / (1 - beta1 ** (t + 1));
    const vHat = v / (1 - beta2 ** (t + 1));
    return (decoupled ? w * (1 - lr * decay) : w) - (lr * mHat) / (Math.sqrt(vHat) + eps);
  };
}

const cases: [string, Optimizer, () => Rule, boolean][] = [
  ['plain sgd', sgd(), () => sgdRule(0, false, 0, false), false],
  ['sgd with decay', sgd({ weightDecay: 0.1 }), () => sgdRule(0, false, 0.1, false), true],
  ['momentum', sgd({ momentum: 0.9, weightDecay: 0.1 }), () => sgdRule(0.9, false, 0.1, false), true],
  [
    'momentum, excluded',
    sgd({ momentum: 0.9, weightDecay: 0.1 }),
    () => sgdRule(0.9, false, 0, false),
    false,
  ],
  [
    'nesterov, decoupled',
    sgd({ momentum: 0.8, nesterov: true, weightDecay: 0.2, decoupled: true }),
    () => sgdRule(0.8, true, 0.2, true),
    true,
  ],
  ['adam', adam(), () => adamRule(0.9, 0.999, 1e-8, 0, false), true],
  [
    'adam with decay',
    adam({ weightDecay: 0.1, eps: 1e-3 }),
    () => adamRule(0.9, 0.999, 1e-3, 0.1, false),
    true,
  ],
  ['adamw', adamw({ beta1: 0.8, beta2: 0.95 }), () => adamRule(0.8, 0.95, 1e-8, 0.01, true), true],
  ['adamw, excluded', adamw(), () => adamRule(0.9, 0.999, 1e-8, 0, true), false],
];

describe('updates', () => {
  it.each(cases)('%s follows the scalar rule', (_name, optimizer, makeRule, decayed) => {
    const gradScale = 0.25;
    const found = run(optimizer, 6, decayed, gradScale);
    start.forEach((first, i) => {
      const rule = makeRule();
      let w = first;
      found.forEach((parameter, t) => {
        w = rule(w, gradientAt(t)[i] * gradScale, t);
        expect(Math.abs(parameter[i] - w)).toBeLessThan(1e-12);
      });
    });
  });

  it('needs the state buffers that it names', () => {
    const buffers = { parameter: buffer(0), gradient: buffer(1), hyper: buffer(2, 8), state: {} };
    expect(sgd().stateSlots).toEqual([]);
    expect(sgd({ momentum: 0.5 }).stateSlots).toEqual(['velocity']);
    expect(adam().stateSlots).toEqual(['moment1', 'moment2']);
    expect(() => sgd({ momentum: 0.5 }).update(buffers, count, true)).toThrow(/"velocity" is missing/);
    expect(() => adamw().update(buffers, count, true)).toThrow(/adamw: .*"moment1" is missing/);
  });
});

describe('settings', () => {
  it('decays by path', () => {
    const optimizer = sgd({ weightDecay: 1e-4, exclude: ['**.bias', '**.bn*.*'] });
    const decays = ['conv1.weight', 'fc.bias', 'layer1.0.bn1.weight', 'bn1.weight', 'fc.weight'].filter(
      (path) => optimizer.decays(path),
    );
    expect(decays).toEqual(['conv1.weight', 'fc.weight']);
    expect(adam().decays('fc.weight')).toBe(false);
    expect(adamw().decays('fc.weight')).toBe(true);
  });

  it('survives JSON and cannot be changed', () => {
    for (const optimizer of [
      sgd({ momentum: 0.9, nesterov: true, exclude: ['*.bias'] }),
      adam({ beta1: 0.8 }),
      adamw({ weightDecay: 0.1 }),
    ]) {
      const copy = createOptimizer(JSON.parse(JSON.stringify(optimizer.settings)) as OptimizerSettings);
      expect(copy.settings).toEqual(optimizer.settings);
      expect(Object.isFrozen(optimizer) && Object.isFrozen(optimizer.settings)).toBe(true);
    }
    expect(adamw().settings.weightDecay).toBe(0.01);
  });

  it.each([
    [() => sgd({ nesterov: true }), /nesterov looks ahead by the momentum, which is 0/],
    [() => sgd({ momentum: 1 }), /sgd: momentum must be at least 0 and below 1, got 1/],
    [() => sgd({ momentum: Number.NaN }), /momentum/],
    [() => sgd({ weightDecay: -1e-4 }), /weightDecay must be a number of at least 0/],
    [() => sgd({ momentun: 0.9 } as object), /no setting "momentun"\. Did you mean "momentum"\?/],
    [() => sgd({ nesterov: 1 } as object), /nesterov must be true or false/],
    [() => sgd({ exclude: '*.bias' } as object), /exclude must be a list of path patterns/],
    [() => adam({ eps: 0 }), /adam: eps must be a number above 0/],
    [() => adamw({ beta2: 1 }), /adamw: beta2/],
    [() => adam({ beta1: '0.9' } as object), /beta1/],
    [() => createOptimizer({ name: 'adan' } as unknown as OptimizerSettings), /Did you mean "adam"\?/],
  ])('refuses what makes no sense (%#)', (make, message) => {
    expect(make).toThrow(UsageError);
    expect(make).toThrow(message);
  });
});
