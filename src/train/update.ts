/** The update segment of a training plan: gradients, optimiser state and the calls that change the parameters. */
import type { Backend, Call } from '../backend/backend.js';
import type { BufferRef } from '../backend/kernels.js';
import type { PersistentRegion } from '../compiler/plan.js';
import { UsageError } from '../core/errors.js';
import { sizeOf } from '../core/shape.js';
import type { Value } from '../graph/graph.js';
import type { BoundModel } from '../nn/module.js';
import type { Optimizer } from '../optim/optimizer.js';
import type { MasterWeights } from '../quant/recipe.js';
import { type MasterWeight, masterSegment, refuseBrokenWeights } from './master-weights.js';
import type { QuantizedWeight } from './program.js';
import { DerivedWeights } from './weight-codes.js';

export interface UpdateSegment {
  readonly calls: readonly Call[];
  /** What has to be run before the next step where parameters were set from outside: their codes and scales. */
  readonly refresh: readonly Call[];
  /** The gradient buffer of a parameter. */
  gradient(path: string): BufferRef;
  clearGradients(backend: Backend): void;
  /** To be called before the segment, or its refresh, is run. */
  begin(backend: Backend): void;
  /** Throws NonFiniteError, after a run, where a quantised weight is NaN or infinite; `step`: the update that made it so. */
  check(backend: Backend, step?: number): void;
}

export function updateSegment(options: {
  readonly region: PersistentRegion;
  readonly bound: BoundModel;
  readonly gradients: ReadonlyMap<string, Value>;
  readonly optimizer: Optimizer;
  readonly clipNorm?: number;
  readonly masterWeights: MasterWeights;
  /** What `masterWeights` is about, by parameter path. */
  readonly quantizedWeights: ReadonlyMap<string, QuantizedWeight>;
  /** Those whose codes and scales the update leaves for the next step. */
  readonly derivedWeights: ReadonlyMap<string, QuantizedWeight>;
}): UpdateSegment {
  const { region, bound, gradients, optimizer, clipNorm, masterWeights, quantizedWeights, derivedWeights } =
    options;
  const hyper = region.buffer('control', 'hyper', 8, 'float');
  const buffers = new Map<string, BufferRef>();
  const calls: Call[] = [];
  const trained = bound.parameters.filter(({ path }) => gradients.has(path));
  for (const { path, shape } of trained) {
    buffers.set(path, region.buffer('gradient', `${path}/gradient`, sizeOf(shape), 'float'));
  }
  if (clipNorm !== undefined) {
    if (!(clipNorm > 0)) throw new UsageError(`clipNorm must be above 0, got ${clipNorm}`);
    const sums = region.buffer('control', 'gradient_square_sums', trained.length, 'float');
    trained.forEach(({ path, shape }, slot) => {
      calls.push({
        kernel: 'square_sum',
        buffers: { gradient: buffers.get(path) as BufferRef, sums },
        params: { count: sizeOf(shape), slot },
      });
    });
    calls.push({
      kernel: 'clip_scale',
      buffers: { sums, hyper },
      params: { count: trained.length, maxNorm: clipNorm },
    });
  }
  const shapes = new Map(bound.parameters.map(({ path, shape }) => [path, sizeOf(shape)]));
  const parameterOf = (path: string): BufferRef =>
    region.buffer('parameter', path, shapes.get(path) ?? 0, 'float');
  const derived = new DerivedWeights(region, derivedWeights, parameterOf);
  for (const { path, shape } of trained) {
    const count = sizeOf(shape);
    const range = derived.range(path);
    const state = Object.fromEntries(
      optimizer.stateSlots.map((slot) => [
        slot,
        region.buffer('optimizer', `${path}/${slot}`, count, 'float'),
      ]),
    );
    calls.push(
      optimizer.update(
        {
          parameter: parameterOf(path),
          gradient: buffers.get(path) as BufferRef,
          hyper,
          state,
          ...(range ? { range } : {}),
        },
        count,
        optimizer.decays(path),
      ),
      // Right behind it, while the parameter is in the cache.
      ...derived.codes(path),
    );
  }
  const weights = trained.flatMap(({ path }): MasterWeight[] => {
    const how = quantizedWeights.get(path);
    return how ? [{ path, parameter: parameterOf(path), ...how }] : [];
  });
  const master = masterSegment(region, weights, masterWeights);
  calls.push(...master.calls);
  const checks = [
    { paths: weights.map(({ path }) => path), status: master.status },
    { paths: derived.paths, status: derived.status },
  ];
  const gradient = (path: string): BufferRef => {
    const buffer = buffers.get(path);
    if (!buffer) throw new UsageError(`the loss does not depend on a parameter "${path}"`);
    return buffer;
  };
  return {
    calls,
    refresh: derived.refresh(),
    gradient,
    begin: (backend) => {
      for (const { status } of checks) if (status) backend.view(status).fill(0);
    },
    check: (backend, step) => {
      for (const { paths, status } of checks) {
        if (status) refuseBrokenWeights(paths, backend.view(status), step);
      }
    },
    clearGradients: (backend) => {
      for (const buffer of buffers.values()) backend.view(buffer).fill(0);
    },
  };
}
