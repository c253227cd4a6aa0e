import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run, workFolder } from './run.case.js';

const folder = workFolder();

describe('help', () => {
  it('is printed without arguments, with every command', async () => {
    const { code, out, err } = await run([]);
    expect([code, err]).toEqual([0, '']);
    for (const name of ['compare', 'train', 'eval', 'predict', 'plan', 'bench', 'recipes', 'data']) {
      expect(out).toMatch(new RegExp(`^  ${name} `, 'm'));
    }
    expect((await run(['--help'])).out).toBe(out);
  });

  it.each(['compare', 'train', 'eval', 'predict', 'plan', 'bench', 'recipes', 'data'])(
    '%s explains its options and has examples',
    async (name) => {
      const { code, out } = await run([name, '--help']);
      expect(code).toBe(0);
      expect(out).toMatch(/Examples:\n {2}octograd /);
      expect(out).toMatch(/--json/);
      if (['compare', 'train'].includes(name)) {
        for (const option of ['threads', 'seed', 'epochs', 'batch', 'lr', 'out', 'data']) {
          expect(out).toContain(`--${option} <`);
        }
        // What error messages and warnings advise.
        for (const option of ['clip-norm', 'warmup', 'label-smoothing', 'accumulate', 'patience']) {
          expect(out).toContain(`--${option} <`);
        }
        expect(out).toMatch(/--nesterov .*\n[\s\S]*--drop-last /);
        expect(out).toMatch(/--batch <n> .*\(default: 64\)/);
      }
    },
  );

  it('--version is that of the package', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(await run(['--version'])).toEqual({ code: 0, out: `${version}\n`, err: '' });
  });
});

describe('wrong usage', () => {
  it.each([
    [['trian'], /unknown command 'trian' \(Did you mean train\?\)/],
    [['train', '--epoch', '3'], /unknown option '--epoch' \(Did you mean --epochs\?\)/],
    [['train', 'extra'], /too many arguments/],
    [
      ['train', '--recipe', 'intt8'],
      /no recipe "intt8"\. Did you mean "int8"\? The command octograd recipes lists all\n$/,
    ],
    [['train', '--recipe', 'something-else'], /no recipe "something-else"\. Built-in ones are "fp32", /],
    [['compare', '--recipes', 'fp32,papr'], /no recipe "papr".*Did you mean "paper"\?/],
    [['compare', '--recipes', 'fp32,fp32'], /two recipes named "fp32"/],
    [['compare', '--recipes', ','], /--recipes needs at least one name/],
    [['train', '--model', 'resnet9'], /--model must be one of .*Did you mean "resnet8"\?/],
    [['train', '--dataset', 'minst'], /--dataset must be one of .*Did you mean "mnist"\?/],
    [['train', '--dataset', 'images'], /--dataset images needs --data/],
    [['train', '--epochs', '0'], /--epochs must be a number above 0, got "0"/],
    [['train', '--epochs', ''], /--epochs must be a number above 0, got ""/],
    [['train', '--batch', '1.5'], /--batch must be a whole number from 1, got "1.5"/],
    [['train', '--threads', '65'], /--threads must be a whole number from 1 to 64/],
    [['train', '--momentum', '1'], /--momentum must be a number from 0 to below 1/],
    [['train', '--clip-norm', '0'], /--clip-norm must be a number above 0, got "0"/],
    [['train', '--warmup', '0'], /--warmup must be a number above 0 and below 1, got "0"/],
    [['train', '--warmup', '1'], /--warmup must be a number above 0 and below 1, got "1"/],
    [['train', '--label-smoothing', '1'], /--label-smoothing must be a number from 0 to below 1, got "1"/],
    [['train', '--accumulate', '0'], /--accumulate must be a whole number from 1, got "0"/],
    [['train', '--prefetch', 'yes'], /--prefetch must be one of auto, on, off, got "yes"/],
    [['train', '--patience', '0.5'], /--patience must be a whole number from 1, got "0.5"/],
    [['train', '--nesterov', '--optimizer', 'adam'], /--nesterov is for --optimizer sgd; leave it out/],
    [['train', '--nesterov', '--momentum', '0'], /--nesterov looks ahead .* give --momentum a number/],
    [['train', '--backend', 'reference', '--threads', '2'], /--threads is for the WASM kernels/],
    [['plan', '--eval', '--trace'], /choose one/],
    [['plan', '--dataset', 'shakespeare'], /--model resnet8 takes images.*use --model transformer/],
    [['data', 'cifar'], /data set must be one of .*Did you mean "cifar10"/],
    [['data', '--image', '3'], /need the name of a data set/],
    [['eval'], /missing required argument/],
  ])('%j: exit code 2, one line, nothing on stdout', async (args, message) => {
    const { code, out, err } = await run(args);
    expect(err).toMatch(message);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(/^octograd: [^\n]*\n$/);
  });

  it('shows a stack only when asked', async () => {
    const { err } = await run(['train', '--lr', 'x'], { env: { OCTOGRAD_DEBUG: '1' } });
    expect(err).toMatch(/--lr must be.*\nUsageError: .*\n {4}at /s);
  });

  it('a wrong recipe file names the field, a missing one is a data error', async () => {
    const file = join(folder, 'mine.json');
    writeFileSync(file, JSON.stringify({ extends: 'int8', norm: { kind: 'bacth' } }));
    const wrong = await run(['recipes', file]);
    expect(wrong.err).toMatch(/norm.kind.*Did you mean "batch"/);
    expect(wrong.code).toBe(2);
    expect((await run(['recipes', join(folder, 'none.json')])).code).toBe(3);
  });

  it('an output folder that holds files is refused before anything is done', async () => {
    const before = readdirSync(folder);
    const { code, err } = await run(['train', '--out', folder]);
    expect(code).toBe(2);
    expect(err).toMatch(/already holds files, which a run never overwrites; name a new or empty folder/);
    expect(readdirSync(folder)).toEqual(before);
    const file = join(folder, 'mine.json');
    expect((await run(['train', '--out', file])).err).toMatch(/is a file; name a new or empty folder/);
  });

  it('data that are not there: exit code 3, with the remedy, and no folder is left', async () => {
    const out = join(folder, 'never');
    const { code, err } = await run(['train', '--data', join(folder, 'none'), '--out', out]);
    expect(code).toBe(3);
    expect(err).toMatch(/there is no such folder.*give the folder that holds the four IDX files/);
    expect(existsSync(out)).toBe(false);
  });

  it.each([
    ['train', ['train', '--dataset', 'cifar10']],
    ['data', ['data', 'fsdd']],
  ])('%s without data that have no usual place names --data', async (_name, args) => {
    const { code, err } = await run(args);
    expect([code, err]).toEqual([
      3,
      expect.stringMatching(/; give the .*; name the place with --data <path>\n$/),
    ]);
  });
});

describe('recipes', () => {
  it('lists the built-in ones, and prints one as text and as JSON', async () => {
    expect((await run(['recipes'])).out).toMatch(/^fp32 .*\n[\s\S]*^int8 /m);
    expect((await run(['recipes', 'paper'])).out).toMatch(/^paper: .*\n {2}forward .*uint8/m);
    const { out } = await run(['recipes', 'int8', '--json']);
    const file = join(folder, 'copy.json');
    writeFileSync(file, out);
    expect((await run(['recipes', file, '--json'])).out).toBe(out);
    expect(JSON.parse((await run(['recipes', '--json'])).out)).toContainEqual(JSON.parse(out));
  });

  it("prints that of an experiment's arm", async () => {
    const { out } = await run(['recipes', 'fashion-cnn/int8-gradients-4bit', '--json']);
    const { gradLeft, gradRight } = JSON.parse(out).products;
    expect([gradLeft.gradOutput.format, gradRight.gradOutput.format]).toEqual(['int4', 'int16']);
    expect((await run(['recipes', 'fashion-cnn/int8', '--json'])).out).toBe(
      (await run(['recipes', 'int8', '--json'])).out,
    );
  });

  it.each([
    [
      'int8-gradients-4bit',
      2,
      /no built-in recipe .* one of fashion-cnn\/int8-gradients-4bit, mnist-lenet\//,
    ],
    [
      'fashion-cnn/int8-gradients-5bit',
      2,
      /has no arm .*Did you mean "int8-gradients-[46]bit"\? Its arms: fp32, /,
    ],
    ['fashion-cnm/int8', 2, /no experiment "fashion-cnm"\. Did you mean "fashion-cnn"\?/],
    [
      'nowhere/at-all',
      3,
      /there is no such recipe file, and no experiment "nowhere" in \.\/experiments or among the package's/,
    ],
    ['./nowhere', 3, /\.\/nowhere: there is no such recipe file; check the path/],
    ['src/cli', 3, /is a folder/],
    ['x'.repeat(300), 2, /there is no recipe "x+"/],
    [`./${'x'.repeat(300)}`, 3, /x: is longer than a path may be/],
    [`{"extends":"int8","description":"${'x'.repeat(300)}"}`, 2, /write the JSON to a file and name that/],
  ])('%s is refused with what there is', async (name, code, message) => {
    const wrong = await run(['recipes', name]);
    expect(wrong.err).toMatch(message);
    expect(wrong.code).toBe(code);
  });
});

it('a link that leads back to itself is no recipe', async () => {
  const loop = join(folder, 'loop');
  symlinkSync('loop', loop);
  for (const name of [loop, join(loop, 'x')]) {
    const { code, err } = await run(['recipes', name]);
    expect([code, err]).toEqual([
      3,
      `octograd: ${name}: is a link that leads back to itself; make it anew\n`,
    ]);
  }
});

describe('plan', () => {
  it('prints calls, kinds of products and memory', async () => {
    const { code, out } = await run(['plan', '--model', 'mlp', '--batch', '4', '--backend', 'reference']);
    expect(code).toBe(0);
    expect(out).toMatch(/^mlp, input \[28, 28, 1\], batch 4, recipe int8: training plan, \d+ kernel calls$/m);
    expect(out).toMatch(/fc1 +matmul_int +integer forward +401,408 /);
    expect(out).toMatch(/^ +integer kernels .*100\.0 %$/m);
    expect(out).toMatch(/^ +peak +[\d,]+ /m);
  });

  it('--json is the same plan as data; --eval and --trace are others', async () => {
    const plan = async (...args: string[]) => {
      const { out } = await run(['plan', '--model', 'mlp', '--backend', 'reference', '--json', ...args]);
      return JSON.parse(out) as {
        kind: string;
        calls: { phase: string; kernel: string; product?: { kind: string } }[];
        work: { integerMacShare: number };
        memory: { peakBytes: number; savedForBackwardBytes: number };
      };
    };
    const train = await plan('--recipe', 'fp32');
    expect(train.work.integerMacShare).toBe(0);
    expect(new Set(train.calls.map(({ phase }) => phase))).toEqual(
      new Set(['forward', 'backward', 'update']),
    );
    expect(
      train.calls.filter(({ product }) => product).every(({ product }) => product?.kind === 'float'),
    ).toBe(true);
    expect(train.memory.savedForBackwardBytes).toBeGreaterThan(0);
    const evaluation = await plan('--eval');
    expect(evaluation.kind).toBe('eval');
    expect(new Set(evaluation.calls.map(({ phase }) => phase))).toEqual(new Set(['forward']));
    expect(evaluation.memory.savedForBackwardBytes).toBe(0);
    const [int8, trace] = [await plan(), await plan('--trace')];
    expect(int8.work.integerMacShare).toBe(1);
    expect(trace.memory.peakBytes).toBeGreaterThan(int8.memory.peakBytes);
  });
});

describe('data', () => {
  it('lists what is known as text and as JSON', async () => {
    expect((await run(['data'])).out).toMatch(
      /^mnist +MNIST handwritten digits +28x28x1 +10 +60,000 +10,000 /m,
    );
    const all = JSON.parse((await run(['data', '--json'])).out) as { name: string }[];
    expect(all.map(({ name }) => name)).toEqual([
      'mnist',
      'fashion-mnist',
      'cifar10',
      'cifar100',
      'fsdd',
      'shakespeare',
    ]);
  });
});
