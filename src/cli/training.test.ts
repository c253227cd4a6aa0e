/** Training through the program: the event stream, the run's folder, its end by signals, numbers and disks, and what is done with the model. */
import { existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encode } from 'fast-png';
import jpeg from 'jpeg-js';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { readSafetensors, writeSafetensors } from '../io/index.js';
import { jsonLines, type Outcome, run, workFolder, writeSmallData } from './run.case.js';

/** Bytes that still fit the disk; undefined for a disk without end. */
const disk = vi.hoisted(() => ({ left: undefined as number | undefined }));

vi.mock('node:fs', async (importOriginal) => {
  const real = await importOriginal<typeof import('node:fs')>();
  const writeSync = (handle: number, bytes: Buffer, offset: number, length: number): number => {
    if (disk.left === undefined) return real.writeSync(handle, bytes, offset, length, null);
    const fits = Math.min(length, disk.left);
    if (fits === 0) throw Object.assign(new Error('ENOSPC: simulated'), { code: 'ENOSPC' });
    disk.left -= fits;
    return real.writeSync(handle, bytes, offset, fits, null);
  };
  return { ...real, writeSync };
});

const folder = workFolder();
const data = join(folder, 'data');
const common = ['--data', data, '--model', 'mlp', '--batch', '16', '--threads', '1'];
const compared = join(folder, 'compared');
let comparison: Outcome;

beforeAll(async () => {
  mkdirSync(data);
  writeSmallData(data);
  comparison = await run(['compare', ...common, '--epochs', '6', '--out', compared, '--json']);
});

const metricsOf = (path: string) => jsonLines(readFileSync(join(path, 'metrics.jsonl'), 'utf8'));

describe('compare --json', () => {
  it('ends well, with nothing on stderr', () => {
    expect([comparison.code, comparison.err]).toEqual([0, '']);
  });

  it('prints the events, the last one with exactly the promised fields', () => {
    const events = jsonLines(comparison.out);
    const last = events[events.length - 1] as { type: string; results: Record<string, unknown>[] };
    expect(Object.keys(last)).toEqual(['type', 'results']);
    expect(last.type).toBe('done');
    expect(last.results.map(({ recipe }) => recipe)).toEqual(['fp32', 'paper', 'int8']);
    for (const result of last.results) {
      expect(Object.keys(result).sort()).toEqual(
        [
          'imagesPerSecond',
          'integerMacShare',
          'peakBytes',
          'recipe',
          'savedForBackwardBytes',
          'seed',
          'testAccuracy',
          'testLoss',
        ].sort(),
      );
      expect(result.seed).toBe(0);
      expect(result.testAccuracy).toBeGreaterThan(0.9);
      expect(result.imagesPerSecond).toBeGreaterThan(0);
      expect(result.integerMacShare).toBe(result.recipe === 'fp32' ? 0 : 1);
    }
    expect(events.filter(({ type }) => type === 'done')).toHaveLength(1);
    const types = new Set(events.map(({ type }) => type));
    for (const type of ['config', 'start', 'step', 'epoch', 'evaluation', 'probe', 'run-done']) {
      expect(types).toContain(type);
    }
    expect(events.filter(({ type }) => type === 'step')).toHaveLength(3 * 48);
  });

  it('leaves a folder with settings, the same events, models and a report', () => {
    expect(readdirSync(compared).sort()).toEqual([
      'config.json',
      'fp32',
      'int8',
      'metrics.jsonl',
      'paper',
      'report.html',
    ]);
    expect(metricsOf(compared)).toEqual(jsonLines(comparison.out));
    const config = JSON.parse(readFileSync(join(compared, 'config.json'), 'utf8'));
    expect(config).toMatchObject({
      formatVersion: 1,
      command: 'compare',
      node: process.version,
      settings: { model: 'mlp', totalSteps: 48, seeds: [0] },
      recipes: [{ name: 'fp32' }, { name: 'paper' }, { name: 'int8' }],
    });
    for (const recipe of ['fp32', 'int8', 'paper']) {
      expect(readdirSync(join(compared, recipe))).toEqual(['model.safetensors']);
    }
    const report = readFileSync(join(compared, 'report.html'), 'utf8');
    expect(report).toMatch(/^<!doctype html>/);
    expect(report).not.toMatch(/<script|https?:|src=/);
    expect(report.match(/<svg viewBox/g)?.length).toBeGreaterThanOrEqual(4);
    expect(report).toContain('Signal to quantisation noise');
  });
});

describe('eval', () => {
  it('gives every saved model the accuracy that its training ended with', async () => {
    const trained = (jsonLines(comparison.out).pop() as { results: Record<string, unknown>[] }).results;
    const { code, out } = await run([
      'eval',
      compared,
      '--data',
      data,
      '--batch',
      '16',
      '--threads',
      '1',
      '--json',
    ]);
    expect(code).toBe(0);
    const { results } = jsonLines(out).pop() as { results: Record<string, unknown>[] };
    const accuracies = (rows: Record<string, unknown>[]) =>
      Object.fromEntries(rows.map(({ recipe, testAccuracy }) => [recipe, testAccuracy]));
    expect(accuracies(results)).toEqual(accuracies(trained));
    const table = await run([
      'eval',
      join(compared, 'int8'),
      '--data',
      data,
      '--limit',
      '10',
      '--threads',
      '1',
    ]);
    expect(table.out).toMatch(/^mlp +int8 +mnist +10 +\d+\.\d\d % /m);
  });

  it('names what is wrong with a model file', async () => {
    const source = readFileSync(join(compared, 'int8', 'model.safetensors'));
    const evaluate = async (name: string) => run(['eval', join(folder, name), '--data', data]);
    writeFileSync(join(folder, 'cut.safetensors'), source);
    truncateSync(join(folder, 'cut.safetensors'), source.length - 100);
    const cut = await evaluate('cut.safetensors');
    expect(cut.code).toBe(3);
    expect(cut.err).toMatch(/^octograd: .*cut\.safetensors: is cut short/);
    writeFileSync(join(folder, 'text.safetensors'), 'not a model at all');
    expect((await evaluate('text.safetensors')).err).toMatch(/is no safetensors file/);
    expect((await evaluate('none.safetensors')).err).toMatch(/there is no such file or folder/);
    expect((await evaluate('data')).err).toMatch(/there is no model.safetensors in it/);
    const other = await run(['eval', join(compared, 'int8')]);
    expect(other.code).toBe(3);
    expect(other.err).toMatch(/takes samples of shape \[12, 12, 1\], mnist has \[28, 28, 1\]/);
  });
});

describe('a model file whose description makes no model', () => {
  const described = (name: string, changes: Record<string, string>): string => {
    const path = join(folder, name);
    const bytes = readFileSync(join(compared, 'int8', 'model.safetensors'));
    const { tensors, metadata } = readSafetensors(bytes);
    writeFileSync(path, writeSafetensors(tensors, { ...metadata, ...changes }));
    return path;
  };
  const [half, big] = ['[12, 6, 1]', '[100000, 100000, 1]'];
  const odd = '{"mean":[0,0],"std":[1,1]}';
  const wrongRecipe = (text: string): string =>
    JSON.stringify({ ...JSON.parse(text), overrides: [{ modules: 'conv9', norm: { eps: 0.1 } }] });

  it.each<[string, (recipe: string) => Record<string, string>, RegExp]>([
    ['unknown', () => ({ model: 'mpl' }), /cannot be run: there is no model "mpl".*"mlp"/],
    [
      'of-another-size',
      () => ({ inputShape: half }),
      /tensor "fc1.weight" has shape \[128, 144\], mlp needs/,
    ],
    ['of-another-kind', () => ({ model: 'lenet' }), /has no tensor "conv1.weight", which lenet needs/],
    ['too-large', () => ({ inputShape: big }), /a model (too large for memory|that cannot be run)/],
    ['normalised', () => ({ normalization: odd }), /cannot be run: normalization has 2 means/],
    ['with-recipe', (text) => ({ recipe: wrongRecipe(text) }), /cannot be run: .*"conv9" matches no module/],
  ])('%s: predict and eval name the file and what is wrong', async (name, changes, message) => {
    const { metadata } = readSafetensors(readFileSync(join(compared, 'int8', 'model.safetensors')));
    const file = described(`${name}.safetensors`, changes(metadata.recipe));
    const side = name === 'of-another-size' ? [12, 6] : name === 'too-large' ? [1, 1] : [12, 12];
    const image = join(folder, `${name}.png`);
    const [height, width] = side;
    writeFileSync(image, encode({ width, height, channels: 1, data: new Uint8Array(width * height) }));
    // The image of a giant would be one itself; eval finds it does not fit the data.
    const results =
      name === 'too-large' ? [] : [await run(['predict', image, '--from', file, '--threads', '1'])];
    if (!['of-another-size', 'too-large'].includes(name)) {
      results.push(await run(['eval', file, '--data', data, '--threads', '1']));
    }
    for (const { code, err } of results) {
      expect([code, err.split('\n').length]).toEqual([3, 2]);
      expect(err).toContain(`${name}.safetensors: `);
      expect(err).toMatch(message);
    }
  });

  it('trained on data that nobody knows: eval asks for --dataset', async () => {
    const file = described('elsewhere.safetensors', { dataset: 'elsewhere' });
    const { code, err } = await run(['eval', file]);
    expect(code).toBe(3);
    expect(err).toMatch(/elsewhere\.safetensors: was trained on "elsewhere".*choose the data with --dataset/);
  });
});

describe('a batch too large for memory', () => {
  const tooLarge =
    /^octograd: --batch \d+ is too large: its plan takes [\d.]+ [GT]iB of memory.*smaller one[^\n]*\n$/;

  it.each([
    ['plan', ['plan', '--batch', '1000000']],
    ['eval', ['eval', join(compared, 'int8'), '--data', data, '--batch', '100000000']],
    // As many samples as MNIST has, in one batch.
    ['train', ['train', '--batch', '60000', '--out', join(folder, 'too-large')]],
  ])('%s: exit code 2, naming --batch and the remedy', async (_name, args) => {
    const { code, err } = await run([...args, '--threads', '1']);
    expect(code).toBe(2);
    expect(err).toMatch(tooLarge);
  });
});

describe('predict', () => {
  const int8 = join(compared, 'int8');
  const predict = (...args: string[]) => run(['predict', ...args, '--from', int8, '--threads', '1']);

  it('names the class of images from the test set, as PNG and as JPEG, grey and in colours', async () => {
    const png = join(folder, 'seven.png');
    const saved = await run(['data', 'mnist', '--data', data, '--image', '1', '--save', png]);
    expect(saved.out).toMatch(/test image 1 of mnist, class "7"/);
    const rgba = new Uint8Array(12 * 12 * 4).fill(255);
    for (let i = 0; i < 144; i++)
      rgba.fill(Math.floor(i / 12) === 7 || i % 12 === 7 ? 255 : 20, i * 4, i * 4 + 3);
    const jpg = join(folder, 'seven.jpg');
    writeFileSync(jpg, jpeg.encode({ width: 12, height: 12, data: rgba }, 95).data);
    const color = join(folder, 'color.png');
    writeFileSync(color, encode({ width: 12, height: 12, channels: 4, data: rgba }));
    const { code, out } = await predict(png, jpg, color, '--json', '--top', '2');
    expect(code).toBe(0);
    for (const line of jsonLines(out)) {
      const [first, second] = line.classes as { class: string; probability: number }[];
      expect(first.class).toBe('7');
      expect(first.probability).toBeGreaterThan(second.probability);
    }
    expect((await predict(png)).out).toMatch(/seven\.png: 7 \d+\.\d %, /);
  });

  it.each([
    [
      'small.png',
      encode({ width: 3, height: 2, channels: 1, data: new Uint8Array(6) }),
      /is 3x2 pixels, the model .*int8.model\.safetensors takes 12x12; scale it/,
    ],
    [
      'broken.png',
      encode({ width: 12, height: 12, channels: 1, data: new Uint8Array(144) }).slice(0, 50),
      /is a damaged PNG/,
    ],
    ['text.png', Buffer.from('hello'), /is neither PNG nor JPEG/],
  ])('%s: exit code 3, naming the file', async (name, bytes, message) => {
    const file = join(folder, name);
    writeFileSync(file, bytes);
    const { code, out, err } = await predict(file);
    expect([code, out]).toEqual([3, '']);
    expect(err).toMatch(message);
    expect(err).toContain(name);
  });

  it('takes the int8 model of a comparison, whichever came last', async () => {
    const digit = join(folder, 'digit.png');
    writeFileSync(digit, encode({ width: 12, height: 12, channels: 1, data: new Uint8Array(144) }));
    const { code, out } = await run(['predict', digit, '--from', compared, '--json']);
    expect(code).toBe(0);
    expect(jsonLines(out)[0].model).toMatch(/[\\/]int8[\\/]/);
  });
});

describe('options of training', () => {
  const records = async (out: string, ...args: string[]) => {
    const result = await run(['train', ...common, '--recipe', 'fp32', '--out', out, '--json', ...args]);
    expect([result.code, result.err]).toEqual([0, '']);
    const events = jsonLines(result.out);
    const { options, settings } = JSON.parse(readFileSync(join(out, 'config.json'), 'utf8'));
    const steps = events.filter(({ type }) => type === 'step');
    return { events, options, settings, steps };
  };

  it('are written into config.json and reach the session and the loop', async () => {
    // 128 samples in batches of 48: two full ones and one of 32, which is left out; both make one step.
    const args = ['--batch', '48', '--drop-last', '--accumulate', '2', '--epochs', '8', '--nesterov'];
    const more = ['--warmup', '0.5', '--schedule', 'constant', '--lr', '0.1', '--clip-norm', '0.001'];
    const smooth = ['--label-smoothing', '0.5'];
    const { settings, options, steps } = await records(join(folder, 'own'), ...args, ...more, ...smooth);
    expect(options).toMatchObject({ clipNorm: 0.001, warmup: 0.5, accumulate: 2, dropLast: true });
    expect(settings).toMatchObject({
      accumulate: 2,
      dropLast: true,
      clipNorm: 0.001,
      labelSmoothing: 0.5,
      stepsPerEpoch: 1,
      totalSteps: 8,
      optimizer: { name: 'sgd', momentum: 0.9, nesterov: true },
      schedule: { kind: 'warmup', share: 0.5, followedBy: { kind: 'constant', learningRate: 0.1 } },
    });
    expect(steps.map(({ samples }) => samples)).toEqual(Array(8).fill(96));
    const rates = steps.map(({ learningRate }) => Number((learningRate as number).toFixed(4)));
    expect(rates).toEqual([0.02, 0.04, 0.06, 0.08, 0.1, 0.1, 0.1, 0.1]);
    // Steps this short change little; whole ones bring the loss down at once (first test of this file).
    const losses = steps.map(({ loss }) => loss as number);
    expect(Math.abs(losses[7] - losses[0])).toBeLessThan(0.3);
    expect(readFileSync(join(folder, 'own', 'report.html'), 'utf8')).toMatch(
      /2 x 48.*shortened to a norm of 0.001.*label smoothing<\/dt><dd>0\.5.*left out of an epoch/s,
    );
  });

  it('--label-smoothing changes what is minimised', async () => {
    const first = async (share: string): Promise<unknown> => {
      const args = ['--max-steps', '1', '--label-smoothing', share];
      return (await records(join(folder, `smooth-${share}`), ...args)).steps[0].loss;
    };
    expect(await first('0.5')).not.toBe(await first('0'));
  });

  it('--prefetch on makes batches in a thread, off and short runs do not', async () => {
    const started: unknown[] = [];
    const losses: unknown[] = [];
    for (const when of ['on', 'off', 'auto']) {
      const out = join(folder, `prefetch-${when}`);
      const { code } = await run(['train', ...common, '--max-steps', '3', '--prefetch', when, '--out', out]);
      expect(code).toBe(0);
      const events = metricsOf(out);
      started.push(events.find(({ type }) => type === 'start')?.['prefetch']);
      losses.push(events.filter(({ type }) => type === 'step').map(({ loss }) => loss));
    }
    expect(started).toEqual([true, false, false]);
    expect(losses[0]).toHaveLength(3);
    expect(losses[1]).toEqual(losses[0]);
    expect(losses[2]).toEqual(losses[0]);
  });

  it('--patience ends a run whose test loss rises, early and well', async () => {
    const { events, settings } = await records(
      join(folder, 'patient'),
      ...['--patience', '1', '--lr', '1', '--schedule', 'constant', '--epochs', '200'],
    );
    expect(settings.patience).toBe(1);
    const done = events.find(({ type }) => type === 'run-done');
    expect(done).toMatchObject({ reason: 'early-stop', model: 'model.safetensors' });
    const losses = events.filter(({ type }) => type === 'evaluation').map(({ loss }) => loss as number);
    expect(losses.length).toBeLessThan(200);
    expect(losses[losses.length - 1]).toBeGreaterThanOrEqual(Math.min(...losses.slice(0, -1)));
  });
});

describe('plain output', () => {
  it('is lines, a table and where the report is; several seeds have a mean', async () => {
    const out = join(folder, 'seeds');
    const result = await run([
      ...[
        'compare',
        ...common,
        '--recipes',
        'fp32,int8',
        '--seeds',
        '2',
        '--seed',
        '5',
        '--epochs',
        '1',
        '--max-steps',
        '8',
        '--out',
        out,
      ],
    ]);
    expect([result.code, result.err]).toEqual([0, '']);
    expect(result.out).not.toContain('\u001b');
    expect(result.out).toMatch(
      /^\[1\/4\] fp32 seed 5: epoch .* step 1\/8 {2}loss [\d.]+ {2}accuracy .* images\/s/m,
    );
    expect(result.out).toMatch(
      /^recipe +seed +test accuracy +test loss +images\/s +peak memory +kept for backward +integer MACs$/m,
    );
    expect(result.out).toMatch(/^int8 +mean +[\d.]+ ± [\d.]+ % /m);
    expect(result.out.trimEnd()).toMatch(/Report: .*seeds\/report\.html$/);
    expect(existsSync(join(out, 'int8', 'seed-6', 'model.safetensors'))).toBe(true);
  });

  it('--quiet prints the result only; a folder that is empty is used', async () => {
    const out = join(folder, 'quiet');
    mkdirSync(out);
    const result = await run(['train', ...common, '--max-steps', '3', '--quiet', '--out', out]);
    expect(result.out).toMatch(/^\nrecipe .*\nint8 .*\n\nTraining and evaluation took .*\n$/);
    expect(readdirSync(out).sort()).toEqual([
      'config.json',
      'metrics.jsonl',
      'model.safetensors',
      'report.html',
    ]);
  });
});

describe('the end of a run before its time', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ])('%s: exit code %d, and what there is is written and usable', async (signal, code) => {
    const out = join(folder, signal);
    const controller = new AbortController();
    const result = await run(['compare', ...common, '--epochs', '10000', '--out', out, '--json'], {
      signal: controller.signal,
      onOutput: (text) => {
        if (text.includes('"step":20,')) controller.abort(signal);
      },
    });
    expect(result.code).toBe(code);
    const events = metricsOf(out);
    expect(events.find(({ type }) => type === 'run-done')).toMatchObject({
      reason: 'aborted',
      recipe: 'fp32',
    });
    expect(events.filter(({ type }) => type === 'start')).toHaveLength(1);
    const { results } = events[events.length - 1] as { results: Record<string, unknown>[] };
    expect(results).toMatchObject([{ recipe: 'fp32', testAccuracy: null }]);
    expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain('stopped before its end');
    expect((await run(['eval', out, '--data', data, '--threads', '1'])).code).toBe(0);
  });

  it('a loss that diverges: exit code 4 with the remedy, the other recipes go on, the files are whole', async () => {
    const out = join(folder, 'diverged');
    const args = ['compare', ...common, '--lr', '1e30', '--schedule', 'constant', '--recipes', 'fp32,int8'];
    const result = await run([...args, '--epochs', '2', '--out', out]);
    expect(result.code).toBe(4);
    expect(result.err).toMatch(
      /^octograd: fp32, seed 0: .*lower the learning rate( \(1e\+30 at this step\))?, .* \(--clip-norm\)$/m,
    );
    expect(result.err).toMatch(/^octograd: int8, seed 0: /m);
    expect(result.out).toMatch(/^fp32 +failed at step \d+ /m);
    expect(metricsOf(out).filter(({ type }) => type === 'run-failed')).toHaveLength(2);
    expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain('lower the learning rate');
  });

  it('a rate that is too high is told with the peak of its schedule', async () => {
    const out = join(folder, 'too-high');
    const args = ['train', ...common, '--lr', '1e6', '--recipe', 'fp32', '--epochs', '20', '--out', out];
    const { code, err } = await run(args);
    expect(code).toBe(4);
    expect(err).toMatch(/lower the learning rate \([\de+.]+ at this step, 1000000 at its peak\)/);
  });

  it('a disk that fills: exit code 3 naming the file, and the log ends with a whole line', async () => {
    const out = join(folder, 'full');
    disk.left = 6000;
    const result = await run(['train', ...common, '--epochs', '10', '--out', out]);
    disk.left = undefined;
    expect(result.code).toBe(3);
    expect(result.err).toMatch(
      /^octograd: .*metrics\.jsonl: cannot be written: the disk is full; free space/,
    );
    const text = readFileSync(join(out, 'metrics.jsonl'), 'utf8');
    expect(text.length).toBeGreaterThan(2000);
    expect(text.endsWith('}\n')).toBe(true);
    expect(metricsOf(out).length).toBeGreaterThan(2);
    expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain('the disk is full');
  });

  it('--json ends with the results of what was done whatever ended it, with the exit code of that', async () => {
    const out = join(folder, 'full-json');
    const args = ['compare', ...common, '--recipes', 'fp32,int8', '--max-steps', '4', '--out', out, '--json'];
    const result = await run(args, {
      onOutput: (text) => {
        // The first recipe is done; the disk has room for some lines of the second.
        if (text.includes('"type":"run-done"')) disk.left = 1500;
      },
    });
    disk.left = undefined;
    expect(result.code).toBe(3);
    expect(result.err).toMatch(/^octograd: .*metrics\.jsonl: cannot be written: the disk is full[^\n]*\n$/);
    const events = jsonLines(result.out);
    const [failed, last] = events.slice(-2);
    expect(failed).toMatchObject({ type: 'run-failed', recipe: 'int8', error: 'DataError' });
    expect(last).toMatchObject({ type: 'done', results: [{ recipe: 'fp32' }, { recipe: 'int8' }] });
    const { results } = last as { results: Record<string, unknown>[] };
    expect(results[0].testAccuracy).toEqual(expect.any(Number));
    expect(results[1].testAccuracy).toBe(null);
    expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain('the disk is full');
  });
});
