/**
 * Integer tiles that fit int32 whole, from operands to stored floats without leaving the registers: 4 rows times 8 lanes
 * over a list of segments (tile.ts), then scale and bias. Two widths of a step: pairs of int16, exact on every machine, and
 * quads of bytes, unsigned rows times signed lanes, where the engine has one exact instruction for that (bytes.ts). Floats, which
 * have no scale, come here for tiles of two panels alone (tile-pair.ts).
 */
import { byteDot } from './bytes';
import { multiplyAdd, SEGMENT_BYTES } from './tile';

/**
 * Makes what a panel's tiles begin with and are finished by: 8 int32 of first sums, 8 scales, 8 biases.
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

/** T = i8: quads of bytes; T = i16: pairs of int16; T = f32: one float. */
// @ts-ignore: decorator
@inline
export function dotAdd<T>(row: v128, lanes: v128, sum: v128): v128 {
  if (isFloat<T>()) return multiplyAdd(row, lanes, sum);
  if (sizeof<T>() == 1) return byteDot(row, lanes, sum);
  return i32x4.add(sum, i32x4.dot_i16x8_s(row, lanes));
}

/** B = bool: with a bias. */
// @ts-ignore: decorator
@inline
export function scaled<T, B>(sum: v128, scale: v128, bias: v128): v128 {
  if (isFloat<T>()) return isBoolean<B>() ? f32x4.add(sum, bias) : sum;
  const product = f32x4.mul(f32x4.convert_i32x4_s(sum), scale);
  return isBoolean<B>() ? f32x4.add(product, bias) : product;
}

/**
 * A whole tile: output[row][lane] = f(f(sum) * scale[lane]) (+ bias[lane]). Nothing but the stores, neighbours beside each other,
 * reads the sums: so V8's 256-bit vectoriser (`wide`) recognises the loop.
 * @param step bytes of a row from a step to the next
 */
function wholeTile<T, B>(
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
): void {
  let c00 = v128.load(epilogue);
  let c01 = v128.load(epilogue, 16);
  let c10 = v128.load(epilogue);
  let c11 = v128.load(epilogue, 16);
  let c20 = v128.load(epilogue);
  let c21 = v128.load(epilogue, 16);
  let c30 = v128.load(epilogue);
  let c31 = v128.load(epilogue, 16);
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
  v128.store(out0, scaled<T, B>(c00, scale0, bias0));
  v128.store(out0, scaled<T, B>(c01, scale1, bias1), 16);
  v128.store(out1, scaled<T, B>(c10, scale0, bias0));
  v128.store(out1, scaled<T, B>(c11, scale1, bias1), 16);
  v128.store(out2, scaled<T, B>(c20, scale0, bias0));
  v128.store(out2, scaled<T, B>(c21, scale1, bias1), 16);
  v128.store(out3, scaled<T, B>(c30, scale0, bias0));
  v128.store(out3, scaled<T, B>(c31, scale1, bias1), 16);
}

/**
 * {@link wholeTile} for `used` rows and `lanes` lanes, T = i8 or i16; what is over goes to `spare` (128 bytes).
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
  const whole = lanes == 8 && used == 4;
  const o0 = whole ? out0 : spare;
  const o1 = whole ? out1 : spare + 32;
  const o2 = whole ? out2 : spare + 64;
  const o3 = whole ? out3 : spare + 96;
  if (hasBias) {
    wholeTile<T, bool>(epilogue, segment, segmentEnd, row0, row1, row2, row3, step, panel, o0, o1, o2, o3);
  } else {
    wholeTile<T, i32>(epilogue, segment, segmentEnd, row0, row1, row2, row3, step, panel, o0, o1, o2, o3);
  }
  if (whole) return;
  const bytes = <usize>lanes << 2;
  memory.copy(out0, o0, bytes);
  if (used > 1) memory.copy(out1, o1, bytes);
  if (used > 2) memory.copy(out2, o2, bytes);
  if (used > 3) memory.copy(out3, o3, bytes);
}
