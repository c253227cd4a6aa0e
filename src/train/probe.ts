/**
 * Probes: what quantisation does to a run, measured on a fixed batch at the current weights. Each quantised operand against
 * the tensor it stands for, and each parameter's gradient against the one that float arithmetic gives.
 */
import { codeRangeOf, formats } from '../quant/format.js';
import { cosine, sqnr } from '../quant/measure.js';
import { dequantizeArray } from '../quant/quantize-array.js';
import type { ProbeEvent } from './events.js';
import type { Session } from './session.js';
import type { Batch } from './session-config.js';

/**
 * Runs the trace plan and its float twin on `batch`; parameters and running statistics stay as they are. Throws NonFiniteError
 * where a step on that batch would be refused, naming module, role and kernel of the first number that is not finite.
 */
export function probe(session: Session, batch: Batch): ProbeEvent {
  const traced = session.trace(batch, { everyValue: false });
  const operands = traced.operands.map(({ path, product, role, original, quantized }) => {
    const { codes, qparams, grouping, spec } = quantized;
    const scales = traced.read(qparams);
    const decoded = dequantizeArray({
      codes: traced.read(codes) as Int8Array,
      groups: grouping.groups,
      groupStride: grouping.stride,
      minifloat: formats[spec.format].minifloat,
      ...codeRangeOf(spec),
      scales: Array.from({ length: grouping.groups }, (_, group) => ({
        scale: scales[group * 4],
        inv: scales[group * 4 + 1],
        zeroPoint: scales[group * 4 + 2],
        offset: scales[group * 4 + 3],
      })),
    });
    const values = traced.read(original);
    return {
      path,
      product,
      role,
      format: spec.format,
      sqnr: sqnr(values, decoded),
      cosine: cosine(values, decoded),
    };
  });
  const ours = session.trainedPaths().map((path) => [path, session.readGradient(path)] as const);
  session.trace(batch, { inFloat: true, everyValue: false });
  const gradients = ours.map(([path, gradient]) => ({
    path,
    cosine: cosine(gradient, session.readGradient(path)),
  }));
  return { type: 'probe', step: session.updates, operands, gradients };
}
