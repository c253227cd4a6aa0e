/**
 * Lowering: a graph becomes a list of kernel calls on symbolic values. Drops nodes that nobody reads, resolves aliases,
 * gives each call its noise site and its status slot. Knows nothing of offsets.
 */
import { kernelSpecs } from '../backend/kernels.js';
import { hashText } from '../core/rng.js';
import type { Graph, Node, Phase, ProductWork, Value } from '../graph/graph.js';
import type { HostValueCall, ValueCall } from '../graph/op.js';

/** A place in the plan that reports non-finite values or bad indices: slot of the status buffer. */
export interface StatusSite {
  readonly path: string;
  readonly role: string;
  readonly kernel: string;
}

export interface LoweredCall {
  readonly call: ValueCall | HostValueCall;
  readonly path: string;
  readonly phase: Phase;
  /** The node's operation, for the printed plan. */
  readonly op: string;
  /** Multiply-accumulates, and how they are done; absent for calls that are no products. */
  readonly product?: ProductWork;
}

export interface Lowered {
  readonly calls: readonly LoweredCall[];
  readonly sites: readonly StatusSite[];
  /** Values that must outlive the run: what was asked for. */
  readonly outputs: readonly Value[];
}

/** The value whose buffer a value lies in. */
export function rootOf(value: Value): Value {
  const alias = value.node?.op.alias;
  if (alias && value.node && value.role === alias.output) {
    return rootOf(value.node.inputs[alias.input] as Value);
  }
  return value;
}

/** Buffers of every plan that no node computes; filled in where a kernel's spec names them. */
export const planBuffers = ['counters', 'status', 'hyper'] as const;
export type PlanBuffer = (typeof planBuffers)[number];

/** The nodes that are needed for `outputs`, in order. */
export function liveNodes(graph: Graph, outputs: readonly Value[]): Node[] {
  const live = new Set<number>(outputs.map((value) => value.id));
  const kept: Node[] = [];
  for (let i = graph.nodes.length - 1; i >= 0; i--) {
    const node = graph.nodes[i];
    const needed =
      node.op.effect === true || Object.values(node.outputs).some((output) => live.has(output.id));
    if (!needed) continue;
    kept.push(node);
    for (const input of Object.values(node.inputs)) if (input) live.add(input.id);
  }
  return kept.reverse();
}

/** A node's noise stream: by path, operation and occurrence, so that fused, trace and ragged plans draw the same noise. */
class NoiseSites {
  private readonly seen = new Map<string, number>();
  private readonly ofNode = new Map<Node, number>();

  site(node: Node): number {
    const attrs = node.attrs as { noise?: string; twin?: Value } | undefined;
    const twin = attrs?.twin?.node;
    if (twin) return this.site(twin);
    const known = this.ofNode.get(node);
    if (known !== undefined) return known;
    let name = attrs?.noise;
    if (name === undefined) {
      const base = `${node.path}/${node.op.name}`;
      const count = this.seen.get(base) ?? 0;
      this.seen.set(base, count + 1);
      name = `${base}/${count}`;
    }
    const site = hashText(name) | 0;
    this.ofNode.set(node, site);
    return site;
  }
}

/** Kernel calls for `outputs` of a graph, in an order that can be run. */
export function lower(graph: Graph, outputs: readonly Value[]): Lowered {
  const nodes = liveNodes(graph, outputs);
  const read = new Set<number>(outputs.map((value) => value.id));
  for (const node of nodes) for (const input of Object.values(node.inputs)) if (input) read.add(input.id);
  const noise = new NoiseSites();
  const sites: StatusSite[] = [];
  const calls: LoweredCall[] = [];
  for (const node of nodes) {
    if (node.op.alias) continue;
    const { lower: lowerNode } = node.op;
    if (!lowerNode)
      throw new Error(`operation ${node.op.name} at ${node.path} reached lowering without kernels`);
    const lowered = lowerNode({
      inputs: node.inputs as Record<string, Value>,
      outputs: node.outputs,
      attrs: node.attrs,
      used: (role) => node.outputs[role] !== undefined && read.has(node.outputs[role].id),
    });
    const info = productInfo(node);
    for (const call of lowered) {
      calls.push({
        call: call.kernel === 'host' ? call : withSites(call, node, noise, sites),
        path: node.path,
        phase: node.phase,
        op: node.op.name,
        ...(info ? { product: info } : {}),
      });
    }
  }
  return { calls, sites, outputs };
}

function withSites(call: ValueCall, node: Node, noise: NoiseSites, sites: StatusSite[]): ValueCall {
  const spec = kernelSpecs[call.kernel];
  if (!('site' in spec.params) || call.params.site !== -1) return call;
  if ('status' in spec.buffers) {
    const attrs = node.attrs as { role?: string } | undefined;
    sites.push({ path: node.path, role: attrs?.role ?? '', kernel: call.kernel });
    return { ...call, params: { ...call.params, site: sites.length - 1 } };
  }
  return { ...call, params: { ...call.params, site: noise.site(node) } };
}

function productInfo(node: Node): LoweredCall['product'] {
  if (node.product) return node.product;
  const product = node.op.product?.(node.inputs as Record<string, Value>, node.attrs);
  return product ? { macs: product.macs, kind: 'float', role: product.role } : undefined;
}
