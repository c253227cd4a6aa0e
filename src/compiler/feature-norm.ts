/**
 * Puts layer norm or its Range variant in `feature_norm`'s place, and pairs the backward pass with it. There are no kernels for it
 * on codes: input and output gradient are quantised as the recipe's norm says and decoded again, and the rest is float32
 * (simulated). weight, bias and 1/scale stay float32 whatever the recipe's coefficientBits say.
 */
import { UsageError } from '../core/errors.js';
import { pullBack } from '../graph/differentiate.js';
import type { Graph, Value } from '../graph/graph.js';
import { layerNorm, rangeLayerNorm } from '../ops/layer-norm.js';
import { rangeConstant } from '../quant/range-constant.js';
import type { NormSpec, Operand } from '../quant/recipe.js';
import { decode } from './codes.js';
import type { QuantizedOperand } from './precision.js';
import type { OperandPlace, OperandQuantizer } from './quantize-operand.js';

interface ForwardFeatureNorm {
  readonly spec: NormSpec;
  /** What the backward pass differentiates by: the input as it was read, and the parameters. */
  readonly targets: readonly [input: Value, weight: Value, bias: Value];
  readonly output: Value;
}

export class FeatureNormExpander {
  private readonly forwards = new Map<number, ForwardFeatureNorm>();

  constructor(
    private readonly graph: Graph,
    private readonly quantizer: OperandQuantizer,
    private readonly operands: QuantizedOperand[],
  ) {}

  /** `key` is the output of the node that is replaced; its backward node names it. Throws UsageError for a width of one under Range. */
  forward(inputs: Record<string, Value>, spec: NormSpec, eps: number, key: Value): Value {
    const { weight, bias } = inputs;
    const { path } = this.graph;
    const input = this.rounded(inputs.input, spec.input, { path, role: 'input', kind: 'activation' });
    const width = input.shape[input.shape.length - 1];
    if (spec.kind === 'range' && width < 2) {
      throw new UsageError(`${path}: a layer norm by the range needs at least two features, got ${width}`);
    }
    const output =
      spec.kind === 'range'
        ? rangeLayerNorm(input, weight, bias, { constant: rangeConstant(spec.constant, width), eps })
        : layerNorm(input, weight, bias, eps);
    this.forwards.set(key.id, { spec, targets: [input, weight, bias], output });
    return output;
  }

  backward(forward: Value, gradOutput: Value): Record<string, Value> {
    const { path } = this.graph;
    const made = this.forwards.get(forward.id);
    if (!made) throw new Error(`layer norm ${path} is differentiated before it is computed`);
    const place: OperandPlace = { path, role: 'gradOutput', kind: 'gradient' };
    const gradient = this.rounded(gradOutput, made.spec.gradOutput, place);
    const [input, weight, bias] = pullBack(made.output, () => gradient, made.targets) as Value[];
    return { input, weight, bias };
  }

  /** What is left of a value after quantisation, in float. */
  private rounded(value: Value, spec: Operand, place: OperandPlace): Value {
    if (spec === 'float32') return value;
    const quantized = this.quantizer.quantize(value, spec, place);
    const { path, role } = place;
    this.operands.push({ path, product: 'norm', role, original: value, quantized });
    return decode(this.graph, quantized);
  }
}
