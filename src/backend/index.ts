/** Backends: the contract, and the ones that come with octograd. */
export type { Backend, Call, HostCall, Program } from './backend.js';
export { createCheckedWasmBackend as createWasmBackend } from './checked-wasm.js';
export {
  type BufferRef,
  type CallOf,
  type KernelCall,
  type KernelName,
  type KernelSpec,
  kernelNames,
  kernelSpecs,
} from './kernels.js';
export { neededOperands, operandLengths } from './operand-lengths.js';
export { createReferenceBackend, type ReferenceBackendOptions } from './reference/index.js';
export type { WasmBackendOptions } from './wasm/index.js';
