/** Data sets that are no images in files, through the program: trained on, evaluated from the saved model, and listed. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { spokenDigits } from '../data/fixtures.node.case.js';
import { jsonLines, run, workFolder } from './run.case.js';

const folder = workFolder();

describe('--dataset fsdd', () => {
  const data = join(folder, 'digits');
  mkdirSync(join(data, 'recordings'), { recursive: true });
  for (const [name, bytes] of Object.entries(spokenDigits(['anna', 'bo', 'theo', 'yweweler'], 3))) {
    writeFileSync(join(data, name), bytes);
  }

  it('is trained on and evaluated by its name', async () => {
    const out = join(folder, 'heard');
    const trained = await run([
      ...['train', '--dataset', 'fsdd', '--data', data, '--model', 'cnn', '--batch', '10', '--epochs', '4'],
      ...['--threads', '1', '--probe-every', '0', '--out', out, '--json'],
    ]);
    expect([trained.code, trained.err]).toEqual([0, '']);
    const { results } = jsonLines(trained.out).pop() as { results: { testAccuracy: number }[] };
    // Tones of ten pitches: chance is 0.1.
    expect(results[0].testAccuracy).toBeGreaterThan(0.9);
    const evaluated = await run(['eval', out, '--data', data, '--threads', '1', '--json']);
    expect(jsonLines(evaluated.out)[0]).toMatchObject({
      dataset: 'fsdd',
      samples: 60,
      testAccuracy: results[0].testAccuracy,
    });
  });

  it('is looked into', async () => {
    const { out } = await run(['data', 'fsdd', '--data', data, '--json']);
    expect(JSON.parse(out)).toMatchObject({
      inputShape: [32, 64, 1],
      classes: [...'0123456789'],
      train: 60,
      test: 60,
      note: 'log-mel spectrograms; test speakers theo, yweweler',
    });
  });
});
