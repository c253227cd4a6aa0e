/**
 * The plans of a session by kind and batch size. Those of the usual batch size stay; of all others only the ones used last, so
 * that a caller whose batches keep changing in size does not fill memory with plans. Knows nothing of what is in a plan.
 */

/** Plans of other batch sizes than the usual one that a session keeps, all kinds together. */
export const keptPlans = 16;

export class PlanCache<P> {
  private readonly usual = new Map<string, P>();
  /** In the order of their last use. */
  private readonly others = new Map<string, P>();

  /** @param drop is told which plan left the cache. */
  constructor(
    private readonly usualBatch: number,
    private readonly drop: (plan: P) => void,
  ) {}

  /** The plan, which counts as used, or undefined. */
  get(kind: string, batch: number): P | undefined {
    const key = `${kind}:${batch}`;
    if (batch === this.usualBatch) return this.usual.get(key);
    const plan = this.others.get(key);
    if (plan === undefined) return undefined;
    this.others.delete(key);
    this.others.set(key, plan);
    return plan;
  }

  /** Adds a plan; the one that was not used for longest goes where there are too many. */
  set(kind: string, batch: number, plan: P): void {
    if (batch === this.usualBatch) {
      this.usual.set(`${kind}:${batch}`, plan);
      return;
    }
    this.others.set(`${kind}:${batch}`, plan);
    if (this.others.size <= keptPlans) return;
    const [oldest] = this.others;
    this.others.delete(oldest[0]);
    this.drop(oldest[1]);
  }

  /** Plans there are. */
  get size(): number {
    return this.usual.size + this.others.size;
  }
}
