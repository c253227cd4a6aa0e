/** What `int8` says of depthwise convolutions: where it holds, what it leaves alone, and what it is for. */
import { describe, expect, it } from 'vitest';
import { modelNames } from '../src/models/index.js';
import { parseRecipe } from '../src/quant/validate.js';
import type { Session } from '../src/train/index.js';
import { parseModel, saveModel } from '../src/train/model-file.js';
import { firstBatch, stripes, tinySession, trainedNumbers } from './support/tiny.js';

const data = stripes(32);

interface CallParts {
  readonly path: string;
  readonly kernel: string;
  readonly params?: Readonly<Record<string, number>>;
  readonly buffers?: Readonly<Record<string, { readonly storage: string } | undefined>>;
}

const callsOf = (session: Session): CallParts[] =>
  session
    .planFor('train', 8)
    .plan.calls.map(({ call, path }) => ({ path, ...(call as Omit<CallParts, 'path'>) }));

describe('a depthwise convolution under int8', () => {
  it('reads one 16-bit copy of its gradient in both products, and the norm behind it has a scale per channel', async () => {
    const session = await tinySession(data, { recipe: 'int8', modelName: 'mobilenet', backend: 'reference' });
    const of = (module: string, name: string): CallParts[] =>
      callsOf(session).filter(({ path, kernel }) => path === module && kernel === name);
    expect(of('blocks.1.depthwise', 'quantize_pair')).toEqual([]);
    expect(of('blocks.1.pointwise', 'quantize_pair')).toHaveLength(1);
    const [gradInput] = of('blocks.1.depthwise', 'conv2d_grad_input_int');
    const [gradWeight] = of('blocks.1.depthwise', 'conv2d_grad_weight_int');
    expect(gradInput.buffers?.gradOutput?.storage).toBe('int16');
    expect(gradInput.buffers?.gradOutput).toEqual(gradWeight.buffers?.gradOutput);
    expect(of('blocks.1.bn1', 'norm_finalize').map(({ params }) => params?.codes)).toEqual([2]);
    expect(of('blocks.1.bn2', 'norm_finalize').map(({ params }) => params?.codes)).toEqual([1]);
    await session.dispose();
  });

  it('gives the same bits on the reference and on 3 threads', async () => {
    const numbers = async (threads: number) => trainedNumbers(data, 'int8', threads, 2, 'mobilenet');
    expect(await numbers(3)).toEqual(await numbers(0));
  });
});

it('saves a model whose overrides are sound only where each kind of norm stands', async () => {
  const recipe = parseRecipe({
    extends: 'fp32',
    name: 'mixed',
    overrides: [
      { modules: '**', kind: 'depthwise', norm: { input: { format: 'uint8', granularity: 'channel' } } },
      { modules: 'blocks.*.bn1', norm: { coefficientBits: 8 } },
      { modules: 'bn1', norm: { kind: 'range' } },
    ],
  });
  const session = await tinySession(data, { recipe, modelName: 'mobilenet', threads: 1 });
  session.step(firstBatch(data, 8), 0.05);
  const bytes = saveModel(session, {
    ...{ model: 'mobilenet', inputShape: [12, 12, 3], inputStorage: 'uint8' },
    ...{ classes: data.classes, dataset: 'stripes' },
  });
  const names = [...parseModel(bytes, 'file').tensors.keys()];
  expect(names).toContain('bn1.running_scale');
  expect(names).toContain('blocks.0.bn1.running_var');
  await session.dispose();
});

// A transformer takes tokens, and has no convolutions.
it.each(modelNames.filter((name) => name !== 'mobilenet' && name !== 'transformer'))(
  '%s, which has none, is planned as if int8 said nothing of them',
  async (modelName) => {
    const sessions = await Promise.all(
      ['int8', 'int8-plain-depthwise'].map((recipe) =>
        tinySession(stripes(16, 32), { recipe, modelName, backend: 'reference' }),
      ),
    );
    expect(callsOf(sessions[0])).toEqual(callsOf(sessions[1]));
    for (const session of sessions) await session.dispose();
  },
);
