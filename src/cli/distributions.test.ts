/** `--distributions`: snapshots in the events, the report and an experiment's documents, and no other number changed. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { chartGrid, histogramChart } from './distribution-chart.js';
import { kindTable, layerTable, nearestFamily } from './distribution-tables.js';
import { leftOutLines, type Snapshot, snapshotSteps, type TensorRecord } from './distributions.js';
import { gradientMultiples, kindMultiples, layersOf, spreadOver } from './magnitude-chart.js';
import { jsonLines, type Outcome, run, runReproduce, workFolder, writeSmallData } from './run.case.js';

const folder = workFolder();
const data = join(folder, 'data');
const train = (recipe: string, out: string, ...more: string[]): Promise<Outcome> =>
  run([
    ...['train', '--model', 'mlp', '--recipe', recipe, '--data', data, '--batch', '16', '--epochs', '2'],
    ...['--threads', '1', '--probe-every', '0', '--json', '--out', join(folder, out), ...more],
  ]);
type Line = Record<string, unknown> & Snapshot & { readonly type: string };
const linesOf = ({ out }: Outcome): Line[] => jsonLines(out) as unknown as Line[];
const snapshotsOf = (outcome: Outcome): Line[] =>
  linesOf(outcome).filter(({ type }) => type === 'distributions');

beforeAll(() => {
  mkdirSync(data);
  writeSmallData(data);
});

describe('octograd train --distributions', () => {
  it.each(['fp32', 'int8'])(
    'looks at the start, on the way and at the end under %s, and changes nothing',
    async (recipe) => {
      const looked = await train(recipe, `looked-${recipe}`, '--distributions', '0,0.5,1');
      expect([looked.code, looked.err]).toEqual([0, '']);
      const found = snapshotsOf(looked);
      expect(found.map(({ step }) => step)).toEqual([0, 8, 16]);
      for (const { tensors } of found) {
        expect(tensors.map(({ layer, kind }) => `${layer} ${kind}`).sort()).toEqual(
          [
            ...['fc1 activations', 'fc1 weightGradients', 'fc1 weights', 'fc2 activations', 'fc2 gradients'],
            ...['fc2 weightGradients', 'fc2 weights'],
          ].sort(),
        );
        const weights = tensors.find(({ layer, kind }) => layer === 'fc1' && kind === 'weights');
        expect(weights).toMatchObject({ count: 144 * 128, quantizer: 'int8 symmetric nearest' });
        expect(weights?.cosine.measured).toBeGreaterThan(0.9999);
        const { below, counts, above } = weights?.magnitudes ?? { below: 0, counts: [], above: 0 };
        expect(counts.reduce((sum, count) => sum + count, below + above)).toBe(144 * 128);
      }
      const plain = await train(recipe, `plain-${recipe}`);
      const losses = (outcome: Outcome) =>
        linesOf(outcome).flatMap(({ type, loss }) => (type === 'step' ? [loss] : []));
      expect(losses(looked)).toHaveLength(16);
      expect(losses(looked)).toEqual(losses(plain));
      const report = (name: string) => readFileSync(join(folder, name, 'report.html'), 'utf8');
      const page = report(`looked-${recipe}`);
      expect(page).toContain('<h2>Distributions</h2>');
      expect(page).toContain(`>${recipe}, seed 0: tensors after step 16, with their fits`);
      expect(page).toContain(`>${recipe}, seed 0: layer gradients over training`);
      // One table with the kinds under each other, each under its name.
      expect(page.match(/<tbody><tr><th scope="rowgroup">[a-z ]+</g)).toHaveLength(4);
      expect(report(`plain-${recipe}`)).not.toContain('<h2>Distributions</h2>');
    },
  );

  it('quantises small floats as int8 does: the law is for evenly spaced codes', async () => {
    const looked = await train('fp8', 'floats', '--distributions', '1');
    expect([looked.code, looked.err]).toEqual([0, '']);
    const [{ tensors }] = snapshotsOf(looked);
    const gradients = tensors.find(({ kind }) => kind === 'gradients');
    expect(gradients?.quantizer).toBe('int8 symmetric stochastic');
  });

  it('says which tensors it leaves out, and why', async () => {
    const black = join(folder, 'black');
    mkdirSync(black);
    for (const name of ['train', 't10k'].flatMap((half) => [
      `${half}-images-idx3-ubyte`,
      `${half}-labels-idx1-ubyte`,
    ])) {
      const bytes = readFileSync(join(data, name));
      // All pixels alike; the header of images is 16 bytes.
      writeFileSync(join(black, name), name.includes('images') ? bytes.fill(0, 16) : bytes);
    }
    const look = ['--data', black, '--distributions', '0'];
    const [found] = snapshotsOf(await train('int8', 'left-out', ...look));
    const reason = 'a fit needs at least two different values other than 0';
    expect(found.leftOut).toContainEqual({ layer: 'fc1', kind: 'activations', reason });
    const has = (layer: string, kind: string) =>
      found.tensors.some((one) => one.layer === layer && one.kind === kind);
    expect([has('fc1', 'activations'), has('fc1', 'weights')]).toEqual([false, true]);
    const text = `step 0: no distribution of the activations of fc1: ${reason}`;
    expect(leftOutLines(found)).toContain(text);
    const report = readFileSync(join(folder, 'left-out', 'report.html'), 'utf8');
    expect(report).toContain(`<p class="small">Left out: ${text}`);
  });

  it('refuses what is no share of a run', async () => {
    const { code, err } = await train('int8', 'none', '--distributions', '0,2');
    expect([code, err]).toEqual([
      2,
      expect.stringMatching(/--distributions must be numbers from 0 to 1.*got "2"/),
    ]);
  });
});

describe('an experiment that asks for distributions', () => {
  const experiment = {
    ...{ formatVersion: 1, title: 'Shapes', question: 'Q?', method: 'M.', dataset: 'mnist', model: 'mlp' },
    settings: { epochs: 1, batch: 16, limit: 96, testLimit: 32, distributions: '0,1' },
    ...{ seeds: 2, baseline: 'fp32', smoke: { maxSteps: 2 } },
    plot: { kind: 'none' },
    distributions: {
      layers: ['fc1', 'fc2'],
      claims: [{ claim: 'Weights are Gaussian', source: 'nowhere', kind: 'weights', nearest: 'gaussian' }],
    },
    arms: ['fp32', 'int8'].map((name) => ({ name, recipe: name })),
  };
  const reproduce = (...args: string[]): Promise<Outcome> => runReproduce(join(folder, 'experiments'), args);

  it('has them in results.json, tables and plots', async () => {
    mkdirSync(join(folder, 'experiments', 'shapes'), { recursive: true });
    writeFileSync(join(folder, 'experiments', 'shapes', 'experiment.json'), JSON.stringify(experiment));
    const out = join(folder, 'out');
    const { code, err } = await reproduce('shapes', '--data', data, '--out', out);
    expect([code, err]).toEqual([0, '']);
    const file = (name: string) => readFileSync(join(out, 'shapes', name), 'utf8');
    const { runs } = JSON.parse(file('results.json')) as { runs: { distributions: Snapshot[] }[] };
    expect(runs).toHaveLength(4);
    for (const { distributions } of runs) expect(distributions.map(({ step }) => step)).toEqual([0, 6]);
    expect((await reproduce('--out', out, '--docs', '--report')).code).toBe(0);
    // One layer that has some, under two seeds.
    expect(file('README.md')).toMatch(/\| int8 \| 6 \| layer gradients \| 2 \|/);
    expect(file('README.md')).toMatch(
      /## What that does to the quantiser\n\nDuring training 8 bits turn layer gradients by/,
    );
    // The arms are not compared.
    expect(file('README.md')).not.toMatch(/plot\.svg|accuracy|A difference is/);
    expect(existsSync(join(out, 'shapes', 'plot.svg'))).toBe(false);
    // The steps before the last are too long for a README.
    expect(file('README.md')).not.toMatch(/\| int8 \| 0 \| layer gradients/);
    expect(file('tables.md')).toMatch(/\| int8 \| 0 \| layer gradients/);
    expect(file('tables.md')).toContain('## Layer gradients\n\nThose of `fp32` under seed 0 after step 6');
    expect(file('histograms.svg')).toContain(
      '>fp32, seed 0: tensors after step 6, with their fits and KS distances<',
    );
    expect(file('histograms.svg').match(/>fc[12]</g)).toHaveLength(2);
    expect(file('gradients.svg')).toMatch(/>step 0<.*>step 6</);
    expect(file('angles.svg')).toContain('int8: angle of tensors');
    const page = readFileSync(join(out, 'report.html'), 'utf8');
    expect(page).toContain('<h3>Distributions</h3>');
    const whole = page.slice(page.indexOf('Histograms of all layers, and of signed values'));
    expect(whole.match(/>fc2, [a-z ]+, step 6</g)).toHaveLength(4);
    // Two layers after the last step under two recipes and two seeds.
    expect(readFileSync(join(out, 'RESULTS.md'), 'utf8')).toMatch(
      /\| Weights are Gaussian \| nowhere \| .*nearest to gaussian by A²\/n in \d of 8 tensors.* \| (holds|does not hold)/,
    );
  });

  it.each([
    ['needs snapshots to be asked for', {}, 'field "distributions" needs snapshots'],
    [
      'needs some after the start for its claims',
      { distributions: '0' },
      'give "distributions" a share above 0',
    ],
  ])('%s', async (_, settings, message) => {
    const place = join(folder, 'wrong', 'shapes');
    mkdirSync(place, { recursive: true });
    const wrong = { ...experiment, settings: { epochs: 1, ...settings } };
    writeFileSync(join(place, 'experiment.json'), JSON.stringify(wrong));
    const { code, err } = await run(['reproduce', '--list', '--experiments', join(folder, 'wrong')]);
    expect([code, err]).toEqual([3, expect.stringContaining(message)]);
  });
});

const distances = (andersonDarling: number) => ({ ks: 0.1, andersonDarling });
const record = (changes: Partial<TensorRecord> = {}): TensorRecord => ({
  ...{ layer: 'fc', kind: 'gradients', quantizer: 'int8 symmetric stochastic', count: 100, zeroShare: 0 },
  ...{ rms: 2, crest: 9, excessKurtosis: 1, step: 0.07, belowHalfStep: 0.5 },
  cosine: { measured: Math.cos(Math.PI / 90), byStep: 1, gaussian: Math.cos(Math.PI / 180) },
  fits: {
    gaussian: { parameters: { mean: 0, sigma: 2 }, ...distances(0.3) },
    laplace: { parameters: { median: 0, scale: 1 }, ...distances(0.1) },
    'log-normal': { parameters: { mu: 0, sigma: 1, negative: 0.5 }, ...distances(0.2) },
  },
  histogram: [1, 9, 80, 10, 0],
  // Two of the values are beyond the bins, as far as they go.
  magnitudes: {
    below: 1,
    counts: [...new Array<number>(40).fill(0), 28, 70, ...new Array<number>(14).fill(0)],
    above: 1,
  },
  ...changes,
});

describe('tables and charts', () => {
  it('means over layers, with the family that is nearest', () => {
    const near = record({
      fits: { ...record().fits, gaussian: { ...record().fits.gaussian, andersonDarling: 0.01 } },
    });
    expect([nearestFamily(record()), nearestFamily(near)]).toEqual(['laplace', 'gaussian']);
    const snapshot = { step: 5, tensors: [record(), record({ layer: 'b', crest: 11 }), near] };
    const { head, rows } = kindTable([snapshot]);
    const cell = (name: string) => rows[0][head.indexOf(name)];
    expect(rows).toHaveLength(1);
    expect([cell('step'), cell('tensors'), cell('max abs/rms')]).toEqual(['5', '3', '9.67']);
    expect(cell('nearest by A²/n')).toBe('laplace 2, gaussian 1');
    expect([cell('angle in 8 bits, degrees'), cell('were it Gaussian')]).toEqual(['2.000', '1.000']);
    expect(layerTable(snapshot).rows).toHaveLength(3);
    expect(layerTable(snapshot, ['weights']).rows).toEqual([]);
  });

  it('a histogram shows the bins that hold something, and each fit', () => {
    const svg = histogramChart(record(), 'title');
    expect(svg.match(/class="f0 dot"/g)).toHaveLength(3);
    // What is beyond the inner bins stands apart, in no curve.
    expect(svg.match(/class="f6 dot"/g)).toHaveLength(1);
    const points = [...svg.matchAll(/class="c[123] line"[^>]* d="([^"]+)"/g)].map(
      ([, d]) => d.split('L').length,
    );
    expect(points).toEqual([3, 3, 3]);
    expect(svg).toContain('zeros (0 %) left out');
    expect(histogramChart(record({ zeroShare: 0.423 }), 'title')).toContain('zeros (42 %) left out');
    expect(svg.match(/class="c[123] line"/g)).toHaveLength(3);
    expect(chartGrid('All', [svg, '', svg, svg])).toContain(
      'viewBox="0 0 1280 600" role="img" aria-label="All"',
    );
    expect(chartGrid('None', [''])).toBe('');
  });

  it('small multiples have a panel for each layer and kind, with its distances and zeros', () => {
    const tensors = [
      record({ zeroShare: 0.5 }),
      record({ kind: 'weights' }),
      record({ kind: 'weights', layer: 'b' }),
    ];
    const snapshot: Snapshot = { step: 7, tensors };
    const svg = kindMultiples(snapshot, layersOf(snapshot), 'run');
    expect(layersOf(snapshot)).toEqual(['fc', 'b']);
    expect(svg).toContain('>run: tensors after step 7, with their fits and KS distances<');
    // Two layers of four kinds, of which three are there.
    expect(svg.match(/>none</g)).toHaveLength(5);
    expect(svg.match(/clip-path="url\(#magnitudes\)"/g)).toHaveLength(9);
    expect(svg.match(/>zeros 50 %</g)).toHaveLength(1);
    expect(svg.match(/<tspan class="f1"> 0\.100</g)).toHaveLength(3);
    // Two bins, one bar for what is below them and one for what is above, and one in the legend.
    expect(svg.match(/<rect class="f0"/g)).toHaveLength(3 * 4 + 1);
  });

  it("a small multiple's bars and curves are shares of the values other than 0", () => {
    const svg = kindMultiples({ step: 1, tensors: [record()] }, ['fc'], 'run');
    const heights = [...svg.matchAll(/<rect class="f0"[^>]* height="([\d.]+)"/g)].map(([, height]) =>
      Number(height),
    );
    // 98 pixels are five decades; the first bar is the legend's.
    expect(heights.slice(1)).toEqual(
      [0.01, 0.28, 0.7, 0.01].map((share) => expect.closeTo(98 * (1 + Math.log10(share) / 5), 0)),
    );
    // A Gaussian has 2 (Q(1) - Q(sqrt 2)) = 0.1600 of its values between 1 and sqrt 2 deviations.
    const gaussian = /class="c1 line" clip-path[^>]* d="M([^"]+)"/
      .exec(svg)?.[1]
      .split('L')
      .map((point) => Number(point.split(' ')[1]));
    const y = 28 - (98 / 5) * Math.log10(0.16);
    expect(gaussian?.some((one) => Math.abs(one - y) < 0.15)).toBe(true);
  });

  it('layer gradients stand step by step, and only layers that have some', () => {
    const all = [3, 9].map((step) => ({
      step,
      tensors: [record(), record({ kind: 'weights', layer: 'first' })],
    }));
    const svg = gradientMultiples(all, ['first', 'fc'], 'run');
    expect(svg).toMatch(/>step 3<.*>step 9<.*>fc</);
    expect(svg).not.toContain('>first<');
    expect(svg).not.toContain('>none<');
  });

  it('what was written before magnitudes were measured has no small multiples', () => {
    const { magnitudes: _, ...older } = record();
    expect(kindMultiples({ step: 1, tensors: [older] }, ['fc'], 'run')).toBe('');
    expect(gradientMultiples([{ step: 1, tensors: [older] }], ['fc'], 'run')).toBe('');
  });

  it('layers are spread over the model with both ends', () => {
    expect(spreadOver([1, 2, 3, 4, 5, 6, 7], 4)).toEqual([1, 3, 5, 7]);
    expect(spreadOver([1, 2], 4)).toEqual([1, 2]);
  });

  it('places of snapshots are steps, each once and in order', () => {
    expect(snapshotSteps([1, 0, 0.1, 0.1001], 938)).toEqual([0, 94, 938]);
  });
});
