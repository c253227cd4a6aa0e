/** How much work a call is: multiply-accumulates and bytes, from its operands and parameters alone. Knows no machine. */
import { bytesOf, type FloatBytes } from '../core/dtype.js';
import type { Call } from './backend.js';
import { type BufferRef, kernelSpecs } from './kernels.js';

/** Kernels whose time is arithmetic; all others are bound by memory. */
export function isProductKernel(kernel: string): boolean {
  return kernel.startsWith('matmul') || kernel.startsWith('conv2d');
}

/** Multiply-accumulates of a product, those with padding counted; 0 for every other call. */
export function macsOf(call: Call): number {
  if (call.kernel === 'host' || !isProductKernel(call.kernel)) return 0;
  const p = call.params as Readonly<Record<string, number>>;
  if (call.kernel.startsWith('matmul')) return p.batch * p.rows * p.cols * p.inner;
  return (p.batch * p.outH * p.outW * p.outC * p.kernelH * p.kernelW * p.inC) / p.groups;
}

/** Bytes of every operand of a call, read or written; those written in place count twice. */
export function bytesMoved(call: Call, floatBytes: FloatBytes): number {
  const of = ({ length, storage }: BufferRef): number => length * bytesOf(storage, floatBytes);
  if (call.kernel === 'host') {
    return [...call.inputs, ...call.outputs].reduce((sum, buffer) => sum + of(buffer), 0);
  }
  const buffers = call.buffers as Readonly<Record<string, BufferRef | undefined>>;
  return Object.entries(kernelSpecs[call.kernel].buffers).reduce((sum, [role, use]) => {
    const buffer = buffers[role];
    // One word of it is touched.
    if (!buffer || role === 'status') return sum;
    return sum + of(buffer) * (use.startsWith('inout') ? 2 : 1);
  }, 0);
}
