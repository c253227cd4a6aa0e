/** Data sets that are no images in files, through the program: trained on, evaluated from the saved model, and listed. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
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

describe('--dataset text', () => {
  const file = join(folder, 'verses.txt');
  const words = ['so ', 'long ', 'lives ', 'this '];
  writeFileSync(file, Array.from({ length: 1200 }, (_, i) => words[i % 4]).join(''));
  const small = ['--context', '16', '--batch', '16', '--threads', '1'];

  it('trains the transformer with its own defaults, and is evaluated in the same windows', async () => {
    const out = join(folder, 'read');
    const trained = await run([
      ...['train', '--dataset', 'text', '--data', file, '--model', 'transformer', ...small],
      ...['--epochs', '2', '--probe-every', '0', '--out', out, '--json'],
    ]);
    expect([trained.code, trained.err]).toEqual([0, '']);
    const lines = jsonLines(trained.out);
    const { config } = lines[0] as { config: { settings: object } };
    expect(config.settings).toMatchObject({ dataset: 'text', optimizer: { name: 'adamw' } });
    const { results } = lines[lines.length - 1] as { results: Record<string, number>[] };
    // The words come in turn, so that all can be known.
    expect(results[0].testLoss).toBeLessThan(1);
    expect(results[0].integerMacShare).toBe(1);
    const evaluated = await run(['eval', out, '--data', file, '--threads', '1', '--batch', '16', '--json']);
    const { testLoss, testAccuracy } = results[0];
    const told = await run(['eval', out, '--data', file, '--threads', '1', '--batch', '16']);
    expect(told.out).toMatch(/ sequences\/s /);
    expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain('Training rate (sequences/s)');
    expect(jsonLines(evaluated.out)[0]).toMatchObject({ dataset: 'text', testLoss, testAccuracy });

    const other = join(folder, 'other.txt');
    writeFileSync(other, words.join('').replaceAll('v', 'x').repeat(300));
    const refused = await run(['eval', out, '--data', other, '--threads', '1']);
    expect([refused.code, refused.err]).toEqual([
      3,
      expect.stringMatching(/does not know the character "x"/),
    ]);
    const predicted = await run(['predict', file, '--from', out]);
    expect([predicted.code, predicted.err]).toEqual([
      3,
      expect.stringMatching(/read.model\.safetensors: .* which are no images; .* --from/),
    ]);
  });

  it('in a folder of runs: eval names the run that asks for --data', async () => {
    const several = await run(['eval', folder]);
    expect([several.code, several.err]).toEqual([
      3,
      expect.stringMatching(
        /heard.model\.safetensors: .*--data <path>; a folder of runs is evaluated run by run .* alone/,
      ),
    ]);
    const alone = await run(['eval', join(folder, 'read')]);
    expect([alone.code, alone.err]).toEqual([
      2,
      expect.stringMatching(/read.model\.safetensors: --dataset text needs --data <file>[^;]*\n$/),
    ]);
  });

  it('is planned, timed and looked into', async () => {
    const planned = await run([
      ...['plan', '--dataset', 'text', '--data', file, '--model', 'transformer', ...small, '--json'],
    ]);
    expect(JSON.parse(planned.out)).toMatchObject({
      model: 'transformer',
      inputShape: [16],
    });
    const timed = await run([
      ...['bench', '--model', 'transformer', '--input', '16', '--classes', '12'],
      ...['--batch', '2', '--steps', '1', '--threads', '1', '--json'],
    ]);
    expect(JSON.parse(timed.out)).toMatchObject({ model: 'transformer', inputShape: [16] });
    const looked = await run(['data', 'text', '--data', file, '--context', '16']);
    expect(looked.out).toContain('[16] (characters)');
    expect(looked.out).toContain('11: " ", "e", "g"');
    const image = await run(['data', 'text', '--data', file, '--image', '0']);
    expect([image.code, image.err]).toEqual([2, expect.stringMatching(/--image: text holds no images/)]);
  });

  it('and the options that go with it are refused where they do not fit', async () => {
    const cases: [string[], RegExp][] = [
      [['--dataset', 'text', '--model', 'transformer'], /--dataset text needs --data <file>/],
      [['--context', '8'], /--context is for text and shakespeare; leave it out with mnist/],
      [
        ['--dataset', 'text', '--data', file],
        /--model resnet8 takes images, and --dataset text .*use --model transformer/,
      ],
      [['--model', 'mlp', '--dataset', 'shakespeare'], /--model mlp takes images/],
      [['--model', 'transformer'], /--model transformer takes texts.*mnist.*--dataset text or shakespeare/],
      [['--dataset', 'text', '--model', 'transformer', '--nesterov'], /--nesterov is for --optimizer sgd/],
    ];
    for (const [args, message] of cases) {
      const { code, err } = await run(['train', ...args]);
      expect([code, err]).toEqual([2, expect.stringMatching(message)]);
    }
  });
});
