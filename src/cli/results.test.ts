import { expect, it } from 'vitest';
import { recipes } from '../quant/recipes.js';
import type { StartEvent } from '../train/index.js';
import type { Result } from './events.js';
import type { RunRecord } from './records.js';
import { resultTable } from './results.js';

function run(recipe: string, seed: number, integerMacShare: number, simulatedMacShare: number) {
  const start = { integerMacShare, simulatedMacShare } as StartEvent;
  const record: RunRecord = {
    recipe: recipes[recipe],
    seed,
    start,
    steps: [],
    evaluations: [],
    epochs: [],
    probes: [],
    snapshots: [],
  };
  const result: Result = {
    recipe,
    seed,
    testAccuracy: 0.5,
    testLoss: 1,
    imagesPerSecond: 10,
    peakBytes: 1,
    savedForBackwardBytes: 1,
    integerMacShare,
  };
  return { record, result };
}

it('the table says what share is simulated, for runs and for means', () => {
  const all = [0, 1].flatMap((seed) => [
    run('fp32', seed, 0, 0),
    run('int8', seed, 1, 0),
    run('int8-no-exact-zero', seed, 0, 1),
  ]);
  const { head, rows } = resultTable(
    all.map(({ result }) => result),
    all.map(({ record }) => record),
    'sequences',
  );
  expect(head).toContain('sequences/s');
  const macs = rows.map((row) => row[head.indexOf('integer MACs')]);
  const each = ['0.0 %', '100.0 %', '0.0 %, 100.0 % simulated'];
  expect(macs).toEqual([...each, ...each, ...each]);
});
