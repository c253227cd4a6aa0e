/** `npm run bench`: reads the arguments, measures, prints and writes. */
import { type BenchOptions, help, OptionError, readOptions } from './options.js';
import { Roster } from './participants.js';
import { publish } from './publish.js';
import { measureWork, type WorkResult } from './rounds.js';
import { workTable } from './tables.js';

const log = (text: string): void => void process.stderr.write(`${text}\n`);

async function runWorks(options: BenchOptions): Promise<number> {
  const roster = new Roster(options);
  const notices = [...roster.notices];
  const results: WorkResult[] = [];
  for (const work of options.works) {
    const { participants, notices: ofWork } = roster.of(work);
    notices.push(...ofWork);
    results.push(await measureWork(work, participants, { ...options, log }));
  }
  const tables = results.map((result) => workTable(result, options.baselines));
  const versions = results.flatMap(({ figures }) => figures.map(({ version }) => version));
  publish(options, { tables, notices, versions, data: { results } });
  // Peers may fail, and are listed then; ours may not.
  const own = results.flatMap(({ refused }) => refused).filter(({ name }) => /^(fp32|paper|int8)/.test(name));
  return own.length === 0 && results.some(({ figures }) => figures.length > 0) ? 0 : 1;
}

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (!options) {
    process.stdout.write(help);
    return 0;
  }
  if (options.command === 'works') return runWorks(options);
  const { runMicro } = await import('./micro/run.js');
  return runMicro(options, log);
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof OptionError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
