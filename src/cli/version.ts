/** The version of this package, from the package.json that it was installed with. */
import { readFileSync } from 'node:fs';

/** `0.1.0`. The file lies two folders up from dist/cli and from src/cli alike. */
export function octogradVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
