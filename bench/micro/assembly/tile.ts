/**
 * The machine's arithmetic limit as WebAssembly sees it: a tile of 4 rows by 8 columns over panels that lie in the first cache,
 * the shape of every product kernel, without packing, edges or output. And its bandwidth: copying and filling.
 * Each step reads 4 groups of 4 bytes from one panel and 8 from the other; PANEL steps a run.
 */

const PANEL: usize = 256;

@inline function madd(a: v128, b: v128, c: v128, kind: i32): v128 {
  if (kind == 0) return i32x4.add(c, i32x4.dot_i16x8_s(a, b));
  if (kind == 1) return f32x4.add(c, f32x4.mul(a, b));
  if (kind == 2) return f32x4.relaxed_madd(a, b, c);
  return i32x4.relaxed_dot_i8x16_i7x16_add_s(b, a, c);
}

@inline function tile(left: usize, right: usize, out: usize, runs: i32, kind: i32): void {
  for (let run = 0; run < runs; run++) {
    let p = left;
    let q = right;
    const end = left + PANEL * 16;
    let c0 = v128.load(out), c1 = v128.load(out, 16), c2 = v128.load(out, 32), c3 = v128.load(out, 48);
    let c4 = v128.load(out, 64), c5 = v128.load(out, 80), c6 = v128.load(out, 96), c7 = v128.load(out, 112);
    while (p < end) {
      const b0 = v128.load(q), b1 = v128.load(q, 16);
      let a = v128.load32_splat(p);
      c0 = madd(a, b0, c0, kind);
      c1 = madd(a, b1, c1, kind);
      a = v128.load32_splat(p, 4);
      c2 = madd(a, b0, c2, kind);
      c3 = madd(a, b1, c3, kind);
      a = v128.load32_splat(p, 8);
      c4 = madd(a, b0, c4, kind);
      c5 = madd(a, b1, c5, kind);
      a = v128.load32_splat(p, 12);
      c6 = madd(a, b0, c6, kind);
      c7 = madd(a, b1, c7, kind);
      p += 16;
      q += 32;
    }
    v128.store(out, c0), v128.store(out, c1, 16), v128.store(out, c2, 32), v128.store(out, c3, 48);
    v128.store(out, c4, 64), v128.store(out, c5, 80), v128.store(out, c6, 96), v128.store(out, c7, 112);
  }
}

/** int16 x int16 into int32, which serves int8 codes too. */
export function tileInt(left: usize, right: usize, out: usize, runs: i32): void {
  tile(left, right, out, runs, 0);
}

/** float32, multiplication and addition apart. */
export function tilePlain(left: usize, right: usize, out: usize, runs: i32): void {
  tile(left, right, out, runs, 1);
}

/** float32, fused. */
export function tileFused(left: usize, right: usize, out: usize, runs: i32): void {
  if (FUSED) tile(left, right, out, runs, 2);
}

/** Unsigned bytes x bytes into int32, by the instruction that engines have for it; exact only where octograd uses it. */
export function tileBytes(left: usize, right: usize, out: usize, runs: i32): void {
  if (FUSED) tile(left, right, out, runs, 3);
}

export function copy(from: usize, to: usize, bytes: usize): void {
  for (let i: usize = 0; i < bytes; i += 32) {
    v128.store(to + i, v128.load(from + i));
    v128.store(to + i, v128.load(from + i, 16), 16);
  }
}

export function fill(to: usize, bytes: usize): void {
  const zero = i32x4.splat(0);
  for (let i: usize = 0; i < bytes; i += 32) {
    v128.store(to + i, zero);
    v128.store(to + i, zero, 16);
  }
}
