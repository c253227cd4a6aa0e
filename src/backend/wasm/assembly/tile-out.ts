/**
 * Integer tiles that fit int32 whole, from operands to stored floats without leaving the registers: 4 rows times 8 lanes
 * over a list of segments (tile.ts), then scale and bias. Two widths of a step: pairs of int16, exact on every machine, and
 * quads of bytes, unsigned rows times signed lanes, where the engine has one exact instruction for that (bytes.ts).
 */
import { byteDot } from './bytes';
import { SEGMENT_BYTES } from './tile';

/** What a panel's tiles begin with and are finished by: 8 int32 of first sums, 8 scales, 8 biases. */
export const EPILOGUE_BYTES: usize = 96;

/**
 * @param panel its header: 8 scales, 8 biases, 8 sums over k of the lane's codes
 * @param scale of the rows
 * @param zero what the rows' bytes stand above their values: sum (x - zero) w = sum x w - zero sum w
 */
export function prepareEpilogue(epilogue: usize, panel: usize, scale: f32, zero: i32): void {
  const minusZero = i32x4.splat(-zero);
  const scales = f32x4.splat(scale);
  for (let half: usize = 0; half < 32; half += 16) {
    v128.store(epilogue + half, i32x4.mul(minusZero, v128.load(panel + half, 64)));
    v128.store(epilogue + half, f32x4.mul(scales, v128.load(panel + half)), 32);
    v128.store(epilogue + half, v128.load(panel + half, 32), 64);
  }
}

/** T = i8: quads of bytes; T = i16: pairs of int16. */
// @ts-ignore: decorator
@inline
function dotAdd<T>(row: v128, lanes: v128, sum: v128): v128 {
  if (sizeof<T>() == 1) return byteDot(row, lanes, sum);
  return i32x4.add(sum, i32x4.dot_i16x8_s(row, lanes));
}

// @ts-ignore: decorator
@inline
function scaled(sum: v128, scale: v128, bias: v128, hasBias: bool): v128 {
  const product = f32x4.mul(f32x4.convert_i32x4_s(sum), scale);
  return hasBias ? f32x4.add(product, bias) : product;
}

/** A row of a tile at the edge: fewer than 8 lanes, or none where the row is not used. */
function storeSome(output: usize, low: v128, high: v128, lanes: i32, spare: usize): void {
  v128.store(spare, low);
  v128.store(spare, high, 16);
  memory.copy(output, spare, <usize>lanes << 2);
}

/**
 * output[row][lane] = f(f(sum) * scale[lane]) (+ bias[lane]) for `used` rows and `lanes` lanes.
 * @param spare 32 bytes
 * @param step bytes of a row from a step to the next
 */
export function tileOut<T>(
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
  out0: usize,
  out1: usize,
  out2: usize,
  out3: usize,
  used: i32,
  lanes: i32,
  hasBias: bool,
): void {
  let c00 = v128.load(epilogue);
  let c01 = v128.load(epilogue, 16);
  let c10 = c00;
  let c11 = c01;
  let c20 = c00;
  let c21 = c01;
  let c30 = c00;
  let c31 = c01;
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
      let a = v128.load32_splat(p0);
      c00 = dotAdd<T>(a, b0, c00);
      c01 = dotAdd<T>(a, b1, c01);
      a = v128.load32_splat(p1);
      c10 = dotAdd<T>(a, b0, c10);
      c11 = dotAdd<T>(a, b1, c11);
      a = v128.load32_splat(p2);
      c20 = dotAdd<T>(a, b0, c20);
      c21 = dotAdd<T>(a, b1, c21);
      a = v128.load32_splat(p3);
      c30 = dotAdd<T>(a, b0, c30);
      c31 = dotAdd<T>(a, b1, c31);
      p0 += step;
      p1 += step;
      p2 += step;
      p3 += step;
      panel += 32;
    } while (--steps);
  }
  const scale0 = v128.load(epilogue, 32);
  const scale1 = v128.load(epilogue, 48);
  const bias0 = v128.load(epilogue, 64);
  const bias1 = v128.load(epilogue, 80);
  c00 = scaled(c00, scale0, bias0, hasBias);
  c01 = scaled(c01, scale1, bias1, hasBias);
  c10 = scaled(c10, scale0, bias0, hasBias);
  c11 = scaled(c11, scale1, bias1, hasBias);
  c20 = scaled(c20, scale0, bias0, hasBias);
  c21 = scaled(c21, scale1, bias1, hasBias);
  c30 = scaled(c30, scale0, bias0, hasBias);
  c31 = scaled(c31, scale1, bias1, hasBias);
  if (lanes == 8 && used == 4) {
    v128.store(out0, c00);
    v128.store(out0, c01, 16);
    v128.store(out1, c10);
    v128.store(out1, c11, 16);
    v128.store(out2, c20);
    v128.store(out2, c21, 16);
    v128.store(out3, c30);
    v128.store(out3, c31, 16);
    return;
  }
  storeSome(out0, c00, c01, lanes, spare);
  if (used > 1) storeSome(out1, c10, c11, lanes, spare);
  if (used > 2) storeSome(out2, c20, c21, lanes, spare);
  if (used > 3) storeSome(out3, c30, c31, lanes, spare);
}
