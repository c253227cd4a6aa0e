/**
 * The fusion pass: finds runs of nodes that one kernel does in one pass over memory, with the same bits. It only rearranges
 * what the precision pass has decided; the trace plan skips it.
 *
 *   norm's affine [-> relu] -> range, quantize      becomes  range from extreme codes; affine+relu+quantize, codes to codes
 *   norm's affine -> add(shortcut) -> relu [-> range] becomes one pass that also finds the range
 *   conv2d, norm's gradient or relu's gradient -> range becomes one pass that finds the range of what it has just written
 *   add of two gradients -> relu's gradient          becomes one pass
 *   relu's gradient -> norm's gradient               becomes relu's mask read by the norm's two passes
 *   quantize + quantize of one value                 becomes  quantize_pair
 *   parameter -> range, qparams, quantize           moves to the end of the update, which leaves codes and scales for the next step
 */
import { hashText } from '../core/rng.js';
import { addGradientsOp } from '../graph/differentiate.js';
import { Graph, type Node, type Value } from '../graph/graph.js';
import { addOp } from '../ops/arithmetic.js';
import { reluGradOp, reluOp } from '../ops/relu.js';
import {
  canRange,
  channelAffineAddReluOp,
  channelAffineQuantizeOp,
  channelAffineRangeOp,
  quantizePairOp,
  type Ranged,
  rangedOp,
} from './fused-ops.js';
import { liveNodes } from './lower.js';
import {
  canMask,
  channelAffineOp,
  type NormGeometry,
  normFinalizeOp,
  normGradCellsOp,
  normGradInputOp,
} from './norm-ops.js';
import { type QparamsAttrs, type QuantizeAttrs, qparamsOp, quantizeOp, rangeOp } from './quant-ops.js';

export interface Fused {
  readonly graph: Graph;
  readonly map: (value: Value) => Value;
  /** Parameters whose codes and scales are sources now (`derived`, see {@link derivedNames}), and how they are quantised. */
  readonly derived: ReadonlyMap<string, QuantizeAttrs>;
}

/** Names of the sources that hold a parameter's codes and scales. */
export const derivedNames = (path: string): { readonly codes: string; readonly qparams: string } => ({
  codes: `${path}/codes`,
  qparams: `${path}/qparams`,
});

/**
 * Rewrites a precise graph; `outputs` are the values that must survive under `map`.
 * @param derive whether an update will leave codes and scales of the parameters
 */
export function fuse(graph: Graph, outputs: readonly Value[], derive: boolean): Fused {
  return new FusionPass(graph, outputs).run(derive);
}

type Emit = () => void;

class FusionPass {
  private readonly out: Graph;
  private readonly nodes: Node[];
  private readonly readers = new Map<number, Node[]>();
  private readonly mapped = new Map<number, Value>();
  private readonly done = new Set<Node>();
  /** What to do instead when a node's turn comes. */
  private readonly instead = new Map<Node, Emit>();
  /** What a node reads instead of its inputs. */
  private readonly rewired = new Map<Node, Node['inputs']>();
  private readonly keep: Set<number>;
  private readonly derived = new Map<string, QuantizeAttrs>();

  constructor(graph: Graph, outputs: readonly Value[]) {
    this.out = new Graph(graph.mode);
    this.nodes = liveNodes(graph, outputs);
    this.keep = new Set(outputs.map((value) => value.id));
    for (const node of this.nodes) {
      for (const value of Object.values(node.inputs)) {
        if (value) this.readers.set(value.id, [...(this.readers.get(value.id) ?? []), node]);
      }
    }
    for (const value of graph.sources) {
      const { source } = value;
      if (!source) continue;
      this.mapped.set(
        value.id,
        this.out.within(value.path, () =>
          this.out.source(source.kind, source.name, value.shape, value.storage, source.data),
        ),
      );
    }
  }

  run(derive: boolean): Fused {
    if (derive) for (const node of this.nodes) if (node.op === quantizeOp) this.planDerived(node);
    for (const node of this.nodes) {
      if (node.op === channelAffineOp) this.planResidual(node) || this.planQuantize(node);
      if (node.op === quantizeOp && !this.instead.has(node)) this.planPair(node);
      if (node.op === reluGradOp) this.planGradSum(node) || this.planMask(node);
    }
    for (const node of this.nodes) if (!this.instead.has(node)) this.planOwnRange(node);
    for (const node of this.nodes) this.emit(node);
    return { graph: this.out, map: (value) => this.find(value), derived: this.derived };
  }

  private find(value: Value): Value {
    const found = this.mapped.get(value.id);
    if (!found) throw new Error(`value ${value.path}/${value.role} was fused away`);
    return found;
  }

  private inputsOf(node: Node): Record<string, Value | undefined> {
    return Object.fromEntries(
      Object.entries(this.rewired.get(node) ?? node.inputs).map(([role, value]) => [
        role,
        value ? this.find(value) : undefined,
      ]),
    );
  }

  private readersOf(value: Value): Node[] {
    return this.readers.get(value.id) ?? [];
  }

  private onlyReader(value: Value): Node | undefined {
    const readers = this.readersOf(value);
    return readers.length === 1 && !this.keep.has(value.id) ? readers[0] : undefined;
  }

  private emit(node: Node): void {
    if (this.done.has(node)) return;
    this.done.add(node);
    const replacement = this.instead.get(node);
    if (replacement) {
      this.placed(node, replacement);
      return;
    }
    this.placed(node, () => {
      const inputs = this.inputsOf(node);
      const attrs = node.attrs as { twin?: Value } | undefined;
      const twin = attrs?.twin ? { ...attrs, twin: this.find(attrs.twin) } : node.attrs;
      const made = this.out.emit(node.op, inputs, twin, { product: node.product });
      for (const [role, value] of Object.entries(node.outputs)) this.mapped.set(value.id, made[role]);
    });
  }

  private placed(node: Node, run: Emit): void {
    this.out.phase = node.phase;
    this.out.within(node.path, run);
  }

  /** A parameter's range, scales and codes, where they follow from it alone: no noise, no range from elsewhere. */
  private planDerived(quantize: Node): void {
    const { input, qparams } = quantize.inputs as Record<string, Value>;
    const { source } = input;
    const scales = qparams.node;
    const range = scales?.inputs.cells?.node;
    const attrs = quantize.attrs as QuantizeAttrs;
    if (source?.kind !== 'parameter' || attrs.spec.rounding !== 'nearest') return;
    // Two products that each quantise the parameter may do it differently: that is left to them.
    if (this.readersOf(input).filter(({ op }) => op === quantizeOp).length !== 1) return;
    if (scales?.op !== qparamsOp || range?.op !== rangeOp || range.inputs.input !== input) return;
    const { chunks } = scales.attrs as QparamsAttrs;
    if (scales.inputs.state || chunks > 0 || this.onlyReader(range.outputs.cells) !== scales) return;
    const names = derivedNames(source.name);
    this.derived.set(source.name, attrs);
    this.instead.set(range, () => {});
    this.instead.set(scales, () => {
      const value = scales.outputs.qparams;
      this.mapped.set(value.id, this.out.source('derived', names.qparams, value.shape, value.storage));
    });
    this.instead.set(quantize, () => {
      const value = quantize.outputs.codes;
      this.mapped.set(value.id, this.out.source('derived', names.codes, value.shape, value.storage));
    });
  }

  /** relu's gradient of a sum: where a value goes two ways, as a block's output does, its gradients are added. */
  private planGradSum(grad: Node): boolean {
    const sum = grad.inputs.gradOutput as Value;
    const add = sum.node;
    if (add?.op !== addGradientsOp || this.onlyReader(sum) !== grad || this.instead.has(add)) return false;
    this.instead.set(add, () => {});
    const { left, right } = add.inputs;
    this.rewired.set(grad, { ...grad.inputs, gradOutput: left, addend: right });
    return true;
  }

  /** relu's gradient that only a norm's float backward pass reads, twice: the mask takes less memory than its product. */
  private planMask(grad: Node): void {
    const { output } = grad.outputs;
    const readers = this.readersOf(output);
    const isNorm = ({ op, inputs }: Node): boolean =>
      (op === normGradCellsOp || op === normGradInputOp) && inputs.gradOutput === output;
    if (this.keep.has(output.id) || !canMask(output) || !readers.every(isNorm)) return;
    this.instead.set(grad, () => {});
    const { gradOutput, mask } = grad.inputs;
    for (const reader of readers) this.rewired.set(reader, { ...reader.inputs, gradOutput, mask });
  }

  /** Anything whose kernel can find the range of its output, and whose output's range is asked for by images. */
  private planOwnRange(node: Node): void {
    const { output } = node.outputs;
    const range =
      output &&
      this.readersOf(output).find(
        (reader) =>
          reader.op === rangeOp &&
          !this.instead.has(reader) &&
          (reader.attrs as { rows: number }).rows === output.shape[0],
      );
    if (!range || !canRange(node)) return;
    this.instead.set(node, () => {
      const inputs = this.inputsOf(node);
      const { rows } = range.attrs as { rows: number };
      // The place that reports a NaN is now that of the writer: it is its result that is not finite.
      const role = node.phase === 'backward' ? 'gradInput' : 'output';
      const attrs: Ranged = { base: node.op, attrs: node.attrs, rows, role };
      const made = this.out.emit(rangedOp(node.op), inputs, attrs, { product: node.product });
      this.mapped.set(output.id, made.output);
      this.mapped.set(range.outputs.cells.id, made.cells);
    });
    this.instead.set(range, () => {});
  }

  /** affine -> add -> relu [-> range]. */
  private planResidual(affine: Node): boolean {
    const add = this.onlyReader(affine.outputs.output);
    if (!add || add.op !== addOp || this.instead.has(add)) return false;
    const relu = this.onlyReader(add.outputs.output);
    if (!relu || relu.op !== reluOp) return false;
    const shortcut = add.inputs.left === affine.outputs.output ? add.inputs.right : add.inputs.left;
    if (!shortcut || shortcut === affine.outputs.output) return false;
    const output = relu.outputs.output;
    const batch = output.shape[0];
    const range = this.readersOf(output).find(
      (reader) => reader.op === rangeOp && (reader.attrs as { rows: number }).rows === batch,
    );
    const geometry = geometryOf(affine);
    const skip: Emit = () => {};
    this.instead.set(affine, skip);
    this.instead.set(add, skip);
    this.instead.set(relu, () => {
      const made = this.out.emit(
        channelAffineAddReluOp,
        {
          input: this.find(affine.inputs.input as Value),
          coef: this.find(affine.inputs.coef as Value),
          shortcut: this.find(shortcut),
        },
        { ...geometry, role: (range?.attrs as { role?: string } | undefined)?.role ?? 'output' },
      );
      this.mapped.set(output.id, made.output);
      this.mapped.set(relu.outputs.mask.id, made.mask);
      if (range) this.mapped.set(range.outputs.cells.id, made.cells);
    });
    if (range) this.instead.set(range, skip);
    return true;
  }

  /** affine [-> relu] -> {range, quantize}: the range from the code cells, the rest in one pass from codes to codes. */
  private planQuantize(affine: Node): boolean {
    if (affine.inputs.input?.storage === 'float') return false;
    const next = this.onlyReader(affine.outputs.output);
    const relu = next?.op === reluOp ? next : undefined;
    const value = relu ? relu.outputs.output : affine.outputs.output;
    if (this.keep.has(value.id)) return false;
    const readers = this.readersOf(value);
    const quantize = readers.find((reader) => reader.op === quantizeOp);
    const ranges = readers.filter((reader) => reader.op === rangeOp);
    if (!quantize || readers.length !== 1 + ranges.length || ranges.length > 1) return false;
    const { spec, grouping, role } = quantize.attrs as QuantizeAttrs;
    // The fused kernel rounds to nearest, by one scale, and knows no offset.
    if (spec.rounding !== 'nearest' || grouping.groups !== 1 || spec.scheme === 'affine-float-zero')
      return false;
    const geometry = geometryOf(affine);
    const [range] = ranges;
    if (range && !this.planRange(range, affine, relu !== undefined, geometry)) return false;
    const skip: Emit = () => {};
    this.instead.set(affine, skip);
    if (relu) this.instead.set(relu, skip);
    this.instead.set(quantize, () => {
      const made = this.out.emit(
        channelAffineQuantizeOp,
        {
          input: this.find(affine.inputs.input as Value),
          coef: this.find(affine.inputs.coef as Value),
          qparams: this.find(quantize.inputs.qparams as Value),
        },
        { spec, role, relu: relu !== undefined },
      );
      this.mapped.set(quantize.outputs.codes.id, made.codes);
      if (relu) this.mapped.set(relu.outputs.mask.id, made.mask);
    });
    return true;
  }

  private planRange(range: Node, affine: Node, relu: boolean, geometry: NormGeometry): boolean {
    const finalize = affine.inputs.coef?.node;
    const cells = finalize?.op === normFinalizeOp ? finalize.inputs.cells : undefined;
    const { rows, role } = range.attrs as { rows: number; role: string };
    if (cells?.storage !== 'int32' || rows !== geometry.batch) return false;
    this.instead.set(range, () => {
      const made = this.out.emit(
        channelAffineRangeOp,
        { normCells: this.find(cells), coef: this.find(affine.inputs.coef as Value) },
        { ...geometry, relu, role },
      );
      this.mapped.set(range.outputs.cells.id, made.cells);
    });
    return true;
  }

  /** Two quantize of one value, the second's scales found from the same ranges: both at the place of the first. */
  private planPair(first: Node): void {
    if (this.instead.has(first)) return;
    const input = first.inputs.input as Value;
    const readers = this.readersOf(input);
    // After the first, since what reads the codes of one before it may stand before both.
    const second = readers
      .slice(readers.indexOf(first) + 1)
      .find((reader) => reader.op === quantizeOp && !this.instead.has(reader));
    const scales = second?.inputs.qparams?.node;
    if (!second || scales?.op !== qparamsOp) return;
    // Only a range of the same value stands before the second's scales, so they can move up to the first.
    const cells = scales.inputs.cells?.node;
    if (!cells || cells.inputs.input !== input) return;
    this.instead.set(second, () => {});
    this.instead.set(first, () => {
      for (const node of [cells, scales]) {
        const { phase } = this.out;
        this.emit(node);
        this.out.phase = phase;
      }
      const a = first.attrs as QuantizeAttrs;
      const b = second.attrs as QuantizeAttrs;
      const made = this.out.emit(
        quantizePairOp,
        {
          input: this.find(input),
          qparamsA: this.find(first.inputs.qparams as Value),
          qparamsB: this.find(second.inputs.qparams as Value),
        },
        { a, b, siteA: hashText(a.noise) | 0, siteB: hashText(b.noise) | 0 },
      );
      this.mapped.set(first.outputs.codes.id, made.codesA);
      this.mapped.set(second.outputs.codes.id, made.codesB);
    });
  }
}

function geometryOf(affine: Node): NormGeometry {
  const { shape } = affine.inputs.input as Value;
  const batch = shape[0];
  const channels = shape[shape.length - 1];
  return { batch, channels, inner: shape.reduce((size, length) => size * length, 1) / (batch * channels) };
}
