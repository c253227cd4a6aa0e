/** The examples as a user runs them: `npm run example -- NAME` compiles them against the built package and prints results. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../', import.meta.url));

function example(...args: string[]): { code: number | null; lines: string[]; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/example.mjs', ...args], {
    cwd: root,
    encoding: 'utf8',
  });
  return { code: status, lines: stdout.trimEnd().split('\n'), err: stderr };
}

const files = readdirSync(`${root}examples`).filter((file) => file.endsWith('.ts'));

/** Each run starts the compiler, which may wait for other tests' cores. */
const timeout = 180_000;

describe('examples', { timeout }, () => {
  it('are these three, each below 60 lines', () => {
    expect(files.sort()).toEqual(['custom-loop.ts', 'own-op.ts', 'train-mnist.ts']);
    for (const file of files) {
      const lines = readFileSync(`${root}examples/${file}`, 'utf8').trimEnd().split('\n');
      expect([file, lines.length < 60]).toEqual([file, true]);
    }
  });

  it('own-op learns y = x^2 with an operation of its own', () => {
    const { code, lines, err } = example('own-op');
    expect([code, err]).toEqual([0, '']);
    expect(lines).toHaveLength(4);
    [10, 20, 30].forEach((epoch, i) => {
      const [, at, loss] = /^epoch (\d+) {2}loss (\d\.\d{5})$/.exec(lines[i]) ?? [];
      expect(Number(at)).toBe(epoch);
      expect(Number(loss)).toBeLessThan(0.05);
    });
    const [, value] = /^the square of -0\.5 is about (\S+)$/.exec(lines[3]) ?? [];
    expect(Math.abs(Number(value) - 0.25)).toBeLessThan(0.03);
  });

  it('custom-loop trains under three recipes with its own loop', () => {
    const { code, lines, err } = example('custom-loop');
    expect([code, err]).toEqual([0, '']);
    const results = lines.map((line) => /^(.*): loss (\d+\.\d{4}), (\d+) % integer$/.exec(line)?.slice(1));
    expect(results.map((result) => [result?.[0], result?.[2]])).toEqual([
      ['fp32', '0'],
      ['int8', '100'],
      ['int8 with 6-bit gradients', '100'],
    ]);
    // Two classes: a guess costs ln 2.
    for (const result of results) expect(Number(result?.[1])).toBeLessThan(Math.LN2);
  });

  it('train-mnist trains on as many images as it is told', () => {
    const { code, lines, err } = example('train-mnist', '200');
    expect([code, err]).toEqual([0, '']);
    // Four steps of 64.
    expect(lines.filter((line) => /^step \d {2}loss \d+\.\d{3} {2}\d+ ms$/.test(line))).toHaveLength(4);
    const [, accuracy] = /^test accuracy (\d+\.\d\d) %$/.exec(lines[lines.length - 1]) ?? [];
    expect(Number(accuracy)).toBeGreaterThan(0);
  });

  it('an unknown name: the ones there are', () => {
    const { code, err } = example('train-minst');
    expect(code).toBe(2);
    expect(err).toMatch(/examples: custom-loop, own-op, train-mnist/);
  });
});
