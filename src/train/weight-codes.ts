/**
 * Codes and scales of weights, made right after the update that changed them: the next step's products read them as they
 * are. The kernels are those of quantisation within a step, so the codes are the same.
 */
import type { Call } from '../backend/backend.js';
import type { BufferRef } from '../backend/kernels.js';
import { derivedNames } from '../compiler/fuse.js';
import type { PersistentRegion } from '../compiler/plan.js';
import { elementParams, scaleParams } from '../compiler/quant-ops.js';
import type { UpdateRange } from '../optim/optimizer.js';
import { codeRangeOf, formats } from '../quant/format.js';
import type { QuantizedWeight } from './program.js';

/** Where the parts of one weight's quantisation lie. */
export interface CodeBuffers {
  readonly parameter: BufferRef;
  /** Its ranges [groups, 2]. */
  readonly cells: BufferRef;
  readonly qparams: BufferRef;
  readonly codes: BufferRef;
  readonly counters: BufferRef;
}

/** From ranges to codes: `qparams`, `quantize`. `noise` is the site of stochastic rounding; undefined: to the nearest. */
export function codeCalls(
  { parameter, cells, qparams, codes, counters }: CodeBuffers,
  { spec, grouping }: QuantizedWeight,
  noise: number | undefined,
): Call[] {
  // Recipes refuse it for weights that have no float copy, and others choose it within the step.
  if (spec.clip === 'cosine') throw new Error('a clip by the cosine is not chosen in an update');
  const { groups } = grouping;
  const { minifloat } = formats[spec.format];
  const elements = elementParams(parameter.length, grouping);
  const rounding = { stochastic: noise === undefined ? 0 : 1, site: noise ?? 0 };
  const buffers = { input: parameter, qparams, counters, codes };
  const scale = { outer: groups, inner: 1, by: groups > 1 ? 1 : 0, chunks: 0, tracking: 0, momentum: 0 };
  return [
    {
      kernel: 'qparams',
      buffers: { cells, qparams },
      params: { ...scale, ...scaleParams(spec) },
    },
    minifloat
      ? { kernel: 'quantize_minifloat', buffers, params: { ...elements, ...rounding, ...minifloat } }
      : { kernel: 'quantize', buffers, params: { ...elements, ...rounding, ...codeRangeOf(spec) } },
  ];
}

/** From codes back to values. */
export function valueCall(
  buffers: { readonly codes: BufferRef; readonly qparams: BufferRef; readonly output: BufferRef },
  { spec, grouping }: QuantizedWeight,
): Call {
  const elements = elementParams(buffers.output.length, grouping);
  const { minifloat } = formats[spec.format];
  if (!minifloat) return { kernel: 'dequantize', buffers, params: elements };
  const { mantissaBits, minExponent, signBit } = minifloat;
  return {
    kernel: 'dequantize_minifloat',
    buffers,
    params: { ...elements, mantissaBits, minExponent, signBit },
  };
}

/** The range of a weight where no update has found it. */
export function rangeCall(parameter: BufferRef, { cells, rows, status, site }: UpdateRange): Call {
  return {
    kernel: 'range',
    buffers: { input: parameter, cells, status },
    params: { rows, cols: parameter.length / rows, site },
  };
}

/** The weights of a region whose codes an update leaves behind. */
export class DerivedWeights {
  readonly paths: readonly string[];
  readonly status: BufferRef | undefined;

  constructor(
    private readonly region: PersistentRegion,
    private readonly weights: ReadonlyMap<string, QuantizedWeight>,
    private readonly parameterOf: (path: string) => BufferRef,
  ) {
    this.paths = [...weights.keys()];
    this.status =
      this.paths.length === 0
        ? undefined
        : region.buffer('control', 'derived_status', this.paths.length, 'int32');
  }

  /** Where an update of that parameter has to leave its ranges. */
  range(path: string): UpdateRange | undefined {
    const weight = this.weights.get(path);
    if (!weight || !this.status) return undefined;
    const rows = weight.grouping.groups;
    const cells = this.region.buffer('control', `${path}/range`, rows * 2, 'float');
    return { cells, rows, status: this.status, site: this.paths.indexOf(path) };
  }

  /** The calls that follow a parameter's range. */
  codes(path: string): Call[] {
    const weight = this.weights.get(path);
    const range = this.range(path);
    if (!weight || !range) return [];
    const { region } = this;
    const names = derivedNames(path);
    const parameter = this.parameterOf(path);
    const { storage } = formats[weight.spec.format];
    return codeCalls(
      {
        parameter,
        cells: range.cells,
        qparams: region.buffer('derived', names.qparams, weight.grouping.groups * 4, 'float'),
        codes: region.buffer('derived', names.codes, parameter.length, storage),
        counters: region.buffer('control', 'counters', 4, 'int32'),
      },
      weight,
      undefined,
    );
  }

  /** All of them from the parameters alone: for the first step, and after a parameter was set from outside. */
  refresh(): Call[] {
    return this.paths.flatMap((path) => {
      const range = this.range(path);
      return range ? [rangeCall(this.parameterOf(path), range), ...this.codes(path)] : [];
    });
  }
}
