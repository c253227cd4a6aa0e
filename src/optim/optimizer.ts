/**
 * Optimisers: frozen settings, and how one parameter's update is emitted as a kernel call. They know no parameters by
 * themselves, no step loop and no schedule; the session places their buffers and runs the calls.
 */
import type { BufferRef, CallOf } from '../backend/kernels.js';
import { UsageError } from '../core/errors.js';
import { requireKnown } from '../core/known.js';
import { didYouMean, matchPath, shown } from '../core/text.js';

/** State that an optimiser keeps for each parameter, of the parameter's size, initially zero. */
export type StateSlot = 'velocity' | 'moment1' | 'moment2';

/** Weight decay, common to all optimisers. */
export interface DecaySettings {
  /** Factor of the weight in the gradient (or of the learning rate, where decoupled). Default 0. */
  readonly weightDecay?: number;
  /** Paths of parameters without decay, as patterns of `matchPath`: `**.bias`, `**.bn*.*`. Default none. */
  readonly exclude?: readonly string[];
}

/** Settings of {@link sgd}, where the formula stands. */
export interface SgdSettings extends DecaySettings {
  readonly name: 'sgd';
  /** Share of the velocity kept from step to step, in [0, 1). Default 0. */
  readonly momentum?: number;
  /** Look ahead by the momentum (needs one). Default false. */
  readonly nesterov?: boolean;
  /** Shrink the weight by learningRate*weightDecay instead of adding to the gradient. Default false. */
  readonly decoupled?: boolean;
}

/** Settings of {@link adam} and {@link adamw}. */
export interface AdamSettings extends DecaySettings {
  readonly name: 'adam' | 'adamw';
  /** Decay of the mean of gradients, in [0, 1). Default 0.9. */
  readonly beta1?: number;
  /** Decay of the mean of squared gradients, in [0, 1). Default 0.999. */
  readonly beta2?: number;
  /** Added to the root of the mean square. Default 1e-8. */
  readonly eps?: number;
}

/** An optimiser as plain data: what a checkpoint or a file of settings holds. */
export type OptimizerSettings = SgdSettings | AdamSettings;

/** Where the operands of one parameter's update lie. */
export interface UpdateBuffers {
  readonly parameter: BufferRef;
  readonly gradient: BufferRef;
  readonly hyper: BufferRef;
  /** One buffer for each of the optimiser's slots. */
  readonly state: Readonly<Partial<Record<StateSlot, BufferRef>>>;
  /** Where the ranges of the changed parameter go, found in the same pass; absent: they are not asked for. */
  readonly range?: UpdateRange;
}

/** The range of each of equal runs of a parameter. */
export interface UpdateRange {
  /** [rows, 2] = { min, max }. */
  readonly cells: BufferRef;
  readonly rows: number;
  /** Word `site` becomes 1 where a value is not finite. */
  readonly status: BufferRef;
  readonly site: number;
}

const rangeBuffers = (range?: UpdateRange) => (range ? { cells: range.cells, status: range.status } : {});

const rangeParams = (range?: UpdateRange) => ({ cellRows: range?.rows ?? 0, site: range?.site ?? 0 });

/** An optimiser, frozen; {@link sgd}, {@link adam} and {@link adamw} make them. */
export interface Optimizer {
  readonly name: OptimizerSettings['name'];
  /** All settings with their defaults filled in; {@link createOptimizer} makes the same optimiser from them. */
  readonly settings: OptimizerSettings;
  readonly stateSlots: readonly StateSlot[];
  /** Whether the parameter of that path decays. */
  decays(path: string): boolean;
  /** The update of one parameter of `count` elements, with or without decay. */
  update(buffers: UpdateBuffers, count: number, decayed: boolean): CallOf<'sgd'> | CallOf<'adam'>;
  /**
   * Writes hyper[0..4] for `step` (counted from 0): learning rate, gradient scale (1/micro-steps where gradients are sums
   * over them), the two bias corrections 1 - beta**(step+1), and a clip scale of 1, which `clip_scale` may lower after.
   */
  hyper(hyper: { [index: number]: number }, step: number, learningRate: number, gradScale?: number): void;
}

/** base**exponent for an integer exponent by multiplications alone, so that all engines agree to the bit. */
function power(base: number, exponent: number): number {
  let result = 1;
  let square = base;
  for (let n = exponent; n > 0; n = Math.floor(n / 2)) {
    if (n % 2 === 1) result *= square;
    square *= square;
  }
  return result;
}

function requireNumber(
  optimizer: string,
  field: string,
  value: unknown,
  fits: (value: number) => boolean,
  range: string,
): void {
  if (typeof value !== 'number' || !Number.isFinite(value) || !fits(value)) {
    throw new UsageError(`${optimizer}: ${field} must be ${range}, got ${value}`);
  }
}

const notNegative = (value: number): boolean => value >= 0;
const belowOne = (value: number): boolean => value >= 0 && value < 1;

function checkDecay(name: string, weightDecay: unknown, exclude: unknown): void {
  requireNumber(name, 'weightDecay', weightDecay, notNegative, 'a number of at least 0');
  if (!Array.isArray(exclude) || !exclude.every((pattern) => typeof pattern === 'string')) {
    throw new UsageError(`${name}: exclude must be a list of path patterns such as "**.bias"`);
  }
}

function requireFlags(name: string, flags: Readonly<Record<string, unknown>>): void {
  for (const [field, value] of Object.entries(flags)) {
    if (typeof value !== 'boolean') {
      throw new UsageError(`${name}: ${field} must be true or false, got ${String(value)}`);
    }
  }
}

const decayMatcher =
  (weightDecay: number, exclude: readonly string[]) =>
  (path: string): boolean =>
    weightDecay > 0 && !exclude.some((pattern) => matchPath(pattern, path));

function slot(optimizer: string, state: UpdateBuffers['state'], name: StateSlot): BufferRef {
  const buffer = state[name];
  if (!buffer) throw new UsageError(`${optimizer}: the state buffer "${name}" is missing`);
  return buffer;
}

/**
 * Stochastic gradient descent in PyTorch's form: v = momentum*v + g, w -= lr*v; nesterov: w -= lr*(g + momentum*v).
 * Throws UsageError for settings out of range and for nesterov without momentum.
 */
export function sgd(options: Omit<SgdSettings, 'name'> = {}): Optimizer {
  requireKnown('sgd', options, ['name', 'momentum', 'nesterov', 'weightDecay', 'decoupled', 'exclude']);
  const { momentum = 0, nesterov = false, weightDecay = 0, decoupled = false, exclude = [] } = options;
  requireNumber('sgd', 'momentum', momentum, belowOne, 'at least 0 and below 1');
  requireFlags('sgd', { nesterov, decoupled });
  checkDecay('sgd', weightDecay, exclude);
  if (nesterov && momentum === 0) {
    throw new UsageError(
      'sgd: nesterov looks ahead by the momentum, which is 0; set momentum or drop nesterov',
    );
  }
  const settings: SgdSettings = Object.freeze({
    name: 'sgd',
    momentum,
    nesterov,
    weightDecay,
    decoupled,
    exclude: Object.freeze([...exclude]),
  });
  return Object.freeze<Optimizer>({
    name: 'sgd',
    settings,
    stateSlots: Object.freeze<StateSlot[]>(momentum > 0 ? ['velocity'] : []),
    decays: decayMatcher(weightDecay, exclude),
    update: ({ parameter, gradient, hyper, state, range }, count, decayed): CallOf<'sgd'> => ({
      kernel: 'sgd',
      buffers: {
        parameter,
        gradient,
        velocity: momentum > 0 ? slot('sgd', state, 'velocity') : undefined,
        hyper,
        ...rangeBuffers(range),
      },
      params: {
        count,
        momentum,
        nesterov: nesterov ? 1 : 0,
        weightDecay: decayed ? weightDecay : 0,
        decoupled: decoupled ? 1 : 0,
        ...rangeParams(range),
      },
    }),
    hyper: (hyper, _step, learningRate, gradScale = 1) => {
      hyper[0] = learningRate;
      hyper[1] = gradScale;
      hyper[2] = 1;
      hyper[3] = 1;
      hyper[4] = 1;
    },
  });
}

function adamLike(name: AdamSettings['name'], options: Omit<AdamSettings, 'name'>, decay: number): Optimizer {
  requireKnown(name, options, ['name', 'beta1', 'beta2', 'eps', 'weightDecay', 'exclude']);
  const { beta1 = 0.9, beta2 = 0.999, eps = 1e-8, weightDecay = decay, exclude = [] } = options;
  requireNumber(name, 'beta1', beta1, belowOne, 'at least 0 and below 1');
  requireNumber(name, 'beta2', beta2, belowOne, 'at least 0 and below 1');
  requireNumber(name, 'eps', eps, (value) => value > 0, 'a number above 0');
  checkDecay(name, weightDecay, exclude);
  const settings: AdamSettings = Object.freeze({
    name,
    beta1,
    beta2,
    eps,
    weightDecay,
    exclude: Object.freeze([...exclude]),
  });
  return Object.freeze<Optimizer>({
    name,
    settings,
    stateSlots: Object.freeze<StateSlot[]>(['moment1', 'moment2']),
    decays: decayMatcher(weightDecay, exclude),
    update: ({ parameter, gradient, hyper, state, range }, count, decayed): CallOf<'adam'> => ({
      kernel: 'adam',
      buffers: {
        parameter,
        gradient,
        moment1: slot(name, state, 'moment1'),
        moment2: slot(name, state, 'moment2'),
        hyper,
        ...rangeBuffers(range),
      },
      params: {
        count,
        beta1,
        beta2,
        eps,
        weightDecay: decayed ? weightDecay : 0,
        decoupled: name === 'adamw' ? 1 : 0,
        ...rangeParams(range),
      },
    }),
    hyper: (hyper, step, learningRate, gradScale = 1) => {
      hyper[0] = learningRate;
      hyper[1] = gradScale;
      hyper[2] = 1 - power(beta1, step + 1);
      hyper[3] = 1 - power(beta2, step + 1);
      hyper[4] = 1;
    },
  });
}

/** Adam (Kingma & Ba 2015); weight decay is added to the gradient. Throws UsageError for settings out of range. */
export function adam(options: Omit<AdamSettings, 'name'> = {}): Optimizer {
  return adamLike('adam', options, 0);
}

/** AdamW (Loshchilov & Hutter 2019): decay apart from the gradient, 0.01 by default. Throws UsageError for settings out of range. */
export function adamw(options: Omit<AdamSettings, 'name'> = {}): Optimizer {
  return adamLike('adamw', options, 0.01);
}

const makers = { sgd, adam, adamw } as const;

/** Names that {@link createOptimizer} takes. */
export const optimizerNames = Object.keys(makers) as (keyof typeof makers)[];

/** The optimiser of plain settings. Throws UsageError for an unknown name or setting. */
export function createOptimizer(settings: OptimizerSettings): Optimizer {
  if (typeof settings !== 'object' || settings === null) {
    throw new UsageError(
      `createOptimizer takes settings such as { name: 'sgd', momentum: 0.9 }, got ${shown(settings)}`,
    );
  }
  if (!Object.hasOwn(makers, settings.name)) {
    const { name } = settings as { name: string };
    throw new UsageError(
      `there is no optimiser "${name}".${didYouMean(String(name), optimizerNames)} Known: ${optimizerNames.join(', ')}.`,
    );
  }
  return makers[settings.name](settings);
}
