/**
 * What an operation is: a shape rule, a gradient made of operations, and the kernel calls that compute it. Operations
 * from outside the package are defined in the same form (`defineOp`).
 */
import type { CallOf, KernelName, kernelSpecs } from '../backend/kernels.js';
import type { NumericArray } from '../core/dtype.js';
import type { OptionalValues, OutputType, Value, Values } from './graph.js';

/** A kernel call on symbolic values; the memory plan turns it into one on buffers. */
export interface ValueCall {
  readonly kernel: KernelName;
  readonly buffers: Readonly<Record<string, Value | undefined>>;
  readonly params: Readonly<Record<string, number>>;
}

/** A kernel in TypeScript that runs on the calling thread between two others. */
export interface HostValueCall {
  readonly kernel: 'host';
  readonly name: string;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  run(inputs: NumericArray[], outputs: NumericArray[]): void;
}

/** A node as its op sees it when it is lowered. `used` tells whether an output has a reader. */
export interface LoweringNode<A> {
  readonly inputs: Record<string, Value>;
  readonly outputs: Record<string, Value>;
  readonly attrs: A;
  used(role: string): boolean;
}

/** A node as its op sees it when it is differentiated. */
export interface BackwardContext<A> {
  readonly inputs: Record<string, Value>;
  readonly outputs: Values;
  readonly attrs: A;
  /** The gradient of the loss with respect to the output of that role; undefined where the loss does not depend on it. */
  readonly gradOutputs: OptionalValues;
  /** Whether anyone needs the gradient of that input. */
  needs(role: string): boolean;
}

/** The part an operand plays in a product of a layer: which entry of the recipe it follows. */
export type OperandRole = 'left' | 'right' | 'gradOutput';

/** Which of a layer's three products a node computes. */
export type ProductRole = 'forward' | 'gradLeft' | 'gradRight';

/** What the precision pass must know of a product. */
export interface Product {
  readonly role: ProductRole;
  /** The two operands, in the order in which the kernels take them: node input name and its part in the layer. */
  readonly operands: readonly [
    { readonly input: string; readonly part: OperandRole },
    { readonly input: string; readonly part: OperandRole },
  ];
  /** Multiply-accumulates. */
  readonly macs: number;
  /** Of a convolution that keeps channels apart: each group has one input channel. */
  readonly depthwise?: boolean;
}

/** One case of the gradient check: an op on standard normal inputs, its gradients held against finite differences. */
export interface GradientExample<A> {
  readonly title: string;
  /** Shapes by role. */
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  readonly attrs: A;
  /** Inputs that are not differentiated: their numbers, stored as int32 (labels, indices); shapes are in `inputs`. */
  readonly fixed?: Readonly<Record<string, readonly number[]>>;
  /** Outputs that the check differentiates. Default: all float ones. */
  readonly outputs?: readonly string[];
  /** Maps a standard normal draw to this op's domain, e.g. log wants positives. */
  readonly draw?: (normal: number) => number;
}

/** An operation; `A` is the type of its attributes. {@link defineOp} types one, `Graph.emit` puts it into a graph. */
// biome-ignore lint/suspicious/noExplicitAny: the attributes' type is the op's own affair.
export interface OpDef<A = any> {
  readonly name: string;
  /** Output shapes, or `fail(message)` when the operands do not fit. */
  infer(
    inputs: Record<string, Value>,
    attrs: A,
    fail: (message: string) => never,
  ): Readonly<Record<string, OutputType>>;
  /** Gradients of the inputs, made of operations. Absent: the op has no gradient. */
  backward?(context: BackwardContext<A>): Partial<Record<string, Value | undefined>>;
  /** The kernel calls. Absent: the precision pass replaces the node before lowering. */
  lower?(node: LoweringNode<A>): (ValueCall | HostValueCall)[];
  /** The output is the input's buffer under another shape. */
  readonly alias?: { readonly input: string; readonly output: string };
  /** Present on products: what a recipe quantises. */
  product?(inputs: Record<string, Value>, attrs: A): Product;
  /** The integer twin that the precision pass puts in a product's place: inputs gain `<name>Params`. */
  readonly integer?: OpDef;
  /** Has an effect beyond its outputs (state), so it stays though nobody reads them. */
  readonly effect?: boolean;
  /** Cases for the gradient check. */
  readonly examples?: readonly GradientExample<A>[];
}

/** Types an op definition by its attributes; for ops of this package and from outside alike. */
export function defineOp<A>(op: OpDef<A>): OpDef<A> {
  return op;
}

type Spec = typeof kernelSpecs;

/** A kernel call with the compiler checking operand and parameter names. */
export function call<K extends KernelName>(
  kernel: K,
  buffers: { readonly [B in keyof Spec[K]['buffers']]: Value | undefined } extends infer T
    ? Partial<T>
    : never,
  params: CallOf<K>['params'],
): ValueCall {
  return {
    kernel,
    buffers: buffers as Record<string, Value | undefined>,
    params: params as unknown as Record<string, number>,
  };
}
