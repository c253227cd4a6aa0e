/** How numbers are stored. `float` is float32, or float64 in the reference backend's double mode (gradient checks). */
export type Storage = 'float' | 'int8' | 'uint8' | 'int16' | 'int32';

/** Position in this list is the storage code that kernels receive. */
export const storages: readonly Storage[] = ['float', 'int8', 'uint8', 'int16', 'int32'];

export type FloatBytes = 4 | 8;

/** Bytes of one element. */
export function bytesOf(storage: Storage, floatBytes: FloatBytes = 4): number {
  switch (storage) {
    case 'float':
      return floatBytes;
    case 'int32':
      return 4;
    case 'int16':
      return 2;
    case 'int8':
    case 'uint8':
      return 1;
  }
}

export type NumericArray = Float32Array | Float64Array | Int8Array | Uint8Array | Int16Array | Int32Array;
