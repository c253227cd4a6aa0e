/** Which model a command takes when it is told a folder, or nothing. */
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { latestModel } from './model-file.js';

const folder = mkdtempSync(join(tmpdir(), 'octograd-models-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A run's model, written `hour` hours after noon. */
function model(run: string, hour: number): string {
  mkdirSync(join(folder, run), { recursive: true });
  const file = join(folder, run, 'model.safetensors');
  writeFileSync(file, '');
  const time = new Date(2026, 0, 1, 12 + hour);
  utimesSync(file, time, time);
  return file;
}

describe('the newest run', () => {
  it('is the one that wrote last, whatever --out named it', async () => {
    model('x', 1);
    const newest = model('2026-01-01-140000-train-mlp', 2);
    expect(await latestModel(folder)).toBe(newest);
    const named = model('a-name', 3);
    expect(await latestModel(folder)).toBe(named);
  });

  it('of a comparison gives its int8 model', async () => {
    model('compared/fp32', 4);
    const int8 = model('compared/int8', 4);
    model('compared/paper', 5);
    expect(await latestModel(folder)).toBe(int8);
  });
});
