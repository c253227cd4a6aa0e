/**
 * The precision pass: rebuilds a graph so that every product and norm is stored and rounded as the recipe says. Products whose
 * operands are both codes become integer products; where no kernel serves a pair, the operands are decoded again and the
 * product says `simulated`. Knows recipes and graphs; which kernel a node becomes is the op's affair.
 */
import { sizeOf } from '../core/shape.js';
import { Graph, type Node, type OptionalValues, type Value } from '../graph/graph.js';
import type { Product } from '../graph/op.js';
import {
  type FeatureNormAttrs,
  type FeatureNormGradAttrs,
  featureNormGradOp,
  featureNormOp,
} from '../ops/layer-norm.js';
import { type MatmulAttrs, matmulOp } from '../ops/matmul.js';
import { type NormAttrs, type NormGradAttrs, normGradOp, normOp } from '../ops/norm.js';
import type { IntegerAttrs } from '../ops/product.js';
import { productKind } from '../quant/product-kind.js';
import type { ModuleKind, Operand, OperandSpec, ProductSpecs, Recipe } from '../quant/recipe.js';
import { resolveForModule } from '../quant/resolve.js';
import { decode } from './codes.js';
import { FeatureNormExpander } from './feature-norm.js';
import { NormExpander } from './norm.js';
import { type Quantized, scaleChannelsOp } from './quant-ops.js';
import { type OperandPlace, OperandQuantizer } from './quantize-operand.js';

export interface Precise {
  readonly graph: Graph;
  /** The new graph's value for one of the old graph. */
  readonly map: (value: Value) => Value;
  /** Operands of products as they were quantised, for probes: by the node of the new graph that uses them. */
  readonly operands: readonly QuantizedOperand[];
  /** Operands of products that stay in float. */
  readonly floatOperands: readonly FloatOperand[];
}

/** One operand of one product, before and after quantisation. */
export interface QuantizedOperand {
  readonly path: string;
  readonly product: 'forward' | 'gradLeft' | 'gradRight' | 'norm';
  readonly role: string;
  readonly original: Value;
  readonly quantized: Quantized;
}

/** One operand of one product that the recipe keeps in float. */
export type FloatOperand = Omit<QuantizedOperand, 'quantized'>;

/** Applies `recipe` to a differentiated (or forward only) graph. */
export function applyRecipe(graph: Graph, recipe: Recipe): Precise {
  return new PrecisionPass(graph, recipe).run();
}

/** What kind of module a node is a product of, for overrides that ask for one; of a norm, that of what it reads. */
const kindOf = (node: Node | undefined): ModuleKind | undefined =>
  node?.op.product?.(node.inputs as Record<string, Value>, node.attrs)?.depthwise ? 'depthwise' : undefined;

class PrecisionPass {
  private readonly out: Graph;
  private readonly mapped = new Map<number, Value>();
  private readonly quantizer: OperandQuantizer;
  private readonly norms: NormExpander;
  private readonly featureNorms: FeatureNormExpander;
  private readonly operands: QuantizedOperand[] = [];
  private readonly floatOperands: FloatOperand[] = [];
  private readonly folded = new Map<string, Value>();

  constructor(
    private readonly graph: Graph,
    private readonly recipe: Recipe,
  ) {
    this.out = new Graph(graph.mode);
    this.quantizer = new OperandQuantizer(this.out, recipe.rangeMomentum);
    this.norms = new NormExpander(this.out, this.quantizer, this.operands);
    this.featureNorms = new FeatureNormExpander(this.out, this.quantizer, this.operands);
  }

  run(): Precise {
    for (const value of this.graph.sources) {
      const { source } = value;
      if (!source) continue;
      this.mapped.set(
        value.id,
        this.out.within(value.path, () =>
          this.out.source(source.kind, source.name, value.shape, value.storage, source.data),
        ),
      );
    }
    for (const node of this.graph.nodes) {
      this.out.phase = node.phase;
      const outputs = this.out.within(node.path, () => this.rebuild(node));
      for (const [role, value] of Object.entries(node.outputs)) this.mapped.set(value.id, outputs[role]);
    }
    const { out: made, operands, floatOperands } = this;
    return { graph: made, map: (value) => this.find(value), operands, floatOperands };
  }

  private find(value: Value): Value {
    const found = this.mapped.get(value.id);
    if (!found) throw new Error(`value ${value.path}/${value.role} was not rebuilt`);
    return found;
  }

  private inputsOf(node: Node): Record<string, Value | undefined> {
    return Object.fromEntries(
      Object.entries(node.inputs).map(([role, value]) => [role, value ? this.find(value) : undefined]),
    );
  }

  private rebuild(node: Node): Record<string, Value> {
    const inputs = this.inputsOf(node);
    if (node.op === normOp) {
      const { norm } = resolveForModule(this.recipe, node.path, kindOf(node.inputs.input?.node));
      const { training } = node.attrs as NormAttrs;
      return {
        output: this.norms.forward(inputs as Record<string, Value>, norm, training, node.outputs.output),
      };
    }
    if (node.op === normGradOp) {
      const { forward } = node.attrs as NormGradAttrs;
      return this.norms.backward(forward, inputs.gradOutput as Value);
    }
    if (node.op === featureNormOp) {
      const { norm } = resolveForModule(this.recipe, node.path);
      const { eps } = node.attrs as FeatureNormAttrs;
      return {
        output: this.featureNorms.forward(inputs as Record<string, Value>, norm, eps, node.outputs.output),
      };
    }
    if (node.op === featureNormGradOp) {
      const { forward } = node.attrs as FeatureNormGradAttrs;
      return this.featureNorms.backward(forward, inputs.gradOutput as Value);
    }
    const product = node.op.product?.(node.inputs as Record<string, Value>, node.attrs);
    if (product) return this.product(node, product, inputs);
    const attrs = node.attrs as { twin?: Value } | undefined;
    // A node that refers to another by its value (dropout's backward) must refer to the rebuilt one.
    const rebuilt = attrs?.twin ? { ...attrs, twin: this.find(attrs.twin) } : node.attrs;
    return this.out.emit(node.op, inputs, rebuilt);
  }

  private product(node: Node, product: Product, inputs: OptionalValues): Record<string, Value> {
    const { products } = resolveForModule(this.recipe, node.path, kindOf(node));
    const specs = product.operands.map(({ input, part }) =>
      this.specOf(products, product, part, inputs[input] as Value, node),
    ) as [Operand, Operand];
    const kind = productKind(specs[0], specs[1]);
    const inFloat = kind === 'float' || !node.op.integer;
    const weightSpec = specs[product.operands.findIndex(({ part }) => part === 'right')];
    const folds =
      product.role === 'gradLeft' &&
      weightSpec !== undefined &&
      weightSpec !== 'float32' &&
      weightSpec.granularity === 'channel' &&
      // A gradient in float32 meets the decoded weight, scales and all.
      !specs.includes('float32');
    const place = (input: string, part: string): OperandPlace => {
      const value = inputs[input] as Value;
      const isWeight = value.source?.kind === 'parameter';
      if (part === 'gradOutput') {
        return {
          path: node.path,
          role: product.role === 'gradLeft' ? 'gradOutput' : 'gradOutput2',
          kind: 'gradient',
        };
      }
      return isWeight
        ? { path: node.path, role: 'weight', kind: 'weight' }
        : { path: node.path, role: part === 'left' ? 'input' : 'right', kind: 'activation' };
    };
    product.operands.forEach(({ input, part }, i) => {
      if (!inFloat && specs[i] !== 'float32') return;
      const role = part === 'gradOutput' ? part : place(input, part).role;
      this.floatOperands.push({
        ...{ path: node.path, product: product.role, role },
        original: inputs[input] as Value,
      });
    });
    if (inFloat) return this.out.emit(node.op, inputs, node.attrs);
    const quantized: Record<string, Quantized> = {};
    // The weight comes first: a gradient may need its scales.
    const order = [...product.operands.keys()].sort(
      (a, b) => Number(specs[b] === weightSpec) - Number(specs[a] === weightSpec),
    );
    for (const i of order) {
      const { input, part } = product.operands[i];
      const spec = specs[i];
      if (spec === 'float32') continue;
      let value = inputs[input] as Value;
      if (folds && part === 'gradOutput') {
        const weight = product.operands.find((operand) => operand.part === 'right')?.input as string;
        value = this.foldScales(value, quantized[weight].qparams);
      }
      quantized[input] = this.quantizer.quantize(value, spec, place(input, part));
      this.operands.push({
        path: node.path,
        product: product.role,
        role: part === 'gradOutput' ? 'gradOutput' : place(input, part).role,
        original: value,
        quantized: quantized[input],
      });
    }
    return kind === 'integer'
      ? this.integer(node, product, inputs, quantized, folds)
      : this.simulated(node, product, inputs, quantized, folds);
  }

  private foldScales(gradOutput: Value, qparams: Value): Value {
    const key = `${gradOutput.id}:${qparams.id}`;
    const made =
      this.folded.get(key) ?? this.out.emit(scaleChannelsOp, { input: gradOutput, qparams }, {}).output;
    this.folded.set(key, made);
    return made;
  }

  private integer(
    node: Node,
    product: Product,
    inputs: OptionalValues,
    quantized: Record<string, Quantized>,
    folded: boolean,
  ): Record<string, Value> {
    const operands: Record<string, Value | undefined> = { ...inputs };
    for (const [input, { codes, qparams }] of Object.entries(quantized)) {
      operands[input] = codes;
      operands[`${input}Params`] = qparams;
    }
    const right = quantized[product.operands[1].input];
    const attrs: IntegerAttrs<unknown> = {
      base: node.attrs,
      folded,
      rightAlong: right.spec.granularity === 'sample' ? 'batch' : 'channel',
    };
    return this.out.emit(node.op.integer as NonNullable<typeof node.op.integer>, operands, attrs, {
      product: { macs: product.macs, kind: 'integer', role: product.role },
    });
  }

  private simulated(
    node: Node,
    product: Product,
    inputs: OptionalValues,
    quantized: Record<string, Quantized>,
    folded: boolean,
  ): Record<string, Value> {
    const operands: Record<string, Value | undefined> = { ...inputs };
    for (const [input, operand] of Object.entries(quantized)) {
      const isFoldedWeight = folded && operand.spec.granularity === 'channel';
      const grouping = { groups: 1, stride: sizeOf(operand.codes.shape) };
      // A folded weight's scales are in the gradient already: its codes stand for themselves.
      operands[input] = decode(
        this.out,
        isFoldedWeight ? { ...operand, qparams: this.unitParams(), grouping } : operand,
      );
    }
    return this.out.emit(node.op, operands, node.attrs, {
      product: { macs: product.macs, kind: 'simulated', role: product.role },
    });
  }

  private unitParams(): Value {
    return this.out.source('constant', 'unit_qparams', [1, 4], 'float', [1, 1, 0, 0]);
  }

  private specOf(products: ProductSpecs, product: Product, part: string, value: Value, node: Node): Operand {
    if (part === 'gradOutput') {
      const spec = product.role === 'gradLeft' ? products.gradLeft.gradOutput : products.gradRight.gradOutput;
      const batched = ((node.attrs as Partial<MatmulAttrs>).batch ?? 1) > 1 && node.op === matmulOp;
      // In a batch of matrices the channels come again in every entry, which a product's groups cannot say.
      return batched && spec !== 'float32' && spec.granularity === 'channel'
        ? { ...spec, granularity: 'tensor' }
        : spec;
    }
    const isWeight = value.source?.kind === 'parameter';
    const forward = isWeight
      ? weightSpec(products.forward.right, node)
      : // Attention's products have two activations: both follow the entry for activations.
        products.forward.left;
    // Right of an attention product, samples are entries of a batched matrix: it has one scale.
    if (!isWeight && part === 'right' && forward !== 'float32' && forward.granularity === 'sample') {
      return { ...forward, granularity: 'tensor' };
    }
    if (
      product.role === 'gradLeft' &&
      part === 'right' &&
      products.gradLeft.right !== 'forward' &&
      isWeight
    ) {
      return weightSpec(products.gradLeft.right, node);
    }
    if (product.role === 'gradRight' && part === 'left' && products.gradRight.left !== 'forward') {
      return products.gradRight.left;
    }
    return forward;
  }
}

/** Per channel needs the output channel to be the weight's first axis; a matmul with [in, out] falls back to one scale. */
function weightSpec(spec: Operand, node: Node): Operand {
  if (spec === 'float32' || spec.granularity !== 'channel') return spec;
  const attrs = node.attrs as Partial<MatmulAttrs>;
  const channelsFirst =
    attrs.parts === undefined ||
    (attrs.role === 'forward'
      ? attrs.transposeRight && attrs.parts[1] === 'right'
      : attrs.parts[0] === 'gradOutput' && !attrs.transposeRight);
  return channelsFirst ? spec : ({ ...spec, granularity: 'tensor' } satisfies OperandSpec);
}
