/**
 * The product kernels as plain loops over JavaScript numbers, to hold the WASM kernels against. Integer sums stay below
 * 2^53, so they are exact here in any order; float sums take the order of the contract.
 */
const f = Math.fround;

export interface Geometry {
  batch: number;
  inH: number;
  inW: number;
  inC: number;
  outH: number;
  outW: number;
  outC: number;
  kernelH: number;
  kernelW: number;
  strideH: number;
  strideW: number;
  padH: number;
  padW: number;
  dilationH: number;
  dilationW: number;
  groups: number;
}

/** Fills outH and outW in. */
export function geometry(part: Partial<Geometry>): Geometry {
  const g: Geometry = {
    ...{ batch: 1, inH: 1, inW: 1, inC: 1, outH: 0, outW: 0, outC: 1, kernelH: 1, kernelW: 1 },
    ...{ strideH: 1, strideW: 1, padH: 0, padW: 0, dilationH: 1, dilationW: 1, groups: 1 },
    ...part,
  };
  g.outH = Math.floor((g.inH + 2 * g.padH - g.dilationH * (g.kernelH - 1) - 1) / g.strideH) + 1;
  g.outW = Math.floor((g.inW + 2 * g.padW - g.dilationW * (g.kernelW - 1) - 1) / g.strideW) + 1;
  return g;
}

/** Calls visit(output, input, weight) element indexes for every product of a convolution, output pixels in reading order. */
function products(g: Geometry, visit: (output: number, input: number, weight: number) => void): void {
  const inner = g.inC / g.groups;
  const outer = g.outC / g.groups;
  for (let b = 0; b < g.batch; b++)
    for (let oh = 0; oh < g.outH; oh++)
      for (let ow = 0; ow < g.outW; ow++)
        for (let kh = 0; kh < g.kernelH; kh++)
          for (let kw = 0; kw < g.kernelW; kw++) {
            const ih = oh * g.strideH - g.padH + kh * g.dilationH;
            const iw = ow * g.strideW - g.padW + kw * g.dilationW;
            if (ih < 0 || ih >= g.inH || iw < 0 || iw >= g.inW) continue;
            for (let oc = 0; oc < g.outC; oc++) {
              const group = Math.floor(oc / outer);
              for (let c = 0; c < inner; c++) {
                visit(
                  ((b * g.outH + oh) * g.outW + ow) * g.outC + oc,
                  ((b * g.inH + ih) * g.inW + iw) * g.inC + group * inner + c,
                  ((oc * g.kernelH + kh) * g.kernelW + kw) * inner + c,
                );
              }
            }
          }
}

type Numbers = ArrayLike<number>;
export type Rounding = (x: number) => number;
const exactly: Rounding = (x) => x;

export function convolve(
  g: Geometry,
  input: Numbers,
  weight: Numbers,
  round: Rounding = exactly,
): Float64Array {
  const sums = new Float64Array(g.batch * g.outH * g.outW * g.outC);
  products(g, (o, i, w) => {
    sums[o] = round(sums[o] + round(input[i] * weight[w]));
  });
  return sums;
}

/** The order of the sum is (kh, kw, output channel), which for one input pixel is not that of `products`. */
export function convolveGradInput(
  g: Geometry,
  grad: Numbers,
  weight: Numbers,
  round: Rounding = exactly,
): Float64Array {
  const sums = new Float64Array(g.batch * g.inH * g.inW * g.inC);
  const inner = g.inC / g.groups;
  const outer = g.outC / g.groups;
  for (let b = 0; b < g.batch; b++)
    for (let kh = 0; kh < g.kernelH; kh++)
      for (let kw = 0; kw < g.kernelW; kw++)
        for (let oc = 0; oc < g.outC; oc++)
          for (let oh = 0; oh < g.outH; oh++)
            for (let ow = 0; ow < g.outW; ow++) {
              const ih = oh * g.strideH - g.padH + kh * g.dilationH;
              const iw = ow * g.strideW - g.padW + kw * g.dilationW;
              if (ih < 0 || ih >= g.inH || iw < 0 || iw >= g.inW) continue;
              const group = Math.floor(oc / outer);
              for (let c = 0; c < inner; c++) {
                const at = ((b * g.inH + ih) * g.inW + iw) * g.inC + group * inner + c;
                const w = weight[((oc * g.kernelH + kh) * g.kernelW + kw) * inner + c];
                sums[at] = round(sums[at] + round(grad[((b * g.outH + oh) * g.outW + ow) * g.outC + oc] * w));
              }
            }
  return sums;
}

export function convolveGradWeight(
  g: Geometry,
  grad: Numbers,
  input: Numbers,
  round: Rounding = exactly,
): Float64Array {
  const sums = new Float64Array(g.outC * g.kernelH * g.kernelW * (g.inC / g.groups));
  products(g, (o, i, w) => {
    sums[w] = round(sums[w] + round(grad[o] * input[i]));
  });
  return sums;
}

export interface MatmulShape {
  batch: number;
  rows: number;
  cols: number;
  inner: number;
  transposeLeft: number;
  transposeRight: number;
}

export function multiply(
  s: MatmulShape,
  left: Numbers,
  right: Numbers,
  round: Rounding = exactly,
): Float64Array {
  const sums = new Float64Array(s.batch * s.rows * s.cols);
  for (let b = 0; b < s.batch; b++)
    for (let m = 0; m < s.rows; m++)
      for (let n = 0; n < s.cols; n++) {
        let sum = 0;
        for (let k = 0; k < s.inner; k++) {
          const l = left[b * s.rows * s.inner + (s.transposeLeft ? k * s.rows + m : m * s.inner + k)];
          const r = right[b * s.inner * s.cols + (s.transposeRight ? n * s.inner + k : k * s.cols + n)];
          sum = round(sum + round(l * r));
        }
        sums[(b * s.rows + m) * s.cols + n] = sum;
      }
  return sums;
}

/** f(f(acc) * f(scaleLeft * scaleRight)), then the bias. */
export function rescale(acc: number, scaleLeft: number, scaleRight: number, bias?: number): number {
  const value = f(f(acc) * f(scaleLeft * scaleRight));
  return bias === undefined ? value : f(value + bias);
}
