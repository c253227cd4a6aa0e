/** What an arm of an experiment gives `octograd train`: its settings, as arguments, and as that command reads them. Knows no recipes. */
import { Command } from 'commander';
import { checkTrainingOptions } from '../../option-checks.js';
import { addTrainingOptions, type TrainingOptions } from '../../options.js';
import type { Arm, Experiment, ExperimentSettings } from './experiment.js';

/** Settings as arguments: `{ maxSteps: 10, nesterov: true }` -> `--max-steps 10 --nesterov`. */
export function argumentsOf(settings: ExperimentSettings): string[] {
  return Object.entries(settings).flatMap(([name, value]) => {
    const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    if (typeof value === 'boolean') return value ? [flag] : [];
    return value === undefined ? [] : [flag, String(value)];
  });
}

/** Arguments as `octograd train` reads them, defaults filled in. @throws CommanderError and UsageError as that command does. */
export function trainingOptions(args: readonly string[]): TrainingOptions {
  const command = addTrainingOptions(new Command('train'))
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  command.parse([...args], { from: 'user' });
  const options = command.opts<TrainingOptions>();
  checkTrainingOptions(options);
  return options;
}

/** All that an arm gives `octograd train` but recipe and seed. */
export function armSettings(
  { model, dataset, settings }: Pick<Experiment, 'model' | 'dataset' | 'settings'>,
  arm: Arm,
): ExperimentSettings {
  // Probes cost time, and change no number: an experiment that wants them says so.
  return { model, dataset, probeEvery: 0, ...settings, ...arm.settings };
}

/** Settings of an arm with the defaults of `octograd train`. */
export const armOptions = (experiment: Experiment, arm: Arm): TrainingOptions =>
  trainingOptions(argumentsOf(armSettings(experiment, arm)));
