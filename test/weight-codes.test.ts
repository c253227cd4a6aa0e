/** Codes of weights outlive a step: an update leaves them, and whoever sets a weight from outside must not meet old ones. */
import { describe, expect, it } from 'vitest';
import { NonFiniteError } from '../src/core/errors.js';
import type { Session } from '../src/train/index.js';
import { firstBatch, stripes, tinySession } from './support/tiny.js';

const data = stripes(64);
const batch = firstBatch(data, 16);
const weight = 'conv1.weight';

describe.each(['int8', 'paper'] as const)('under %s', (name) => {
  const open = (): Promise<Session> => tinySession(data, { recipe: name, batchSize: 16 });

  it('a step computes what the unfused trace does, before and after updates and writes', async () => {
    const session = await open();
    try {
      const agree = (): number => {
        const traced = session.trace(batch, { everyValue: false }).result.loss;
        const { loss } = session.step(batch, 0.05);
        expect(loss).toBe(traced);
        return loss;
      };
      const losses = [agree(), agree()];
      const values = session.read(weight);
      session.write(
        weight,
        values.map((x) => -3 * x),
      );
      losses.push(agree());
      expect(losses[2]).not.toBeCloseTo(losses[1], 3);
      losses.push(agree());
    } finally {
      await session.dispose();
    }
  });

  it('writing a weight as it is changes nothing', async () => {
    const [plain, written] = [await open(), await open()];
    try {
      for (let i = 0; i < 3; i++) {
        const expected = plain.step(batch, 0.05).loss;
        written.write(weight, written.read(weight));
        expect(written.step(batch, 0.05).loss).toBe(expected);
      }
    } finally {
      await plain.dispose();
      await written.dispose();
    }
  });

  it('a weight that is no number is named, at every step until it is one', async () => {
    const session = await open();
    try {
      const values = session.read(weight);
      const step = (): unknown => session.step(batch, 0.05);
      session.write(weight, new Float32Array(values.length).fill(Number.NaN));
      expect(step).toThrow(NonFiniteError);
      expect(step).toThrow(/conv1\.weight \(weight\): it holds a NaN or an infinity/);
      session.write(weight, values);
      step();
      session.write(`${weight}/velocity`, new Float32Array(values.length).fill(3e38));
      expect(() => session.step(batch, 10)).toThrow(/the update of step 1 made it NaN or infinite/);
      expect(step).toThrow(/it holds a NaN or an infinity/);
    } finally {
      await session.dispose();
    }
  });
});
