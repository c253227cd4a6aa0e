/**
 * `npm test`: builds, checks format, lint, types, layers, hygiene and doc comments, then runs the whole suite on the Node that
 * runs this file; arguments go to vitest. The last line is `N passed, N failed`, in which each check counts as one test.
 *
 * --suite-only: no build and no checks. OCTOGRAD_EXPECT=torch,chromium: what must be there; see test/support/needs.ts.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { build, report } from './build.mjs';
import { node, root, timed, tools } from './run.mjs';

const suiteOnly = process.argv.includes('--suite-only');
const vitestArgs = process.argv.slice(2).filter((argument) => argument !== '--suite-only');
const expected = (process.env.OCTOGRAD_EXPECT ?? '').split(',').filter(Boolean);

const count = { passed: 0, failed: 0 };
const failures = [];

function note(name, ok) {
  count[ok ? 'passed' : 'failed'] += 1;
  if (!ok) failures.push(name);
}

async function buildAndCheck() {
  const built = await build();
  console.log(report(built));
  note('build', built.code === 0);
  const types = [
    '-p',
    'tsconfig.json',
    '--noEmit',
    '--incremental',
    '--tsBuildInfoFile',
    '.cache/check.tsbuildinfo',
  ];
  const checks = {
    'format and lint': [tools.biome, 'check', '--max-diagnostics=50', '.'],
    types: [tools.tsc, ...types],
    layers: ['scripts/layers.mjs'],
    hygiene: ['scripts/hygiene.mjs'],
    'doc comments': ['scripts/doc-comments.mjs'],
  };
  const results = Object.entries(checks).map(([name, args]) => [name, timed(() => node(args))]);
  for (const [name, running] of results) {
    const { code, output, seconds } = await running;
    console.log(`${code === 0 ? 'ok' : 'FAILED'}: ${name} (${seconds.toFixed(1)} s)`);
    if (code !== 0) console.log(output);
    note(`check: ${name}`, code === 0);
  }
}

/** Reads vitest's report. Resolves to the skipped tests' names. */
function countTests(reportFile, exitCode) {
  let results;
  try {
    results = JSON.parse(readFileSync(reportFile, 'utf8')).testResults;
  } catch {
    note('the suite ended without a report', false);
    return [];
  }
  const before = count.failed;
  const skipped = [];
  for (const file of results) {
    const path = relative(root, file.name);
    for (const test of file.assertionResults) {
      const name = `${path}: ${test.fullName}`;
      if (test.status === 'passed') note(name, true);
      else if (test.status === 'failed') note(name, false);
      else if (expected.some((need) => test.fullName.includes(`(skipped: ${need}`)))
        note(`${name}, expected here`, false);
      else skipped.push(name);
    }
    // A file that cannot be loaded has no tests to report.
    const none = file.assertionResults.every((test) => test.status !== 'failed');
    if (file.status === 'failed' && none) note(`${path}: ${file.message?.split('\n')[0] ?? 'failed'}`, false);
  }
  // Errors outside any test, such as a rejected promise that nobody awaits.
  if (exitCode !== 0 && count.failed === before)
    note('the suite: an error outside its tests, see above', false);
  return skipped;
}

async function runSuite() {
  const folder = mkdtempSync(join(tmpdir(), 'octograd-test-'));
  const reportFile = join(folder, 'report.json');
  try {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`];
    const { code } = await node([tools.vitest, 'run', ...reporters, ...vitestArgs], { show: true });
    return countTests(reportFile, code);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const { seconds, skipped } = await timed(async () => {
  if (!suiteOnly) await buildAndCheck();
  return { skipped: await runSuite() };
});
// With -t all the others are skipped, which is nothing to report.
const chosen = vitestArgs.some((argument) => /^(-t|--testNamePattern)/.test(argument));
if (skipped.length > 0 && !chosen)
  console.log(`\nSkipped:\n${skipped.map((name) => `  ${name}`).join('\n')}`);
if (failures.length > 0) console.log(`\nFailed:\n${failures.map((name) => `  ${name}`).join('\n')}`);
console.log(`\nNode ${process.versions.node}, ${seconds.toFixed(0)} s, ${skipped.length} skipped`);
console.log(`${count.passed} passed, ${count.failed} failed`);
process.exitCode = count.failed > 0 || count.passed === 0 ? 1 : 0;
