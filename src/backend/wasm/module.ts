/** Bytes of a WASM module: choosing between the plain and the relaxed build, and fitting it to unshared memory. */
import { BackendError } from '../../core/errors.js';
import type { Platform } from './platform.js';

/** Smallest module that uses a relaxed SIMD instruction, for WebAssembly.validate: (func (result v128) relaxed_madd of zeros). */
const relaxedProbe = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 19, 1, 17, 0, 65, 0, 253, 17, 65, 0,
  253, 17, 65, 0, 253, 17, 253, 133, 2, 11,
]);

/** Whether relaxed SIMD can be compiled here; tries to turn it on where it is behind a flag. */
export async function hasRelaxed(platform: Platform): Promise<boolean> {
  if (WebAssembly.validate(relaxedProbe)) return true;
  await platform.enableRelaxed();
  return WebAssembly.validate(relaxedProbe);
}

const IMPORT_SECTION = 2;
const FUNCTION_KIND = 0;
const MEMORY_KIND = 2;
const SHARED_WITH_MAXIMUM = 3;
const UNSHARED_WITH_MAXIMUM = 1;

/**
 * A copy of the module whose imported memory is unshared: one flag of the import section changes. Atomic instructions
 * work on unshared memory too; only waiting does not, and a single thread never waits.
 */
export function withUnsharedMemory(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(bytes);
  let at = 8;
  const leb = (): number => {
    let value = 0;
    let shift = 0;
    let byte: number;
    do {
      byte = copy[at++];
      value |= (byte & 127) << shift;
      shift += 7;
    } while (byte & 128);
    return value;
  };
  while (at < copy.length) {
    const section = copy[at++];
    const size = leb();
    const end = at + size;
    if (section === IMPORT_SECTION) {
      const count = leb();
      for (let i = 0; i < count; i++) {
        for (let name = 0; name < 2; name++) {
          const length = leb();
          at += length;
        }
        const kind = copy[at++];
        if (kind === FUNCTION_KIND) {
          leb();
          continue;
        }
        if (kind !== MEMORY_KIND || copy[at] !== SHARED_WITH_MAXIMUM) break;
        copy[at] = UNSHARED_WITH_MAXIMUM;
        return copy;
      }
    }
    at = end;
  }
  throw new BackendError(
    'this WASM module does not import a shared memory: it is not an octograd kernel module',
  );
}
