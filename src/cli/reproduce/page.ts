/** All experiments as one HTML page without scripts or outside parts, readable in light and dark. Text out; reads no files. */
import { sentence } from '../../core/text.js';
import { reportStyle } from '../report-style.js';
import { escapeText } from '../report-svg.js';
import { octogradVersion } from '../version.js';
import { claimRows, claimTable, type Measured, type OtherClaims } from './claims.js';
import { cosineChart } from './cosine-chart.js';
import { cosineTable, layerTable, sweptArms } from './cosines.js';
import { anglesOf, distributionTable, gradientTable, histogramsOf } from './distributions.js';
import {
  comparisonText,
  cosineCaption,
  distributionCaption,
  provenance,
  readingText,
  remarksOf,
} from './facts.js';
import { commandOf, fullCommands, fullText } from './full.js';
import { experimentsTable } from './overview.js';
import { experimentChart } from './plot.js';
import { shortAnswers } from './short-answers.js';
import { armTable, expectedTable, sweepCaption, sweepTable, type TextTable } from './tables.js';

/** On a narrow screen a claim is a block of its own: four columns of text would be cut off at the second. */
const pageStyle = `
.claims td{white-space:normal;vertical-align:top;overflow-wrap:anywhere}.claims td:first-child{min-width:220px}.claims td:nth-child(2){min-width:150px}
.scroll th{white-space:normal;vertical-align:bottom}
.sweep td{white-space:normal;min-width:150px}.sweep td:first-child{min-width:0}
.overview td{white-space:normal;vertical-align:top}.overview td:nth-child(n+6){min-width:150px}
.parts td{white-space:normal;vertical-align:top}.parts td:first-child{min-width:200px}.parts td:nth-child(n+2){min-width:110px}
.trained td{white-space:normal;vertical-align:top}.trained td:nth-child(2),.trained td:nth-child(4){min-width:220px}
.sources td:last-child{white-space:normal;min-width:220px}
.settled{font-weight:600}.open{color:var(--soft)}
nav a,a{color:var(--c0)}nav{display:flex;flex-wrap:wrap;gap:4px 16px;margin:8px 0}
figure{margin-top:12px;overflow-x:auto}section>figure{max-width:760px}section>figure.pair{max-width:none}
.wide{max-width:90ch}.small,.wide{overflow-wrap:anywhere}
details{margin-top:10px}summary{cursor:pointer;color:var(--c0);margin-bottom:8px}
pre{white-space:pre}
.answers{padding-left:1.2em}.answers li{margin-bottom:4px}
.remarks{padding-left:1.2em}
@media (max-width:700px){
body{padding:16px 12px 32px}th,td{padding:5px 8px}figure{padding:6px}figure svg{min-width:560px}figure.pair svg{min-width:1000px}figure svg svg{min-width:0}
.claims thead{display:none}.claims,.claims tbody,.claims tr,.claims td{display:block}
.claims tr{padding:8px 0;border-bottom:1px solid var(--rule)}.claims tr:last-child{border-bottom:0}
.claims td{border:0;padding:2px 10px}.claims td:nth-child(n){min-width:0}.claims td:empty{display:none}.claims td:first-child{font-weight:600}.claims td.settled,.claims td.open{font-weight:400}
.claims td:not(:first-child)::before{content:attr(data-name) ": ";color:var(--soft)}
}
`;

/** What is marked in a text: `code`, **weight** and [links](to), as documents have them. */
function cellText(text: string): string {
  return escapeText(text)
    .replace(/&#96;([^&]*)&#96;|`([^`]*)`/g, (_, a, b) => `<code>${a ?? b}</code>`)
    .replace(/\*\*([^*]+)\*\*/g, '<b>$1</b>')
    .replace(/\\\*/g, '*')
    .replace(/\[([^\]]+)\]\(experiments\/([\w.-]+)\/README\.md\)/g, '<a href="#$2">$1</a>')
    .replace(/\[([^\]]+)\]\([^)]*\)/g, '$1');
}

/** Whether a verdict settles its question. Not whether that is good news: "does not hold (no loss)" may well be. */
function verdictClass(text: string): string {
  return /^(not |could not |no run of |-?$)/.test(text) ? 'open' : 'settled';
}

function table({ head, rows, right }: TextTable, verdict: number, name = ''): string {
  const cell = (tag: string, text: string, i: number): string => {
    const mark = right.includes(i) ? 'number' : i === verdict && tag === 'td' ? verdictClass(text) : '';
    const column = name === 'claims' && tag === 'td' ? ` data-name="${escapeText(head[i])}"` : '';
    return `<${tag}${mark === '' ? '' : ` class="${mark}"`}${column}>${cellText(text)}</${tag}>`;
  };
  return `<div class="scroll"><table${name === '' ? '' : ` class="${name}"`}><thead><tr>${head.map((text, i) => cell('th', text, i)).join('')}</tr></thead>
<tbody>${rows.map((row) => `<tr>${row.map((text, i) => cell('td', text, i)).join('')}</tr>`).join('\n')}</tbody></table></div>`;
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
    const items = part.split('\n').map((line) => `<li>${cellText(line.slice(2))}</li>`);
    return `<ul class="wide answers">${items.join('\n')}</ul>`;
  });
}

/** The arms one by one, or at a glance as a sweep with the arms folded away. */
function armParts({ experiment, results }: Measured): string[] {
  const arms = table(armTable(experiment, results), 5);
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
  return [
    '<h3>Distributions</h3>',
    figure(histogramsOf(experiment, results), 'pair'),
    small(`${distributionCaption} After the last step:`),
    table(last, -1),
    figure(anglesOf(experiment, results), 'pair'),
    folded('Distributions at all steps, and layer gradients one by one', [
      table(all, -1),
      small(`Layer gradients of \`${gradients.arm}\` after step ${gradients.step}, from the loss backwards:`),
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
    `<p class="wide"><b>Question.</b> ${cellText(question)}</p><p class="wide"><b>Method.</b> ${cellText(`${sentence(method)} ${comparisonText(experiment)}`)}</p>`,
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
