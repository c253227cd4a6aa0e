/**
 * The inner loops of conv2d_grad_weight_int: 4 input channels times 8 output channels, and, for 256-bit vectors (`PAIR_PANELS`),
 * times 16, so that what is broadcast serves twice as many sums (tile-pair.ts says why).
 */

/** Sums rows of pairs of some pairs of images: a tile of int32, [4 input channels][8 output channels]. */
export function sumPairs(
  tile: usize,
  input: usize,
  grad: usize,
  images: i32,
  inputImage: usize,
  gradImage: usize,
  height: i32,
  count: i32,
  inputRow: usize,
  gradRow: usize,
): void {
  let c00 = i32x4.splat(0);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  let c20 = c00;
  let c21 = c00;
  let c30 = c00;
  let c31 = c00;
  let rows = height;
  let firstInput = input;
  let firstGrad = grad;
  do {
    let x = input;
    let g = grad;
    let n = count;
    do {
      const b0 = v128.load(g);
      const b1 = v128.load(g, 16);
      let a = v128.load32_splat(x);
      c00 = i32x4.add(c00, i32x4.dot_i16x8_s(a, b0));
      c01 = i32x4.add(c01, i32x4.dot_i16x8_s(a, b1));
      a = v128.load32_splat(x, 4);
      c10 = i32x4.add(c10, i32x4.dot_i16x8_s(a, b0));
      c11 = i32x4.add(c11, i32x4.dot_i16x8_s(a, b1));
      a = v128.load32_splat(x, 8);
      c20 = i32x4.add(c20, i32x4.dot_i16x8_s(a, b0));
      c21 = i32x4.add(c21, i32x4.dot_i16x8_s(a, b1));
      a = v128.load32_splat(x, 12);
      c30 = i32x4.add(c30, i32x4.dot_i16x8_s(a, b0));
      c31 = i32x4.add(c31, i32x4.dot_i16x8_s(a, b1));
      x += 16;
      g += 32;
    } while (--n);
    input += inputRow;
    grad += gradRow;
    if (--rows == 0 && --images > 0) {
      rows = height;
      firstInput += inputImage;
      firstGrad += gradImage;
      input = firstInput;
      grad = firstGrad;
    }
  } while (rows > 0);
  v128.store(tile, c00);
  v128.store(tile, c01, 16);
  v128.store(tile, c10, 32);
  v128.store(tile, c11, 48);
  v128.store(tile, c20, 64);
  v128.store(tile, c21, 80);
  v128.store(tile, c30, 96);
  v128.store(tile, c31, 112);
}

/** {@link sumPairs} for two blocks of output channels, `secondGrad` bytes apart: two tiles, one behind the other. */
export function sumPairsOfTwo(
  tile: usize,
  input: usize,
  grad: usize,
  secondGrad: usize,
  images: i32,
  inputImage: usize,
  gradImage: usize,
  height: i32,
  count: i32,
  inputRow: usize,
  gradRow: usize,
): void {
  let c00 = i32x4.splat(0);
  let c01 = c00;
  let c02 = c00;
  let c03 = c00;
  let c10 = c00;
  let c11 = c00;
  let c12 = c00;
  let c13 = c00;
  let c20 = c00;
  let c21 = c00;
  let c22 = c00;
  let c23 = c00;
  let c30 = c00;
  let c31 = c00;
  let c32 = c00;
  let c33 = c00;
  let rows = height;
  let firstInput = input;
  let firstGrad = grad;
  do {
    let x = input;
    let g = grad;
    let h = grad + secondGrad;
    let n = count;
    do {
      const b0 = v128.load(g);
      const b1 = v128.load(g, 16);
      const b2 = v128.load(h);
      const b3 = v128.load(h, 16);
      let a = v128.load32_splat(x);
      c00 = i32x4.add(c00, i32x4.dot_i16x8_s(a, b0));
      c01 = i32x4.add(c01, i32x4.dot_i16x8_s(a, b1));
      c02 = i32x4.add(c02, i32x4.dot_i16x8_s(a, b2));
      c03 = i32x4.add(c03, i32x4.dot_i16x8_s(a, b3));
      a = v128.load32_splat(x, 4);
      c10 = i32x4.add(c10, i32x4.dot_i16x8_s(a, b0));
      c11 = i32x4.add(c11, i32x4.dot_i16x8_s(a, b1));
      c12 = i32x4.add(c12, i32x4.dot_i16x8_s(a, b2));
      c13 = i32x4.add(c13, i32x4.dot_i16x8_s(a, b3));
      a = v128.load32_splat(x, 8);
      c20 = i32x4.add(c20, i32x4.dot_i16x8_s(a, b0));
      c21 = i32x4.add(c21, i32x4.dot_i16x8_s(a, b1));
      c22 = i32x4.add(c22, i32x4.dot_i16x8_s(a, b2));
      c23 = i32x4.add(c23, i32x4.dot_i16x8_s(a, b3));
      a = v128.load32_splat(x, 12);
      c30 = i32x4.add(c30, i32x4.dot_i16x8_s(a, b0));
      c31 = i32x4.add(c31, i32x4.dot_i16x8_s(a, b1));
      c32 = i32x4.add(c32, i32x4.dot_i16x8_s(a, b2));
      c33 = i32x4.add(c33, i32x4.dot_i16x8_s(a, b3));
      x += 16;
      g += 32;
      h += 32;
    } while (--n);
    input += inputRow;
    grad += gradRow;
    if (--rows == 0 && --images > 0) {
      rows = height;
      firstInput += inputImage;
      firstGrad += gradImage;
      input = firstInput;
      grad = firstGrad;
    }
  } while (rows > 0);
  v128.store(tile, c00);
  v128.store(tile, c01, 16);
  v128.store(tile, c10, 32);
  v128.store(tile, c11, 48);
  v128.store(tile, c20, 64);
  v128.store(tile, c21, 80);
  v128.store(tile, c30, 96);
  v128.store(tile, c31, 112);
  v128.store(tile, c02, 128);
  v128.store(tile, c03, 144);
  v128.store(tile, c12, 160);
  v128.store(tile, c13, 176);
  v128.store(tile, c22, 192);
  v128.store(tile, c23, 208);
  v128.store(tile, c32, 224);
  v128.store(tile, c33, 240);
}
