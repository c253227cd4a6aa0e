/**
 * exp, log, erf, tanh and cos made of IEEE additions, multiplications and divisions alone: `Math.exp` and its like
 * differ in the last bit between engines, and octograd promises the same bits in Node, in a page and on ARM.
 * Accurate to a few units in the last place of a double; float32 kernels round the result once.
 *
 * This file is compiled twice: by TypeScript and, unchanged, by AssemblyScript into the WASM kernels. So it keeps to
 * numbers, Math.floor, Math.abs and plain loops, and imports nothing.
 */

/** 2**k for an integer k in [-1074, 1023]. */
export function powerOfTwo(k: number): number {
  let base = k < 0.0 ? 0.5 : 2.0;
  let n = Math.abs(k);
  let result = 1.0;
  while (n > 0.0) {
    const half = Math.floor(n * 0.5);
    if (n - 2.0 * half > 0.0) result *= base;
    base *= base;
    n = half;
  }
  return result;
}

/** e**x. */
export function exp(x: number): number {
  if (x !== x) return x;
  if (x > 709.782712893384) return Infinity;
  if (x < -745.1332191019411) return 0.0;
  const k = Math.floor(x * 1.4426950408889634 + 0.5);
  // ln 2 in two parts: the first has 32 trailing zero bits, so k * first is exact.
  const r = x - k * 0.6931471803691238 - k * 1.9082149292705877e-10;
  // Taylor to degree 13: the remainder at |r| <= 0.347 is below 5e-18.
  let p = 1.6059043836821613e-10;
  p = p * r + 2.08767569878681e-9;
  p = p * r + 2.505210838544172e-8;
  p = p * r + 2.755731922398589e-7;
  p = p * r + 2.7557319223985893e-6;
  p = p * r + 2.48015873015873e-5;
  p = p * r + 1.984126984126984e-4;
  p = p * r + 1.388888888888889e-3;
  p = p * r + 8.333333333333333e-3;
  p = p * r + 4.1666666666666664e-2;
  p = p * r + 0.16666666666666666;
  p = p * r + 0.5;
  p = p * r + 1.0;
  p = p * r + 1.0;
  if (k > 1023.0) return p * 2.0 * powerOfTwo(k - 1.0);
  if (k < -1022.0) return p * powerOfTwo(k + 54.0) * 5.551115123125783e-17;
  return p * powerOfTwo(k);
}

/** Natural logarithm; NaN below zero, -Infinity at zero. */
export function log(x: number): number {
  if (x !== x || x < 0.0) return NaN;
  if (x === 0.0) return -Infinity;
  if (x === Infinity) return x;
  let m = x;
  let e = 0.0;
  // Far numbers come near 1 by large powers of two first; scaling is exact either way.
  let step = x < 0.00390625 || x > 256.0 ? 512.0 : 0.0;
  while (step >= 1.0) {
    const up = powerOfTwo(step);
    const down = powerOfTwo(-step);
    if (m >= up) {
      m *= down;
      e += step;
    } else if (m < down) {
      m *= up;
      e -= step;
    }
    step *= 0.5;
  }
  while (m < 0.7071067811865476) {
    m *= 2.0;
    e -= 1.0;
  }
  while (m > 1.4142135623730951) {
    m *= 0.5;
    e += 1.0;
  }
  // log m = 2 artanh f, |f| <= 0.1716: 1 + f^2/3 + f^4/5 + ... + f^22/23.
  const f = (m - 1.0) / (m + 1.0);
  const s = f * f;
  let p = 0.043478260869565216;
  p = p * s + 0.047619047619047616;
  p = p * s + 0.05263157894736842;
  p = p * s + 0.058823529411764705;
  p = p * s + 0.06666666666666667;
  p = p * s + 0.07692307692307693;
  p = p * s + 0.09090909090909091;
  p = p * s + 0.1111111111111111;
  p = p * s + 0.14285714285714285;
  p = p * s + 0.2;
  p = p * s + 0.3333333333333333;
  p = p * s + 1.0;
  return e * 0.6931471803691238 + (e * 1.9082149292705877e-10 + 2.0 * f * p);
}

/** Error function. */
export function erf(x: number): number {
  if (x !== x) return x;
  const a = Math.abs(x);
  let value = 1.0;
  if (a < 3.0) {
    // erf x = 2/sqrt(pi) exp(-x^2) sum 2^n x^(2n+1) / (2n+1)!!: all terms positive, no cancellation.
    let term = a;
    let sum = a;
    let n = 1.0;
    while (term > sum * 1e-17) {
      term *= (2.0 * a * a) / (2.0 * n + 1.0);
      sum += term;
      n += 1.0;
    }
    value = 1.1283791670955126 * exp(-a * a) * sum;
  } else if (a < 6.0) {
    // erfc by its continued fraction (Lentz is not needed at this depth).
    let fraction = a;
    let n = 60.0;
    while (n >= 1.0) {
      fraction = a + (n * 0.5) / fraction;
      n -= 1.0;
    }
    value = 1.0 - (0.5641895835477563 * exp(-a * a)) / fraction;
  }
  return x < 0.0 ? -value : value;
}

/** Hyperbolic tangent. */
export function tanh(x: number): number {
  const a = Math.abs(x);
  if (a < 1.0) {
    // Lambert's continued fraction x/(1 + x^2/(3 + x^2/(5 + ...))): the formula below cancels near 0.
    const s = x * x;
    let fraction = 25.0;
    let n = 23.0;
    while (n >= 1.0) {
      fraction = n + s / fraction;
      n -= 2.0;
    }
    return x / fraction;
  }
  const value = a > 20.0 ? 1.0 : 1.0 - 2.0 / (exp(2.0 * a) + 1.0);
  return x < 0.0 ? -value : value;
}

/** Cosine, for |x| up to a few thousand (learning-rate schedules). */
export function cos(x: number): number {
  const turns = Math.floor(x * 0.15915494309189535 + 0.5);
  let r = Math.abs(x - turns * 6.283185307179586 - turns * 2.4492935982947064e-16);
  let sign = 1.0;
  if (r > 1.5707963267948966) {
    r = 3.141592653589793 - r + 1.2246467991473532e-16;
    sign = -1.0;
  }
  const s = r * r;
  let p = 0.0;
  let n = 24.0;
  // Horner over the Taylor series, highest term first.
  while (n >= 2.0) {
    p = 1.0 - (s / (n * (n - 1.0))) * (n === 24.0 ? 1.0 : p);
    n -= 2.0;
  }
  return sign * p;
}
