import { describe, expect, it } from 'vitest';
import type { CliEvent } from './events.js';
import { Progress } from './progress.js';

const key = { recipe: 'int8', seed: 0 };
const start = {
  ...key,
  type: 'start',
  backend: 'wasm, 2 threads',
  parameters: 12345,
  epochs: 1,
  stepsPerEpoch: 100,
  totalSteps: 100,
  batchSize: 10,
  prefetch: false,
  memory: {
    parameterBytes: 0,
    gradientBytes: 0,
    optimizerBytes: 0,
    otherBytes: 0,
    arenaBytes: 0,
    savedForBackwardBytes: 0,
    scratchBytes: 0,
    peakBytes: 0,
  },
  integerMacShare: 1,
  simulatedMacShare: 0,
} satisfies CliEvent;

const step = (at: number): CliEvent => ({
  ...key,
  type: 'step',
  step: at,
  epoch: 0,
  loss: 2,
  accuracy: 0.5,
  learningRate: 0.1,
  samples: 10,
  milliseconds: 5,
});

/** Runs 50 steps of 200 ms each. */
function show(isTTY: boolean, env: Record<string, string> = {}, samples?: string): string {
  let text = '';
  let now = 0;
  const out = {
    isTTY,
    columns: 60,
    write: (part: string) => {
      text += part;
    },
  };
  const progress = new Progress({ out, env, runs: 2, clock: () => now, ...(samples ? { samples } : {}) });
  progress.listen(start);
  for (let at = 1; at <= 50; at++) {
    now += 200;
    progress.listen(step(at));
  }
  progress.listen({
    ...key,
    type: 'evaluation',
    step: 50,
    epoch: 0,
    loss: 0.25,
    accuracy: 0.9876,
    samples: 10,
  });
  return text;
}

describe('progress', () => {
  it('calls samples what they are', () => {
    const text = show(false, {}, 'sequences');
    expect(text).toContain('  2,000 sequences/s');
    expect(text).not.toContain('images');
  });

  it('is a plain line now and then where there is no terminal', () => {
    const lines = show(false).trimEnd().split('\n');
    expect(lines).toEqual([
      '12,345 parameters; wasm, 2 threads',
      '[1/2] int8: epoch 0.01/1  step 1/100  loss 2.0000  accuracy 50.0 %  2,000 images/s',
      '[1/2] int8: epoch 0.26/1  step 26/100  loss 2.0000  accuracy 50.0 %  2,000 images/s  0:15 left',
      '[1/2] int8: step 50: test accuracy 98.76 %, test loss 0.2500',
    ]);
  });

  it('has the digits that a run of a few steps needs', () => {
    let text = '';
    const out = { write: (part: string) => (text += part) };
    const progress = new Progress({ out, env: {}, runs: 1, clock: () => 0 });
    progress.listen({ ...start, epochs: 3 / 938, stepsPerEpoch: 938, totalSteps: 3 });
    progress.listen(step(1));
    expect(text).toContain('epoch 0.0011/0.0032  step 1/3');
  });

  it('names the tensors that a snapshot of distributions leaves out', () => {
    let text = '';
    const out = { write: (part: string) => (text += part) };
    const progress = new Progress({ out, env: {}, runs: 1, clock: () => 0 });
    const leftOut = { layer: 'blocks.0', kind: 'activations', role: 'right', reason: 'all are 0' } as const;
    progress.listen({ ...key, type: 'distributions', step: 7, tensors: [], leftOut: [leftOut] });
    expect(text).toBe('int8: step 7: no distribution of the activations (right) of blocks.0: all are 0\n');
  });

  it('is one line drawn again on a terminal, never wider than it, taken away before other lines', () => {
    const text = show(true);
    const drawings = text.split('\r\u001b[2K').slice(1);
    expect(drawings).toHaveLength(51);
    expect(drawings[0]).toBe(
      '\u001b[36m[1/2] int8: epoch 0.01/1  step 1/100  loss 2.0000  accuracy\u001b[0m',
    );
    expect(drawings[50]).toBe('[1/2] int8: step 50: test accuracy 98.76 %, test loss 0.2500\n');
  });

  it('has no colours under NO_COLOR', () => {
    expect(show(true, { NO_COLOR: '1' })).not.toContain('\u001b[36m');
  });
});
