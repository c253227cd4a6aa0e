/** Tables of the micro-benchmarks. A share of a limit says how much of what the machine can do a kernel does. */
import type { ProfiledGroup } from 'octograd';
import { short, spreadOf } from '../statistics.js';
import { ratioText, type Table } from '../tables.js';
import type { ArithmeticLimit } from './limits.js';
import type { StepKernels } from './own.js';
import type { Scaling } from './scaling.js';

export interface Limits {
  /** 10^9 operations a second; a multiply-accumulate is two. */
  readonly gops: Readonly<Record<ArithmeticLimit, number | undefined>>;
  /** 10^9 bytes a second, read and written, by how many are moved. */
  readonly copies: readonly { readonly bytes: number; readonly gbs: number }[];
  readonly fillGbs: number;
}

/** One product of one side. */
export interface Measured {
  readonly side: 'octograd' | 'onnxruntime-web';
  readonly size: string;
  readonly what: string;
  readonly macs: number;
  readonly limit: ArithmeticLimit;
  /** Medians of the rounds. */
  readonly milliseconds: readonly number[];
}

const percent = (share: number): string => (Number.isFinite(share) ? `${Math.round(100 * share)} %` : '-');

const limitNames: Readonly<Record<ArithmeticLimit, string>> = {
  bytes: 'integer products of bytes, GOP/s',
  integer: 'integer products by pairs of int16, GOP/s',
  fused: 'float32 products, fused multiply-add, GOP/s',
  plain: 'float32 products, multiply and add, GOP/s',
};

export function limitTable({ gops, copies, fillGbs }: Limits): Table {
  const kinds = Object.keys(limitNames) as ArithmeticLimit[];
  return {
    title: "The machine's limits in WebAssembly, 1 thread",
    notes: [
      'Products: the best micro-kernel, its operands in the first cache. Bytes: read and written together.',
    ],
    heads: ['limit', 'best round'],
    rows: [
      ...kinds.map((kind) => [limitNames[kind], short(gops[kind] ?? Number.NaN)]),
      ...copies.map(({ bytes, gbs }) => [
        `copy, ${bytes < 1 << 20 ? `${bytes >> 10} KiB` : `${bytes >> 20} MiB`} in all, GB/s`,
        short(gbs),
      ]),
      ['fill, memory, GB/s', short(fillGbs)],
    ],
  };
}

/** Products by size; ours against each of onnxruntime-web's on the same size, in the same rounds. */
export function productTable(title: string, measured: readonly Measured[], limits: Limits): Table {
  const sizes = [...new Set(measured.map(({ size }) => size))];
  const rows = sizes.flatMap((size) => {
    const group = measured.filter((item) => item.size === size);
    const against = (own: Measured, what: string): string => {
      const other = group.find(
        (item) => item.side === 'onnxruntime-web' && item.what.replace('forward ', '') === what,
      );
      if (!other || own.side !== 'octograd') return '';
      return ratioText(spreadOf(own.milliseconds.map((ms, round) => other.milliseconds[round] / ms)));
    };
    return group.map((item) => {
      const gops = spreadOf(item.milliseconds.map((ms) => (2 * item.macs) / ms / 1e6));
      // Backward products have no counterpart there.
      const forward = !item.what.startsWith('grad');
      const peers = ['uint8 x int8', 'int8 x int8', 'float32'].map((what) =>
        forward ? against(item, what) : '',
      );
      return [
        `${size}, ${item.side} ${item.what}`,
        short(gops.median),
        `${short(gops.low)}-${short(gops.high)}`,
        percent(gops.median / (limits.gops[item.limit] ?? Number.NaN)),
        ...peers,
      ];
    });
  });
  return {
    title,
    notes: [
      'Packing is counted: all operands are new in each call. The last columns: how many times as fast as onnxruntime-web.',
    ],
    heads: ['product', 'GOP/s', 'quartiles', 'of the limit', 'u8 x s8', 's8 x s8', 'f32'],
    rows,
  };
}

/** Bandwidth for a call of so many bytes: of the smallest copy that moves as many. */
function bandwidthFor(bytes: number, { copies }: Limits): number {
  return (copies.find((copy) => copy.bytes >= bytes) ?? copies.at(-1))?.gbs ?? Number.NaN;
}

/** Milliseconds that a kernel's multiply-accumulates take at the limit. */
function arithmeticTime({ name, macs }: ProfiledGroup, threads: number, { gops }: Limits): number {
  // The gradient that meets the input has 16 bits.
  const kind = !name.endsWith('_int') ? 'fused' : name.includes('grad_weight') ? 'integer' : 'bytes';
  const peak = gops[kind] ?? Number.NaN;
  return (2 * macs) / (peak * threads) / 1e6;
}

/**
 * Kernels of a step against the roofline: the longer of the times that its products and its bytes need at the limits. Threads have
 * cores of their own here, so that their arithmetic adds up; bandwidth is taken as one thread's, which is on the safe side.
 */
export function stepTable(
  { recipe, threads, batch, groups, stepMilliseconds, gops: now }: StepKernels,
  found: Limits,
): Table {
  const limits: Limits = { ...found, gops: now };
  const products = groups.reduce((sum, group) => sum + arithmeticTime(group, threads, limits), 0);
  const sumOf = (wanted: boolean): string => {
    const chosen = groups.filter(({ product }) => product === wanted);
    const total = (value: (group: ProfiledGroup) => number): number =>
      chosen.reduce((sum, group) => sum + value(group), 0);
    return `${short(total((group) => group.milliseconds))} ms (${percent(total((group) => group.share))}), ${short(total((group) => group.bytes) / 2 ** 20)} MiB`;
  };
  const perSecond = (milliseconds: number): string => `${short((1000 * batch) / milliseconds)} images/s`;
  return {
    title: `Kernels of a step of ResNet-20, ${recipe}, batch ${batch}, ${threads} thread${threads === 1 ? '' : 's'}`,
    notes: [
      `Products alone at the limit of their arithmetic, as measured right before and after: ${short(products)} ms, ${perSecond(products)}. The step: ` +
        `${short(stepMilliseconds)} ms, ${perSecond(stepMilliseconds)}, ${percent(products / stepMilliseconds)} of that ceiling.`,
      `Of the time of the kernels, products ${sumOf(true)}; element-wise ${sumOf(false)}.`,
      'The limit of a kernel: the longer of the times that its arithmetic takes at the limit measured right before and after, and its ' +
        "bytes at the bandwidth above, one thread's in a copy of as many bytes as a call moves. It can be passed by several threads, and " +
        'where operands lie in a nearer cache than those of the copy.',
    ],
    heads: ['kernel', 'calls', 'ms', 'share', 'MiB', 'GOP/s', 'GB/s', 'of the limit'],
    rows: groups.map((group) => {
      const { name, calls, milliseconds, share, bytes, gops, gbs } = group;
      const memory = bytes / bandwidthFor(bytes / calls, limits) / 1e6;
      return [
        name,
        String(calls),
        milliseconds.toFixed(2),
        percent(share),
        short(bytes / 2 ** 20),
        gops === undefined ? '' : short(gops),
        short(gbs),
        percent(Math.max(arithmeticTime(group, threads, limits), memory) / milliseconds),
      ];
    }),
  };
}

/** What threads bring and cost; ratios within a round. */
export function scalingTable(measured: readonly Scaling[]): Table {
  const { threads } = measured[0];
  const times = ({ one }: Scaling, other: readonly number[]): string =>
    ratioText(spreadOf(one.map((ms, round) => ms / other[round])));
  return {
    title: `From 1 thread to ${threads}: steps under int8`,
    notes: [
      'Lists whose calls are too small to gain from threads are run by the calling thread alone; the last column is without that rule. ' +
        'Ratios: how many times as fast as one thread, median and extremes of the rounds.',
      'Of the calls that do nothing the last column is the barrier: ' +
        `${short((1e6 * spreadOf(measured[0].spread.map((ms, i) => ms - measured[0].one[i])).median) / measured[0].calls)} ns a call.`,
    ],
    heads: ['step', 'calls', 'ms, 1 thread', `ms, ${threads} threads`, 'x', 'x, always on all'],
    rows: measured.map((item) => [
      item.what,
      String(item.calls),
      short(spreadOf(item.one).median),
      short(spreadOf(item.all).median),
      times(item, item.all),
      times(item, item.spread),
    ]),
  };
}
