/** An update segment made ready on a backend, and whether the codes that it left of the weights are still theirs. */
import type { Backend, Program } from '../backend/backend.js';
import type { UpdateSegment } from './update.js';

/** Runs updates, and brings codes of weights up to date where parameters were set from outside. */
export class UpdateRun {
  private readonly update: Program;
  private readonly refreshing: Program;
  private stale = true;

  constructor(
    private readonly backend: Backend,
    private readonly segment: UpdateSegment,
  ) {
    this.update = backend.compile(segment.calls);
    this.refreshing = backend.compile(segment.refresh);
  }

  /** To be called where a parameter was set from outside. */
  touch(): void {
    this.stale = true;
  }

  /** To be called before a step. Throws NonFiniteError for a quantised weight that is not finite. */
  refresh(): void {
    if (!this.stale) return;
    this.segment.begin(this.backend);
    this.refreshing.run();
    this.segment.check(this.backend);
    this.stale = false;
  }

  /** Update `step`. Throws NonFiniteError where it made a quantised weight NaN or infinite. */
  run(step: number): void {
    this.stale = true;
    this.segment.begin(this.backend);
    this.update.run();
    this.segment.check(this.backend, step);
    this.stale = false;
  }
}
