/** `npm run bench` on our own side: that it runs, what it writes, and how figures are made of rounds. No peers, no times. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { emptyPage, withSection } from '../bench/markdown.js';
import { oneOperationModel } from '../bench/micro/onnx.js';
import type { StepKernels } from '../bench/micro/own.js';
import { type Limits, type Measured, productTable, stepTable } from '../bench/micro/report.js';
import type { Scaling } from '../bench/micro/scaling.js';
import { OptionError, readOptions } from '../bench/options.js';
import { Roster, recipeNames } from '../bench/participants.js';
import { type Figure, ratioOf } from '../bench/rounds.js';
import { quantile, short, spreadOf } from '../bench/statistics.js';
import { tableMarkdown, workTable } from '../bench/tables.js';
import { fixedBatch, works } from '../bench/works.js';
import { recipes } from '../src/quant/index.js';
import { runNode } from './support/npm.js';

const root = fileURLToPath(new URL('../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'octograd-bench-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Each run compiles bench/ and starts processes, which may wait for other tests' cores. */
const timeout = 240_000;

function figure(name: string, batch: number, roundMilliseconds: readonly (number | null)[]): Figure {
  const milliseconds = spreadOf(roundMilliseconds.filter((value) => value !== null));
  return {
    name,
    version: `${name} 1.0`,
    description: '',
    threads: 1,
    batch,
    roundMilliseconds,
    milliseconds,
    samplesPerSecond: (1000 * batch) / milliseconds.median,
    startMilliseconds: 1234,
    peakRss: 100 * 2 ** 20,
    firstLoss: 2,
    lastLoss: 1,
  };
}

describe('npm run bench', () => {
  it('measures our side and writes the page and all figures', { timeout }, () => {
    const [page, json] = [join(folder, 'page.md'), join(folder, 'all.json')];
    const { code, output } = runNode(
      [
        ...['scripts/bench.mjs', '--smoke', '--peers', 'none', '--works', 'W1,W2', '--threads', '1,2'],
        ...['--recipes', 'fp32-plain,int8', '--json', json, '--markdown', page],
      ],
      root,
    );
    expect([code, code === 0 ? '' : output]).toEqual([0, '']);
    const data = JSON.parse(readFileSync(json, 'utf8')) as {
      formatVersion: number;
      node: string;
      results: { work: { id: string }; figures: Figure[]; refused: unknown[] }[];
    };
    expect([data.formatVersion, data.node]).toEqual([1, process.versions.node]);
    expect(data.results.map(({ work }) => work.id)).toEqual(['W1', 'W2']);
    for (const { figures, refused } of data.results) {
      expect(refused).toEqual([]);
      expect(figures.map(({ name }) => name)).toEqual([
        ...['fp32-plain, 1 thread', 'int8, 1 thread', 'fp32-plain, 2 threads', 'int8, 2 threads'],
      ]);
      for (const { roundMilliseconds, firstLoss, lastLoss, peakRss, description, batch } of figures) {
        expect(roundMilliseconds).toHaveLength(2);
        expect(batch).toBe(4);
        expect(lastLoss).toBeLessThan(firstLoss);
        expect(peakRss).toBeGreaterThan(2 ** 24);
        expect(description).toMatch(/^wasm, [12] thread/);
      }
      expect(figures[0].description).not.toMatch(/fused multiply-add/);
    }
    const text = readFileSync(page, 'utf8');
    expect(text).toMatch(/### W1: MLP 784-256-128-10, batch 128/);
    expect(text).toMatch(/int8, 2 threads is x times as fast/);
    expect(text).toMatch(/`npm run bench -- --smoke --peers none/);
    expect(text).toMatch(/a trial with --smoke: these figures mean nothing/);
    // The other command's section is as it was.
    expect(text).toContain('Not measured yet. This section is written by `npm run bench -- micro');
  });

  it("micro measures our kernels beside the machine's limits", { timeout }, () => {
    const json = join(folder, 'micro.json');
    const { code, stdout, output } = runNode(
      ['scripts/bench.mjs', 'micro', '--smoke', '--peers', 'none', '--threads', '1,2', '--json', json],
      root,
    );
    expect([code, code === 0 ? '' : output]).toEqual([0, '']);
    const { limits, products, steps, scaling } = JSON.parse(readFileSync(json, 'utf8')) as {
      limits: Limits;
      products: Measured[];
      steps: StepKernels[];
      scaling: Scaling[];
    };
    expect(limits.gops.integer).toBeGreaterThan(0);
    expect(limits.gops.plain).toBeGreaterThan(0);
    expect(limits.copies.every(({ gbs }) => gbs > 0)).toBe(true);
    // One size of matrices in a trial, four pairs of formats; six convolutions, three products each in two formats.
    expect(products.map(({ milliseconds }) => milliseconds.length)).toEqual(new Array(4 + 6 * 6).fill(2));
    expect(steps.map(({ recipe, threads }) => [recipe, threads])).toEqual([
      ['int8', 1],
      ['fp32', 1],
      ['int8', 2],
      ['fp32', 2],
    ]);
    expect(scaling.map(({ what, threads }) => [what, threads])).toEqual([
      ['1,000 calls that do nothing', 2],
      ['MLP 8-8-4, batch 4', 2],
    ]);
    expect(scaling.flatMap(({ one, all, spread }) => [one, all, spread].map((ms) => ms.length))).toEqual(
      new Array(6).fill(2),
    );
    expect(stdout).toMatch(/^MLP 8-8-4, batch 4 .*\(/m);
    const kernels = steps.map(({ groups }) => groups.map(({ name }) => name));
    expect(kernels[0]).toContain('conv2d_grad_weight_int');
    expect(kernels[1]).toContain('conv2d_grad_weight');
    expect(stdout).toMatch(/products [\d.]+ ms \(\d+ %\), [\d.,]+ MiB; element-wise [\d.]+ ms/);
    expect(stdout).toMatch(/^256\^3, octograd int8 x int8 /m);
    expect(output).toMatch(/onnxruntime-web: skipped/);
  });

  it('runs under each name the recipe and the kernels that it says', () => {
    const choice = { recipes: recipeNames, peers: [], threads: [1] };
    const [{ participants }] = works.map((work) => new Roster(choice).of(work));
    const variants = Object.fromEntries(
      participants.map(({ name, args }) => {
        const { recipe, ...kernels } = (JSON.parse(args[1]) as { variant: Record<string, unknown> }).variant;
        return [name, [recipe, ...Object.keys(kernels)]];
      }),
    );
    expect(variants).toMatchObject({
      'fp32, 1 thread': ['fp32', 'default'],
      'fp32-plain, 1 thread': ['fp32', 'plain'],
      'int8-pairs, 1 thread': ['int8', 'pairs'],
      'int8-norm-gradients-8bit, 1 thread': ['int8-norm-gradients-8bit', 'default'],
    });
    expect(Object.values(variants).every(([recipe]) => String(recipe) in recipes)).toBe(true);
  });

  it('refuses arguments with the choice there is', () => {
    expect(() => readOptions(['--works', 'W5'])).toThrow(OptionError);
    expect(() => readOptions(['--works', 'W5'])).toThrow(/no "W5"; known are W1, W2, W3, W4/);
    expect(() => readOptions(['--peers', 'tf'])).toThrow(/known are tfjs-cpu/);
    expect(() => readOptions(['--rounds', '0'])).toThrow(/--rounds must be a whole number above 0/);
    expect(() => readOptions(['micro', '--works', 'W1'])).toThrow(/--works is for whole training steps/);
    expect(() => readOptions(['--section', 'more'])).toThrow(/known are works, works-node20/);
    expect(readOptions(['--section', 'works-pairs'])?.section).toBe('works-pairs');
    expect(readOptions(['micro'])?.section).toBe('micro');
    const asked = ['--works', 'W1', '--json', '/a/b.json', '--baseline', 'fp32, 1 thread', '--json=/c'];
    expect(readOptions(asked)?.asked).toBe('--works W1 --baseline "fp32, 1 thread"');
    expect(() => readOptions(['macro'])).toThrow(/no command "macro"/);
    expect(() => readOptions(['--round', '2'])).toThrow(OptionError);
    expect(readOptions(['--help'])).toBeUndefined();
    expect(readOptions(['--recipes', 'fp32', '--threads', '1'])?.baselines).toEqual(['fp32, 1 thread']);
    expect(readOptions([])?.baselines).toEqual(['int8, 2 threads']);
  });
});

describe('figures', () => {
  it('have quartiles as R and NumPy take them', () => {
    expect([0, 0.25, 0.5, 0.75, 1].map((share) => quantile([4, 1, 3, 2], share))).toEqual([
      1, 1.75, 2.5, 3.25, 4,
    ]);
    expect(spreadOf([5])).toEqual({ median: 5, low: 5, high: 5, min: 5, max: 5, count: 1 });
    expect(() => quantile([], 0.5)).toThrow(/no values/);
    expect([1234.5, 99.96, 1.234, 0.01234, 0].map(short)).toEqual(['1,235', '100', '1.23', '0.0123', '0']);
  });

  it('are compared within rounds, by samples a second', () => {
    const ours = figure('ours', 8, [10, 20, 40]);
    // Half the batch in the same time is half the speed; the machine's slow third round concerns both alike.
    expect(ratioOf(ours, figure('small batch', 4, [10, 20, 40]))).toMatchObject({
      median: 2,
      min: 2,
      max: 2,
    });
    expect(ratioOf(ours, figure('some rounds', 8, [20, null, 120]))).toMatchObject({ median: 2.5, count: 2 });
    expect(ratioOf(ours, figure('other rounds', 8, [null, 5, null]))?.median).toBe(0.25);
    expect(ratioOf(figure('once', 8, [1, null, null]), figure('later', 8, [null, 1, 1]))).toBeUndefined();
  });

  it('stand in tables with those that have none', () => {
    const table = workTable(
      {
        work: works[0],
        figures: [figure('ours', 8, [10, 10]), figure('theirs', 8, [20, 30])],
        refused: [{ name: 'broken', reason: 'no kernel\n  at somewhere' }],
      },
      ['ours', 'nobody'],
    );
    expect(table.heads).toHaveLength(9);
    expect(table.rows.map((row) => [row[0], row[5]])).toEqual([
      ['ours', '1'],
      ['theirs', '2.5 (2-3)'],
    ]);
    expect(tableMarkdown(table)).toContain(
      '| theirs | 8 | 25 | 22.5-27.5 | 320 | 2.5 (2-3) | 100 | 1.23 | 2.000 to 1.000 |',
    );
    expect(tableMarkdown(table)).toContain('- broken has no figure: no kernel');
  });
});

describe('micro-benchmarks', () => {
  const limits: Limits = {
    gops: { bytes: 200, integer: 100, fused: 50, plain: 40 },
    copies: [
      { bytes: 1000, gbs: 100 },
      { bytes: 1_000_000, gbs: 10 },
    ],
    fillGbs: 20,
  };

  it('put products against the limit of their arithmetic, and against the same product elsewhere', () => {
    const item = (side: Measured['side'], what: string, ms: number): Measured => ({
      ...{ side, size: '100^3', what, macs: 1_000_000 },
      limit: what === 'float32' ? 'fused' : 'integer',
      milliseconds: [ms, ms],
    });
    const { rows } = productTable(
      'products',
      [
        item('octograd', 'int8 x int8', 0.04),
        item('octograd', 'float32', 0.08),
        item('onnxruntime-web', 'uint8 x int8', 0.08),
        item('onnxruntime-web', 'int8 x int8', 0.4),
      ],
      limits,
    );
    expect(rows[0]).toEqual([
      '100^3, octograd int8 x int8',
      '50',
      '50-50',
      '50 %',
      '2 (2-2)',
      '10 (10-10)',
      '',
    ]);
    expect(rows[1].slice(1)).toEqual(['25', '25-25', '50 %', '1 (1-1)', '5 (5-5)', '']);
    expect(rows[2].slice(4)).toEqual(['', '', '']);
  });

  it('put kernels of a step against the longer of arithmetic and bytes', () => {
    const group = { calls: 2, milliseconds: 1, share: 0.5, gops: undefined, gbs: 1 };
    const groups = [
      { ...group, name: 'conv2d_int', product: true, macs: 25_000_000, bytes: 2000, gops: 50 },
      // 10^6 bytes a call at 10 GB/s: 0.2 ms of the 1 ms for both.
      { ...group, name: 'range', product: false, macs: 0, bytes: 2_000_000 },
    ];
    // The limits of the moment, not those found before.
    const gops = { ...limits.gops, bytes: 100 };
    const step = { recipe: 'int8', threads: 1, batch: 2, groups, stepMilliseconds: 2, gops };
    const { rows, notes } = stepTable(step, limits);
    expect(notes[0]).toBe(
      'Products alone at the limit of their arithmetic, as measured right before and after: 0.5 ms, 4,000 images/s. The step: 2 ms, 1,000 images/s, 25 % of that ceiling.',
    );
    expect(stepTable({ ...step, threads: 2 }, limits).notes[0]).toMatch(/after: 0.25 ms, 8,000/);
    expect(rows.map((row) => row.at(-1))).toEqual(['50 %', '20 %']);
  });

  it('write a model as protobuf does', () => {
    const model = oneOperationModel({
      operation: 'MatMul',
      inputs: [{ name: 'a', type: 'float', shape: [300] }],
      output: { name: 'c', type: 'int32', shape: [] },
      attributes: { pads: [1, 2] },
    });
    const attribute = [10, 4, 112, 97, 100, 115, 64, 1, 64, 2, 160, 1, 7];
    const node = [10, 1, 97, 18, 1, 99, 34, 6, 77, 97, 116, 77, 117, 108, 42, attribute.length, ...attribute];
    // 300 is 172 2 in base 128, lowest digits first.
    const input = [10, 1, 97, 18, 11, 10, 9, 8, 1, 18, 5, 10, 3, 8, 172, 2];
    const output = [10, 1, 99, 18, 6, 10, 4, 8, 6, 18, 0];
    const graph = [
      ...[10, node.length, ...node, 18, 5, 103, 114, 97, 112, 104],
      ...[90, input.length, ...input, 98, output.length, ...output],
    ];
    expect([...model]).toEqual([8, 8, 58, graph.length, ...graph, 66, 4, 10, 0, 16, 13]);
  });
});

describe('BENCHMARKS.md', () => {
  it('opens as the command writes it', () => {
    const head = (page: string): string => page.slice(0, page.indexOf('\n## '));
    expect(head(readFileSync(join(root, 'BENCHMARKS.md'), 'utf8'))).toBe(head(emptyPage()));
  });

  it('has one section replaced at a time', () => {
    const once = withSection(emptyPage(), 'works', 'first');
    expect(withSection(once, 'works', 'second')).toBe(withSection(emptyPage(), 'works', 'second'));
    expect(withSection('# Mine\n', 'micro', 'text')).toBe(
      '# Mine\n\n<!-- micro -->\n\ntext\n\n<!-- end of micro -->\n',
    );
  });
});

describe('the fixed data', () => {
  it('have mean 0, variance 1 and every class, and are the first images of a larger batch', () => {
    const work = works[2];
    const { inputs, labels } = fixedBatch(work, 20);
    const mean = inputs.reduce((sum, x) => sum + x, 0) / inputs.length;
    const variance = inputs.reduce((sum, x) => sum + x * x, 0) / inputs.length;
    // Three standard errors of 61,440 draws.
    expect(Math.abs(mean)).toBeLessThan(0.013);
    expect(Math.abs(variance - 1)).toBeLessThan(0.013);
    expect(new Set(labels).size).toBe(10);
    expect(fixedBatch(work, 2).inputs).toEqual(inputs.slice(0, 2 * 32 * 32 * 3));
  });
});
