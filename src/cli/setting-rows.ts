/** What a run did, as rows of its report. Knows settings, not results. */
import type { DataSplit, Dataset } from '../data/index.node.js';
import type { TrainingSettings } from './setup.js';
import { octogradVersion } from './version.js';

/** What a step trains on: `64`, or `4 x 16` where it averages batches. */
export function stepText({ accumulate, batchSize }: TrainingSettings): string {
  return accumulate > 1 ? `${accumulate} x ${batchSize}` : String(batchSize);
}

/** Rows of the settings that most runs leave alone, where they are not. */
function optionalRows(settings: TrainingSettings): [string, string][] {
  const { clipNorm, labelSmoothing, patience, dropLast } = settings;
  const rows: [string, string][] = [];
  if (clipNorm !== undefined) rows.push(['gradient', `shortened to a norm of ${clipNorm}`]);
  if (labelSmoothing > 0) rows.push(['label smoothing', String(labelSmoothing)]);
  if (patience !== undefined) rows.push(['patience', `${patience} evaluations`]);
  if (dropLast) rows.push(['last batch', 'left out of an epoch when it is not full']);
  return rows;
}

/** Name and text of each setting. @param backend as it names itself. */
export function settingRows(
  settings: TrainingSettings,
  { train }: DataSplit<Dataset>,
  backend: string,
): [string, string][] {
  const short = (value: object): string =>
    Object.entries(value)
      .filter(([name]) => name !== 'exclude')
      .map(([name, item]) => `${name} ${typeof item === 'object' ? JSON.stringify(item) : item}`)
      .join(', ');
  return [
    ['model', settings.model],
    ['data', `${train.name}${train.note ? ` (${train.note})` : ''}`],
    ['samples', `${settings.trainSamples} for training, ${settings.testSamples} for the test`],
    [
      'length',
      `${Number(settings.epochs.toFixed(4))} epochs, ${settings.totalSteps} steps of ${stepText(settings)}`,
    ],
    ['optimiser', short(settings.optimizer)],
    ['schedule', short(settings.schedule)],
    ...optionalRows(settings),
    ['seeds', settings.seeds.join(', ')],
    ['augmentation', settings.augment.length === 0 ? 'none' : settings.augment.map(short).join('; ')],
    ['backend', backend],
    [
      'software',
      `octograd ${octogradVersion()}, Node ${process.version}, ${process.platform}-${process.arch}`,
    ],
  ];
}
