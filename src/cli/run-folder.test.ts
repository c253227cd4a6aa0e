import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { workFolder } from './run.case.js';
import { checkFolderNames, fileName, RunFolder, timeStamp } from './run-folder.js';
import { clockText, percentText, tableLines } from './table.js';

const folder = workFolder();
const before = process.cwd();
beforeEach(() => process.chdir(folder));
afterEach(() => process.chdir(before));

describe('RunFolder', () => {
  it('never takes a folder that is there', async () => {
    const now = new Date(2026, 2, 4, 5, 6, 7);
    const make = () => RunFolder.create({ command: 'train', model: 'mlp', now });
    const paths = [(await make()).path, (await make()).path, (await make()).path];
    const base = join('runs', '2026-03-04-050607-train-mlp');
    expect(paths).toEqual([base, `${base}-2`, `${base}-3`]);
    expect(readdirSync('runs')).toHaveLength(3);
  });

  it('makes a named folder with those above it, and uses an empty one', async () => {
    const out = join('deep', 'down');
    expect((await RunFolder.create({ out, command: 'train', model: 'mlp' })).path).toBe(out);
    mkdirSync('empty');
    expect((await RunFolder.create({ out: 'empty', command: 'train', model: 'mlp' })).path).toBe('empty');
    await expect(RunFolder.create({ out: 'deep', command: 'train', model: 'mlp' })).rejects.toThrow(
      /never overwrites/,
    );
  });
});

describe('a folder that cannot be made', () => {
  const make = (out: string): Promise<RunFolder> => RunFolder.create({ out, command: 'train', model: 'mlp' });

  it.runIf(process.platform === 'linux')(
    'is refused at once in /proc, where no folders can be made',
    async () => {
      await expect(make('/proc/x')).rejects.toThrow(/^\/proc\/x: cannot be made: .*no new folder in \/proc;/);
      await expect(make('/proc/x/deeper')).rejects.toThrow(/no new folder in \/proc;/);
    },
  );

  it('is refused below a file and at a link that points nowhere', async () => {
    writeFileSync('plain', 'text');
    await expect(make(join('plain', 'below'))).rejects.toThrow(/plain.*(is a file|not a folder)/);
    symlinkSync(join(folder, 'gone', 'away'), 'dangling');
    await expect(make(join('dangling', 'below'))).rejects.toThrow(/dangling: cannot be made/);
    expect(readdirSync('.')).not.toContain('gone');
  });
});

describe('checkFolderNames', () => {
  it('refuses recipes whose models would lie in one folder, or in the place of a file of the run', () => {
    checkFolderNames(['a b', 'a c', 'fp32']);
    const both = /"a b" and "a-b", whose models would both lie in the folder "a-b"; give one another name/;
    expect(() => checkFolderNames(['a b', 'fp32', 'a-b'])).toThrow(both);
    expect(() => checkFolderNames(['Mine', 'mine'])).toThrow(/both lie in the folder "mine"/);
    expect(() => checkFolderNames(['report.html'])).toThrow(/name of a file of the run/);
  });
});

describe('names and numbers', () => {
  it('makes file names of any recipe name', () => {
    expect(['int8', '../../etc', 'a/b c', '...', ''].map(fileName)).toEqual([
      'int8',
      '-..-etc',
      'a-b-c',
      'unnamed',
      'unnamed',
    ]);
  });

  it('writes times, shares and tables', () => {
    expect(timeStamp(new Date(2026, 10, 23, 9, 8, 7))).toBe('2026-11-23-090807');
    expect([0, 59.6, 125, 3729].map(clockText)).toEqual(['0:00', '1:00', '2:05', '1:02:09']);
    expect([percentText(0.98765), percentText(null), percentText(1, 0)]).toEqual(['98.77 %', '-', '100 %']);
    expect(
      tableLines(
        [
          ['a', 'bb'],
          ['ccc', '1'],
        ],
        [1],
      ),
    ).toEqual(['a    bb', 'ccc   1']);
  });
});
