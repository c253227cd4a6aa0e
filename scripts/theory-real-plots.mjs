/** The plots of docs/theory.md on the tensors of a training run: angle by bits, measured and by the laws. */
import { chartStyle } from '../dist/cli/report-style.js';
import { lineChart, standaloneSvg } from '../dist/cli/report-svg.js';

const sweep = [2, 3, 4, 5, 6, 7, 8];
const layers = ['layer1.0.conv2', 'layer2.0.conv2', 'layer3.0.conv2'];
/** The law drawn as a line: of activations the one that lets exact zeros have no noise. */
const kinds = [
  { kind: 'weight', file: 'weights', law: 'byStep', line: 'by its step' },
  { kind: 'activation', file: 'activations', law: 'byStepWithoutZeros', line: 'by its step and its zeros' },
  { kind: 'layer gradient', file: 'gradients', law: 'byStep', line: 'by its step' },
];

/**
 * `compared(name, spec)` has the angles of the tensor `name` under a quantiser. Each tensor is quantised as the recipe does it, but
 * with 2 to 8 bits. Angles halve with each bit: times 2^bits they lie far enough apart to be read.
 */
export function realPlots(output, compared, tensors) {
  for (const { kind, file, law, line } of kinds) {
    const { spec } = tensors.get(`${layers[0]} ${kind}`);
    const series = layers.flatMap((layer, color) => {
      const found = sweep.map((bits) => ({
        bits,
        ...compared(`${layer} ${kind}`, { ...spec, format: spec.format.replace('8', bits) }),
      }));
      const points = (which) => found.map(({ bits, angle }) => [bits, 2 ** bits * angle(which).mean]);
      return [
        { name: layer, color, points: points(law) },
        { name: '', color, dashed: true, points: points('gaussian') },
        {
          name: '',
          color,
          dots: true,
          points: points('measured'),
          intervals: found.map(({ bits, angle }) => {
            const { mean, half } = angle('measured');
            return [bits, 2 ** bits * (mean - half), 2 ** bits * (mean + half)];
          }),
        },
      ];
    });
    const heights = series.flatMap(({ points, intervals = [] }) => [
      ...points.map(([, y]) => y),
      ...intervals.map(([, , high]) => high),
    ]);
    output.plot(
      `real-${file}`,
      standaloneSvg(
        lineChart({
          title: `Angle of ${file === 'gradients' ? 'layer gradients' : file}, ResNet-8 on MNIST: points measured`,
          xLabel: `bits (${spec.scheme} grid, ${spec.rounding}); line ${line}, dashed Gaussian law`,
          yLabel: 'degrees times 2^bits',
          xLow: 2,
          yLow: 0,
          yHigh: 1.04 * Math.max(...heights),
          series,
        }),
        chartStyle,
      ),
    );
  }
}
