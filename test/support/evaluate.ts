/**
 * Runs a graph once, unfused, every value in a buffer of its own: for gradient checks and tests of operations. A
 * training run uses a session, which plans once and runs many times.
 */
import type { Backend } from '../../src/backend/backend.js';
import { lower } from '../../src/compiler/lower.js';
import { layOut, PersistentRegion, registerSources } from '../../src/compiler/plan.js';
import { UsageError } from '../../src/core/errors.js';
import { sizeOf } from '../../src/core/shape.js';
import type { Value } from '../../src/graph/graph.js';

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
