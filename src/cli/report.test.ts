/** The report as a page: what stands in it for one run and for several. */
import { describe, expect, it } from 'vitest';
import { getRecipe } from '../quant/recipes.js';
import type { RunRecord } from './records.js';
import { reportHtml } from './report.js';
import { partColor } from './report-style.js';

const memory = { parameterBytes: 10, gradientBytes: 10, optimizerBytes: 10, otherBytes: 10 };

/** A run of 40 steps whose accuracy goes in a straight line. */
function record(recipe: string, from: number, to: number): RunRecord {
  return {
    recipe: getRecipe(recipe),
    seed: 0,
    start: {
      ...{ type: 'start', recipe, seed: 0, backend: 'wasm', parameters: 1, epochs: 1, stepsPerEpoch: 40 },
      ...{ totalSteps: 40, batchSize: 1, prefetch: false, integerMacShare: 1, simulatedMacShare: 0 },
      memory: { ...memory, arenaBytes: 40, savedForBackwardBytes: 20, scratchBytes: 10, peakBytes: 90 },
    },
    steps: Array.from({ length: 40 }, (_, i) => {
      return { step: i + 1, loss: 2 - i / 40, accuracy: from + ((to - from) * i) / 39 };
    }),
    evaluations: [{ type: 'evaluation', step: 40, epoch: 0, loss: 1, accuracy: to, samples: 10 }],
    epochs: [],
    probes: [
      {
        ...{ type: 'probe', step: 40, loss: 1 },
        operands: [{ path: 'fc', product: 'forward', role: 'input', format: 'int8', sqnr: 30 }],
        gradients: [{ path: 'fc.weight', cosine: 0.99 }],
      } as unknown as RunRecord['probes'][number],
    ],
    snapshots: [],
  };
}

function page(...runs: RunRecord[]): string {
  const results = runs.map(({ recipe }) => ({
    ...{ recipe: recipe.name, seed: 0, testAccuracy: 0.9, testLoss: 1, imagesPerSecond: 100 },
    ...{ peakBytes: 90, savedForBackwardBytes: 20, integerMacShare: 1 },
  }));
  return reportHtml({
    title: 'T',
    subtitle: 'S',
    runs,
    results,
    samples: 'images',
    settings: [],
    aborted: false,
  });
}

/** The chart of that title. */
const chart = (html: string, title: string): string =>
  html.split('<svg ').find((part) => part.includes(`aria-label="${title}`)) ?? '';

describe('the report', () => {
  it('is a comparison only of several runs', () => {
    expect(page(record('int8', 0, 1))).toContain('<h2>Result</h2>');
    expect(page(record('int8', 0, 1), record('fp32', 0, 1))).toContain('<h2>Comparison</h2>');
  });

  it('says from which step training can be seen where the axis of accuracy begins high', () => {
    const svg = chart(page(record('int8', 0, 1)), 'Accuracy');
    // The window is three points wide, so a straight line stays: 31 / 39 is below 0.8, 32 / 39 is not.
    expect(svg).toContain('>step (before step 33, training is below 80 %, where this axis begins)<');
    expect(svg).not.toContain('>0 %<');
    expect(chart(page(record('int8', 0.9, 1)), 'Accuracy')).toContain('>step<');
  });

  it('has the whole axis where a run has not learnt, which would not be seen otherwise', () => {
    const svg = chart(page(record('int8', 0, 1), record('fp32', 0.1, 0.1)), 'Accuracy');
    expect(svg).toContain('>0 %<');
    expect(svg).toContain('>step<');
  });

  it('has colours of its own for kinds of memory', () => {
    const html = page(record('int8', 0, 1), record('fp32', 0, 1));
    const colors = new Set(
      [...chart(html, 'Memory').matchAll(/class="f(\d+)"/g)].map(([, color]) => Number(color)),
    );
    expect([...colors]).toEqual(Array.from({ length: 7 }, (_, i) => partColor(i)));
    for (const color of colors) expect(html.split(`--c${color}:#`)).toHaveLength(3);
    expect(chart(html, 'Training rate')).toMatch(/class="f0".*class="f1"/);
  });

  it('says what the shading of its tables means', () => {
    const html = page(record('int8', 0, 1));
    expect(html).toMatch(/Shading: 10 dB or less<i [^>]*><\/i>40 dB or more/);
    expect(html).toMatch(/Shading: 0\.9 or less<i [^>]*><\/i>1 or more/);
  });
});
