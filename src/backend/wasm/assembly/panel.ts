/**
 * Panels: the operand of a product whose 8 columns ("lanes") share a vector. A panel is a header of 8 scales, 8 biases and
 * 8 sums of codes (of bytes only), then steps of 32 bytes: [8 lanes][4 x int8], four values of k a step, [8 lanes][2 x int16],
 * two values, or [8 lanes] float32, one value.
 */
import { INT16 } from './args';
import { codeAt, eightAt } from './codes';

export const LANES: i32 = 8;
export const PANEL_HEADER: usize = 96;
/** Where in the header the lanes' sums of codes lie. */
const LANE_SUMS: usize = 64;
export const STEP_BYTES: usize = 32;

/** Writes a panel's header: lane l gets scales[l * scaleStride], bias[l]; pointers may be 0 (1, 0). Unused lanes get 0. */
export function packHeader(panel: usize, lanes: i32, scales: usize, scaleStride: usize, bias: usize): void {
  for (let lane = 0; lane < LANES; lane++) {
    const at = panel + (<usize>lane << 2);
    const used = lane < lanes;
    store<f32>(at, used ? (scales ? load<f32>(scales + <usize>lane * scaleStride) : 1) : 0);
    store<f32>(at, used && bias ? load<f32>(bias + (<usize>lane << 2)) : 0, 32);
    store<i32>(at, 0, LANE_SUMS);
  }
}

/** A pair of values of k for eight lanes. */
// @ts-ignore: decorator
@inline
function storePair(at: usize, even: v128, odd: v128): void {
  v128.store(at, v128.shuffle<i16>(even, odd, 0, 8, 1, 9, 2, 10, 3, 11));
  v128.store(at, v128.shuffle<i16>(even, odd, 4, 12, 5, 13, 6, 14, 7, 15), 16);
}

/**
 * Packs `count` values of k for up to 8 lanes of codes less their zero points; an odd count is filled up with 0.
 * @param source code of lane 0, k = 0
 * @param laneStride elements between lanes, kStride between values of k; one of them is 1 for the fast paths
 * @param zeros eight int16 zero points
 * @returns the byte after the last step
 */
export function packCodes(
  at: usize,
  source: usize,
  storage: i32,
  laneStride: usize,
  kStride: usize,
  lanes: i32,
  count: i32,
  zeros: usize,
): usize {
  const zero = v128.load(zeros);
  const n = <usize>count;
  let k: usize = 0;
  if (lanes == LANES && laneStride == 1) {
    for (; k + 1 < n; k += 2, at += STEP_BYTES) {
      const even = i16x8.sub(eightAt(source, k * kStride, storage), zero);
      storePair(at, even, i16x8.sub(eightAt(source, (k + 1) * kStride, storage), zero));
    }
  } else if (lanes == LANES && kStride == 1) {
    for (; k + 7 < n; k += 8, at += 4 * STEP_BYTES) {
      for (let half: usize = 0; half < 2; half++) {
        const first = source + bytesAt((half * 4) * laneStride + k, storage);
        const zs = zeros + (half << 3);
        const r0 = i16x8.sub(eightAt(first, 0, storage), v128.load16_splat(zs));
        const r1 = i16x8.sub(eightAt(first, laneStride, storage), v128.load16_splat(zs, 2));
        const r2 = i16x8.sub(eightAt(first, 2 * laneStride, storage), v128.load16_splat(zs, 4));
        const r3 = i16x8.sub(eightAt(first, 3 * laneStride, storage), v128.load16_splat(zs, 6));
        const low01 = v128.shuffle<i32>(r0, r1, 0, 4, 1, 5);
        const low23 = v128.shuffle<i32>(r2, r3, 0, 4, 1, 5);
        const high01 = v128.shuffle<i32>(r0, r1, 2, 6, 3, 7);
        const high23 = v128.shuffle<i32>(r2, r3, 2, 6, 3, 7);
        const to = at + (half << 4);
        v128.store(to, v128.shuffle<i64>(low01, low23, 0, 2));
        v128.store(to, v128.shuffle<i64>(low01, low23, 1, 3), 32);
        v128.store(to, v128.shuffle<i64>(high01, high23, 0, 2), 64);
        v128.store(to, v128.shuffle<i64>(high01, high23, 1, 3), 96);
      }
    }
  }
  for (; k < n; k += 2, at += STEP_BYTES) {
    for (let lane: usize = 0; lane < 8; lane++) {
      let even = 0;
      let odd = 0;
      if (<i32>lane < lanes) {
        const zp = <i32>load<i16>(zeros + (lane << 1));
        even = codeAt(source, lane * laneStride + k * kStride, storage) - zp;
        if (k + 1 < n) odd = codeAt(source, lane * laneStride + (k + 1) * kStride, storage) - zp;
      }
      store<i16>(at + (lane << 2), <i16>even);
      store<i16>(at + (lane << 2), <i16>odd, 2);
    }
  }
  return at;
}

// @ts-ignore: decorator
@inline
function bytesAt(index: usize, storage: i32): usize {
  return storage == INT16 ? index << 1 : index;
}

/**
 * Packs `count` values of k for up to 8 lanes of int8 codes whose zero point is 0, four to a step, filled up with 0. Strides as
 * `packCodes`. Returns the byte after the last step.
 */
export function packBytes(
  at: usize,
  source: usize,
  laneStride: usize,
  kStride: usize,
  lanes: i32,
  count: i32,
): usize {
  const n = <usize>count;
  let k: usize = 0;
  if (lanes == LANES && laneStride == 1) {
    for (; k + 3 < n; k += 4, at += STEP_BYTES) {
      const from = source + k * kStride;
      const r0 = v128.load64_zero(from);
      const r1 = v128.load64_zero(from + kStride);
      const r2 = v128.load64_zero(from + 2 * kStride);
      const r3 = v128.load64_zero(from + 3 * kStride);
      const low = i8x16.shuffle(r0, r1, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
      const high = i8x16.shuffle(r2, r3, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
      storePair(at, low, high);
    }
  } else if (lanes == LANES && kStride == 1) {
    for (; k + 3 < n; k += 4, at += STEP_BYTES) {
      for (let lane: usize = 0; lane < 8; lane++) {
        store<u32>(at + (lane << 2), load<u32>(source + lane * laneStride + k));
      }
    }
  }
  for (; k < n; k += 4, at += STEP_BYTES) {
    for (let lane: usize = 0; lane < 8; lane++) {
      for (let i: usize = 0; i < 4; i++) {
        const used = <i32>lane < lanes && k + i < n;
        const code = used ? load<i8>(source + lane * laneStride + (k + i) * kStride) : 0;
        store<i8>(at + (lane << 2) + i, code);
      }
    }
  }
  return at;
}

/** Adds up the codes of each lane of a panel of bytes whose steps end at `end`, into its header. */
export function sumLanes(panel: usize, end: usize): void {
  let low = i32x4.splat(0);
  let high = low;
  for (let at = panel + PANEL_HEADER; at < end; at += STEP_BYTES) {
    low = i32x4.add(low, i32x4.extadd_pairwise_i16x8_s(i16x8.extadd_pairwise_i8x16_s(v128.load(at))));
    high = i32x4.add(high, i32x4.extadd_pairwise_i16x8_s(i16x8.extadd_pairwise_i8x16_s(v128.load(at, 16))));
  }
  v128.store(panel, low, LANE_SUMS);
  v128.store(panel, high, LANE_SUMS + 16);
}

/** Packs `count` float values of k for up to 8 lanes; strides as `packCodes`. Returns the byte after the last step. */
export function packFloats(
  at: usize,
  source: usize,
  laneStride: usize,
  kStride: usize,
  lanes: i32,
  count: i32,
): usize {
  const n = <usize>count;
  let k: usize = 0;
  if (lanes == LANES && laneStride == 1) {
    for (; k < n; k++, at += STEP_BYTES) {
      const from = source + ((k * kStride) << 2);
      v128.store(at, v128.load(from));
      v128.store(at, v128.load(from, 16), 16);
    }
  } else if (lanes == LANES && kStride == 1) {
    for (; k + 3 < n; k += 4, at += 4 * STEP_BYTES) {
      for (let half: usize = 0; half < 2; half++) {
        const first = source + ((half * 4 * laneStride + k) << 2);
        const r0 = v128.load(first);
        const r1 = v128.load(first + (laneStride << 2));
        const r2 = v128.load(first + (laneStride << 3));
        const r3 = v128.load(first + 12 * laneStride);
        const low01 = v128.shuffle<i32>(r0, r1, 0, 4, 1, 5);
        const low23 = v128.shuffle<i32>(r2, r3, 0, 4, 1, 5);
        const high01 = v128.shuffle<i32>(r0, r1, 2, 6, 3, 7);
        const high23 = v128.shuffle<i32>(r2, r3, 2, 6, 3, 7);
        const to = at + (half << 4);
        v128.store(to, v128.shuffle<i64>(low01, low23, 0, 2));
        v128.store(to, v128.shuffle<i64>(low01, low23, 1, 3), 32);
        v128.store(to, v128.shuffle<i64>(high01, high23, 0, 2), 64);
        v128.store(to, v128.shuffle<i64>(high01, high23, 1, 3), 96);
      }
    }
  }
  for (; k < n; k++, at += STEP_BYTES) {
    for (let lane: usize = 0; lane < 8; lane++) {
      const used = <i32>lane < lanes;
      store<f32>(at + (lane << 2), used ? load<f32>(source + ((lane * laneStride + k * kStride) << 2)) : 0);
    }
  }
  return at;
}
