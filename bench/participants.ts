/** Who takes part in which work, how its process is started, and why it stays away where it does. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { ChildConfig } from './protocol.js';
import { momentum, type Work, type WorkId } from './works.js';

/** The repository's root, seen from the compiled files in .cache/bench/. */
export const root = fileURLToPath(new URL('../../', import.meta.url));
const peerFile = (name: string): string => `${root}bench/peers/${name}`;

export const peerNames = ['tfjs-cpu', 'tfjs-wasm', 'tfjs-wasm-patched', 'jax-js', 'torch'] as const;
export type PeerName = (typeof peerNames)[number];

/**
 * Our recipes; `fp32-plain` is fp32 without fused multiply-add, `int8-pairs` int8 without 8-bit dot products (what machines
 * without VNNI run), `fp32-wide` and `int8-wide` are by V8's 256-bit vectoriser. Another name is that of a built-in recipe.
 */
export const recipeNames = [
  ...(['fp32', 'fp32-plain', 'fp32-wide', 'paper', 'int8', 'int8-pairs', 'int8-wide'] as const),
  'int8-norm-gradients-8bit',
] as const;
export type RecipeName = (typeof recipeNames)[number];

export interface Participant {
  /** Such as `int8, 2 threads`: what tables and `--baseline` call it. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly batch: number;
  readonly threads: number;
}

/** What was asked for and cannot be, in a sentence. */
export type Notice = string;

export interface Choice {
  readonly recipes: readonly RecipeName[];
  readonly peers: readonly PeerName[];
  readonly threads: readonly number[];
  /** For trials: at most so many samples a batch. */
  readonly batchLimit?: number;
}

const threadText = (threads: number): string => `${threads} thread${threads === 1 ? '' : 's'}`;

/** Batches that a peer can do in a minute or so; works that are not listed are done in full. */
const smallBatches: Readonly<Partial<Record<PeerName, Partial<Record<WorkId, number>>>>> = {
  'tfjs-cpu': { W2: 4 },
  'jax-js': { W3: 4, W4: 1 },
};

/** Why a peer is not started at all. */
const hopeless: Readonly<Partial<Record<PeerName, Partial<Record<WorkId, string>>>>> = {
  'tfjs-cpu': {
    W3: 'plain JavaScript, more than ten seconds an image',
    W4: 'plain JavaScript, more than half a minute an image',
  },
};

/** An interpreter earlier on the path may hide Debian's, whose torch it does not see. */
function findTorch(): string | undefined {
  return ['python3', '/usr/bin/python3'].find(
    (path) => spawnSync(path, ['-c', 'import torch'], { stdio: 'ignore' }).status === 0,
  );
}

const nodePeers: Readonly<
  Record<Exclude<PeerName, 'torch'>, { file: string; package: string; variant: object }>
> = {
  'tfjs-cpu': { file: 'tfjs.mjs', package: '@tensorflow/tfjs', variant: { backend: 'cpu' } },
  'tfjs-wasm': { file: 'tfjs.mjs', package: '@tensorflow/tfjs-backend-wasm', variant: { backend: 'wasm' } },
  'tfjs-wasm-patched': {
    file: 'tfjs.mjs',
    package: '@tensorflow/tfjs-backend-wasm',
    variant: { backend: 'wasm', patched: true },
  },
  'jax-js': { file: 'jax.mjs', package: '@jax-js/jax', variant: {} },
};

/** Builds the lists of participants; what it finds out about the machine it finds out once. */
export class Roster {
  private torch: string | undefined;
  readonly notices: Notice[] = [];

  constructor(private readonly choice: Choice) {
    const { peers, threads } = choice;
    if (peers.includes('torch')) {
      this.torch = findTorch();
      if (!this.torch) this.notices.push('torch: skipped, python3 cannot import it (Debian: python3-torch)');
    }
    const missing = new Set(
      peers
        .filter((name) => name !== 'torch')
        .map((name) => nodePeers[name].package)
        .filter((name) => !existsSync(`${root}bench/node_modules/${name}/package.json`)),
    );
    for (const name of missing) this.notices.push(`${name}: skipped, it is not installed in bench/`);
    const single = peers.filter((name) => name !== 'torch');
    if (single.length > 0 && threads.some((count) => count > 1)) {
      this.notices.push(
        `${single.join(', ')}: one thread only. tfjs turns threads off in Node, jax-js has none without the Worker of pages`,
      );
    }
  }

  /** All that take part in a work, ours first. */
  of(work: Work): { readonly participants: Participant[]; readonly notices: Notice[] } {
    const notices: Notice[] = [];
    const [major] = process.versions.node.split('.');
    const wide = Number(major) >= 24 && process.arch === 'x64';
    const recipes = this.choice.recipes.filter((name) => wide || !name.endsWith('-wide'));
    const left = this.choice.recipes.filter((name) => !recipes.includes(name));
    if (left.length > 0)
      notices.push(`${work.id}: ${left.join(', ')} skipped: Node 24 or newer on x64 is needed`);
    const own = this.choice.threads.flatMap((threads) =>
      recipes.map((name) => this.own(work, name, threads)),
    );
    const others = this.choice.peers.flatMap((name) => {
      const why = hopeless[name]?.[work.id];
      if (why) notices.push(`${work.id}: ${name} skipped: ${why}`);
      return why ? [] : this.peer(work, name);
    });
    for (const { name, batch } of others) {
      if (batch < this.batch(work))
        notices.push(`${work.id}: ${name} runs a batch of ${batch} instead of ${work.batch}`);
    }
    return { participants: [...own, ...others], notices };
  }

  private batch(work: Work, wanted = work.batch): number {
    return Math.min(wanted, this.choice.batchLimit ?? wanted);
  }

  private inNode(name: string, config: Omit<ChildConfig, 'momentum'>): Participant {
    const entry = fileURLToPath(new URL('./participant.js', import.meta.url));
    return {
      name,
      command: process.execPath,
      args: [entry, JSON.stringify({ ...config, momentum })],
      env: {},
      batch: config.batch,
      threads: config.threads,
    };
  }

  private own(work: Work, name: RecipeName, threads: number): Participant {
    const [, recipe, variant] = /^(.+?)(?:-(plain|pairs|wide))?$/.exec(name) as RegExpExecArray;
    return this.inNode(`${name}, ${threadText(threads)}`, {
      module: './octograd.js',
      work,
      batch: this.batch(work),
      threads,
      variant: { recipe, [variant ?? 'default']: true },
    });
  }

  private peer(work: Work, name: PeerName): Participant[] {
    if (name === 'torch') return this.choice.threads.flatMap((threads) => this.torchOf(work, threads));
    const { file, package: wanted, variant } = nodePeers[name];
    if (!existsSync(`${root}bench/node_modules/${wanted}/package.json`)) return [];
    const batch = this.batch(work, smallBatches[name]?.[work.id] ?? work.batch);
    const module = pathToFileURL(peerFile(file)).href;
    return [
      this.inNode(name, { module, work, batch, threads: 1, variant: variant as ChildConfig['variant'] }),
    ];
  }

  /** Convolutional works in both layouts of memory, since the better one depends on the machine. */
  private torchOf(work: Work, threads: number): Participant[] {
    if (!this.torch) return [];
    const command = this.torch;
    const batch = this.batch(work);
    return (work.id === 'W1' ? [false] : [false, true]).map((channelsLast) => ({
      name: `torch${channelsLast ? ' channels-last' : ''}, ${threadText(threads)}`,
      command,
      args: [
        peerFile('torch_peer.py'),
        JSON.stringify({ work, batch, threads, momentum, variant: { channelsLast } }),
      ],
      env: { OMP_NUM_THREADS: String(threads), MKL_NUM_THREADS: String(threads) },
      batch,
      threads,
    }));
  }
}
