/** A participant's process, seen from the command: starts it, asks, waits for the answer, ends it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { type Answer, parseAnswer, type Ran, type Ready, type Request, type RunRequest } from './protocol.js';

/** Lines of other output that are kept for the message of a failure. */
const keptLines = 15;

export class Child {
  private readonly process: ChildProcess;
  private readonly began = performance.now();
  private readonly noise: string[] = [];
  private readonly answers: Answer[] = [];
  private ended: string | undefined;
  private wake: (() => void) | undefined;

  constructor(
    command: string,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
    /** Longest wait for an answer. */
    private readonly limitSeconds = 600,
  ) {
    this.process = spawn(command, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    const { stdout, stderr, stdin } = this.process;
    // A child that died takes no more requests; its end is noticed below.
    stdin?.on('error', () => undefined);
    if (stdout) createInterface({ input: stdout }).on('line', (line) => this.hear(line));
    if (stderr) createInterface({ input: stderr }).on('line', (line) => this.keep(line));
    this.process.once('error', (error) => this.end(error.message));
    this.process.once('close', (code, signal) => this.end(`ended with ${signal ?? `code ${code}`}`));
  }

  private hear(line: string): void {
    const answer = parseAnswer(line);
    if (answer) this.answers.push(answer);
    else this.keep(line);
    this.wake?.();
  }

  private keep(line: string): void {
    this.noise.push(line);
    if (this.noise.length > keptLines) this.noise.shift();
  }

  private end(why: string): void {
    this.ended ??= why;
    this.wake?.();
  }

  private async answer(): Promise<Answer> {
    const until = performance.now() + this.limitSeconds * 1000;
    for (;;) {
      const answer = this.answers.shift();
      if (answer?.type === 'failed') throw new Error(answer.message);
      if (answer) return answer;
      if (this.ended !== undefined) {
        throw new Error([this.ended, ...this.noise.filter((line) => line.trim() !== '')].join('\n    '));
      }
      const left = until - performance.now();
      if (left <= 0) throw new Error(`no answer within ${this.limitSeconds} s`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** Waits for its first step. Resolves with the milliseconds since the process was started. */
  async ready(): Promise<Ready & { readonly milliseconds: number }> {
    const answer = await this.answer();
    if (answer.type !== 'ready') throw new Error(`expected "ready", got "${answer.type}"`);
    return { ...answer, milliseconds: performance.now() - this.began };
  }

  private async ask(request: Request): Promise<Answer> {
    this.process.stdin?.write(`${JSON.stringify(request)}\n`);
    return this.answer();
  }

  async run(request: Omit<RunRequest, 'type'>): Promise<Ran> {
    const answer = await this.ask({ type: 'run', ...request });
    if (answer.type !== 'ran') throw new Error(`expected "ran", got "${answer.type}"`);
    return answer;
  }

  async call(name: string): Promise<unknown> {
    const answer = await this.ask({ type: 'call', name });
    if (answer.type !== 'called') throw new Error(`expected "called", got "${answer.type}"`);
    return answer.value;
  }

  /** Ends the process. */
  async stop(): Promise<void> {
    if (this.ended !== undefined) return;
    this.process.stdin?.end();
    const timer = setTimeout(() => this.process.kill('SIGKILL'), 3000);
    await new Promise<void>((resolve) => this.process.once('close', () => resolve()));
    clearTimeout(timer);
  }
}
