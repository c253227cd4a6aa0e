/** Which model a command takes when it is told a folder, or nothing. */
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { writeSafetensors } from '../io/index.js';
import { latestModel, leftOutText } from './model-file.js';

const folder = mkdtempSync(join(tmpdir(), 'octograd-models-'));
afterAll(() => rmSync(folder, { recursive: true }));

const facts = { model: 'mlp', inputShape: '[2,2,1]', dataset: 'mnist' };

/** A run's model, written `hour` hours after noon; `place` is its folder in the run's. */
function model(run: string, hour: number, place = '.', changes: Partial<typeof facts> = {}): string {
  mkdirSync(join(folder, run, place), { recursive: true });
  writeFileSync(join(folder, run, 'config.json'), '{}');
  const file = join(folder, run, place, 'model.safetensors');
  const metadata = { formatVersion: '1', inputStorage: 'uint8', classes: '["a"]', ...facts, ...changes };
  writeFileSync(file, writeSafetensors([], { ...metadata, recipe: '{"extends":"int8","name":"x"}' }));
  const time = new Date(2026, 0, 1, 12 + hour);
  utimesSync(file, time, time);
  return file;
}

const latest = async (): Promise<string> => (await latestModel(folder)).saved.file;

describe('the newest run', () => {
  it('is the one that wrote last, whatever --out named it', async () => {
    model('x', 1);
    const newest = model('2026-01-01-140000-train-mlp', 2);
    expect(await latest()).toBe(newest);
    const named = model('a-name', 3);
    expect(await latest()).toBe(named);
    const ofExperiment = model('reproduce/mnist-mlp/fp32-seed0', 4);
    model('reproduce/mnist-mlp/paper-seed0', 3);
    expect(await latest()).toBe(ofExperiment);
  });

  it('of a comparison gives its int8 model', async () => {
    model('compared', 5, 'fp32');
    const int8 = model('compared', 5, 'int8');
    model('compared', 6, 'paper');
    expect(await latest()).toBe(int8);
  });

  it('that takes no images, or is a trial, is left out and named', async () => {
    const before = await latest();
    model('text', 7, '.', { dataset: 'text', inputShape: '[8]', model: 'transformer' });
    model('heard', 8, '.', { dataset: 'fsdd', inputShape: '[32,64,1]' });
    model('own', 9, '.', { dataset: 'mine', inputShape: '[8]' });
    model('2026-01-01-000000-reproduce-smoke/mnist-mlp/fp32-seed0', 10);
    model('elsewhere/mnist-mlp/fp32-seed0', 11);
    writeFileSync(join(folder, 'elsewhere/mnist-mlp/results.json'), '{"smoke":true,"runs":[]}');
    const { saved, leftOut } = await latestModel(folder);
    expect(saved.file).toBe(before);
    expect(leftOut).toEqual([
      `${join(folder, 'elsewhere/mnist-mlp/fp32-seed0')} (a trial)`,
      `${join(folder, '2026-01-01-000000-reproduce-smoke/mnist-mlp/fp32-seed0')} (a trial)`,
      `${join(folder, 'own')} (takes samples of shape [8])`,
      `${join(folder, 'heard')} (takes recordings)`,
      `${join(folder, 'text')} (takes sequences)`,
    ]);
    expect(leftOutText(leftOut)).toMatch(/\(a trial\), .* shape \[8\]\) and 2 more$/);
    const none = join(folder, 'elsewhere');
    await expect(latestModel(none)).rejects.toThrow(
      /no run .* of images \(left out: .*\(a trial\)\).*--from/,
    );
  });
});
