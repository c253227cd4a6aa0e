/** The same bits in a page as in Node: a training run in Chromium, with threads where the page may have them and without. */
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, expect } from 'vitest';
import { needs } from './support/needs.js';

const root = process.cwd();
const types: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
};
/** valibot is the one bare import of the modules that a page loads. */
const page = `<!doctype html><title>octograd</title>
<script type="importmap">{ "imports": { "valibot": "/node_modules/valibot/dist/index.mjs" } }</script>`;

/** Serves the repository's files; cross-origin isolation is what gives a page shared memory. */
function serve(isolated: boolean): Promise<Server> {
  const server = createServer(async (request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://localhost').pathname);
    if (isolated) {
      response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
      response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
    }
    try {
      const body = path === '/' ? page : await readFile(join(root, path));
      response.setHeader(
        'Content-Type',
        types[path === '/' ? '.html' : extname(path)] ?? 'application/octet-stream',
      );
      response.end(body);
    } catch {
      response.statusCode = 404;
      response.end();
    }
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

interface Result {
  readonly losses: number[];
  readonly hash: number;
  readonly threads: number;
  readonly description: string;
  readonly loop: { readonly ahead: boolean; readonly losses: number[] };
}

const browserNeed = needs('chromium');
let browser: Browser | undefined;

beforeAll(async () => {
  if (!browserNeed.available) return;
  browser = await chromium.launch({
    executablePath: browserNeed.path,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-sync',
      '--no-first-run',
    ],
  });
});
afterAll(async () => browser?.close());

async function inPage(isolated: boolean, recipe: string, threads: number): Promise<Result> {
  const server = await serve(isolated);
  try {
    const tab = await (browser as Browser).newPage();
    await tab.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    const program = `(async () => {
      const octograd = await import('/dist/index.js');
      const { train } = await import('/test/browser/run.mjs');
      return train(octograd, '${recipe}', ${threads});
    })()`;
    const result = (await tab.evaluate(program)) as Result;
    await tab.close();
    return result;
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

async function inNode(recipe: string, threads: number): Promise<Result> {
  const url = (file: string): string => pathToFileURL(join(root, file)).href;
  const octograd = (await import(url('dist/index.js'))) as unknown;
  const { train } = (await import(url('test/browser/run.mjs'))) as {
    train: (octograd: unknown, recipe: string, threads: number) => Promise<Result>;
  };
  return train(octograd, recipe, threads);
}

browserNeed.describe('a page in Chromium', () => {
  for (const recipe of ['int8', 'paper']) {
    browserNeed.it(
      `${recipe}: gives the bits of Node, with two threads and with one`,
      async () => {
        const node = await inNode(recipe, 2);
        const isolated = await inPage(true, recipe, 2);
        expect(isolated.threads).toBe(2);
        expect(isolated.losses).toEqual(node.losses);
        expect(isolated.hash).toBe(node.hash);
        expect(node.loop.losses).toHaveLength(6);
        expect(isolated.loop).toEqual({ ahead: true, losses: node.loop.losses });
        const plain = await inPage(false, recipe, 1);
        expect(plain.threads).toBe(1);
        expect(plain.hash).toBe(node.hash);
        expect(plain.loop).toEqual({ ahead: false, losses: node.loop.losses });
        // A loaded machine takes its time to start a browser.
      },
      180_000,
    );
  }
});
