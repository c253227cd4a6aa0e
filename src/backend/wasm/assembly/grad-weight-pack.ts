/** Widens gradient and input of conv2d_grad_weight_int into pairs of one pixel of two images, zeros where an image ends. */
import { INT16 } from './args';
import { eightAt, zeroPointOf } from './codes';
import { batch, groups, inC, inH, inW, kernelW, outC, outH, outW, padH, padW, strideH, strideW } from './geometry';
import {
  bandRows,
  COLUMN_BYTES,
  columns,
  gradPad,
  gradZeros,
  inBlocks,
  inCols,
  innerC,
  inputPad,
  inputRows,
  inputZeros,
  outBlocks,
  outerC,
  residueOf,
  slotBytes,
} from './grad-weight-plan';
import { laneMask } from './vectors';

/** Zero points as int16, and the pixel of codes that stands for zero: beside the image, and where a last image has no partner. */
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
      const zero = v128.load(zeros + ((<usize>(first + c)) << 1));
      let e = i16x8.sub(eightAt(even, first + c, storage), zero);
      let o = i16x8.sub(eightAt(odd, first + c, storage), zero);
      if (left < 8) {
        // What was read past the group's channels counts for nothing.
        const own = laneMask(left);
        e = v128.and(e, own);
        o = v128.and(o, own);
      }
      v128.store(at, v128.shuffle<i16>(e, o, 0, 8, 1, 9, 2, 10, 3, 11));
      if (blockChannels == 8 || left > 4) {
        v128.store(at + half, v128.shuffle<i16>(e, o, 4, 12, 5, 13, 6, 14, 7, 15));
      }
    }
  }
}

/** Rows first .. first + rows-1 of the gradient of images 2 * pair and 2 * pair + 1. */
export function packGrad(band: usize, codes: usize, storage: i32, pair: i32, first: i32, rows: i32): void {
  const bytes: usize = storage == INT16 ? 2 : 1;
  const pixel = <usize>outC * bytes;
  const block = (<usize>outW) << 5;
  const rowBytes = <usize>(groups * outBlocks) * block;
  const paired = 2 * pair + 1 < batch;
  const partner = <usize>(outH * outW) * pixel;
  for (let r = 0; r < rows; r++) {
    let even = codes + <usize>((2 * pair * outH + first + r) * outW) * pixel;
    let to = band + <usize>r * rowBytes;
    for (let w = 0; w < outW; w++, even += pixel, to += 32) {
      const odd = paired ? even + partner : gradPad;
      packPair(to, even, odd, gradZeros, storage, outerC, <usize>outBlocks * block, 16, block, 8);
    }
  }
}

/** The rows of the input that those of the gradient meet, columns sorted by residue. */
export function packInput(band: usize, codes: usize, storage: i32, pair: i32, first: i32, rows: i32): void {
  const bytes: usize = storage == INT16 ? 2 : 1;
  const pixel = <usize>inC * bytes;
  const block = (<usize>inCols) << 4;
  const rowBytes = <usize>(groups * inBlocks) * block;
  const count = inputRows(rows);
  const paired = 2 * pair + 1 < batch;
  const partner = <usize>(inH * inW) * pixel;
  for (let kw = 0; kw < kernelW; kw++) {
    const slot = load<i32>(columns + <usize>kw * COLUMN_BYTES);
    let seen = false;
    for (let i = 0; i < kw; i++) if (load<i32>(columns + <usize>i * COLUMN_BYTES) == slot) seen = true;
    if (seen) continue;
    const start = residueOf(kw) - padW;
    for (let r = 0; r < count; r++) {
      const ih = first * strideH - padH + r;
      const to = band + <usize>slot * slotBytes(bandRows) + <usize>r * rowBytes;
      if (ih < 0 || ih >= inH) {
        memory.fill(to, 0, rowBytes);
        continue;
      }
      const row = codes + <usize>((2 * pair * inH + ih) * inW) * pixel;
      for (let t = 0; t < inCols; t++) {
        const iw = start + t * strideW;
        const inside = iw >= 0 && iw < inW;
        const even = inside ? row + <usize>iw * pixel : inputPad;
        const odd = inside && paired ? even + partner : inputPad;
        const at = to + ((<usize>t) << 4);
        packPair(at, even, odd, inputZeros, storage, innerC, <usize>inBlocks * block, block, 2 * block, 4);
      }
    }
  }
}
