import { describe, expect, it } from 'vitest';
import { keptPlans, PlanCache } from './plan-cache.js';

describe('PlanCache', () => {
  it('keeps every plan of the usual batch size, and of others those used last', () => {
    const dropped: string[] = [];
    const cache = new PlanCache<string>(64, (plan) => dropped.push(plan));
    for (const kind of ['train', 'eval', 'predict']) cache.set(kind, 64, kind);
    for (let batch = 1; batch <= keptPlans; batch++) cache.set('train', batch, `train ${batch}`);
    expect([cache.size, dropped]).toEqual([keptPlans + 3, []]);
    // The oldest is used once more, so the second oldest goes.
    expect(cache.get('train', 1)).toBe('train 1');
    cache.set('predict', 2, 'predict 2');
    expect([cache.size, dropped]).toEqual([keptPlans + 3, ['train 2']]);
    expect(cache.get('train', 2)).toBeUndefined();
    expect(cache.get('train', 1)).toBe('train 1');
    expect(cache.get('eval', 64)).toBe('eval');
  });
});
