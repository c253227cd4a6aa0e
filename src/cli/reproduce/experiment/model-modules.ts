/** The modules of a built-in model, without planning or data: what arms' settings mean in it. */
import { createModel, modelNames, takesTokens } from '../../../models/index.js';
import { type BoundModel, bind, Conv2d } from '../../../nn/index.js';

const bound = new Map<string, BoundModel>();

/** It with its modules. Of any sizes: which parts a model has does not depend on them. @throws UsageError for a model that there is not. */
export function boundModel(model: string): BoundModel {
  const sizes = { inputShape: takesTokens(model) ? [8] : [32, 32, 3], classes: 10 };
  const found = bound.get(model) ?? bind(createModel(model, sizes));
  bound.set(model, found);
  return found;
}

/** Whether it has convolutions that keep channels apart; of an unknown one it is taken to. */
export function hasDepthwise(model: unknown): boolean {
  if (typeof model !== 'string' || !(modelNames as readonly string[]).includes(model)) return true;
  return boundModel(model).modules.some((module) => module instanceof Conv2d && module.depthwise);
}
