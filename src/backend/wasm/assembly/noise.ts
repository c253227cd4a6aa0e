/**
 * The noise of core/rng.ts in WASM: Philox4x32-10 for the key of a call, and the two-multiply hash for its elements,
 * eight at a time. Same bits as core/rng.ts.
 */

/** Key of `site`'s noise from counters { seedLow, seedHigh, step, microStep }: k0 in the low word, k1 in the high one. */
export function noiseKey(counters: usize, site: i32): u64 {
  let c0: u32 = site;
  let c1 = load<u32>(counters, 8);
  let c2 = load<u32>(counters, 12);
  let c3: u32 = 0;
  let k0 = load<u32>(counters, 0);
  let k1 = load<u32>(counters, 4);
  for (let round = 0; round < 10; round++) {
    const product0 = <u64>0xd2511f53 * <u64>c0;
    const product1 = <u64>0xcd9e8d57 * <u64>c2;
    c0 = <u32>(product1 >> 32) ^ c1 ^ k0;
    c1 = <u32>product1;
    c2 = <u32>(product0 >> 32) ^ c3 ^ k1;
    c3 = <u32>product0;
    k0 += 0x9e3779b9;
    k1 += 0xbb67ae85;
  }
  return <u64>c0 | (<u64>c1 << 32);
}

/** The 16 noise bits of one element. */
export function noise16(index: i32, k0: u32, k1: u32): i32 {
  let x = (<u32>index >> 1) ^ k0;
  x ^= x >> 16;
  x *= 0x7feb352d;
  x += k1;
  x ^= x >> 15;
  x *= 0x846ca68b;
  x ^= x >> 16;
  return index & 1 ? <i32>(x >> 16) : <i32>(x & 0xffff);
}

/** Noise bits of elements index .. index + 7 (index even) as eight uint16. */
// @ts-ignore: decorator
@inline
export function noise8(index: i32, k0: v128, k1: v128, multiplier0: v128, multiplier1: v128, lanes: v128): v128 {
  let x = v128.xor(i32x4.add(i32x4.splat(<i32>(<u32>index >> 1)), lanes), k0);
  x = v128.xor(x, i32x4.shr_u(x, 16));
  x = i32x4.add(i32x4.mul(x, multiplier0), k1);
  x = v128.xor(x, i32x4.shr_u(x, 15));
  x = i32x4.mul(x, multiplier1);
  return v128.xor(x, i32x4.shr_u(x, 16));
}
