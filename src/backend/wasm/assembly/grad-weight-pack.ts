/** Widens gradient and input of conv2d_grad_weight_int into pairs of pixels, zeros where the image ends. */
import { INT16 } from './args';
import { codeAt, eightAt, zeroPointOf } from './codes';
import { groups, inC, inH, inW, kernelW, outC, outH, outW, padH, strideH, strideW } from './geometry';
import { innerC, outerC, inBlocks, outBlocks, pairs, inPairs, firstPair, bandRows, gradZeros, inputZeros, gradPad, inputPad, columns, eight, residueOf, inputRows, slotBytes } from './grad-weight-plan';

/** Zero points as int16, and the pixel of codes that stands for zero: beside the image, and after a row of odd length. */
export function fillZeros(
  zeros: usize,
  pad: usize,
  storage: i32,
  qparams: usize,
  paramGroups: i32,
  count: i32,
): void {
  for (let c = 0; c < count; c++) {
    const zero = zeroPointOf(qparams, paramGroups > 1 ? c : 0);
    store<i16>(zeros + ((<usize>c) << 1), <i16>zero);
    if (storage == INT16) store<i16>(pad + ((<usize>c) << 1), <i16>zero);
    else store<u8>(pad + <usize>c, <u8>zero);
  }
}

/** `count` channels of codes from `first` on, less their zero points, as eight int16 of which the rest are 0. */
function someAt(pixel: usize, zeros: usize, first: i32, count: i32, storage: i32): v128 {
  v128.store(eight, i64x2.splat(0));
  for (let c = 0; c < count; c++) {
    const zero = <i32>load<i16>(zeros + ((<usize>(first + c)) << 1));
    store<i16>(eight + ((<usize>c) << 1), <i16>(codeAt(pixel, first + c, storage) - zero));
  }
  return v128.load(eight);
}

/**
 * Two pixels' channels, paired. Blocks of a group follow each other at `blockStride`; `half` is the bytes from channels
 * 0..3 of eight to channels 4..7, `next` to the eight after them.
 */
function packPair(
  to: usize,
  even: usize,
  odd: usize,
  zeros: usize,
  storage: i32,
  groupChannels: i32,
  groupBytes: usize,
  half: usize,
  next: usize,
  blockChannels: i32,
): void {
  for (let group = 0; group < groups; group++, to += groupBytes) {
    const first = group * groupChannels;
    let at = to;
    for (let c = 0; c < groupChannels; c += 8, at += next) {
      const left = groupChannels - c;
      let e: v128;
      let o: v128;
      if (left >= 8) {
        const zero = v128.load(zeros + ((<usize>(first + c)) << 1));
        e = i16x8.sub(eightAt(even, first + c, storage), zero);
        o = i16x8.sub(eightAt(odd, first + c, storage), zero);
      } else {
        e = someAt(even, zeros, first + c, left, storage);
        o = someAt(odd, zeros, first + c, left, storage);
      }
      v128.store(at, v128.shuffle<i16>(e, o, 0, 8, 1, 9, 2, 10, 3, 11));
      if (blockChannels == 8 || left > 4) {
        v128.store(at + half, v128.shuffle<i16>(e, o, 4, 12, 5, 13, 6, 14, 7, 15));
      }
    }
  }
}

export function packGrad(band: usize, codes: usize, storage: i32, image: i32, first: i32, rows: i32): void {
  const bytes: usize = storage == INT16 ? 2 : 1;
  const pixel = <usize>outC * bytes;
  const block = (<usize>pairs) << 5;
  const rowBytes = <usize>(groups * outBlocks) * block;
  for (let r = 0; r < rows; r++) {
    const row = codes + <usize>((image * outH + first + r) * outW) * pixel;
    const to = band + <usize>r * rowBytes;
    for (let t = 0; t < pairs; t++) {
      const even = row + <usize>(2 * t) * pixel;
      const odd = 2 * t + 1 < outW ? even + pixel : gradPad;
      const at = to + ((<usize>t) << 5);
      packPair(at, even, odd, gradZeros, storage, outerC, <usize>outBlocks * block, 16, block, 8);
    }
  }
}

export function packInput(band: usize, codes: usize, storage: i32, image: i32, first: i32, rows: i32): void {
  const bytes: usize = storage == INT16 ? 2 : 1;
  const pixel = <usize>inC * bytes;
  const block = (<usize>inPairs) << 4;
  const rowBytes = <usize>(groups * inBlocks) * block;
  const count = inputRows(rows);
  for (let kw = 0; kw < kernelW; kw++) {
    const slot = load<i32>(columns + ((<usize>kw) << 3));
    let seen = false;
    for (let i = 0; i < kw; i++) if (load<i32>(columns + ((<usize>i) << 3)) == slot) seen = true;
    if (seen) continue;
    const start = firstPair * 2 * strideW + residueOf(kw);
    for (let r = 0; r < count; r++) {
      const ih = first * strideH - padH + r;
      const to = band + <usize>slot * slotBytes(bandRows) + <usize>r * rowBytes;
      if (ih < 0 || ih >= inH) {
        memory.fill(to, 0, rowBytes);
        continue;
      }
      const row = codes + <usize>((image * inH + ih) * inW) * pixel;
      for (let t = 0; t < inPairs; t++) {
        const iw = start + 2 * t * strideW;
        const even = iw >= 0 && iw < inW ? row + <usize>iw * pixel : inputPad;
        const jw = iw + strideW;
        const odd = jw >= 0 && jw < inW ? row + <usize>jw * pixel : inputPad;
        const at = to + ((<usize>t) << 4);
        packPair(at, even, odd, inputZeros, storage, innerC, <usize>inBlocks * block, block, 2 * block, 4);
      }
    }
  }
}

