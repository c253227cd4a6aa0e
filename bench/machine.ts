/** Where and when something was measured. */
import { availableParallelism, cpus, totalmem } from 'node:os';

export interface Circumstances {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
  readonly date: string;
}

export function circumstances(): Circumstances {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${process.arch}`,
    node: process.versions.node,
    date: new Date().toISOString().slice(0, 10),
  };
}

export function circumstancesText(at: Circumstances, versions: readonly string[]): string {
  const measured = versions.length > 0 ? ` Measured: ${[...new Set(versions)].join('; ')}.` : '';
  return `${at.date}, ${at.cpu}, ${at.cores} cores, ${at.memoryGiB} GiB, ${at.system}, Node ${at.node}.${measured}`;
}
