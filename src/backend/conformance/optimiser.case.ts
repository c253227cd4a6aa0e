/** Cases of the optimisers and of the clipping of gradients. */
import { COUNTS, Draw } from './draw.case.js';
import { floats, ints, type KernelCase, kernelCase, out } from './kernel-case.case.js';

const HYPERS: readonly (readonly [title: string, hyper: readonly number[]])[] = [
  ['first step', [0.1, 1, 0.1, 0.001, 1, 0, 0, 0]],
  ['loss scaled and clipped', [0.0123, 1 / 1024, 0.271, 0.002997, 0.37, 0, 0, 0]],
  ['learning rate 0', [0, 1, 1, 1, 1, 0, 0, 0]],
];

/** Odd counts of normal values, then special ones. */
const inputKinds = ['normal', 'special', 'zeros'] as const;

function gradientOf(draw: Draw, kind: (typeof inputKinds)[number], count: number): Float32Array {
  if (kind === 'zeros') return new Float32Array(count);
  return kind === 'special' ? draw.special(count) : draw.wide(count, 4);
}

/** Rows of which a case finds the ranges: those with decoupled decay, three where they divide the elements. */
const rowsOf = (count: number, decoupled: number): number => (decoupled === 0 ? 0 : count % 3 === 0 ? 3 : 1);

/** Where a value is not finite its row's cell is unspecified, and the status says so. */
function rangesOf(count: number, decoupled: number, kind: (typeof inputKinds)[number]) {
  if (decoupled === 0) return {};
  const length = 2 * rowsOf(count, decoupled);
  const unspecified = kind === 'special' ? Array.from({ length }, (_, i) => i) : [];
  return { cells: out('float', length, { unspecified }), status: ints([0, 6]) };
}

function sgdCases(): KernelCase[] {
  const cases: KernelCase[] = [];
  for (const [title, hyper] of HYPERS) {
    for (const count of COUNTS) {
      for (const withVelocity of [true, false]) {
        for (const nesterov of withVelocity ? [0, 1] : [0]) {
          for (const decoupled of [0, 1]) {
            for (const kind of count === 33 ? inputKinds : (['normal'] as const)) {
              const name = `${count} ${kind}, ${title}${withVelocity ? ', velocity' : ''}${nesterov ? ', nesterov' : ''}${decoupled ? ', decoupled' : ''}`;
              const draw = new Draw(`sgd ${name}`);
              cases.push(
                kernelCase(
                  'sgd',
                  name,
                  {
                    parameter: floats(draw.normal(count)),
                    gradient: floats(gradientOf(draw, kind, count)),
                    velocity: withVelocity ? floats(draw.normal(count)) : undefined,
                    hyper: floats(hyper),
                    ...rangesOf(count, decoupled, kind),
                  },
                  {
                    count,
                    momentum: 0.9,
                    nesterov,
                    weightDecay: 1e-4,
                    decoupled,
                    cellRows: rowsOf(count, decoupled),
                    site: 1,
                  },
                ),
              );
            }
          }
        }
      }
    }
  }
  return cases;
}

function adamCases(): KernelCase[] {
  return HYPERS.flatMap(([title, hyper]) =>
    COUNTS.flatMap((count) =>
      [0, 1].flatMap((decoupled) =>
        inputKinds.map((kind) => {
          const name = `${count} ${kind}, ${title}${decoupled ? ', decoupled' : ''}`;
          const draw = new Draw(`adam ${name}`);
          const fresh = kind === 'zeros';
          return kernelCase(
            'adam',
            name,
            {
              parameter: floats(draw.normal(count)),
              gradient: floats(gradientOf(draw, kind, count)),
              moment1: floats(fresh ? new Float32Array(count) : draw.normal(count, 0.1)),
              moment2: floats(fresh ? new Float32Array(count) : draw.uniform(count, 0, 0.01)),
              hyper: floats(hyper),
              ...rangesOf(count, decoupled, kind),
            },
            {
              count,
              beta1: 0.9,
              beta2: 0.999,
              eps: 1e-8,
              weightDecay: 0.01,
              decoupled,
              cellRows: rowsOf(count, decoupled),
              site: 1,
            },
          );
        }),
      ),
    ),
  );
}

function clipCases(): KernelCase[] {
  const sums = [...COUNTS, 40_000].map((count, i) => {
    const draw = new Draw(`square_sum ${count}`);
    return kernelCase(
      'square_sum',
      `${count} elements into slot ${i}`,
      { gradient: floats(draw.wide(count)), sums: floats(draw.normal(6)) },
      { count, slot: i },
    );
  });
  const clips = [1, 5, 33].flatMap((count) =>
    [0.5, 1e6].map((maxNorm) => {
      const draw = new Draw(`clip_scale ${count} ${maxNorm}`);
      return kernelCase(
        'clip_scale',
        `${count} sums, limit ${maxNorm}`,
        {
          sums: floats(draw.uniform(count, 0, 40)),
          hyper: floats([0.1, 0.25, 0.1, 0.001, 1, 0, 0, 0]),
        },
        { count, maxNorm },
      );
    }),
  );
  return [
    ...sums,
    ...clips,
    kernelCase(
      'clip_scale',
      'a gradient of zeros',
      { sums: floats([0, 0]), hyper: floats([0.1, 1, 1, 1, 0.3, 0, 0, 0]) },
      { count: 2, maxNorm: 1 },
    ),
  ];
}

export function optimiserCases(): KernelCase[] {
  return [...sgdCases(), ...adamCases(), ...clipCases()];
}
