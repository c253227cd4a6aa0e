/**
 * A child process that runs one participant: loads its module, makes one step and then serves requests (protocol.ts). The module
 * knows neither the protocol nor the clock, so that all are measured alike.
 */
import { createInterface } from 'node:readline';
import type { Answer, ChildConfig, Ran, Request, RunRequest, Served } from './protocol.js';

const config = JSON.parse(process.argv[2] ?? '{}') as ChildConfig;

const say = (answer: Answer): void => void process.stdout.write(`${JSON.stringify(answer)}\n`);

async function repeat(served: Served, { job, seconds, maxSteps }: RunRequest): Promise<Ran> {
  const milliseconds: number[] = [];
  const began = performance.now();
  let before = began;
  let loss = 0;
  do {
    const result = served.run(job);
    // Waiting for what is no promise would cost short jobs a turn of the event loop.
    loss = typeof result === 'number' ? result : await result;
    const after = performance.now();
    milliseconds.push(after - before);
    before = after;
  } while (before - began < seconds * 1000 && milliseconds.length < maxSteps);
  return { type: 'ran', milliseconds, loss, peakRss: process.resourceUsage().maxRSS * 1024 };
}

try {
  const { create } = (await import(config.module)) as { create: (config: ChildConfig) => Promise<Served> };
  const served = await create(config);
  const loss = config.work ? await served.run('step') : 0;
  say({ type: 'ready', loss, version: served.version, description: served.description });
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line) as Request;
    if (request.type === 'run') say(await repeat(served, request));
    else say({ type: 'called', value: await served.calls?.[request.name]?.() });
  }
} catch (error) {
  say({ type: 'failed', message: error instanceof Error ? error.message : String(error) });
}
// Libraries keep workers and timers that would hold the process.
process.exit(0);
