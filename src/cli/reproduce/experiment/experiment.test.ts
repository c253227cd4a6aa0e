import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { recipes } from '../../../quant/recipes.js';
import { workFolder } from '../../run.case.js';
import { argumentsOf } from './arm-options.js';
import { baselineOf, type Experiment, experimentFields, parseExperiment, seedsOf } from './experiment.js';
import { experimentNames, findExperiments } from './find.js';
import { checkTasks, comparable, differences, hashOf, tasksOf } from './tasks.js';

const sound = {
  formatVersion: 1,
  title: 'A test',
  question: 'Does it work?',
  method: 'By trying.',
  dataset: 'mnist',
  model: 'mlp',
  settings: { epochs: 2, weightDecay: 0.001 },
  seeds: 3,
  baseline: 'float',
  arms: [
    { name: 'float', recipe: 'fp32' },
    { name: 'int8', recipe: 'int8', seeds: [4, 7] },
    { name: 'four', recipe: { base: 'int8', bits: { gradients: 4 } }, settings: { batch: 32 } },
    { name: 'own', recipe: { extends: 'paper', rangeMomentum: 0.5 }, baseline: null },
  ],
  smoke: { maxSteps: 2 },
};
// As JSON has it: what is undefined is not there.
const parse = (changes: object): Experiment =>
  parseExperiment(JSON.parse(JSON.stringify({ ...sound, ...changes })), 'test', 'test/experiment.json');
const arms = (...changes: object[]) => ({ arms: [...sound.arms, ...changes] });

const claim = { claim: 'c', source: 's', arm: 'int8', expects: 'loss' };

describe('parseExperiment', () => {
  it.each([
    [{ formatVersion: 2 }, 'formatVersion": must be 1'],
    [{ seedz: 3 }, 'has a field "seedz" that there is not'],
    [{ settings: { epoch: 2 } }, 'has a field "settings.epoch" that there is not. Did you mean "epochs"?'],
    [{ settings: { model: 'lenet' } }, 'field "settings.model" belongs to the experiment'],
    [{ seeds: 0 }, 'field "seeds": must be at least 1'],
    [{ seeds: 'all' }, 'field "seeds": must be how many'],
    [{ seeds: [0, 0, 0] }, 'field "seeds": has a seed twice'],
    [{ seeds: [] }, 'field "seeds"'],
    [{ seeds: [2 ** 32] }, 'field "seeds.0": must be up to 4294967295'],
    [{ seeds: 1e9 }, 'field "seeds": must be up to 1000'],
    [
      arms({ name: 'x', recipe: 'int8', seeds: [3, 4, 3] }),
      'field "arms.4.seeds" (arm "x"): has a seed twice',
    ],
    [{ title: 'One\n# two' }, 'field "title": must be one line'],
    [{ title: 'One\u2028two' }, 'field "title": must be one line'],
    [{ question: 'One\rtwo' }, 'field "question": must be one line'],
    [{ notes: ['a\tb'] }, 'field "notes.0": must be one line'],
    [{ metric: { name: 'loss', margin: 1e-9 } }, 'field "metric.margin": must be at least 0.000001'],
    [{ metric: { name: 'accuracy', margin: 1e308 } }, 'field "metric.margin": must be up to'],
    [arms({ name: 'x', recipe: 'int8', x: 1e308 }), 'field "arms.4.x" (arm "x"): must be up to 1000000000'],
    [
      { plot: { kind: 'sweep', xLog: true }, ...arms({ name: 'x', recipe: 'int8', x: 0 }) },
      'field "arms.4.x" is 0, which has no place on a logarithmic axis',
    ],
    [{ baseline: 'flaot' }, 'field "baseline" names the arm "flaot", which there is not'],
    [arms({ name: 'int8', recipe: 'int8' }), 'field "arms.4.name" is "int8" a second time'],
    [arms({ name: 'x'.repeat(101), recipe: 'int8' }), 'field "arms.4.name": must be of up to 100 characters'],
    [arms({ name: 'Big one', recipe: 'int8' }), 'field "arms.4.name": must be of lower-case letters'],
    [
      arms({ name: 'x', recipe: { base: 'int8', bits: { weight: 3 } } }),
      'has a field "arms.4.recipe.bits.weight" (arm "x") that there is not. Did you mean "weights"?',
    ],
    ...[[], ['int8'], 8, { base: 'int8', bits: { gradients: 4 } }].map((base): [object, string] => [
      arms({ name: 'x', recipe: { base, bits: { gradients: 4 } } }),
      'field "arms.4.recipe.base" (arm "x"): must be a built-in name or a recipe ("extends", "products", ...), and has no base',
    ]),
    [
      arms({ name: 'x', recipe: { base: 'int8', bits: {} } }),
      'field "arms.4.recipe.bits" (arm "x"): must have at least one of "weights"',
    ],
    [
      arms({ name: 'x', recipe: 8 }),
      'field "arms.4.recipe" (arm "x"): must be a built-in name, {"base": RECIPE, "bits"',
    ],
    [
      arms({ name: 'x', recipe: [] }),
      'field "arms.4.recipe" (arm "x"): must be a built-in name, {"base": RECIPE, "bits"',
    ],
    [arms({ name: 'x' }), 'the field "arms.4.recipe" (arm "x") is missing'],
    [{ settings: { lr: '0.1' } }, 'field "settings.lr": must be a number, not "0.1"'],
    [
      { method: undefined, model: undefined, metod: 'M.', seeds: 0 },
      'the fields "method" and "model" are missing; field "seeds": must be at least 1; has a field "metod" that there is not. Did you mean "method"?',
    ],
    [
      { expected: [{ arm: 'int8', metric: 'accuracy', value: 1, tolerance: 0, source: 's' }] },
      'field "expected.0.tolerance": must be above 0',
    ],
    [
      { claims: [{ claim: 'c', source: 's', arm: 'own', expects: 'loss' }] },
      'field "claims.0.arm" names "own", which has no baseline',
    ],
    [
      { claims: [{ ...claim, against: 'flaot' }] },
      'field "claims.0.against" names the arm "flaot", which there is not: float, int8, four, own. Did you mean "float"?',
    ],
    [{ claims: [{ ...claim, against: 'int8' }] }, 'field "claims.0.against" names "int8" itself'],
    [
      { claims: [{ ...claim, about: 'parity' }] },
      'field "claims.0.about" is "parity", which a claim is that',
    ],
    [
      { claims: [{ ...claim, expects: 'loss', about: 'part' }] },
      'field "claims.0.ablation" says what the arm lacks in words',
    ],
    [{ claims: [{ ...claim, ablation: 'without it' }] }, 'field "claims.0.ablation" says what the arm lacks'],
    [{ claims: [{ ...claim, expects: 'less' }] }, 'field "claims.0.expects": must be "no loss"'],
    [
      { claims: [{ ...claim, expects: 'crash' }], metric: { name: 'loss', margin: 0.01 } },
      'field "claims.0.expects" is "crash", which is judged in points of accuracy',
    ],
    [{ plot: { kind: 'sweep' } }, 'field "plot.kind" is "sweep", but no arm has an "x"'],
  ])('refuses %j', (changes, message) => {
    expect(() => parse(changes)).toThrow(message);
    expect(() => parse(changes)).toThrow('test/experiment.json');
  });

  it('refuses what is no object', () => {
    expect(() => parseExperiment([], 'test', 'file')).toThrow('file: must be an object, not a list');
    expect(() => parseExperiment('x', 'test', 'file')).toThrow('must be an object, not "x"');
  });

  it('tries with few steps where the file does not say how', () => {
    expect(parse({ smoke: undefined }).smoke).toEqual({ maxSteps: 6, limit: 512, testLimit: 128 });
  });

  it('refuses what is too long, or no number, without a word of the engine', () => {
    const seeds = Array.from({ length: 200_000 }, (_, i) => i);
    expect(() => parse({ seeds })).toThrow('field "seeds": must be up to 1000 seeds');
    const metric = JSON.parse('{"name":"loss","margin":1e999}');
    expect(() => parseExperiment({ ...sound, metric }, 'test', 'file')).toThrow(
      'field "metric.margin": must be a finite number',
    );
  });

  it('takes a claim about an arm without a baseline that says what it is compared with', () => {
    const { claims } = parse({ claims: [{ ...claim, arm: 'own', against: 'int8' }] });
    expect(claims).toEqual([{ ...claim, arm: 'own', against: 'int8' }]);
  });

  it('knows baselines and seeds', () => {
    const experiment = parse({});
    expect(experiment.arms.map(({ name }) => baselineOf(experiment, name))).toEqual([
      undefined,
      'float',
      'float',
      undefined,
    ]);
    expect(seedsOf(experiment, experiment.arms[0])).toEqual([0, 1, 2]);
    expect(seedsOf(experiment, experiment.arms[1])).toEqual([4, 7]);
    expect(seedsOf(experiment, experiment.arms[1], 4)).toEqual([4, 7, 8, 9]);
    expect(seedsOf(experiment, experiment.arms[0], 1)).toEqual([0]);
    expect(seedsOf(experiment, experiment.arms[1], [0, 7])).toEqual([0, 7]);
    const last = { ...experiment.arms[0], seeds: [2 ** 32 - 1] };
    expect(seedsOf(experiment, last)).toEqual([4294967295]);
    expect(() => seedsOf(experiment, last, 2)).toThrow('--seeds 2 counts up past 4294967295');
  });
});

describe('what experiments/README.md says', () => {
  const readme = readFileSync(new URL('../../../../experiments/README.md', import.meta.url), 'utf8');

  it('has a template that can be trained as it stands', async () => {
    const [, template] = /```json\n([\s\S]*?)```/.exec(readme) ?? [];
    const experiment = parseExperiment(JSON.parse(template ?? ''), 'template', 'experiments/README.md');
    expect(await tasksOf(experiment)).toHaveLength(9);
    expect(await tasksOf(experiment, { smoke: true })).toHaveLength(3);
  });

  it('has a table of all fields and of no others', () => {
    const [, table] = readme.split('| field | |');
    const fields = [...(table ?? '').matchAll(/^\| (`.*?) \|/gm)].flatMap(([, cell]) =>
      [...(cell ?? '').matchAll(/`(\w+)`/g)].map(([, name]) => name),
    );
    expect(fields.sort()).toEqual([...experimentFields].sort());
  });
});

describe('tasksOf', () => {
  it('gives every arm under every seed as arguments of octograd train, first seeds first', async () => {
    const tasks = await tasksOf(parse({}));
    expect(tasks.map(({ arm, seed }) => `${arm} ${seed}`).slice(0, 6)).toEqual([
      'float 0',
      'int8 4',
      'four 0',
      'own 0',
      'float 1',
      'int8 7',
    ]);
    expect(tasks[2].args.join(' ')).toBe(
      '--model mlp --dataset mnist --probe-every 0 --epochs 2 --weight-decay 0.001 --batch 32 --seed 0',
    );
    expect(tasks[2].recipe.name).toBe('int8-gradients-4bit');
    expect(tasks[3].recipe).toMatchObject({ name: 'own', rangeMomentum: 0.5 });
    expect(tasks[0]).toMatchObject({ builtIn: 'fp32', totalSteps: 2 * 938 });
  });

  it("changes the bits of a recipe of one's own, and calls it after the arm", async () => {
    const base: object = { extends: 'int8-norm-gradients-8bit', rangeMomentum: 0.5 };
    const bits = { gradients: 4 };
    const task = (recipe: object) => tasksOf(parse(arms({ name: 'x', recipe }))).then((tasks) => tasks[4]);
    const [own, builtIn] = [
      await task({ base, bits }),
      await task({ base: 'int8-norm-gradients-8bit', bits }),
    ];
    expect(own).toMatchObject({
      recipe: {
        ...{ name: 'x', rangeMomentum: 0.5 },
        description: 'int8-norm-gradients-8bit-changed with gradients of 4 bits',
      },
    });
    expect(Object.isFrozen(own.recipe)).toBe(true);
    expect((await task({ base: { ...base, name: 'mine' }, bits })).recipe.name).toBe('mine-gradients-4bit');
    expect(own).not.toHaveProperty('builtIn', expect.anything());
    expect(own.recipe.norm).toEqual(builtIn.recipe.norm);
    expect(own.recipe.products).toEqual(builtIn.recipe.products);
  });

  it('hashes what decides the numbers: settings and recipe, not the seed', async () => {
    const [float, , , , again] = await tasksOf(parse({}));
    const [longer] = await tasksOf(parse({ settings: { epochs: 3, weightDecay: 0.001 } }));
    expect(again.hash).toBe(float.hash);
    expect(longer.hash).not.toBe(float.hash);
  });

  it('tries with the settings of smoke, one seed each', async () => {
    const tasks = await tasksOf(parse({}), { smoke: true });
    expect(tasks.map(({ arm, totalSteps }) => [arm, totalSteps])).toEqual(
      ['float', 'int8', 'four', 'own'].map((name) => [name, 2]),
    );
  });

  it('knows how many samples a text has at any context', async () => {
    const text = { dataset: 'shakespeare', model: 'transformer' };
    const [of64] = await tasksOf(parse({ ...text, settings: { epochs: 2 } }));
    const [of100] = await tasksOf(parse({ ...text, settings: { epochs: 2, context: 100 } }));
    expect(of64.settings).toMatchObject({ trainSamples: 15_685, testSamples: 1742, context: 64 });
    expect(of100.settings).toMatchObject({ trainSamples: 10_038, testSamples: 1115, context: 100 });
    expect(of100.args.join(' ')).toContain('--context 100');
  });

  it.each([
    [
      { settings: { context: 9 } },
      'arm "float": --context is for text and shakespeare; leave it out with mnist',
    ],
    [arms({ name: 'x', recipe: 'int9' }), 'arm "x": there is no recipe "int9"'],
    [arms({ name: 'x', recipe: 'int8', settings: { lr: -1 } }), 'arm "x": --lr must be a number above 0'],
    [
      arms({ name: 'x', recipe: 'int8', settings: { schedule: 'bend' } }),
      'arm "x": --schedule must be one of',
    ],
    [arms({ name: 'x', recipe: { base: 'fp32', bits: { weights: 4 } } }), 'keeps its weights in float32'],
    [{ model: 'mpl' }, 'arm "float": --model must be one of'],
    [{ settings: { epochs: 1e308 } }, 'arm "float": --epochs 1e+308 comes to more steps than can be counted'],
    [
      arms({ name: 'x', recipe: { extends: 'int8', overrides: [{ modules: 'fc9', norm: { chunks: 4 } }] } }),
      'arm "x": recipe field "overrides.modules": "fc9" matches no module of the model',
    ],
  ])('names the file and the arm that cannot be trained: %j', async (changes, message) => {
    await expect(tasksOf(parse(changes))).rejects.toThrow(message);
    await expect(tasksOf(parse(changes))).rejects.toThrow(/^test\/experiment\.json: arm/);
  });
});

it.each([
  [{ smoke: { maxSteps: 0 } }, 'arm "float" with "smoke": --max-steps must be a whole number from 1'],
  [{ smoke: { schedule: 'zzz', limit: -3 } }, 'arm "float" with "smoke": --schedule must be one of'],
  [
    { full: { what: 'Longer.', settings: { epochs: -1 } } },
    'arm "float" with "full.settings": --epochs must be a number above 0',
  ],
])('checks the trial and the full schedule, too: %j', async (changes, message) => {
  await expect(checkTasks(parse(changes))).rejects.toThrow(message);
});

it('names each difference of two settings, in any order of their keys', () => {
  const [a, b] = [
    { x: 1, list: [1, 2], only: true },
    { list: [1, 3], x: 1 },
  ];
  expect(differences(a, b)).toEqual(['list: [1,2] instead of [1,3]', 'only: true instead of nothing']);
  expect(hashOf({ x: 1, y: [2] })).toBe(hashOf({ y: [2], x: 1 }));
  expect(hashOf({ x: 1 })).not.toBe(hashOf({ x: 2 }));
});

it('writes settings as arguments', () => {
  expect(argumentsOf({ maxSteps: 3, nesterov: true, dropLast: false })).toEqual([
    '--max-steps',
    '3',
    '--nesterov',
  ]);
});

describe('folders of experiments', () => {
  const folder = workFolder();
  const write = (name: string, text = JSON.stringify(sound)): void => {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'experiment.json'), text);
  };

  it('may be links, and files may begin with a byte order mark', async () => {
    write('marked', `\uFEFF${JSON.stringify(sound)}`);
    symlinkSync(join(folder, 'marked'), join(folder, 'linked'));
    mkdirSync(join(folder, 'empty'));
    writeFileSync(join(folder, 'a-file'), '');
    expect(experimentNames(folder)).toEqual(['linked', 'marked']);
    const [first] = await findExperiments(folder, ['linked']);
    const file = join(folder, 'linked', 'experiment.json');
    expect(first).toMatchObject({ name: 'linked', title: 'A test', file });
  });

  it.each(['Upper', '"><script>', '.hidden', 'two words'])('may not be called %s', async (name) => {
    write(name);
    await expect(findExperiments(folder, [name])).rejects.toThrow(
      `${join(folder, name)}: the name of an experiment's folder must be of lower-case letters, digits, "." and "-"; rename`,
    );
    // It is in nobody's way who asks for another.
    expect(await findExperiments(folder, ['marked'])).toHaveLength(1);
  });
});

it('leaves out of a run what its recipe says of a kind of module that the model has none of', () => {
  const of = (model: string, recipe: string) => comparable({ model }, recipes[recipe]).recipe;
  expect(of('lenet', 'int8')).toEqual(of('lenet', 'int8-plain-depthwise'));
  expect(of('mobilenet', 'int8')).not.toEqual(of('mobilenet', 'int8-plain-depthwise'));
  // Of a model that is not built in nothing is known.
  expect(of('mine', 'int8')).not.toEqual(of('mine', 'int8-plain-depthwise'));
});
