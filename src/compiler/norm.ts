/** Puts batch norm or Range BN in `norm`'s place, on codes or floats as the recipe says, and pairs the backward pass with it. */
import type { Graph, Value } from '../graph/graph.js';
import { normKind } from '../quant/product-kind.js';
import { rangeConstant } from '../quant/range-constant.js';
import type { NormSpec } from '../quant/recipe.js';
import { decode } from './codes.js';
import {
  channelAffineOp,
  type NormGeometry,
  type NormStatistics,
  normCellsOp,
  normFinalizeOp,
  normGeometry,
  normGradCellsOp,
  normGradFinalizeOp,
  normGradInputOp,
} from './norm-ops.js';
import type { QuantizedOperand } from './precision.js';
import type { Quantized } from './quant-ops.js';
import type { OperandQuantizer } from './quantize-operand.js';

interface ForwardNorm {
  readonly spec: NormSpec;
  readonly geometry: NormGeometry;
  readonly statistics: NormStatistics;
  /** The input as the norm reads it: codes, their decoded values where it cannot read those, or the float input itself. */
  readonly raw: Value;
  readonly cells?: Value;
  readonly coef: Value;
}

/**
 * Chunks of whole images for Range BN: at most `wanted`, none with fewer than two values (n_k = images * inner), and the constants of the
 * smaller and the larger chunks (sizes differ by at most one image).
 */
export function rangeStatistics(spec: NormSpec, { batch, inner }: NormGeometry): NormStatistics {
  if (spec.kind === 'batch') return { kind: 0, chunks: 1, constantLow: 0, constantHigh: 0 };
  const imagesForTwo = Math.ceil(2 / inner);
  const chunks = Math.max(1, Math.min(spec.chunks, batch, Math.floor(batch / imagesForTwo)));
  const low = Math.floor(batch / chunks) * inner;
  const high = Math.ceil(batch / chunks) * inner;
  return {
    kind: 1,
    chunks,
    constantLow: rangeConstant(spec.constant, Math.max(2, low)),
    constantHigh: rangeConstant(spec.constant, Math.max(2, high)),
  };
}

export class NormExpander {
  private readonly forwards = new Map<number, ForwardNorm>();

  constructor(
    private readonly graph: Graph,
    private readonly quantizer: OperandQuantizer,
    private readonly operands: QuantizedOperand[],
  ) {}

  /** `key` is the output of the `norm` node that is replaced; its backward node names it. */
  forward(inputs: Record<string, Value>, spec: NormSpec, training: boolean, key: Value): Value {
    const { graph } = this;
    const { input } = inputs;
    const { path } = graph;
    const geometry = normGeometry(input);
    const statistics = rangeStatistics(spec, geometry);
    let quantized: Quantized | undefined;
    if (spec.input !== 'float32') {
      quantized = this.quantizer.quantize(input, spec.input, { path, role: 'input', kind: 'activation' });
      this.operands.push({ path, product: 'norm', role: 'input', original: input, quantized });
    }
    const onCodes = quantized !== undefined && normKind(quantized.spec) === 'integer';
    const raw = quantized === undefined ? input : onCodes ? quantized.codes : decode(graph, quantized);
    const cells = training
      ? graph.emit(
          normCellsOp,
          { input: raw },
          { ...geometry, positions: statistics.kind === 1, role: 'input' },
        ).cells
      : undefined;
    const { coef } = graph.emit(
      normFinalizeOp,
      {
        cells,
        qparams: onCodes ? quantized?.qparams : undefined,
        weight: inputs.weight,
        bias: inputs.bias,
        runningMean: inputs.runningMean,
        runningSpread: inputs.runningSpread,
      },
      {
        ...geometry,
        ...statistics,
        train: training,
        eps: spec.eps,
        momentum: spec.momentum,
        coefBits: spec.coefficientBits,
      },
    );
    this.forwards.set(key.id, {
      spec,
      geometry,
      statistics,
      raw,
      coef,
      ...(cells ? { cells } : {}),
    });
    return graph.emit(channelAffineOp, { input: raw, coef }, {}).output;
  }

  backward(forward: Value, gradOutput: Value): Record<string, Value> {
    const { graph } = this;
    const { path } = graph;
    const made = this.forwards.get(forward.id);
    if (!made) throw new Error(`norm ${path} is differentiated before it is computed`);
    const { spec, geometry, statistics, raw, cells, coef } = made;
    let gradient: Quantized | undefined;
    if (spec.gradOutput !== 'float32') {
      gradient = this.quantizer.quantize(gradOutput, spec.gradOutput, {
        path,
        role: 'gradOutput',
        kind: 'gradient',
      });
      this.operands.push({
        path,
        product: 'norm',
        role: 'gradOutput',
        original: gradOutput,
        quantized: gradient,
      });
    }
    const onCodes = gradient !== undefined && normKind(gradient.spec) === 'integer';
    const g = gradient === undefined ? gradOutput : onCodes ? gradient.codes : decode(graph, gradient);
    const gradParams = onCodes ? gradient?.qparams : undefined;
    const sums = graph.emit(normGradCellsOp, { gradOutput: g, input: raw, coef, gradParams }, geometry).cells;
    const { gradCoef, weight, bias } = graph.emit(
      normGradFinalizeOp,
      { cells: sums, coef, gradParams },
      { ...geometry, ...statistics },
    );
    const { output } = graph.emit(
      normGradInputOp,
      { gradOutput: g, input: raw, gradCoef, ...(statistics.kind === 1 ? { cells } : {}) },
      { ...geometry, ...statistics },
    );
    return { input: output, weight, bias };
  }
}
