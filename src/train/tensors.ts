/**
 * The tensors of a model's layers at the current weights, as they are before they are quantised: what a distribution is taken of.
 * Knows sessions; what is said of the numbers is its callers' affair.
 */
import type { NumericArray } from '../core/dtype.js';
import type { OperandSpec } from '../quant/recipe.js';
import type { Session } from './session.js';
import type { BatchLike } from './session-config.js';

/** `gradients` are the layer gradients that gradInput is made of; the first layer, which has no gradInput, has none. */
export type LayerTensorKind = 'weights' | 'activations' | 'gradients' | 'weightGradients';

/** One tensor of one layer that has a product. */
export interface LayerTensor {
  /** The module's path; empty for the model itself. */
  readonly path: string;
  readonly kind: LayerTensorKind;
  /** `input` and `right` tell the two activations of an attention product apart. */
  readonly role: string;
  /** Flat, in the tensor's order; the session's own memory, valid until it runs again. */
  readonly values: NumericArray;
  /** How the recipe quantises it; undefined where it stays in float32, as weight gradients do. */
  readonly spec?: OperandSpec;
}

type Operand = { readonly path: string; readonly product: string; readonly role: string };

/** Codes that another product uses again belong to the product that makes them. */
function kindOf({ product, role }: Operand): LayerTensorKind | undefined {
  if (role === 'gradOutput') return product === 'gradLeft' ? 'gradients' : undefined;
  if (product !== 'forward') return undefined;
  return role === 'weight' ? 'weights' : 'activations';
}

/**
 * Weights, activations, layer gradients and weight gradients of every product, from one forward and backward pass on `batch`, which
 * leaves parameters, running statistics and ranges as they are. Under any recipe, float32 too.
 * @throws DataError where the batch does not fit, NonFiniteError where a step on it would be refused.
 */
export function layerTensors(session: Session, batch: BatchLike): LayerTensor[] {
  const traced = session.trace(batch, { everyValue: false });
  const { floatOperands } = session.planFor('trace', batch.size).program;
  const tensors: LayerTensor[] = [];
  const add = (operand: Operand, values: NumericArray, spec?: OperandSpec): void => {
    const kind = kindOf(operand);
    const { path, role } = operand;
    if (kind) tensors.push({ path, kind, role, values, ...(spec ? { spec } : {}) });
  };
  for (const operand of floatOperands) add(operand, traced.read(operand.original));
  for (const operand of traced.operands) add(operand, traced.read(operand.original), operand.quantized.spec);
  for (const { path } of tensors.filter(({ kind }) => kind === 'weights')) {
    const parameter = path === '' ? 'weight' : `${path}.weight`;
    if (session.trainedPaths().includes(parameter)) {
      const values = traced.gradient(parameter);
      tensors.push({ path, kind: 'weightGradients', role: 'weight', values });
    }
  }
  return tensors;
}
