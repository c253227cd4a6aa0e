/** The command's arguments. */
import { parseArgs } from 'node:util';
import { type Section, sections } from './markdown.js';
import { type PeerName, peerNames, type RecipeName, recipeNames } from './participants.js';
import { type Work, works } from './works.js';

export interface BenchOptions {
  readonly command: 'works' | 'micro';
  readonly works: readonly Work[];
  readonly peers: readonly PeerName[];
  readonly recipes: readonly RecipeName[];
  readonly threads: readonly number[];
  readonly rounds: number;
  readonly seconds: number;
  readonly maxSteps: number;
  readonly batchLimit?: number;
  /** Names of the participants that the others are compared with. */
  readonly baselines: readonly string[];
  readonly json?: string;
  readonly markdown?: string;
  /** Of the page that --markdown names. */
  readonly section: Section;
  /** The arguments as they were given. */
  readonly asked: string;
  readonly smoke: boolean;
}

/** An argument that cannot be used; the message says what can. */
export class OptionError extends Error {}

export const help = `npm run bench -- [micro] [options]

Without a command: whole training steps of the fixed works, ours and the peers', in interleaved rounds.
micro: products in GOP/s against onnxruntime-web and the machine's limits, each kernel of a ResNet-20 step, and what threads
bring. Takes --peers, --threads, --rounds, --seconds, --json, --markdown and --smoke.

  --works LIST      ${works.map(({ id }) => id).join(',')} (default: all)
  --peers LIST      ${peerNames.join(',')}, all (default) or none
  --recipes LIST    ${recipeNames.join(',')} (default: all); fp32-plain is without fused
                    multiply-add, int8-pairs without 8-bit dot products, -wide by 256-bit vectors
                    (Node 24 or newer, x64)
  --threads LIST    numbers of threads (default: 1,2)
  --rounds N        rounds (default: 7)
  --seconds S       one participant's turn in a round (default: 2; micro: 0.2)
  --baseline LIST   participants that others are compared with, separated by ";"
                    (default: "int8, 2 threads", or the last of ours)
  --json FILE       all figures, each round's
  --markdown FILE   puts the tables into their section of FILE, such as BENCHMARKS.md
  --section NAME    that section, of ${sections.slice(0, -1).join(', ')} (default: works)
  --smoke           a trial in a minute: small batches, two steps a turn; its figures mean nothing
  --help
`;

function list<T extends string>(flag: string, text: string | undefined, known: readonly T[]): readonly T[] {
  if (text === undefined || text === 'all') return known;
  if (text === 'none') return [];
  const names = text.split(',').map((name) => name.trim());
  for (const name of names) {
    if (!(known as readonly string[]).includes(name)) {
      throw new OptionError(`${flag}: there is no "${name}"; known are ${known.join(', ')}`);
    }
  }
  return names as T[];
}

function number(flag: string, text: string | undefined, otherwise: number, whole: boolean): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (Number.isFinite(value) && value > 0 && (!whole || Number.isInteger(value))) return value;
  throw new OptionError(`${flag} must be a ${whole ? 'whole ' : ''}number above 0, got "${text}"`);
}

/** Arguments as one would type them, but for the file of figures, whose place is nobody's affair. */
export function shownArguments(args: readonly string[]): string {
  const shown = args.filter((arg, i) => !arg.startsWith('--json') && args[i - 1] !== '--json');
  return shown.map((arg) => (/[\s;]/.test(arg) ? `"${arg}"` : arg)).join(' ');
}

/** Reads arguments; undefined when only help is wanted. Throws OptionError. */
export function readOptions(args: readonly string[]): BenchOptions | undefined {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(args);
  } catch (error) {
    throw new OptionError(error instanceof Error ? error.message : String(error));
  }
  const { values, positionals } = parsed;
  if (values.help) return undefined;
  const [command = 'works', ...rest] = positionals;
  if ((command !== 'works' && command !== 'micro') || rest.length > 0) {
    throw new OptionError(`there is no command "${positionals.join(' ')}"; leave it out, or use micro`);
  }
  if (command === 'micro') {
    const idle = (['works', 'recipes', 'baseline', 'section'] as const).find(
      (name) => values[name] !== undefined,
    );
    if (idle) throw new OptionError(`--${idle} is for whole training steps; leave it out with micro`);
  }
  const section = values.section ?? command;
  if (!(sections as readonly string[]).includes(section)) {
    throw new OptionError(
      `--section: there is no "${section}"; known are ${sections.slice(0, -1).join(', ')}`,
    );
  }
  const { smoke = false } = values;
  const threads = (values.threads ?? '1,2').split(',').map((text) => number('--threads', text, 1, true));
  const recipes = list('--recipes', values.recipes, recipeNames);
  const best = recipes.includes('int8') ? 'int8' : recipes.at(-1);
  const most = Math.max(...threads);
  const ids = list(
    '--works',
    values.works,
    works.map(({ id }) => id),
  );
  return {
    command,
    works: works.filter(({ id }) => ids.includes(id)),
    peers: list('--peers', values.peers, peerNames),
    recipes,
    threads,
    rounds: number('--rounds', values.rounds, smoke ? 2 : 7, true),
    seconds: number('--seconds', values.seconds, smoke ? 0.01 : command === 'micro' ? 0.2 : 2, false),
    maxSteps: smoke ? 2 : Number.MAX_SAFE_INTEGER,
    ...(smoke ? { batchLimit: 4 } : {}),
    baselines: values.baseline?.split(';').map((name) => name.trim()) ?? [
      `${best}, ${most} thread${most === 1 ? '' : 's'}`,
    ],
    ...(values.json === undefined ? {} : { json: values.json }),
    ...(values.markdown === undefined ? {} : { markdown: values.markdown }),
    section: section as Section,
    asked: shownArguments(args),
    smoke,
  };
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const;
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      works: text,
      peers: text,
      recipes: text,
      threads: text,
      rounds: text,
      seconds: text,
      baseline: text,
      json: text,
      markdown: text,
      section: text,
      smoke: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
}
