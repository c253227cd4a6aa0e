/** Round numbers for the axes of charts, linear and logarithmic. Knows numbers alone. */

/** Round numbers that cover low..high, about `count` of them; the two ends where floats have no round numbers between. */
export function niceTicks(low: number, high: number, count = 5): number[] {
  if (!(high > low)) return [low];
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999) ?? 10) * power;
  const [first, last] = [Math.ceil(low / step - 1e-9), Math.floor(high / step + 1e-9)];
  // Twelve digits: 3 * 0.1 is 0.3 on an axis. Ends that differ further behind have no such numbers between them.
  const near = (high - low) / Math.max(Math.abs(low), Math.abs(high)) < 1e-10;
  const countable = Number.isFinite(step) && Number.isSafeInteger(first) && Number.isSafeInteger(last);
  if (near || !countable) return [low, high];
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** Powers of ten that cover low..high; every second or third where there are many. */
export function decadeTicks(low: number, high: number): number[] {
  const [first, last] = [Math.ceil(Math.log10(low) - 1e-9), Math.floor(Math.log10(high) + 1e-9)];
  const stride = Math.max(1, Math.ceil((last - first + 1) / 7));
  const ticks: number[] = [];
  // Number('1e-5') is exact where 10 ** -5 need not be.
  for (let k = first; k <= last; k += stride) ticks.push(Number(`1e${k}`));
  return ticks;
}

/**
 * Ticks of a logarithmic axis, at least three of them: powers of ten; where low..high has three of them or fewer, their doubles and
 * fivefolds too; and equal steps where even of these there are few.
 */
export function logTicks(low: number, high: number): number[] {
  const decades = decadeTicks(low, high);
  if (decades.length > 3) return decades;
  const finer = decadeTicks(low / 10, high)
    .flatMap((power) => [1, 2, 5].map((factor) => Number((factor * power).toPrecision(12))))
    .filter((tick) => tick >= low * (1 - 1e-9) && tick <= high * (1 + 1e-9));
  return finer.length > 2 ? finer : niceTicks(low, high);
}
