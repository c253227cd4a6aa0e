/**
 * Where torch is installed: runs test/golden/make_golden.py again, holds the committed files against what it writes, and
 * octograd in float64 against every element of its tensors (the committed files keep samples and projections of long ones).
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect } from 'vitest';
import { createReferenceBackend } from '../src/backend/reference/index.js';
import { sizeOf } from '../src/core/shape.js';
import { distance, distances, farthest, type GoldenTensor, readGolden } from './golden/golden.case.js';
import { type OpsFile, runOpCase } from './golden/ops.case.js';
import { runScheme, type SchemeFile } from './golden/scheme.case.js';
import { batchOf, lastLogits, sessionOf, type TrainingFile } from './golden/training.case.js';
import { needs } from './support/needs.js';

const torch = needs('torch');
const files = ['ops', 'training', 'scheme'] as const;

/** Another PyTorch, or another processor, may add in another order. */
const betweenRuns = 1e-9;
/** Double against double. */
const tolerance = 1e-8;

function isTensor(value: unknown): value is GoldenTensor {
  return typeof value === 'object' && value !== null && 'projection' in value;
}

/** Paths at which a committed file is not what the script writes now. */
function changes(committed: unknown, now: unknown, path: string): string[] {
  if (isTensor(committed) && isTensor(now)) {
    const same =
      JSON.stringify(committed.shape) === JSON.stringify(now.shape) &&
      now.values.length === sizeOf(now.shape) &&
      distance(now.values, committed) < betweenRuns;
    return same ? [] : [path];
  }
  if (typeof committed === 'number' && typeof now === 'number') {
    return Math.abs(committed - now) <= betweenRuns * Math.abs(committed) ? [] : [path];
  }
  if (typeof committed !== 'object' || committed === null || typeof now !== 'object' || now === null) {
    return Object.is(committed, now) || path.endsWith('/torch') ? [] : [path];
  }
  const before = Object.entries(committed);
  const after = now as Record<string, unknown>;
  const keys = before.map(([key]) => key).join() === Object.keys(after).join() ? [] : [`${path}: keys`];
  return [...keys, ...before.flatMap(([key, value]) => changes(value, after[key], `${path}/${key}`))];
}

torch.describe('PyTorch, run again', () => {
  let folder = '';
  const written = <T>(name: string): T => readGolden<T>(name, pathToFileURL(join(folder, '/')));

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'octograd-golden-'));
    const script = fileURLToPath(new URL('./golden/make_golden.py', import.meta.url));
    const run = spawnSync(torch.path, [script, '--full', folder], {
      encoding: 'utf8',
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
    });
    expect(run.status, run.stderr).toBe(0);
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  for (const name of files) {
    torch.it(`writes the committed ${name}.json`, () => {
      expect(changes(readGolden(name), written(name), name)).toEqual([]);
    });
  }

  torch.it('gives every element of every operation', () => {
    const backend = createReferenceBackend({ float64: true });
    const { seed, cases } = written<OpsFile>('ops');
    for (const opCase of cases) {
      const found = runOpCase(backend, seed, opCase);
      const gradients = opCase.options.training === false ? {} : opCase.gradients;
      for (const compared of [
        distances((role) => found.outputs[role], opCase.outputs),
        distances((role) => found.gradients[role], { ...gradients }),
      ]) {
        if (Object.keys(compared).length === 0) continue;
        const worst = farthest(compared);
        expect(worst.distance, `${opCase.title}, ${worst.name}`).toBeLessThan(tolerance);
      }
    }
  });

  torch.it('gives every element of every gradient of training', async () => {
    const { seed, resnets, mlps } = written<TrainingFile>('training');
    for (const run of [...resnets, ...mlps]) {
      const session = sessionOf(createReferenceBackend({ float64: true }), seed, run);
      session.step(batchOf(seed, run, 0), run.learningRate);
      expect(distance(lastLogits(session), run.logits), `${run.name}, logits`).toBeLessThan(tolerance);
      const worst = farthest(distances((path) => session.readGradient(path), run.gradients));
      expect(worst.distance, `${run.name}, ${worst.name}`).toBeLessThan(tolerance);
      await session.dispose();
    }
  });

  torch.it('gives every element of the scheme', () => {
    const { seed, cases } = written<SchemeFile>('scheme');
    for (const run of cases) {
      const found = runScheme(createReferenceBackend({ float64: true }), seed, run);
      for (const kind of ['outputs', 'gradients'] as const) {
        const worst = farthest(distances((name) => found[kind][name], run[kind]));
        expect(worst.distance, `${run.title}, ${worst.name}`).toBeLessThan(tolerance);
      }
    }
  });
});
