/** A training that ends before its first step: what is printed of it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { run, workFolder, writeSmallData } from './run.case.js';

const folder = workFolder();
const data = join(folder, 'data');
const common = ['--data', data, '--model', 'mlp', '--batch', '16', '--threads', '1'];

it('an error before the first step is told alone, without a table of nothing', async () => {
  mkdirSync(data);
  writeSmallData(data);
  const recipe = join(folder, 'nowhere.json');
  const overrides = [{ modules: 'nowhere', products: { forward: { left: 'float32' } } }];
  writeFileSync(recipe, JSON.stringify({ extends: 'int8', name: 'nowhere', overrides }));
  const out = join(folder, 'nowhere');
  const {
    code,
    out: said,
    err,
  } = await run(['train', ...common, '--recipe', recipe, '--out', out, '--quiet']);
  expect([code, said]).toEqual([2, '']);
  expect(err).toContain('"nowhere" matches no module of the model');
});
