/**
 * The graph: what a computation is. Values are produced by nodes or are sources (batch inputs, parameters, state,
 * constants); nodes name their operands by role. Knows nothing of numbers, recipes, buffers or kernels.
 */
import type { Storage } from '../core/dtype.js';
import { ShapeError } from '../core/errors.js';
import type { Shape } from '../core/shape.js';
import { shapeText, sizeOf } from '../core/shape.js';
import type { OpDef, ProductRole } from './op.js';

/** Where in a training step a node belongs. */
export type Phase = 'forward' | 'backward';

/** What fills a source value; `derived`: what an update makes of a parameter for the next step, its codes and scales. */
export type SourceKind = 'input' | 'parameter' | 'state' | 'constant' | 'derived';

/** A value that no node computes. */
export interface Source {
  readonly kind: SourceKind;
  /** Unique per graph: `layer1.0.conv1.weight` for a parameter, `labels` for an input. */
  readonly name: string;
  /** Constants carry their numbers. State and parameters may carry an initial fill. */
  readonly data?: ArrayLike<number>;
}

/** A symbolic tensor. */
export interface Value {
  readonly graph: Graph;
  readonly id: number;
  readonly shape: Shape;
  readonly storage: Storage;
  /** The node that computes it, absent for sources. */
  readonly node?: Node;
  /** Its role among the node's outputs. */
  readonly role: string;
  readonly source?: Source;
  /** Path of the module that made it. */
  readonly path: string;
}

/** Values by role. */
export type Values = Readonly<Record<string, Value>>;
/** Values by role, undefined for what is absent. */
export type OptionalValues = Readonly<Record<string, Value | undefined>>;

/** Multiply-accumulates of a product and how they are done; the precision pass decides. */
export interface ProductWork {
  readonly macs: number;
  readonly kind: 'integer' | 'simulated' | 'float';
  readonly role: ProductRole;
}

/** One operation. `inputs` may hold undefined for optional operands that are absent. */
export interface Node {
  readonly id: number;
  readonly op: OpDef;
  readonly attrs: unknown;
  readonly inputs: OptionalValues;
  readonly outputs: Values;
  readonly path: string;
  readonly phase: Phase;
  /** For products that a recipe has changed; another product is its op's, in float. */
  readonly product?: ProductWork;
}

/** What a shape rule returns for each output. */
export interface OutputType {
  readonly shape: Shape;
  readonly storage?: Storage;
}

/** What a graph is for: `train` normalises by the batch and drops out, `eval` uses running values and keeps everything. */
export type Mode = 'train' | 'eval';

/** An append-only list of nodes in an order that can be run. */
export class Graph {
  readonly nodes: Node[] = [];
  readonly sources: Value[] = [];
  phase: Phase = 'forward';
  private scope: string[] = [];
  private nextValue = 0;
  private readonly sourceByName = new Map<string, Value>();

  /** `train` graphs normalise by the batch and drop out; `eval` graphs use running values and keep everything. */
  constructor(readonly mode: Mode = 'train') {}

  /** The module path that new nodes get. */
  get path(): string {
    return this.scope[this.scope.length - 1] ?? '';
  }

  /** Runs `build` with new nodes under `path`. */
  within<T>(path: string, build: () => T): T {
    this.scope.push(path);
    try {
      return build();
    } finally {
      this.scope.pop();
    }
  }

  /** The source of that name, made when first asked for. Throws ShapeError if it was made with another shape. */
  source(kind: SourceKind, name: string, shape: Shape, storage: Storage, data?: ArrayLike<number>): Value {
    const known = this.sourceByName.get(name);
    if (known) {
      if (sizeOf(known.shape) !== sizeOf(shape)) {
        throw new ShapeError(`used with shape ${shapeText(known.shape)} and ${shapeText(shape)}`, name);
      }
      return known;
    }
    const value: Value = {
      graph: this,
      id: this.nextValue++,
      shape: [...shape],
      storage,
      role: kind,
      path: this.path,
      source: data === undefined ? { kind, name } : { kind, name, data },
    };
    this.sources.push(value);
    this.sourceByName.set(name, value);
    return value;
  }

  findSource(name: string): Value | undefined {
    return this.sourceByName.get(name);
  }

  /** Adds a node; its outputs' shapes come from the op's shape rule, whose ShapeError gets the module's path. */
  emit<A>(
    op: OpDef<A>,
    inputs: OptionalValues,
    attrs: A,
    place?: { path?: string; phase?: Phase; product?: ProductWork | undefined },
  ): Record<string, Value> {
    const path = place?.path ?? this.path;
    for (const [role, input] of Object.entries(inputs)) {
      if (input && input.graph !== this) {
        throw new ShapeError(`operand "${role}" of ${op.name} belongs to another graph`, path);
      }
    }
    const types = op.infer(inputs as Record<string, Value>, attrs, (message) => {
      throw new ShapeError(`${op.name}: ${message}`, path);
    });
    const outputs: Record<string, Value> = {};
    const node: Node = {
      id: this.nodes.length,
      op: op as OpDef,
      attrs,
      inputs,
      outputs,
      path,
      phase: place?.phase ?? this.phase,
      ...(place?.product ? { product: place.product } : {}),
    };
    for (const [role, type] of Object.entries(types)) {
      outputs[role] = {
        graph: this,
        id: this.nextValue++,
        shape: [...type.shape],
        storage: type.storage ?? 'float',
        node,
        role,
        path,
      };
    }
    this.nodes.push(node);
    return outputs;
  }
}

/** Whether something of any kind is a symbolic value. */
export function isValue(thing: unknown): thing is Value {
  return typeof thing === 'object' && thing !== null && (thing as Partial<Value>).graph instanceof Graph;
}
