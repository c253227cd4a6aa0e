/** The form of a kernel's operands and parameters. */
type BufferUse = 'in' | 'out' | 'inout' | 'in?' | 'out?' | 'inout?';
type ParamType = 'int' | 'float';

/** A kernel's operands by name, read, written or both (`?`: may be absent), and its parameters by name. */
export interface KernelSpec {
  readonly buffers: Readonly<Record<string, BufferUse>>;
  readonly params: Readonly<Record<string, ParamType>>;
}

/**
 * What a kernel has that can find the range of what it writes, in the same pass: cells [cellRows][2] = { min, max } of its float
 * output, which falls into cellRows equal runs (cellRows = 0 and no cells: it does not), and the status bit as `range`.
 */
export const rangeBuffers = { cells: 'out?', status: 'inout?' } as const;
export const rangeParams = { cellRows: 'int', site: 'int' } as const;
