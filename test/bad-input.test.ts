/** What a session and the loop do with bad input: a clear error that names the thing and the remedy, and nothing half done. */
import { describe, expect, it } from 'vitest';
import { DataError, DivergenceError, NonFiniteError, ShapeError, UsageError } from '../src/core/errors.js';
import { BatchLoader, fromArrays, imageDataset } from '../src/data/index.js';
import { createModel } from '../src/models/index.js';
import { createSession, fit, type Session } from '../src/train/index.js';
import { firstBatch, stripes, tinySession } from './support/tiny.js';

const data = stripes(32);
const parametersOf = (session: Session): number[][] =>
  session.bound.parameters.map(({ path }) => [...session.read(path)]);

/** A float data set behind the validation's back: its NaN reaches the step. */
async function withNaN(recipe: string): Promise<Session> {
  return createSession({
    model: createModel('mlp', { inputShape: [6], classes: 3 }),
    input: { shape: [6], storage: 'float' },
    recipe,
    threads: 1,
    batchSize: 4,
  });
}

describe('NaN and infinity', () => {
  it.each(['fp32', 'paper', 'int8'])(
    '%s: in the data, the step is refused and changes no parameter',
    async (recipe) => {
      const session = await withNaN(recipe);
      const inputs = new Float32Array(24).fill(0.5);
      session.step({ inputs, targets: [0, 1, 2, 0], size: 4 }, 0.1);
      for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
        const before = parametersOf(session);
        const broken = inputs.slice();
        broken[7] = bad;
        expect(() => session.step({ inputs: broken, targets: [0, 1, 2, 0], size: 4 }, 0.1)).toThrow(
          NonFiniteError,
        );
        expect(parametersOf(session)).toEqual(before);
      }
      expect(session.step({ inputs, targets: [0, 1, 2, 0], size: 4 }, 0.1).loss).toBeLessThan(3);
      await session.dispose();
    },
  );

  it('the error names module and role, and the remedy', async () => {
    const session = await withNaN('int8');
    const inputs = new Float32Array(24).fill(Number.NaN);
    try {
      session.step({ inputs, targets: [0, 1, 2, 0], size: 4 }, 0.1);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(NonFiniteError);
      const { path, role, message } = error as NonFiniteError;
      expect([path, role]).toEqual(['fc1', 'input']);
      expect(message).toMatch(/fc1 \(input\).*NaN.*learning rate/);
    }
    await session.dispose();
  });

  it.each(['fp32', 'int8'])(
    '%s: a loss that diverges ends the run with an error that says so',
    async (recipe) => {
      const session = await tinySession(data, { recipe, threads: 1, modelName: 'mlp' });
      const run = async (): Promise<void> => {
        for await (const event of fit(session, {
          train: data,
          epochs: 40,
          learningRate: 1e4,
          divergedAt: 1e3,
        })) {
          if (event.type === 'done') expect.unreachable();
        }
      };
      const error = await run().then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(error instanceof DivergenceError || error instanceof NonFiniteError).toBe(true);
      expect((error as Error).message).toMatch(/lower the learning rate/);
      await session.dispose();
    },
  );
});

describe('shapes and sizes', () => {
  it('a model that does not fit the input names the module', async () => {
    const run = createSession({
      model: createModel('resnet8', { inputShape: [12, 12, 3], classes: 4 }),
      input: { shape: [12, 12, 1], storage: 'uint8' },
      threads: 1,
    });
    await expect(run).rejects.toThrow(ShapeError);
    await expect(run).rejects.toThrow(/^conv1: conv2d: weight .* expects 3 input channels/);
  });

  it('a batch of the wrong length says how many numbers it needs', async () => {
    const session = await tinySession(data, { recipe: 'int8', backend: 'reference' });
    const { inputs } = firstBatch(data, 8);
    expect(() => session.step({ inputs: inputs as Uint8Array, targets: [0, 1], size: 8 }, 0.1)).toThrow(
      /batch of 8 needs 8 targets/,
    );
    expect(() => session.predict([1, 2, 3])).toThrow(/whole samples of 432 numbers/);
    await session.dispose();
  });

  it('numbers that are no bytes are refused where the input is bytes, with the remedy', async () => {
    const session = await tinySession(data, { recipe: 'int8', threads: 1 });
    const { inputs, ...rest } = firstBatch(data, 8);
    session.step({ inputs, ...rest }, 0.1);
    const scaled = Array.from(inputs, (byte) => byte / 255);
    const one = scaled.slice(0, inputs.length / 8);
    for (const run of [
      () => session.step({ inputs: scaled, ...rest }, 0.1),
      () => session.predict(one),
      () => session.predict(new Float32Array(one.length).fill(300)),
    ]) {
      expect(run).toThrow(DataError);
      expect(run).toThrow(/bytes from 0 to 255.*pass bytes, or make the session with float inputs/);
    }
    expect(session.predict(Array.from(inputs))).toEqual(session.predict(inputs as Uint8Array));
    await session.dispose();
  });

  it('a rate beyond float32, data of another shape and classes beyond the outputs are refused before the first step', async () => {
    const session = await tinySession(data, { recipe: 'fp32', threads: 1 });
    expect(() => session.step(firstBatch(data, 8), 1e39)).toThrow(/finite float32/);
    const options = { epochs: 1, learningRate: 0.1 };
    const more = stripes(16, 12, 3, 5);
    await expect(fit(session, { train: data, test: more, ...options }).next()).rejects.toThrow(
      /"stripes" has 5 classes, this session's model has 4 outputs: make the model with classes: 5/,
    );
    await expect(fit(session, { train: stripes(16, 10, 3, 4), ...options }).next()).rejects.toThrow(
      /samples of \[10, 10, 3\], this session's model was made for \[12, 12, 3\]/,
    );
    await session.dispose();
  });

  it('a misspelt setting is refused, with the nearest name', async () => {
    const misspelt = { recipe: 'fp32', threads: 1, bacthSize: 4 } as unknown as { recipe: string };
    await expect(tinySession(data, misspelt)).rejects.toThrow(
      /createSession has no setting "bacthSize"\. Did you mean "batchSize"\?/,
    );
    const session = await tinySession(data, { recipe: 'fp32', threads: 1 });
    const options = { train: data, epoch: 1, epochs: 1, learningRate: 0.1 };
    await expect(fit(session, options).next()).rejects.toThrow(/fit has no setting "epoch"/);
    await session.dispose();
  });

  it("a loader's batch is a batch: its labels are the targets", async () => {
    const [a, b] = await Promise.all(
      [1, 2].map(() => tinySession(data, { recipe: 'int8', threads: 1, batchSize: 8 })),
    );
    const [batch] = new BatchLoader(data, { batchSize: 8, shuffle: false }).epoch(0);
    expect(a.step(batch, 0.1)).toEqual(b.step(firstBatch(data, 8), 0.1));
    await Promise.all([a.dispose(), b.dispose()]);
  });

  it('labels beyond the classes are reported, not trained on', async () => {
    const session = await tinySession(data, { recipe: 'fp32', threads: 1 });
    const before = parametersOf(session);
    const batch = { ...firstBatch(data, 8), targets: [0, 1, 2, 3, 4, 0, 1, 2] };
    expect(() => session.step(batch, 0.1)).toThrow(DataError);
    expect(parametersOf(session)).toEqual(before);
    await session.dispose();
  });

  it('labels that are no whole numbers, batches without samples and a backend in use are refused', async () => {
    const session = await tinySession(data, { recipe: 'fp32', threads: 1 });
    const batch = firstBatch(data, 8);
    const targets = [0, 1, 2, 3, 1.5, 0, 1, 2];
    expect(() => session.step({ ...batch, targets }, 0.1)).toThrow(/whole numbers.*1\.5 at index 4/);
    expect(() => session.step({ ...batch, size: 0 }, 0.1)).toThrow(/batch size must be a positive integer/);
    const { backend } = session;
    await expect(tinySession(data, { recipe: 'fp32', backend })).rejects.toThrow(/already serves a session/);
    expect(Number.isFinite(session.step(batch, 0.1).loss)).toBe(true);
    await session.dispose();
  });

  it('refuses options out of range, each by name', async () => {
    await expect(tinySession(data, { recipe: 'int8', batchSize: 0 })).rejects.toThrow(
      /batchSize must be a positive/,
    );
    await expect(tinySession(data, { recipe: 'int8', seed: -1 })).rejects.toThrow(/seed must be/);
    await expect(tinySession(data, { recipe: 'int9' })).rejects.toThrow(/int9/);
    const session = await tinySession(data, { recipe: 'int8', threads: 1 });
    expect(() => session.step(firstBatch(data, 8), Number.NaN)).toThrow(UsageError);
    const epochs = fit(session, { train: data, epochs: 0, learningRate: 0.1 }).next();
    await expect(epochs).rejects.toThrow(/epochs must be a number above 0/);
    await session.dispose();
    expect(() => session.planFor('train', 3)).toThrow(/disposed/);
  });
});

describe('data sets', () => {
  it('NaN in arrays is found when the data set is made', () => {
    const make = (): unknown =>
      fromArrays({
        name: 'x',
        inputs: Float32Array.of(1, Number.NaN),
        inputShape: [1],
        labels: [0, 1],
        classes: ['a', 'b'],
      });
    expect(make).toThrow(DataError);
  });

  it('an empty class is a warning in the stream', async () => {
    const { images } = stripes(8);
    const lacking = imageDataset({
      name: 'lacking',
      inputs: images,
      inputShape: [12, 12, 3],
      labels: new Int32Array(8),
      classes: ['here', 'nowhere'],
    });
    const session = await tinySession(lacking, { recipe: 'int8', threads: 1 });
    const warnings: string[] = [];
    for await (const event of fit(session, { train: lacking, epochs: 1, learningRate: 0.01 })) {
      if (event.type === 'warning') warnings.push(event.message);
    }
    expect(warnings.join()).toMatch(/nowhere/);
    await session.dispose();
  });
});
