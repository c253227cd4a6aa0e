/** What is at a document's place and cannot be read may be anybody's, and is not written over. */
import { existsSync, lstatSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { workFolder } from '../../run.case.js';
import { writeAll, writeBeside } from './document-files.js';

it('writes over nothing that it cannot read', async () => {
  const folder = workFolder();
  const [readme, tables] = ['README.md', 'tables.md'].map((name) => join(folder, name));
  // Cannot be read, whoever runs this.
  symlinkSync('README.md', readme);
  const documents = [
    [readme, '# A text'],
    [tables, '# Tables'],
  ] as const;
  await expect(writeAll(documents)).rejects.toThrow(
    `${readme} (which cannot be read): not written by octograd reproduce --docs of these experiments`,
  );
  expect(existsSync(tables)).toBe(false);
  let said = '';
  const write = (text: string): void => {
    said += text;
  };
  const io = { stdout: { write }, stderr: { write }, env: {}, signal: new AbortController().signal };
  await writeBeside(documents, io);
  expect(said).toBe(
    `octograd: ${readme} (which cannot be read): not written by octograd reproduce, left as it is\n`,
  );
  expect(existsSync(tables)).toBe(true);
  expect(lstatSync(readme).isSymbolicLink()).toBe(true);
});
