/** The form of a kernel's operands and parameters. */
type BufferUse = 'in' | 'out' | 'inout' | 'in?' | 'out?' | 'inout?';
type ParamType = 'int' | 'float';

/** A kernel's operands by name, read, written or both (`?`: may be absent), and its parameters by name. */
export interface KernelSpec {
  readonly buffers: Readonly<Record<string, BufferUse>>;
  readonly params: Readonly<Record<string, ParamType>>;
}
