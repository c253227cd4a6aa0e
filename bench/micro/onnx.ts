/**
 * Writes ONNX models of one operation, the few fields of the format that those need (onnx.proto3, field numbers beside each).
 * All operands are inputs of the graph: a weight known beforehand would be packed once, which training cannot do.
 */

export const elementTypes = { float: 1, uint8: 2, int8: 3, int32: 6 } as const;
export type ElementType = keyof typeof elementTypes;

export interface TensorInfo {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
}

export interface OneOperation {
  readonly operation: string;
  readonly inputs: readonly TensorInfo[];
  readonly output: TensorInfo;
  /** Attributes, all lists of integers. */
  readonly attributes?: Readonly<Record<string, readonly number[]>>;
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest & 127) | 128);
    rest = Math.floor(rest / 128);
  }
  return [...bytes, rest];
}

/** A field of the wire format: a whole number, or bytes with their length before them. */
function field(number: number, value: number | string | readonly number[]): number[] {
  if (typeof value === 'number') return [...varint(number << 3), ...varint(value)];
  const bytes = typeof value === 'string' ? [...new TextEncoder().encode(value)] : value;
  return [...varint((number << 3) | 2), ...varint(bytes.length), ...bytes];
}

/** ValueInfoProto: name 1, type 2 (tensor_type 1: elem_type 1, shape 2: dim 1: dim_value 1). */
function valueInfo({ name, type, shape }: TensorInfo): number[] {
  const dims = shape.flatMap((size) => field(1, field(1, size)));
  const tensor = [...field(1, elementTypes[type]), ...field(2, dims)];
  return [...field(1, name), ...field(2, field(1, tensor))];
}

/** AttributeProto: name 1, ints 8, type 20 (7 is a list of integers). */
function attribute(name: string, values: readonly number[]): number[] {
  return [...field(1, name), ...values.flatMap((value) => field(8, value)), ...field(20, 7)];
}

/** NodeProto: input 1, output 2, op_type 4, attribute 5. */
function node({ operation, inputs, output, attributes = {} }: OneOperation): number[] {
  return [
    ...inputs.flatMap(({ name }) => field(1, name)),
    ...field(2, output.name),
    ...field(4, operation),
    ...Object.entries(attributes).flatMap(([name, values]) => field(5, attribute(name, values))),
  ];
}

/** ModelProto: ir_version 1, graph 7 (node 1, name 2, input 11, output 12), opset_import 8 (domain 1, version 2). */
export function oneOperationModel(model: OneOperation): Uint8Array {
  const graph = [
    ...field(1, node(model)),
    ...field(2, 'graph'),
    ...model.inputs.flatMap((input) => field(11, valueInfo(input))),
    ...field(12, valueInfo(model.output)),
  ];
  const opset = [...field(1, ''), ...field(2, 13)];
  return Uint8Array.from([...field(1, 8), ...field(7, graph), ...field(8, opset)]);
}
