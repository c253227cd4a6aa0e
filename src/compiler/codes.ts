/**
 * Values to codes and back, by the operation that a format has: integers, or small floats. Fusions look for `quantizeOp`, so codes
 * of small floats are never fused.
 */
import { sizeOf } from '../core/shape.js';
import type { Graph, Value } from '../graph/graph.js';
import { call, defineOp } from '../graph/op.js';
import { formats, type MinifloatName } from '../quant/format.js';
import {
  dequantizeOp,
  elementParams,
  type Grouping,
  type QuantizeAttrs,
  type Quantized,
  quantizeOp,
} from './quant-ops.js';

/** The layout of a format that has one. */
function layoutOf(format: MinifloatName) {
  const { minifloat } = formats[format];
  if (!minifloat) throw new Error(`${format} is no small float`);
  return minifloat;
}

interface MinifloatAttrs extends QuantizeAttrs {
  readonly format: MinifloatName;
}

const quantizeMinifloatOp = defineOp<MinifloatAttrs>({
  name: 'quantize_minifloat',
  infer: ({ input }, { format }) => ({ codes: { shape: input.shape, storage: formats[format].storage } }),
  lower: ({ inputs, outputs, attrs: { spec, grouping, format } }) => [
    call(
      'quantize_minifloat',
      { input: inputs.input, qparams: inputs.qparams, codes: outputs.codes },
      {
        ...elementParams(sizeOf(inputs.input.shape), grouping),
        stochastic: spec.rounding === 'stochastic' ? 1 : 0,
        ...layoutOf(format),
        site: -1,
      },
    ),
  ],
});

const dequantizeMinifloatOp = defineOp<{ grouping: Grouping; format: MinifloatName }>({
  name: 'dequantize_minifloat',
  infer: ({ codes }) => ({ output: { shape: codes.shape } }),
  lower: ({ inputs, outputs, attrs: { grouping, format } }) => {
    const { mantissaBits, minExponent, signBit } = layoutOf(format);
    return [
      call(
        'dequantize_minifloat',
        { codes: inputs.codes, qparams: inputs.qparams, output: outputs.output },
        {
          ...elementParams(sizeOf(inputs.codes.shape), grouping),
          mantissaBits,
          minExponent,
          signBit,
        },
      ),
    ];
  },
});

/** Codes of `input` under scales that are known. */
export function encode(graph: Graph, input: Value, qparams: Value, attrs: QuantizeAttrs): Value {
  const { format } = attrs.spec;
  return formats[format].minifloat
    ? graph.emit(quantizeMinifloatOp, { input, qparams }, { ...attrs, format: format as MinifloatName }).codes
    : graph.emit(quantizeOp, { input, qparams }, attrs).codes;
}

/** What codes stand for, in float: for products and norms that no integer kernel serves (simulated). */
export function decode(graph: Graph, { codes, qparams, grouping, spec }: Quantized): Value {
  return formats[spec.format].minifloat
    ? graph.emit(
        dequantizeMinifloatOp,
        { codes, qparams },
        { grouping, format: spec.format as MinifloatName },
      ).output
    : graph.emit(dequantizeOp, { codes, qparams }, { grouping }).output;
}
