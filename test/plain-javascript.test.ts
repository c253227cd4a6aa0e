/** Mistakes that a type checker would find, made from plain JavaScript: each is refused by name, with the remedy, as an error of ours. */
import { describe, expect, it } from 'vitest';
import { DataError, OctogradError, RecipeError, UsageError } from '../src/core/errors.js';
import { shown } from '../src/core/text.js';
import { type Dataset, fromArrays } from '../src/data/index.js';
import type { Value } from '../src/graph/graph.js';
import { readSafetensors } from '../src/io/index.js';
import { createModel } from '../src/models/index.js';
import { Linear, Module } from '../src/nn/index.js';
import { createOptimizer } from '../src/optim/index.js';
import { getRecipe, parseRecipe } from '../src/quant/index.js';
import { createSession, crossEntropyLoss, evaluate, fit, type Session } from '../src/train/index.js';

/** Stands for a value of any type, as plain JavaScript has it. */
const untyped = <T>(value: unknown): T => value as T;

const data = fromArrays({
  inputs: Float32Array.from({ length: 24 }, (_, i) => Math.sin(i)),
  inputShape: [6],
  labels: [0, 1, 2, 0],
});

const create = (changes: Record<string, unknown>): Promise<Session> =>
  createSession(
    untyped({
      model: createModel('mlp', { inputShape: [6], classes: 3 }),
      input: data,
      recipe: 'fp32',
      batchSize: 4,
      threads: 1,
      ...changes,
    }),
  );

/** [[[...]]], which the engine's own JSON reader takes and its writer does not. */
const deepText = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
const deep: unknown = JSON.parse(deepText);

class Forgetful extends Module {
  readonly fc = new Linear(6, 3);
  forward(x: Value): Value {
    this.fc.apply(x);
    return untyped(undefined);
  }
}

class Outer extends Module {
  readonly inner = new Forgetful();
  forward(x: Value): Value {
    return this.inner.apply(x);
  }
}

class Hasty extends Module {
  readonly fc = new Linear(6, 3);
  forward(x: Value): Value {
    return untyped(Promise.resolve(this.fc.apply(x)));
  }
}

class Slip extends Module {
  readonly fc = new Linear(6, 3);
  forward(): Value {
    return this.fc.apply(untyped(undefined));
  }
}

describe('createSession', () => {
  it.each<[string, Record<string, unknown>, RegExp]>([
    [
      'a forward without return',
      { model: new Outer() },
      /^Forgetful at inner: forward must return .*got undefined; end it with return/,
    ],
    [
      'an async forward',
      { model: new Hasty() },
      /^Hasty: forward must return a symbolic value.*must not be async/,
    ],
    [
      'a part applied to nothing',
      { model: new Slip() },
      /^Linear at fc: apply takes symbolic values, got undefined as number 1/,
    ],
    ['a model that is a name', { model: 'mlp' }, /^model must be a Module.*got "mlp"/],
    ['no model', { model: undefined }, /^model must be a Module.*got undefined/],
    [
      'an optimiser that is a name',
      { optimizer: 'sgd' },
      /^optimizer must be an object such as sgd\(.*got "sgd"/,
    ],
    ['an unknown loss', { loss: 'cross-entopy' }, /no loss "cross-entopy".*Did you mean "cross-entropy"/],
    ['a loss that is a number', { loss: 3 }, /^loss must be "cross-entropy", "mse" or a Loss.*got 3/],
    [
      'a loss that is the maker of one',
      { loss: crossEntropyLoss },
      /^loss must be .*got the function crossEntropyLoss/,
    ],
    ['a recipe that is a number', { recipe: 8 }, /a recipe is a JSON object, not 8/],
    [
      'a recipe that is a function',
      { recipe: getRecipe },
      /a recipe is a JSON object, not the function getRecipe/,
    ],
    [
      'a recipe nested 50,000 deep',
      { recipe: deep },
      /a recipe is a JSON object, not a list nested too deep/,
    ],
    ['a backend that is unknown', { backend: 'webgpu' }, /no backend "webgpu"/],
    ['a backend that is none', { backend: {} }, /^backend must be "wasm".*got \{\}/],
    ['no input', { input: undefined }, /^input must be a data set or \{ shape, storage \}.*got undefined/],
    [
      'an input of another storage',
      { input: { shape: [6], storage: 'float32' } },
      /^input.storage must be .*got "float32"/,
    ],
    ['a batch size that is a text', { batchSize: '64' }, /^batchSize must be a positive integer, got "64"/],
  ])('refuses %s', async (_title, changes, message) => {
    const error: unknown = await create(changes).then(
      async (session) => session.dispose(),
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(OctogradError);
    expect((error as Error).message).toMatch(message);
  });

  it('refuses to be called without options', async () => {
    await expect(createSession(untyped(undefined))).rejects.toThrow(/^createSession takes \{ model, input/);
  });
});

describe('fit, evaluate and step', () => {
  it.each<[string, unknown, RegExp]>([
    ['no options', undefined, /^fit takes \{ train, epochs, learningRate, ... \} second/],
    ['no data', { epochs: 1, learningRate: 0.1 }, /^train must be a data set.*got undefined/],
    [
      'bare arrays',
      { train: { inputs: [1], labels: [0] }, epochs: 1, learningRate: 0.1 },
      /^train must be a data set such as fromArrays/,
    ],
    [
      'a test set that is a name',
      { train: data, test: 'mnist', epochs: 1, learningRate: 0.1 },
      /^test must be a data set.*got "mnist"/,
    ],
    ['no learning rate', { train: data, epochs: 1 }, /^learningRate must be a number .*got undefined/],
    [
      'a learning rate that is a text',
      { train: data, epochs: 1, learningRate: '0.1' },
      /^learningRate must be .*got "0.1"/,
    ],
    [
      'epochs that are a text',
      { train: data, epochs: '3', learningRate: 0.1 },
      /^epochs must be a number above 0.*got "3"/,
    ],
  ])('refuse %s', async (_title, options, message) => {
    const session = await create({});
    const run = fit(session, untyped(options)).next();
    await expect(run).rejects.toThrow(UsageError);
    await expect(fit(session, untyped(options)).next()).rejects.toThrow(message);
    await session.dispose();
  });

  it('name what is no session and no batch', async () => {
    const promised = create({});
    const options = { train: data, epochs: 1, learningRate: 0.1 };
    await expect(fit(untyped(promised), options).next()).rejects.toThrow(/^fit takes a session first/);
    const session = await promised;
    const steps: [unknown, RegExp][] = [
      [undefined, /^a batch is \{ inputs, targets, size \}.*got undefined/],
      [{ inputs: data.inputs, size: 4 }, /got no targets/],
      [{ targets: [0], size: 1 }, /got no inputs/],
      [
        { inputs: data.inputs, targets: [0, 1, 2, 0] },
        /batch size must be a positive integer, got undefined/,
      ],
    ];
    for (const [batch, message] of steps) {
      expect(() => session.step(untyped(batch), 0.1)).toThrow(message);
      expect(() => session.evaluate(untyped(batch))).toThrow(message);
      expect(() => session.trace(untyped(batch))).toThrow(message);
    }
    expect(() => session.predict(untyped(undefined))).toThrow(/^inputs must be/);
    await expect(evaluate(session, untyped<Dataset>(undefined))).rejects.toThrow(/data set.*got undefined/);
    await session.dispose();
  });
});

describe('what is nested too deep', () => {
  it('is shown without its depth', () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    expect([shown(deep), shown(cycle), shown({ deep })]).toEqual([
      'a list nested too deep to show',
      'an object nested too deep to show',
      'an object nested too deep to show',
    ]);
  });

  it.each(['name', 'overrides', 'norm', 'extends', 'products', 'rangeMomentum', 'unknown'])(
    'is refused in the field %s of a recipe',
    (field) => {
      expect(() => parseRecipe({ extends: 'int8', name: 'x', [field]: deep })).toThrow(RecipeError);
    },
  );

  it('is refused in the header of a model file', () => {
    const header = new TextEncoder().encode(
      `{"w":{"dtype":"F32","shape":${deepText},"data_offsets":${deepText}}}`,
    );
    const bytes = new Uint8Array(8 + header.length);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
    bytes.set(header, 8);
    expect(() => readSafetensors(bytes, 'deep.safetensors')).toThrow(DataError);
    expect(() => readSafetensors(bytes, 'deep.safetensors')).toThrow(
      /^deep\.safetensors: tensor "w": a list nested/,
    );
  });
});

describe('createOptimizer', () => {
  it('takes settings, not a name', () => {
    expect(() => createOptimizer(untyped('sgd'))).toThrow(/createOptimizer takes settings.*got "sgd"/);
  });
});
