/**
 * Codes read as int16 values less their zero point, and what belongs to that: scales and zero points from qparams, the
 * number of products that an int32 sum can hold. Knows no kernel.
 */
import { INT16, UINT8 } from './args';

export function scaleOf(qparams: usize, group: i32): f32 {
  return load<f32>(qparams + (<usize>group << 4));
}

export function zeroPointOf(qparams: usize, group: i32): i32 {
  return <i32>load<f32>(qparams + (<usize>group << 4), 8);
}

// @ts-ignore: decorator
@inline
export function codeAt(codes: usize, index: usize, storage: i32): i32 {
  if (storage == UINT8) return <i32>load<u8>(codes + index);
  if (storage == INT16) return <i32>load<i16>(codes + (index << 1));
  return <i32>load<i8>(codes + index);
}

/** Eight codes as int16. */
// @ts-ignore: decorator
@inline
export function eightAt(codes: usize, index: usize, storage: i32): v128 {
  if (storage == UINT8) return v128.load8x8_u(codes + index);
  if (storage == INT16) return v128.load(codes + (index << 1));
  return v128.load8x8_s(codes + index);
}

/** destination[i] (int16) = codes[i] - zeroPoint. */
export function widen(destination: usize, codes: usize, count: i32, storage: i32, zeroPoint: i32): void {
  const zero = i16x8.splat(<i16>zeroPoint);
  let i: usize = 0;
  const n = <usize>count;
  const whole = n & ~7;
  if (storage == UINT8) {
    for (; i < whole; i += 8) {
      v128.store(destination + (i << 1), i16x8.sub(v128.load8x8_u(codes + i), zero));
    }
  } else if (storage == INT16) {
    for (; i < whole; i += 8) {
      v128.store(destination + (i << 1), i16x8.sub(v128.load(codes + (i << 1)), zero));
    }
  } else {
    for (; i < whole; i += 8) {
      v128.store(destination + (i << 1), i16x8.sub(v128.load8x8_s(codes + i), zero));
    }
  }
  for (; i < n; i++) store<i16>(destination + (i << 1), <i16>(codeAt(codes, i, storage) - zeroPoint));
}

/** Products that an int32 sum holds, an even number: codes less their zero point are at most 255, or 32767 if int16. */
export function blockTerms(left: i32, right: i32): i32 {
  return left == INT16 || right == INT16 ? 256 : 32768;
}
