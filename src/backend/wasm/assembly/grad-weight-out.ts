/**
 * What becomes of the sums of conv2d_grad_weight_int: tiles of [4 input channels][8 output channels] are rounded once to
 * float32, scaled and stored as [outC][kernelH][kernelW][inC / groups], four input channels in one vector.
 */
import { scaleOf } from './codes';
import { innerC, outerC } from './grad-weight-plan';
import { kernelH, kernelW } from './geometry';

/** Scales of the eight output channels of a block, to `scales`; those that are not there repeat nothing and are not used. */
export function loadScales(
  scales: usize,
  gradParams: usize,
  gradGroups: i32,
  inputScale: f32,
  group: i32,
  outBlock: i32,
): void {
  const lanes = min(8, outerC - outBlock * 8);
  const first = group * outerC + outBlock * 8;
  for (let lane = 0; lane < lanes; lane++) {
    const scale = scaleOf(gradParams, gradGroups > 1 ? first + lane : 0) * inputScale;
    store<f32>(scales + (<usize>lane << 2), scale);
  }
}

// @ts-ignore: decorator
@inline
function storeScaled4(to: usize, values: v128, scale: usize): void {
  v128.store(to, f32x4.mul(values, v128.load32_splat(scale)));
}

/** Four output channels (lanes) of a tile, all four input channels. */
// @ts-ignore: decorator
@inline
function storeQuarter(to: usize, next: usize, tile: usize, scales: usize, lanes: i32): void {
  const r0 = v128.load(tile);
  const r1 = v128.load(tile, 32);
  const r2 = v128.load(tile, 64);
  const r3 = v128.load(tile, 96);
  const a = v128.shuffle<i32>(r0, r1, 0, 4, 1, 5);
  const b = v128.shuffle<i32>(r2, r3, 0, 4, 1, 5);
  storeScaled4(to, v128.shuffle<i64>(a, b, 0, 2), scales);
  if (lanes < 2) return;
  storeScaled4(to + next, v128.shuffle<i64>(a, b, 1, 3), scales + 4);
  if (lanes < 3) return;
  const c = v128.shuffle<i32>(r0, r1, 2, 6, 3, 7);
  const d = v128.shuffle<i32>(r2, r3, 2, 6, 3, 7);
  storeScaled4(to + 2 * next, v128.shuffle<i64>(c, d, 0, 2), scales + 8);
  if (lanes < 4) return;
  storeScaled4(to + 3 * next, v128.shuffle<i64>(c, d, 1, 3), scales + 12);
}

/** A tile of floats, scaled, to its place. */
export function storeTile(
  gradWeight: usize,
  tile: usize,
  scales: usize,
  group: i32,
  outBlock: i32,
  tap: i32,
  inBlock: i32,
): void {
  const taps = kernelH * kernelW;
  const next = <usize>(taps * innerC) << 2;
  const oc = group * outerC + outBlock * 8;
  const to = gradWeight + (<usize>((oc * taps + tap) * innerC + inBlock * 4) << 2);
  const lanes = min(8, outerC - outBlock * 8);
  const rows = min(4, innerC - inBlock * 4);
  if (rows == 4) {
    storeQuarter(to, next, tile, scales, lanes);
    if (lanes > 4) storeQuarter(to + 4 * next, next, tile + 16, scales + 16, lanes - 4);
    return;
  }
  for (let lane: usize = 0; lane < <usize>lanes; lane++) {
    const scale = load<f32>(scales + (lane << 2));
    for (let row: usize = 0; row < <usize>rows; row++) {
      store<f32>(to + lane * next + (row << 2), load<f32>(tile + ((row * 8 + lane) << 2)) * scale);
    }
  }
}

/** tile (32 floats) = the sums at `wide` of `parts` threads, `partBytes` apart, rounded once. */
export function gatherWide(tile: usize, wide: usize, parts: i32, partBytes: usize): void {
  for (let i: usize = 0; i < 32; i += 4) {
    let at = wide + (i << 3);
    let low = v128.load(at);
    let high = v128.load(at, 16);
    for (let part = 1; part < parts; part++) {
      at += partBytes;
      low = f64x2.add(low, v128.load(at));
      high = f64x2.add(high, v128.load(at, 16));
    }
    const halves = v128.shuffle<i64>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2);
    v128.store(tile + (i << 2), halves);
  }
}
