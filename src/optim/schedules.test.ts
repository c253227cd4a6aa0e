import { describe, expect, it } from 'vitest';
import { UsageError } from '../core/errors.js';
import {
  checkSchedule,
  constant,
  cosine,
  learningRateAt,
  multiStep,
  oneCycle,
  type Schedule,
  step,
  warmup,
} from './schedules.js';

const rates = (schedule: Schedule, total: number): number[] =>
  Array.from({ length: total }, (_, i) => learningRateAt(schedule, i, total));

describe('schedules', () => {
  it('constant stays', () => {
    expect(new Set(rates(constant(0.1), 7))).toEqual(new Set([0.1]));
  });

  it('step falls after each share', () => {
    expect(rates(step(1, 1 / 3, 0.5), 9)).toEqual([1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25]);
    expect(rates(step(1, 0.5, 0.5), 4)).toEqual([1, 1, 0.5, 0.5]);
    expect(learningRateAt(step(1, 0.5, 0.5), 100, 4)).toBe(0.5);
  });

  it('multiStep falls at the very step, whatever the share rounds to', () => {
    // 81/200 * 78,200 is a little above 31,671 in floating point.
    const schedule = multiStep(1, [81 / 200, 122 / 200, 164 / 200], 0.5);
    const perEpoch = 391;
    for (const [epoch, rate] of [
      [81, 0.5],
      [122, 0.25],
      [164, 0.125],
    ]) {
      expect(learningRateAt(schedule, epoch * perEpoch - 1, 200 * perEpoch)).toBe(rate * 2);
      expect(learningRateAt(schedule, epoch * perEpoch, 200 * perEpoch)).toBe(rate);
    }
  });

  it('cosine starts at the top, is half-way in the middle and ends at the end', () => {
    const schedule = cosine(0.2, 0.02);
    expect(learningRateAt(schedule, 0, 100)).toBeCloseTo(0.2, 15);
    expect(learningRateAt(schedule, 50, 100)).toBeCloseTo(0.11, 15);
    expect(learningRateAt(schedule, 25, 100)).toBeCloseTo(0.02 + 0.18 * 0.5 * (1 + Math.SQRT1_2), 15);
    expect(learningRateAt(schedule, 100, 100)).toBe(0.02);
    expect(learningRateAt(schedule, 1000, 100)).toBe(0.02);
    const all = rates(schedule, 100);
    expect(all.every((rate, i) => i === 0 || rate < all[i - 1])).toBe(true);
  });

  it.each(['cosine', 'linear'] as const)('oneCycle (%s) rises to the peak and falls to the end', (shape) => {
    const schedule = oneCycle(1, { shape, end: 0.001 });
    const all = rates(schedule, 100);
    expect(all[0]).toBeCloseTo(1 / 25, 15);
    expect(all[30]).toBe(1);
    expect(all.indexOf(Math.max(...all))).toBe(30);
    expect(all[15]).toBeCloseTo((1 + 1 / 25) / 2, 12);
    expect(all[65]).toBeCloseTo((1 + 0.001) / 2, 12);
    expect(learningRateAt(schedule, 100, 100)).toBeCloseTo(0.001, 15);
    expect(all.every((rate, i) => i === 0 || (i <= 30 ? rate > all[i - 1] : rate < all[i - 1]))).toBe(true);
  });

  it('warmup rises in a line to what follows, which starts at its own beginning', () => {
    const schedule = warmup(0.1, cosine(1));
    const all = rates(schedule, 40);
    [0.2, 0.4, 0.6, 0.8, 1].forEach((rate, i) => {
      expect(all[i]).toBeCloseTo(rate, 15);
    });
    expect(all[22]).toBe(learningRateAt(cosine(1), 18, 36));
    expect(learningRateAt(schedule, 40, 40)).toBe(0);
    expect(learningRateAt(schedule, 0, 1)).toBe(1);
  });

  it('survives JSON and cannot be changed', () => {
    for (const schedule of [
      constant(1),
      step(1, 0.3),
      multiStep(1, [0.5]),
      cosine(1),
      oneCycle(1),
      warmup(0.1, oneCycle(1)),
    ]) {
      const copy = checkSchedule(JSON.parse(JSON.stringify(schedule)) as Schedule);
      expect(copy).toEqual(schedule);
      expect(rates(copy, 10)).toEqual(rates(schedule, 10));
      expect(Object.isFrozen(copy)).toBe(true);
    }
  });

  it.each([
    [() => constant(-1), /"constant": learningRate must be a number of at least 0, got -1/],
    [() => constant(Number.NaN), /learningRate/],
    [() => step(1, 1.5), /every must be a share of the run/],
    [() => step(1, 0.5, 0), /factor must be a number above 0/],
    [() => multiStep(1, [0.5, 0.25]), /milestones must be ascending shares/],
    [() => multiStep(1, []), /milestones/],
    [() => multiStep(1, [81, 122]), /milestones/],
    [() => cosine(1, Number.POSITIVE_INFINITY), /end/],
    [() => oneCycle(1, { peak: 1 }), /peak/],
    [() => oneCycle(1, { peek: 0.2 } as object), /no field "peek"\. Did you mean "peak"\?/],
    [() => warmup(0, constant(1)), /share/],
    [() => checkSchedule({ kind: 'warmup', share: 0.1 } as unknown as Schedule), /followedBy/],
    [() => warmup(0.1, warmup(0.1, constant(1)) as never), /not a warm-up/],
    [() => checkSchedule({ kind: 'cosin' } as unknown as Schedule), /Did you mean "cosine"\?/],
    [() => learningRateAt(constant(1), -1, 10), /from 0/],
    [() => learningRateAt(constant(1), 0, 0), /from 1/],
  ])('refuses what makes no sense (%#)', (make, message) => {
    expect(make).toThrow(UsageError);
    expect(make).toThrow(message);
  });
});
