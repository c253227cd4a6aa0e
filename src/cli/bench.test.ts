/** `octograd bench`: what it says of a step, never how long the step took. */
import { describe, expect, it } from 'vitest';
import { stripes, tinySession } from '../../test/support/tiny.js';
import { type Profile, profileStep } from '../train/index.js';
import { run } from './run.case.js';

interface Group {
  name: string;
  product: boolean;
  calls: number;
  milliseconds: number;
  share: number;
  bytes: number;
  macs: number;
  gops?: number;
}

const tiny = [
  '--model',
  'resnet8',
  '--input',
  '8x8x3',
  '--batch',
  '2',
  '--steps',
  '2',
  '--backend',
  'reference',
];

async function profiled(...args: string[]) {
  const { code, out, err } = await run(['bench', '--profile', '--json', ...tiny, ...args]);
  expect([code, err]).toEqual([0, '']);
  return JSON.parse(out) as {
    batchSize: number;
    recipe: string;
    stepMilliseconds: number;
    profile: { sumMilliseconds: number; products: Group; elementwise: Group; groups: Group[] };
  };
}

const sum = (groups: readonly Group[], of: (group: Group) => number): number =>
  groups.reduce((total, group) => total + of(group), 0);

describe('bench', () => {
  it.each(['int8', 'fp32'])(
    '--profile names every kernel of the plan under %s, and adds up',
    async (recipe) => {
      const { profile, batchSize } = await profiled('--recipe', recipe);
      const { out } = await run([
        ...['plan', '--json', '--model', 'resnet8', '--dataset', 'cifar10', '--batch', '2'],
        ...['--backend', 'reference', '--recipe', recipe],
      ]);
      const plan = JSON.parse(out) as { calls: { kernel: string; product?: { macs: number } }[] };
      const names = new Set(plan.calls.map(({ kernel }) => kernel));
      expect(new Set(profile.groups.map(({ name }) => name))).toEqual(names);
      for (const { name, calls } of profile.groups) {
        expect([name, calls]).toEqual([name, plan.calls.filter(({ kernel }) => kernel === name).length]);
      }
      const { groups, products, elementwise } = profile;
      expect(batchSize).toBe(2);
      expect(sum(groups, ({ share }) => share)).toBeCloseTo(1, 9);
      expect(products.milliseconds + elementwise.milliseconds).toBeCloseTo(profile.sumMilliseconds, 9);
      expect(sum(groups, ({ bytes }) => bytes)).toBe(products.bytes + elementwise.bytes);
      expect(sum(groups, ({ macs }) => macs)).toBe(products.macs);
      expect(elementwise.gops).toBeUndefined();
      expect(groups.every(({ product, macs }) => product === macs > 0)).toBe(true);
    },
  );

  it('--by groups the same calls by module, or singly', async () => {
    const byModule = (await profiled('--by', 'module')).profile;
    const byCall = (await profiled('--by', 'call')).profile;
    const count = (groups: readonly Group[]): number => sum(groups, ({ calls }) => calls);
    expect(count(byModule.groups)).toBe(count(byCall.groups));
    const products = byModule.groups.filter(({ product }) => product);
    // Forward, gradInput and gradWeight; the first layer's input needs no gradient.
    expect(products.find(({ name }) => name === 'layer1.0.conv1')?.calls).toBe(3);
    expect(products.find(({ name }) => name === 'conv1')?.calls).toBe(2);
    expect(byModule.groups.some(({ name }) => name === 'layer1.0.conv1.weight')).toBe(true);
    expect(byCall.groups.map(({ name }) => name)).toContain('backward layer1.0.conv1 conv2d_grad_weight_int');
  });

  it('prints the step, then products and the rest apart', async () => {
    const { out } = await run(['bench', '--profile', ...tiny, '--recipe', 'int8']);
    expect(out).toMatch(/^resnet8, int8, input \[8, 8, 3\], batch 2; reference/);
    expect(out).toMatch(/^step [\d.]+ ms \(median of 2\), [\d,.]+ samples\/s, planned peak /m);
    const order = [
      'products by kernel',
      'conv2d_int',
      'products  ',
      'element-wise by kernel',
      'quantize',
      'all calls',
    ];
    const places = order.map((text) => out.indexOf(`\n${text}`));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(places).not.toContain(-1);
    const short = await run(['bench', ...tiny]);
    expect(short.out.trimEnd().split('\n')).toHaveLength(2);
  });

  it('refuses what it cannot use, with the remedy', async () => {
    const bad = await run(['bench', '--input', '32,32,3']);
    expect([bad.code, bad.out]).toEqual([2, '']);
    expect(bad.err).toMatch(/--input must be sizes such as 32x32x3/);
    expect((await run(['bench', '--by', 'kernels'])).err).toMatch(/Did you mean "kernel"\?/);
  });
});

describe('profileStep', () => {
  it('takes each call once a step, in order, with medians of the clock it is given', async () => {
    const data = stripes(4);
    const session = await tinySession(data, { recipe: 'int8', batchSize: 4, backend: 'reference' });
    let time = 0;
    const profile: Profile = profileStep(
      session,
      { inputs: data.inputs, targets: data.labels, size: 4 },
      { steps: 3, now: () => time++ },
    );
    const { plan } = session.planFor('train', 4);
    expect(profile.calls).toHaveLength(plan.calls.length + session.updateCalls.length);
    expect(profile.calls.map(({ kernel }) => kernel)).toEqual(
      [...plan.calls.map(({ call }) => call), ...session.updateCalls].map(({ kernel }) => kernel),
    );
    expect(profile.calls.every(({ milliseconds }) => milliseconds === 1)).toBe(true);
    expect(profile.sumMilliseconds).toBe(profile.calls.length);
    expect(profile.stepMilliseconds).toBe(1);
    expect(profile.calls.at(-1)).toMatchObject({ phase: 'update', path: 'fc.bias', kernel: 'sgd' });
    await session.dispose();
  });

  it('trains on: single calls compute what the step computes', async () => {
    const data = stripes(4);
    const batch = { inputs: data.inputs, targets: data.labels, size: 4 };
    const make = () => tinySession(data, { recipe: 'int8', batchSize: 4, backend: 'reference' });
    const [one, other] = [await make(), await make()];
    profileStep(one, batch, { steps: 1, warmUp: 0, learningRate: 0 });
    other.step(batch, 0);
    for (const path of one.trainedPaths()) {
      expect([path, one.readGradient(path)]).toEqual([path, other.readGradient(path)]);
    }
    await one.dispose();
    await other.dispose();
  });
});
