/** All experiments as one HTML page without scripts or outside parts, readable in light and dark. Text out; reads no files. */
import { sentence } from '../../../core/text.js';
import { reportStyle } from '../../report-style.js';
import { escapeText } from '../../report-svg.js';
import { octogradVersion } from '../../version.js';
import { commandOf, fullCommands, fullText } from '../experiment/full.js';
import { answerText } from '../findings/answer.js';
import { claimRows, claimTable, type Measured, type OtherClaims } from '../findings/claims.js';
import { cosineTable, layerTable, sweptArms } from '../findings/cosines.js';
import {
  allHistogramsOf,
  anglesOf,
  distributionTable,
  gradientTable,
  histogramsOf,
} from '../findings/distributions.js';
import {
  comparisonText,
  cosineCaption,
  distributionCaption,
  provenance,
  readingText,
  remarksOf,
} from '../findings/facts.js';
import { experimentsTable } from '../findings/overview.js';
import { quantizerText } from '../findings/shapes.js';
import { shortAnswers } from '../findings/short-answers.js';
import { armTable, expectedTable, sweepCaption, sweepTable, type TextTable } from '../findings/tables.js';
import { cosineChart } from './cosine-chart.js';
import { pageStyle } from './page-style.js';
import { experimentChart } from './plot.js';

/** `code` for the page; a command breaks between its words alone, and not after one of its many hyphens. */
function codeElement(code: string): string {
  const words = code.split(' ');
  return `<code>${words.length === 1 ? code : words.map((word) => `<span>${word}</span>`).join(' ')}</code>`;
}

/** What is marked in a text: `code`, **weight** and [links](to), as documents have them. Figures stay in one line. */
function cellText(text: string): string {
  return escapeText(text)
    .replace(/`([^`]*)`/g, (_, code) => codeElement(code))
    .replace(/\*\*([^*]+)\*\*/g, '<b>$1</b>')
    .replace(/\\\*/g, '*')
    .replace(/\[([^\]]+)\]\(experiments\/([\w.-]+)\/README\.md\)/g, '<a href="#$2">$1</a>')
    .replace(/\[([^\]]+)\]\([^)]*\)/g, '$1')
    .replace(/[+-]?[\d.]+ \[[+-]?[\d.]+, [+-]?[\d.]+\]/g, '<span class="figures">$&</span>')
    .replace(/\b([nN]) = (?=\d)/g, '$1&nbsp;=&nbsp;')
    .replace(/(\d) %/g, '$1&nbsp;%');
}

/** The same without its marks, for an attribute. */
const plainText = (text: string): string =>
  escapeText(text.replace(/\[([^\]]+)\]\([^)]*\)/g, '$1').replace(/[`*\\]/g, ''));

/** Whether a verdict settles its question. Not whether that is good news: "does not hold (no loss)" may well be. */
function verdictClass(text: string): string {
  return /^(not |could not |no run of |-?$)/.test(text) ? 'open' : 'settled';
}

/** @param name of tables that are rows of blocks on a narrow screen, where each cell says its column. */
function table({ head, rows, right }: TextTable, verdict: number, name = ''): string {
  const element = (tag: string, text: string, i: number, attributes = ''): string => {
    const marks = [
      ...(right.includes(i) ? ['number'] : i === verdict && tag === 'td' ? [verdictClass(text)] : []),
      ...(text === '-' ? ['none'] : []),
    ];
    const mark = marks.length === 0 ? '' : ` class="${marks.join(' ')}"`;
    return `<${tag}${mark}${attributes}>${cellText(text)}</${tag}>`;
  };
  const cell = (row: readonly string[], text: string, i: number): string => {
    // Of a claim about which nothing was measured, the reason why takes that room too.
    const takesRoom = (of: number): boolean => name === 'claims' && of === verdict && row[of - 1] === '-';
    if (takesRoom(i + 1)) return '';
    const column = name === '' ? '' : ` data-name="${plainText(head[i])}"`;
    return element('td', text, i, `${column}${takesRoom(i) ? ' colspan="2"' : ''}`);
  };
  return `<div class="scroll"><table${name === '' ? '' : ` class="blocks ${name}"`}><thead><tr>${head.map((text, i) => element('th', text, i)).join('')}</tr></thead>
<tbody>${rows.map((row) => `<tr>${row.map((text, i) => cell(row, text, i)).join('')}</tr>`).join('\n')}</tbody></table></div>`;
}

const small = (text: string): string => `<p class="small">${cellText(text)}</p>`;
const folded = (title: string, parts: readonly string[]): string =>
  `<details><summary>${escapeText(title)}</summary>${parts.join('\n')}</details>`;
const figure = (chart: string, kind = ''): string =>
  chart === '' ? '' : `<figure${kind === '' ? '' : ` class="${kind}"`}>${chart}</figure>`;

/** The short answers of RESULTS.md: a heading, texts, lists and a table. */
function answerParts(measured: readonly Measured[]): string[] {
  return shortAnswers(measured).map((part) => {
    if (typeof part !== 'string')
      return table(part, -1, part.head[0] === 'experiment' ? 'overview' : 'parts');
    if (part.startsWith('## ')) return `<h2>${cellText(part.slice(3))}</h2>`;
    if (!part.startsWith('- ')) return `<p class="wide">${cellText(part)}</p>`;
    return listHtml(part);
  });
}

/** A list in Markdown, with what is indented below its items. */
function listHtml(text: string): string {
  const items = text.split(/\n(?=- )/).map((item) => {
    const [first, ...inner] = item.split('\n');
    const below = inner.map((line) => `<li>${cellText(line.replace(/^ *- /, ''))}</li>`).join('\n');
    return `<li>${cellText(first.slice(2))}${below === '' ? '' : `<ul>${below}</ul>`}</li>`;
  });
  return `<ul class="wide answers">${items.join('\n')}</ul>`;
}

/** The arms one by one, or at a glance as a sweep with the arms folded away. */
function armParts({ experiment, results }: Measured): string[] {
  if (experiment.plot.kind === 'none') return [];
  const arms = table(armTable(experiment, results), 5, 'arms');
  const sweep = sweepTable(experiment, results);
  const reading = readingText(experiment, results);
  const readings = reading === '' ? [] : [small(reading)];
  if (!sweep) return [arms, ...readings];
  return [
    small(sweepCaption(experiment, results)),
    table(sweep, -1, 'sweep'),
    ...readings,
    folded('All arms, with deviations', [arms]),
  ];
}

function cosineParts({ experiment, results }: Measured): string[] {
  const swept = cosineTable(experiment, results, sweptArms(experiment));
  const all = cosineTable(experiment, results);
  const layers = layerTable(experiment, results);
  if (!swept || !all) return [];
  return [
    '<h3>Cosines</h3>',
    small(cosineCaption(experiment, results)),
    table(swept, -1),
    figure(cosineChart(experiment, results)),
    folded('Cosines of all arms, and by layer', [table(all, -1), layers ? `<br>${table(layers, -1)}` : '']),
  ];
}

function distributionParts({ experiment, results }: Measured): string[] {
  const last = distributionTable(experiment, results, 'last');
  const all = distributionTable(experiment, results);
  const gradients = gradientTable(experiment, results);
  if (!last || !all || !gradients) return [];
  const whole = allHistogramsOf(experiment, results);
  const text = quantizerText(experiment, results);
  return [
    '<h3>Distributions</h3>',
    figure(histogramsOf(experiment, results).kinds, 'pair'),
    figure(histogramsOf(experiment, results).gradients, 'pair'),
    folded('Histograms of all layers, and of signed values', [
      figure(whole.kinds, 'pair'),
      figure(whole.gradients, 'pair'),
      ...whole.signed.map((chart) => figure(chart, 'pair')),
    ]),
    small(`${distributionCaption} After the last step:`),
    table(last, -1),
    text === '' ? '' : `<p class="wide">${cellText(text)}</p>`,
    figure(anglesOf(experiment, results), 'pair'),
    folded('Distributions at all steps, and layer gradients one by one', [
      table(all, -1),
      small(`Layer gradients. ${gradients.caption}`),
      table(gradients.table, -1),
    ]),
  ];
}

/** The experiment's own claims. */
function verdictParts(measured: Measured): string[] {
  const rows = claimRows(measured).map(({ claim, source, figures, verdict }) => [
    claim,
    source,
    figures || '-',
    verdict,
  ]);
  if (rows.length === 0) return [];
  const head = ['claim', 'from', 'measured here', 'verdict'];
  return ['<h3>Verdict</h3>', table({ head, rows, right: [] }, 3, 'claims')];
}

function closingParts({ experiment }: Measured): string[] {
  const remarks = remarksOf(experiment).map((text) => `<li>${cellText(text)}</li>`);
  const full = fullCommands(experiment);
  const block = (lines: readonly string[]): string => `<pre>${escapeText(lines.join('\n'))}</pre>`;
  return [
    remarks.length === 0 ? '' : `<h3>Remarks</h3><ul class="small remarks">${remarks.join('\n')}</ul>`,
    ...(experiment.full && full
      ? [
          '<h3>The full schedule</h3>',
          small(experiment.full.what),
          block(full.whole),
          small(fullText),
          block(full.single),
        ]
      : []),
  ];
}

function section(measured: Measured): string {
  const { experiment, results, origin } = measured;
  const { name, title, question, method } = experiment;
  const answer = answerText(measured);
  const expected = expectedTable(experiment, results);
  const known =
    results && results.runs.length > 0
      ? [
          origin === undefined ? '' : `<p class="note">${cellText(origin)}</p>`,
          small(`Schedule that was run: ${results.schedule}.`),
          ...armParts(measured),
          figure(experimentChart(experiment, results)),
          small(provenance(results)),
          ...cosineParts(measured),
          ...distributionParts(measured),
          expected ? `<h3>Against the source</h3>${table(expected, -1, 'sources')}` : '',
        ]
      : [`<p class="note">Not run yet: ${escapeText(commandOf(experiment))}</p>`];
  return [
    `<section id="${escapeText(name)}"><h2>${escapeText(title)}</h2>`,
    `<p class="wide"><b>Question.</b> ${cellText(question)}</p>`,
    answer === '' ? '' : `<p class="wide"><b>Answer.</b> ${cellText(answer)}</p>`,
    `<p class="wide"><b>Method.</b> ${cellText(`${sentence(method)} ${comparisonText(experiment)}`.trim())}</p>`,
    ...known,
    ...verdictParts(measured),
    ...closingParts(measured),
    '</section>',
  ]
    .filter((part) => part !== '')
    .join('\n');
}

/** `12 experiments, 11 of them with results.` */
function countsText(measured: readonly Measured[]): string {
  const known = measured.filter(({ results }) => results).length;
  return `${measured.length} ${measured.length === 1 ? 'experiment' : 'experiments'}, ${known} of them with results.`;
}

/** The page. @param measured without trials: their figures are no results. */
export function experimentsPage(measured: readonly Measured[], others: OtherClaims): string {
  const title = 'octograd: the evidence';
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title><style>${reportStyle}${pageStyle}</style></head>
<body><header><h1>${title}</h1><p>${countsText(measured)} Differences are to the
baseline under the same seed, with 95 % t-intervals; fewer than three seeds settle nothing.</p></header>
<main><nav>${measured.map(({ experiment: { name, title: text } }) => `<a href="#${escapeText(name)}">${escapeText(text)}</a>`).join('')}</nav>
<section>${answerParts(measured).join('\n')}</section>
<section><h2>The experiments</h2>${table(experimentsTable(measured), -1, 'trained')}</section>
<section><h2>Claims</h2>${table(claimTable(measured, others), 3, 'claims')}</section>
${measured.map(section).join('\n')}</main>
<footer>Written by octograd reproduce --report, octograd ${escapeText(octogradVersion())}.</footer></body></html>
`;
}
