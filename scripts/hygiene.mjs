/**
 * Looks through the repository's files for what does not belong there: paths and hosts of somebody's machine, notes of
 * unfinished work, tests that were switched off, files that are too long, addresses in the lock.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryFiles, root } from './run.mjs';

const lengthLimit = 500;

const code = /\.(ts|mjs|js|css|html)$/;
const tests = /\.(test|case)\.ts$/;
// Written in pieces, so that this file does not find itself.
const word = (...pieces) => pieces.join('');

const rules = [
  {
    pattern: /(?<![\w.~*)}\]-])\/(?:work|root|home|Users|mnt\/c)\//,
    what: 'a path of one machine; use a path from the repository’s root',
  },
  {
    pattern: new RegExp(
      `\\b(?:${word('regis', 'try')}|npm|pypi)\\.[a-z0-9-]+\\.[a-z]{2,}|${word('arti', 'factory')}`,
      'i',
    ),
    what: 'a package registry’s host; the user’s own configuration names it',
  },
  {
    pattern: new RegExp(`\\b(?:${word('TO', 'DO')}|${word('FIX', 'ME')})\\b`),
    what: 'a note of unfinished work; finish it',
  },
  {
    pattern: /\b(?:it|test|describe|suite)(?:\.\w+)*\.only\b/,
    files: tests,
    what: 'a test that switches off the others',
  },
  {
    pattern: /\b(?:it|test|describe|suite)(?:\.\w+)*\.(?:skip|todo)\b/,
    files: tests,
    what: 'a test that never runs; use needs() of test/support/needs.ts for what may be missing',
  },
  { pattern: /[ \t]+$/, files: /\.(ts|mjs|sh|ya?ml|json)$/, what: 'blanks at the end of the line' },
  {
    pattern: /"resolved":/,
    files: /(^|\/)package-lock\.json$/,
    what: 'an address; run "npm install --omit-lockfile-registry-resolved"',
  },
];

/** Optional packages (binaries for other operating systems) that the lock lacks: `npm ci` refuses such a lock. */
function missingFromLock(lock) {
  const { packages } = JSON.parse(readFileSync(join(root, lock), 'utf8'));
  return Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies)
      .filter((name) => !packages[`node_modules/${name}`] && !packages[`${path}/node_modules/${name}`])
      .map(
        (name) => `${lock}: ${path} wants ${name}, which is not in the lock; choose a version that is whole`,
      ),
  );
}

const problems = ['package-lock.json', 'bench/package-lock.json'].flatMap(missingFromLock);
for (const file of repositoryFiles()) {
  const bytes = readFileSync(join(root, file));
  if (bytes.includes(0)) continue;
  const lines = bytes.toString('utf8').split(/\r?\n/);
  const limit = lengthLimit;
  if (code.test(file) && lines.length - 1 > limit) {
    problems.push(`${file}: ${lines.length - 1} lines, ${limit} are the limit; split it by subject`);
  }
  for (const { pattern, files, what } of rules) {
    if (files && !files.test(file)) continue;
    const at = lines.findIndex((line) => pattern.test(line));
    if (at >= 0) problems.push(`${file}:${at + 1}: ${what}\n    ${lines[at].trim().slice(0, 160)}`);
  }
}
for (const problem of problems) console.error(problem);
if (problems.length > 0) {
  console.error(
    `${problems.length} things that do not belong in the repository (rules: scripts/hygiene.mjs)`,
  );
  process.exitCode = 1;
}
