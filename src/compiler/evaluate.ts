/**
 * Runs a graph once, unfused, every value in a buffer of its own: for gradient checks, tests and one-off computations. A
 * training run uses a session, which plans once and runs many times.
 */
import type { Backend } from '../backend/backend.js';
import { UsageError } from '../core/errors.js';
import { sizeOf } from '../core/shape.js';
import type { Value } from '../graph/graph.js';
import { lower } from './lower.js';
import { layOut, PersistentRegion, registerSources } from './plan.js';

/**
 * The numbers of `outputs` (all of one graph, with no norm nodes left), given the sources' numbers by name.
 * Throws UsageError when a source is missing or has the wrong length.
 */
export function evaluateGraph(
  backend: Backend,
  outputs: readonly Value[],
  feeds: ReadonlyMap<string, ArrayLike<number>>,
): Float64Array[] {
  const { graph } = outputs[0];
  const lowered = lower(graph, outputs);
  const region = new PersistentRegion(backend.floatBytes);
  registerSources(lowered, region);
  region.seal();
  const named = Object.fromEntries(outputs.map((value, i) => [String(i), value]));
  const plan = layOut(lowered, { region, outputs: named, trace: true });
  backend.reserve(plan.arenaOffset + plan.arenaBytes);
  const write = (name: string, buffer: Parameters<Backend['view']>[0], given?: ArrayLike<number>): void => {
    const data = feeds.get(name) ?? given;
    if (!data) throw new UsageError(`no numbers were given for "${name}"`);
    if (data.length !== buffer.length) {
      throw new UsageError(`"${name}" needs ${buffer.length} numbers, got ${data.length}`);
    }
    backend.view(buffer).set(data);
  };
  for (const buffer of region.all()) {
    if (buffer.kind === 'control') continue;
    write(buffer.name, buffer, buffer.data);
  }
  for (const [name, buffer] of Object.entries(plan.inputs)) write(name, buffer);
  backend.compile(plan.calls.map(({ call }) => call)).run();
  return outputs.map((value) =>
    Float64Array.from(backend.view(plan.locate(value)), Number).slice(0, sizeOf(value.shape)),
  );
}
