/** Which pixels a convolution or a pooling window joins along one axis. Knows nothing of channels and values. */

/** One axis of a sliding window. */
export interface WindowAxis {
  readonly inSize: number;
  readonly outSize: number;
  readonly kernel: number;
  readonly stride: number;
  readonly pad: number;
  readonly dilation: number;
}

/** The axes of height and width of a call; pooling has no dilation. */
export function windowAxes(p: {
  readonly inH: number;
  readonly inW: number;
  readonly outH: number;
  readonly outW: number;
  readonly kernelH: number;
  readonly kernelW: number;
  readonly strideH: number;
  readonly strideW: number;
  readonly padH: number;
  readonly padW: number;
  readonly dilationH?: number;
  readonly dilationW?: number;
}): { readonly high: WindowAxis; readonly wide: WindowAxis } {
  return {
    high: {
      inSize: p.inH,
      outSize: p.outH,
      kernel: p.kernelH,
      stride: p.strideH,
      pad: p.padH,
      dilation: p.dilationH ?? 1,
    },
    wide: {
      inSize: p.inW,
      outSize: p.outW,
      kernel: p.kernelW,
      stride: p.strideW,
      pad: p.padW,
      dilation: p.dilationW ?? 1,
    },
  };
}

/** [outSize][kernel]: the input position that tap k of output position o reads, -1 in the padding. */
export function inputOfTap(axis: WindowAxis): Int32Array {
  const table = new Int32Array(axis.outSize * axis.kernel);
  for (let o = 0; o < axis.outSize; o++) {
    for (let k = 0; k < axis.kernel; k++) {
      const i = o * axis.stride - axis.pad + k * axis.dilation;
      table[o * axis.kernel + k] = i >= 0 && i < axis.inSize ? i : -1;
    }
  }
  return table;
}

/** [inSize][kernel]: the output position that reads input position i by tap k, -1 where none does. */
export function outputOfTap(axis: WindowAxis): Int32Array {
  const table = new Int32Array(axis.inSize * axis.kernel);
  for (let i = 0; i < axis.inSize; i++) {
    for (let k = 0; k < axis.kernel; k++) {
      const o = (i + axis.pad - k * axis.dilation) / axis.stride;
      table[i * axis.kernel + k] = Number.isInteger(o) && o >= 0 && o < axis.outSize ? o : -1;
    }
  }
  return table;
}
