/**
 * Modules: things that build a part of a graph and own parameters and state. A module holds no numbers and names no
 * number format; it is called once on symbolic values. Its path (`layer1.0.conv1`) names it everywhere.
 */
import { UsageError } from '../core/errors.js';
import { hashText, RandomStream } from '../core/rng.js';
import { type Shape, sizeOf } from '../core/shape.js';
import { shown } from '../core/text.js';
import { type Graph, isValue, type Value } from '../graph/graph.js';
import type { Initializer } from './init.js';

/** A tensor that training changes. */
export class Parameter {
  /** Full path, such as `layer1.0.conv1.weight`; set by {@link bind}. */
  path = '';

  constructor(
    readonly shape: Shape,
    readonly init: Initializer,
  ) {}

  /** Its value in a graph. Throws UsageError before {@link bind}. */
  value(graph: Graph): Value {
    if (this.path === '') throw new UsageError(unbound('a parameter'));
    return graph.source('parameter', this.path, this.shape, 'float');
  }

  /** Its first numbers under a seed, the same for any order of calls. */
  initial(seed: number): Float32Array {
    return this.init(this.shape, new RandomStream(seed, hashText(this.path)));
  }
}

/** A tensor that forward passes update and training does not (running statistics). */
export class StateBuffer {
  /** Full path, such as `bn1.running_mean`; set by {@link bind}. */
  path = '';

  constructor(
    readonly shape: Shape,
    readonly fill: number,
  ) {}

  /** Its value in a graph. Throws UsageError before {@link bind}. */
  value(graph: Graph): Value {
    if (this.path === '') throw new UsageError(unbound('a state buffer'));
    return graph.source('state', this.path, this.shape, 'float', this.initial());
  }

  /** Its first numbers. */
  initial(): Float32Array {
    return new Float32Array(sizeOf(this.shape)).fill(this.fill);
  }
}

/** What a module can own under a name. Lists are walked too: `layer1 = [a, b]` gives `layer1.0` and `layer1.1`. */
export type Child = Module | Parameter | StateBuffer | readonly Child[];

/** Base of all modules. Subclasses make their parts in the constructor and write `forward`. */
export abstract class Module {
  /** `layer1.0.conv1`; empty for the model itself. Set by {@link bind}. */
  path = '';

  /** Builds this module's part of the graph. Call parts with their `apply`, not their `forward`. */
  abstract forward(...inputs: Value[]): Value;

  /** Runs `forward` under this module's path. Throws UsageError before {@link bind}. */
  apply(...inputs: Value[]): Value {
    if (!owners.has(this)) throw new UsageError(unbound(this.constructor.name));
    if (inputs.length === 0) throw new UsageError(`${this.describe()}: apply needs at least one value`);
    inputs.forEach((input, i) => {
      if (isValue(input)) return;
      throw new UsageError(
        `${this.describe()}: apply takes symbolic values, got ${shown(input)} as number ${i + 1}; pass what another module or operation returned`,
      );
    });
    const output: unknown = inputs[0].graph.within(this.path, () => this.forward(...inputs));
    if (isValue(output)) return output;
    const remedy =
      output === undefined
        ? 'end it with return'
        : output instanceof Promise
          ? 'it must not be async'
          : 'return one value that an operation or module gave';
    throw new UsageError(
      `${this.describe()}: forward must return a symbolic value, got ${shown(output)}; ${remedy}`,
    );
  }

  /** The parts it owns, by name: its own properties. Override to name them otherwise. Private #fields are not seen. */
  children(): Iterable<readonly [string, Child]> {
    return Object.entries(this).filter((entry): entry is [string, Child] => isChild(entry[1]));
  }

  /** Name for messages: `Conv2d at layer1.0.conv1`. */
  describe(): string {
    return this.path === '' ? this.constructor.name : `${this.constructor.name} at ${this.path}`;
  }
}

/** A model with every part's path assigned. */
export interface BoundModel {
  readonly model: Module;
  /** In the order of their definition. */
  readonly modules: readonly Module[];
  readonly parameters: readonly Parameter[];
  readonly buffers: readonly StateBuffer[];
}

type Part = Module | Parameter | StateBuffer;

/** The model that each part belongs to. */
const owners = new WeakMap<Part, Module>();

function unbound(what: string): string {
  return `${what} belongs to no bound model: keep it in a property (or a list in a property) of its module, made in the constructor, and call bind(model) before the model is applied`;
}

function isChild(value: unknown): value is Child {
  if (Array.isArray(value)) return value.some(isChild);
  return value instanceof Module || value instanceof Parameter || value instanceof StateBuffer;
}

/**
 * Gives every part of `model` its path and lists them. A part that stands in two places keeps its first path, and its
 * parameters are shared. Binding again is harmless. Throws UsageError for a part of another model and for two parts
 * of one path.
 */
export function bind(model: Module): BoundModel {
  const seen = new Map<Part, string>();
  const byPath = new Map<string, Part>();
  const modules: Module[] = [];
  const parameters: Parameter[] = [];
  const buffers: StateBuffer[] = [];

  const visit = (child: Child, path: string): void => {
    if (isList(child)) {
      child.forEach((item, i) => {
        if (isChild(item)) visit(item, `${path}.${i}`);
      });
      return;
    }
    if (seen.has(child)) return;
    const owner = owners.get(child);
    if (owner && owner !== model) {
      const name = child instanceof Module ? child.describe() : child.path;
      throw new UsageError(
        `${name || 'this model'} already belongs to another ${owner.constructor.name}; make a new one for "${path || 'this model'}" and load the weights into it`,
      );
    }
    const other = byPath.get(path);
    if (other) throw new UsageError(`two parts of ${model.constructor.name} are named "${path}"; rename one`);
    seen.set(child, path);
    byPath.set(path, child);
    if (child instanceof Parameter) parameters.push(child);
    else if (child instanceof StateBuffer) buffers.push(child);
    else {
      modules.push(child);
      for (const [name, part] of child.children()) visit(part, path === '' ? name : `${path}.${name}`);
    }
  };

  visit(model, '');
  // Paths are set only now, so that a model that is refused stays as it was.
  for (const [part, path] of seen) {
    part.path = path;
    owners.set(part, model);
  }
  return { model, modules, parameters, buffers };
}

function isList(child: Child): child is readonly Child[] {
  return Array.isArray(child);
}

/** Parameters of a model in the order of their definition; binds it. */
export function parametersOf(model: Module): readonly Parameter[] {
  return bind(model).parameters;
}

/** State buffers of a model in the order of their definition; binds it. */
export function buffersOf(model: Module): readonly StateBuffer[] {
  return bind(model).buffers;
}

/** Number of elements of all parameters of a model. */
export function parameterCount(model: Module): number {
  return parametersOf(model).reduce((count, parameter) => count + sizeOf(parameter.shape), 0);
}
