/**
 * Products of bytes, unsigned times signed, four to a lane of int32. Machines with such an instruction (VNNI) do in one what
 * takes pairs of int16 four. WebAssembly's relaxed dot product may be that instruction, and may be one that saturates: whether
 * it is exact for all bytes is found out by trying (`exactByteDot`), and only then do kernels take this way (`BYTE_DOT`).
 * The plain build computes the same with exact instructions, for tests. Also what such products need of their operands.
 */
import { INT8, UINT8 } from './args';
import { zeroPointOf } from './codes';
import { BYTE_DOT } from '../control';

/** Products of a byte and a signed byte that fit int32: 65,536 * 255 * 128 < 2^31. */
export const BYTE_TERMS: i32 = 65536;

/** sum + unsigned bytes times signed bytes, four neighbours to a lane. */
// @ts-ignore: decorator
@inline
export function byteDot(unsigned: v128, signed: v128, sum: v128): v128 {
  // @ts-ignore: RELAXED is a constant of the build
  if (RELAXED) return i32x4.relaxed_dot_i8x16_i7x16_add_s(signed, unsigned, sum);
  const low = i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_u(unsigned), i16x8.extend_low_i8x16_s(signed));
  const high = i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_u(unsigned), i16x8.extend_high_i8x16_s(signed));
  const even = v128.shuffle<i32>(low, high, 0, 2, 4, 6);
  return i32x4.add(sum, i32x4.add(even, v128.shuffle<i32>(low, high, 1, 3, 5, 7)));
}

/**
 * 1 if `byteDot` is exact here for the bytes that tell the instructions apart: sums of two products beyond int16 (where
 * pmaddubsw saturates), unsigned bytes above 127 (which a signed instruction takes for negative), and 200 drawn ones.
 * @param at 32 bytes of memory, so that nothing is known when this is compiled
 */
export function exactByteDot(at: usize): i32 {
  let seed: u32 = 1;
  for (let round = 0; round < 204; round++) {
    for (let i: usize = 0; i < 16; i++) {
      seed = seed * 1664525 + 1013904223;
      store<u8>(at + i, round < 2 ? 255 : round < 4 ? 128 : <u8>(seed >> 24));
      store<i8>(at + i, round < 4 ? (round & 1 ? 127 : -128) : <i8>(seed >> 16), 16);
    }
    const sums = byteDot(v128.load(at), v128.load(at, 16), i32x4.splat(round));
    for (let lane = 0; lane < 4; lane++) {
      let sum = round;
      for (let i = 0; i < 4; i++) {
        const byte = at + <usize>(lane * 4 + i);
        sum += <i32>load<u8>(byte) * <i32>load<i8>(byte, 16);
      }
      const found =
        lane == 0
          ? i32x4.extract_lane(sums, 0)
          : lane == 1
            ? i32x4.extract_lane(sums, 1)
            : lane == 2
              ? i32x4.extract_lane(sums, 2)
              : i32x4.extract_lane(sums, 3);
      if (found != sum) return 0;
    }
  }
  return 1;
}

/** Whether products of these storages and at most `terms` terms may go by bytes, if the signed side has zero point 0. */
export function bytesFit(rows: i32, lanes: i32, terms: i32): bool {
  return load<i32>(BYTE_DOT) != 0 && (rows == INT8 || rows == UINT8) && lanes == INT8 && terms <= BYTE_TERMS;
}

/** Whether all zero points of the signed side are 0; `params` may be 0. */
export function allZeroPoints0(params: usize, groups: i32): bool {
  if (params == 0) return true;
  for (let group = 0; group < groups; group++) if (zeroPointOf(params, group) != 0) return false;
  return true;
}

/** The byte that stands for 0 in rows of codes of that storage: int8 codes go as their value + 128. */
export function zeroByte(storage: i32, zeroPoint: i32): i32 {
  return storage == INT8 ? zeroPoint + 128 : zeroPoint;
}

/** Codes to unsigned bytes: uint8 as they are, int8 + 128. */
export function copyBytes(destination: usize, codes: usize, count: usize, storage: i32): void {
  if (storage == UINT8) {
    memory.copy(destination, codes, count);
    return;
  }
  const flip = i8x16.splat(-128);
  let i: usize = 0;
  for (; i + 16 <= count; i += 16) v128.store(destination + i, v128.xor(v128.load(codes + i), flip));
  for (; i < count; i++) store<u8>(destination + i, load<u8>(codes + i) ^ 128);
}
