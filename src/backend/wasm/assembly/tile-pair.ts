/**
 * {@link tileOut} over two panels beside each other, of integers or floats: 4 rows times 16 lanes, for 256-bit vectors (`PAIR_PANELS`). A tile of 8 lanes
 * is four of those, too few sums to keep an instruction of four cycles busy twice a cycle; here they are eight, and each row is
 * broadcast once for both panels. In 128-bit vectors they are sixteen and do not fit the registers.
 */
import { SEGMENT_BYTES } from './tile';
import { dotAdd, scaled } from './tile-out';

/** Bytes from the first panel's epilogue to the second's. */
export const EPILOGUE_STRIDE: usize = 128;

/** As wholeTile in tile-out.ts; the second panel's lanes follow the first's in each row of the output. */
function wholePair<T, B>(
  epilogue: usize,
  segment: usize,
  segmentEnd: usize,
  row0: usize,
  row1: usize,
  row2: usize,
  row3: usize,
  step: usize,
  panel: usize,
  second: usize,
  out0: usize,
  out1: usize,
  out2: usize,
  out3: usize,
): void {
  let c00 = v128.load(epilogue);
  let c01 = v128.load(epilogue, 16);
  let c02 = v128.load(epilogue, 128);
  let c03 = v128.load(epilogue, 144);
  let c10 = c00;
  let c11 = c01;
  let c12 = c02;
  let c13 = c03;
  let c20 = c00;
  let c21 = c01;
  let c22 = c02;
  let c23 = c03;
  let c30 = c00;
  let c31 = c01;
  let c32 = c02;
  let c33 = c03;
  for (; segment < segmentEnd; segment += SEGMENT_BYTES) {
    const offset = <usize>load<u32>(segment);
    let steps = load<i32>(segment, 4);
    let p0 = row0 + offset;
    let p1 = row1 + offset;
    let p2 = row2 + offset;
    let p3 = row3 + offset;
    do {
      const b0 = v128.load(panel);
      const b1 = v128.load(panel, 16);
      const b2 = v128.load(second);
      const b3 = v128.load(second, 16);
      let a = v128.load32_splat(p0);
      c00 = dotAdd<T>(a, b0, c00);
      c01 = dotAdd<T>(a, b1, c01);
      c02 = dotAdd<T>(a, b2, c02);
      c03 = dotAdd<T>(a, b3, c03);
      a = v128.load32_splat(p1);
      c10 = dotAdd<T>(a, b0, c10);
      c11 = dotAdd<T>(a, b1, c11);
      c12 = dotAdd<T>(a, b2, c12);
      c13 = dotAdd<T>(a, b3, c13);
      a = v128.load32_splat(p2);
      c20 = dotAdd<T>(a, b0, c20);
      c21 = dotAdd<T>(a, b1, c21);
      c22 = dotAdd<T>(a, b2, c22);
      c23 = dotAdd<T>(a, b3, c23);
      a = v128.load32_splat(p3);
      c30 = dotAdd<T>(a, b0, c30);
      c31 = dotAdd<T>(a, b1, c31);
      c32 = dotAdd<T>(a, b2, c32);
      c33 = dotAdd<T>(a, b3, c33);
      p0 += step;
      p1 += step;
      p2 += step;
      p3 += step;
      panel += 32;
      second += 32;
    } while (--steps);
  }
  const scale0 = v128.load(epilogue, 32);
  const scale1 = v128.load(epilogue, 48);
  const scale2 = v128.load(epilogue, 160);
  const scale3 = v128.load(epilogue, 176);
  const bias0 = v128.load(epilogue, 64);
  const bias1 = v128.load(epilogue, 80);
  const bias2 = v128.load(epilogue, 192);
  const bias3 = v128.load(epilogue, 208);
  v128.store(out0, scaled<T, B>(c00, scale0, bias0));
  v128.store(out0, scaled<T, B>(c01, scale1, bias1), 16);
  v128.store(out0, scaled<T, B>(c02, scale2, bias2), 32);
  v128.store(out0, scaled<T, B>(c03, scale3, bias3), 48);
  v128.store(out1, scaled<T, B>(c10, scale0, bias0));
  v128.store(out1, scaled<T, B>(c11, scale1, bias1), 16);
  v128.store(out1, scaled<T, B>(c12, scale2, bias2), 32);
  v128.store(out1, scaled<T, B>(c13, scale3, bias3), 48);
  v128.store(out2, scaled<T, B>(c20, scale0, bias0));
  v128.store(out2, scaled<T, B>(c21, scale1, bias1), 16);
  v128.store(out2, scaled<T, B>(c22, scale2, bias2), 32);
  v128.store(out2, scaled<T, B>(c23, scale3, bias3), 48);
  v128.store(out3, scaled<T, B>(c30, scale0, bias0));
  v128.store(out3, scaled<T, B>(c31, scale1, bias1), 16);
  v128.store(out3, scaled<T, B>(c32, scale2, bias2), 32);
  v128.store(out3, scaled<T, B>(c33, scale3, bias3), 48);
}

/** {@link wholePair} for `used` rows; the rows that are over go to `spare` (256 bytes). Both panels are whole. */
export function tilePairOut<T>(
  spare: usize,
  epilogue: usize,
  segment: usize,
  segmentEnd: usize,
  row0: usize,
  row1: usize,
  row2: usize,
  row3: usize,
  step: usize,
  panel: usize,
  second: usize,
  out0: usize,
  out1: usize,
  out2: usize,
  out3: usize,
  used: i32,
  hasBias: bool,
): void {
  const o1 = used > 1 ? out1 : spare;
  const o2 = used > 2 ? out2 : spare + 64;
  const o3 = used > 3 ? out3 : spare + 128;
  if (hasBias) {
    wholePair<T, bool>(epilogue, segment, segmentEnd, row0, row1, row2, row3, step, panel, second, out0, o1, o2, o3);
  } else {
    wholePair<T, i32>(epilogue, segment, segmentEnd, row0, row1, row2, row3, step, panel, second, out0, o1, o2, o3);
  }
}
