/** Options that would do nothing beside another are refused, with both named, and folders without a name. */
import { expect, it } from 'vitest';
import { run } from '../run.case.js';

it.each([
  [['--check'], '--check is for --docs', ''],
  [['--report', '--check'], '--check is for --docs', ''],
  [['--docs', '--list'], '--docs', '--list'],
  [['--report', '--adopt', 'x'], '--adopt', '--report'],
  [['--docs', '--adopt', 'x'], '--adopt', '--docs'],
  [['--docs', '--arms', 'zzz', '--seeds', '5'], '--arms', '--docs'],
  [['--docs', '--seeds', '5'], '--seeds', '--docs'],
  [['--list', '--seeds', '5'], '--seeds', '--list'],
  [['--list', '--jobs', '2'], '--jobs', '--list'],
  [['--report', '--resume'], '--resume', '--report'],
  [['--report', '--data', 'mnist=x'], '--data', '--report'],
  [['--adopt', 'x', '--threads', '2'], '--threads', '--adopt'],
  [['--adopt', 'x', '--resume'], '--resume', '--adopt'],
  [['--smoke', '--seeds', '5'], '--seeds', '--smoke'],
  [['--verify', '--list'], '--list', '--verify'],
  [['--verify', '--smoke'], '--smoke', '--verify'],
  [['--smoke', '--docs'], '--docs', '--smoke'],
  [['--smoke', '--list'], '--list', '--smoke'],
])('%j', async (args, one, other) => {
  const { code, err, out } = await run(['reproduce', ...args]);
  expect([code, out]).toEqual([2, '']);
  expect(err).toContain(one);
  expect(err).toContain(other);
  if (other !== '') expect(err).toContain('leave out one of the two');
});

it.each(['--out', '--adopt', '--experiments'])('%s of no name is refused', async (option) => {
  for (const value of ['', ' ']) {
    expect(await run(['reproduce', 'mnist-mlp', option, value])).toEqual({
      code: 2,
      out: '',
      err: `octograd: ${option} is empty; name a folder (. is this one), or leave the option out\n`,
    });
  }
});
