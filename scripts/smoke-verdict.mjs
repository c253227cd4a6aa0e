/** What a trial of every experiment comes to: pure judgement of what `octograd reproduce --smoke` printed. Starts nothing. */

/** Seconds that the trial of all experiments may take: the one bound on time that is asked of this repository. */
export const limitSeconds = 300;

/** What must be there for a data set to be: a name of OCTOGRAD_EXPECT; nothing for those that npm installs. */
const sources = {
  'fashion-mnist': 'fashion-mnist',
  cifar10: 'data',
  fsdd: 'data',
  shakespeare: 'data',
};

/**
 * @param experiments name and data set of each.
 * @param trial exit code, output and seconds of the program.
 * @param expected names of OCTOGRAD_EXPECT: an experiment without data is a failure where its data are meant to be there.
 * @returns counts, and a line for each failure and for each experiment left out.
 */
export function judge(experiments, { code, output, seconds }, expected) {
  const count = { passed: 0, failed: 0 };
  const lines = [];
  const note = (ok, failure) => {
    count[ok ? 'passed' : 'failed'] += 1;
    if (!ok) lines.push(`FAILED: ${failure}`);
  };
  for (const { name, dataset } of experiments) {
    const source = sources[dataset];
    if (output.includes(`Not run: ${name}: `)) {
      if (source !== undefined && !expected.includes(source)) lines.push(`left out, without data: ${name}`);
      else note(false, `${name} was not run: ${dataset} is meant to be there`);
      continue;
    }
    const [, done, all] = new RegExp(`^${name}: (\\d+) of (\\d+) trial runs`, 'm').exec(output) ?? [];
    note(done !== undefined && done === all, `${name}: ${done ?? 'none'} of ${all ?? 'its'} runs`);
  }
  if (code !== 0) note(false, `octograd reproduce --smoke ended with ${code}`);
  note(seconds <= limitSeconds, `${seconds.toFixed(0)} s, of which ${limitSeconds} are allowed`);
  return { ...count, lines };
}
