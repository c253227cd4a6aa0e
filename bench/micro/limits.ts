/** The machine's limits, measured by the loops of assembly/tile.ts: products a second from the first cache, bytes a second. */
import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import asc from 'assemblyscript/asc';
import { root } from '../participants.js';

interface TileExports {
  readonly memory: WebAssembly.Memory;
  tileInt(left: number, right: number, out: number, runs: number): void;
  tilePlain(left: number, right: number, out: number, runs: number): void;
  tileFused(left: number, right: number, out: number, runs: number): void;
  tileBytes(left: number, right: number, out: number, runs: number): void;
  copy(from: number, to: number, bytes: number): void;
  fill(to: number, bytes: number): void;
}

/** Runs of a tile in one job: a job shall last much longer than a call does. */
const runs = 500;
/** A run is 256 steps of 8 vectors of 4 sums. */
const accumulations = 256 * 8 * 4 * runs;

export const arithmeticLimits = {
  /** Products of bytes where one exact instruction does them, four multiply-accumulates a lane. */
  bytes: { job: 'limit: bytes', ops: 2 * 4 * accumulations },
  /** Other integer products go through pairs of int16, two multiply-accumulates a lane. */
  integer: { job: 'limit: int16 pairs', ops: 2 * 2 * accumulations },
  fused: { job: 'limit: float32, fused multiply-add', ops: 2 * accumulations },
  plain: { job: 'limit: float32, multiply and add', ops: 2 * accumulations },
} as const;

export type ArithmeticLimit = keyof typeof arithmeticLimits;

/** Rates, 10^9 operations a second, from the milliseconds of the limits' jobs (undefined: there is no such job here). */
export function gopsOf(
  milliseconds: (kind: ArithmeticLimit) => number | undefined,
): Readonly<Record<ArithmeticLimit, number | undefined>> {
  const rate = (kind: ArithmeticLimit): number | undefined => {
    const time = milliseconds(kind);
    return time === undefined ? undefined : arithmeticLimits[kind].ops / time / 1e6;
  };
  const [integer, plain] = [rate('integer'), rate('plain')];
  // Without an exact product of bytes these go through pairs, and without fused multiply-add floats through the plain loop.
  return { bytes: rate('bytes') ?? integer, integer, fused: rate('fused') ?? plain, plain };
}

/** Sizes of what is copied from: first and second cache, third cache, memory. */
const copySizes = [64 << 10, 512 << 10, 4 << 20, 48 << 20];
const fillSize = 48 << 20;
const sizeText = (bytes: number): string => (bytes < 1 << 20 ? `${bytes >> 10} KiB` : `${bytes >> 20} MiB`);

export const copyLimits = copySizes.map((size) => ({
  job: `limit: copy ${sizeText(size)}`,
  /** Read and written. */
  bytes: 2 * size,
}));

export const fillLimit = { job: `limit: fill ${sizeText(fillSize)}`, bytes: fillSize };

async function compile(fused: boolean): Promise<TileExports> {
  const entry = 'bench/micro/assembly/tile.ts';
  let binary: Uint8Array | undefined;
  const { error, stderr } = await asc.main(
    [
      ...[entry, '--baseDir', root, '--outFile', 'tile.wasm', '-O3', '--noAssert', '--runtime', 'stub'],
      ...['--initialMemory', '1700', '--memoryBase', '1024', '--use', `FUSED=${fused ? 1 : 0}`],
      ...['--enable', fused ? 'simd,relaxed-simd' : 'simd'],
    ],
    {
      readFile: (name) =>
        name === entry || name.endsWith(entry) ? readFileSync(`${root}${entry}`, 'utf8') : null,
      writeFile: (_name, contents) => {
        if (typeof contents !== 'string') binary = contents;
      },
      listFiles: () => [],
    },
  );
  if (error || !binary)
    throw new Error(`bench/micro/assembly/tile.ts: ${error?.message}\n${stderr.toString()}`);
  const { instance } = await WebAssembly.instantiate(Uint8Array.from(binary));
  return instance.exports as unknown as TileExports;
}

/** Fused multiply-add where the engine has it; Node 20 has it behind a flag. */
async function load(): Promise<{ tile: TileExports; fused: boolean }> {
  if (Number(process.versions.node.split('.')[0]) < 22)
    setFlagsFromString('--experimental-wasm-relaxed-simd');
  try {
    return { tile: await compile(true), fused: true };
  } catch {
    return { tile: await compile(false), fused: false };
  }
}

/** Jobs that measure the limits, by name. `byteDot`: octograd's products of bytes go by one instruction here. */
export async function limitJobs(byteDot: boolean): Promise<ReadonlyMap<string, () => void>> {
  const { tile, fused } = await load();
  const [left, right, out, data] = [4096, 4096 + 8192, 4096 + 8192 + 16384, 65536];
  // Small numbers, so that no float grows and none becomes a denormal, which is slow.
  new Float32Array(tile.memory.buffer, left, 6144).fill(0.001);
  const jobs = new Map<string, () => void>([
    [arithmeticLimits.plain.job, () => tile.tilePlain(left, right, out, runs)],
    [arithmeticLimits.integer.job, () => tile.tileInt(left, right, out + 256, runs)],
    [fillLimit.job, () => tile.fill(data, fillSize)],
  ]);
  if (fused) jobs.set(arithmeticLimits.fused.job, () => tile.tileFused(left, right, out + 512, runs));
  if (fused && byteDot)
    jobs.set(arithmeticLimits.bytes.job, () => tile.tileBytes(left, right, out + 768, runs));
  copyLimits.forEach(({ job, bytes }) => {
    const size = bytes / 2;
    // Small copies are repeated until a job is as long as the largest is.
    const times = Math.max(1, copySizes[2] / size);
    jobs.set(job, () => {
      for (let i = 0; i < times; i++) tile.copy(data, data + size, size);
    });
  });
  return jobs;
}

/** Bytes that one job of a copy moves. */
export function copiedBytes(limit: (typeof copyLimits)[number]): number {
  return limit.bytes * Math.max(1, copySizes[2] / (limit.bytes / 2));
}
