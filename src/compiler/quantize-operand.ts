/**
 * Turns one operand of a product or norm into codes, once: a second request for the same value under the same spec gets the
 * same codes (activations serve forward and gradWeight, weights forward and gradInput, and under a recipe without
 * bifurcation one copy of the gradient serves both). Knows specs and shapes; which products exist is precision.ts's affair.
 */
import { sizeOf } from '../core/shape.js';
import type { Graph, Value } from '../graph/graph.js';
import type { OperandSpec } from '../quant/recipe.js';
import { clippedRange } from './clip-ops.js';
import { encode } from './codes.js';
import {
  type Grouping,
  type QuantizeAttrs,
  type Quantized,
  qparamsOp,
  rangeChannelsOp,
  rangeOp,
  tracking,
} from './quant-ops.js';

/** What kind of tensor an operand is: it decides how its range is tracked and which axis is its channel. */
export type TensorKind = 'activation' | 'weight' | 'gradient';

export interface OperandPlace {
  readonly path: string;
  readonly role: string;
  readonly kind: TensorKind;
}

export class OperandQuantizer {
  private readonly made = new Map<string, Quantized>();
  private readonly ranges = new Map<string, Value>();
  private readonly named = new Map<string, number>();

  constructor(
    private readonly graph: Graph,
    private readonly momentum: number,
  ) {}

  quantize(value: Value, spec: OperandSpec, place: OperandPlace): Quantized {
    const key = `${value.id}:${JSON.stringify(spec)}`;
    const known = this.made.get(key);
    if (known) return known;
    const made = this.graph.within(place.path, () => this.make(value, spec, place));
    this.made.set(key, made);
    return made;
  }

  private make(value: Value, spec: OperandSpec, place: OperandPlace): Quantized {
    const { graph } = this;
    const grouping = groupingOf(value, spec, place.kind);
    const noise = this.countedName(`${place.path}/${place.role}/${spec.format}`);
    const attrs = { spec, grouping, role: place.role, noise };
    const qparams = this.qparams(value, attrs, place);
    const codes = encode(graph, value, qparams, attrs);
    return { codes, qparams, grouping, spec };
  }

  private qparams(value: Value, attrs: QuantizeAttrs, place: OperandPlace): Value {
    const { graph } = this;
    const { spec, grouping } = attrs;
    const lastAxis = isByLastAxis(spec, place.kind);
    const outer = value.shape[0] ?? 1;
    const inner = lastAxis ? value.shape[value.shape.length - 1] : 1;
    const track = this.trackingOf(spec, place);
    const state = track === tracking.none ? undefined : this.state(place, grouping.groups);
    const measured = track === tracking.use ? undefined : this.cells(value, lastAxis, place);
    const drawsIn = measured !== undefined && spec.clip === 'cosine';
    const cells = drawsIn ? clippedRange(graph, value, measured, attrs) : measured;
    const chunks =
      spec.range === 'mean' ? Math.min(outer, spec.chunks === 'sample' ? outer : spec.chunks) : 0;
    return graph.emit(
      qparamsOp,
      { cells, state },
      {
        spec,
        groups: grouping.groups,
        outer: drawsIn ? 1 : outer,
        inner,
        by: spec.granularity === 'tensor' ? 0 : lastAxis ? 2 : 1,
        chunks,
        tracking: track,
        momentum: this.momentum,
      },
    ).qparams;
  }

  /** Ranges of one value are found once, whatever the formats that use them. */
  private cells(value: Value, lastAxis: boolean, place: OperandPlace): Value {
    const key = `${value.id}:${lastAxis}`;
    const known = this.ranges.get(key);
    if (known) return known;
    const { role } = place;
    const [batch = 1] = value.shape;
    const made = lastAxis
      ? this.graph.emit(
          rangeChannelsOp,
          { input: value },
          { role, batch, channels: value.shape[value.shape.length - 1] },
        )
      : this.graph.emit(rangeOp, { input: value }, { role, rows: batch });
    this.ranges.set(key, made.cells);
    return made.cells;
  }

  private trackingOf(spec: OperandSpec, place: OperandPlace): number {
    const evaluating = this.graph.mode === 'eval';
    if (place.kind === 'weight' || spec.granularity === 'sample') return tracking.none;
    // A gradient's channels have ranges of their own step, which validation says.
    if (place.kind === 'gradient' && spec.granularity === 'channel') return tracking.none;
    if (spec.range === 'previous') return evaluating ? tracking.use : tracking.previous;
    if (place.kind === 'gradient') return spec.range === 'running' ? tracking.running : tracking.none;
    if (evaluating) return tracking.use;
    return spec.range === 'running' ? tracking.running : tracking.update;
  }

  /** Lowest and highest value of each group as tracked, and over how many batches. */
  private state(place: OperandPlace, groups: number): Value {
    const name = this.countedName(`${place.path}.${place.role}_range`);
    const shape = groups === 1 ? [4] : [groups, 4];
    return this.graph.source('state', name, shape, 'float', Array<number>(4 * groups).fill(0));
  }

  /** The name itself where it is first used, then with a number: a module may hold several products. */
  private countedName(base: string): string {
    const count = this.named.get(base) ?? 0;
    this.named.set(base, count + 1);
    return count === 0 ? base : `${base}.${count}`;
  }
}

/** Activations and gradients have their channels last, weights their output channels first. */
const isByLastAxis = ({ granularity }: OperandSpec, kind: TensorKind): boolean =>
  granularity === 'channel' && kind !== 'weight';

function groupingOf(value: Value, spec: OperandSpec, kind: TensorKind): Grouping {
  const size = sizeOf(value.shape);
  const first = value.shape[0] ?? 1;
  switch (spec.granularity) {
    case 'tensor':
      return { groups: 1, stride: size };
    case 'sample':
      return { groups: first, stride: size / first };
    case 'channel':
      return isByLastAxis(spec, kind)
        ? { groups: value.shape[value.shape.length - 1], stride: 1 }
        : { groups: first, stride: size / first };
  }
}
