/** All experiments as one HTML page without scripts or outside parts, readable in light and dark. Text out; reads no files. */
import { reportStyle } from '../report-style.js';
import { escapeText } from '../report-svg.js';
import { octogradVersion } from '../version.js';
import { claimTable, type Measured, type OtherClaims } from './claims.js';
import { cosineChart } from './cosine-chart.js';
import { cosineTable } from './cosines.js';
import { anglesOf, distributionTable, histogramsOf } from './distributions.js';
import { experimentChart } from './plot.js';
import { armTable, expectedTable, type TextTable } from './tables.js';

const pageStyle = `
.claims td{white-space:normal;vertical-align:top}.claims td:first-child{min-width:220px}
.holds{color:var(--c2);font-weight:600}.fails{color:var(--c1);font-weight:600}
nav a,a{color:var(--c0)}nav{display:flex;flex-wrap:wrap;gap:4px 16px;margin:8px 0}
section>figure{max-width:760px;margin-top:12px}
.wide{max-width:90ch}
`;

/** What is marked in the text of a cell: `code` and [links](to), as the tables of documents have them. */
function cellText(text: string): string {
  return escapeText(text)
    .replace(/&#96;([^&]*)&#96;|`([^`]*)`/g, (_, a, b) => `<code>${a ?? b}</code>`)
    .replace(/\[([^\]]+)\]\(experiments\/([\w.-]+)\/README\.md\)/g, '<a href="#$2">$1</a>')
    .replace(/\[([^\]]+)\]\([^)]*\)/g, '$1');
}

function verdictClass(text: string): string {
  if (/^(does not hold|loss|diverged)/.test(text)) return ' class="fails"';
  return /^(holds|no loss)/.test(text) ? ' class="holds"' : '';
}

function table({ head, rows, right }: TextTable, verdict: number, name = ''): string {
  const cell = (tag: string, text: string, i: number): string => {
    const mark = right.includes(i)
      ? ' class="number"'
      : i === verdict && tag === 'td'
        ? verdictClass(text)
        : '';
    return `<${tag}${mark}>${cellText(text)}</${tag}>`;
  };
  return `<div class="scroll"><table${name === '' ? '' : ` class="${name}"`}><thead><tr>${head.map((text, i) => cell('th', text, i)).join('')}</tr></thead>
<tbody>${rows.map((row) => `<tr>${row.map((text, i) => cell('td', text, i)).join('')}</tr>`).join('\n')}</tbody></table></div>`;
}

function section({ experiment, results }: Measured): string {
  const { name, title, question, method, notes } = experiment;
  const head = `<section id="${name}"><h2>${escapeText(title)}</h2>
<p class="wide"><b>Question.</b> ${cellText(question)}</p><p class="wide"><b>Method.</b> ${cellText(method)}</p>`;
  if (!results || results.runs.length === 0) {
    return `${head}<p class="note">Not run yet: octograd reproduce ${name}</p></section>`;
  }
  const chart = experimentChart(experiment, results);
  const cosines = cosineTable(experiment, results);
  const distributions = distributionTable(experiment, results);
  const expected = expectedTable(experiment, results);
  return `${head}
<p class="small">Schedule that was run: ${escapeText(results.schedule)}.</p>
${table(armTable(experiment, results), 5)}
${chart === '' ? '' : `<figure>${chart}</figure>`}
${cosines ? `<h3>Cosines</h3>${table(cosines, -1)}<figure>${cosineChart(experiment, results)}</figure>` : ''}
${distributions ? `<h3>Distributions</h3><figure>${histogramsOf(experiment, results)}</figure>${table(distributions, -1)}<figure>${anglesOf(experiment, results)}</figure>` : ''}
${expected ? `<h3>Against the source</h3>${table(expected, -1)}` : ''}
${notes.map((note) => `<p class="small">${cellText(note)}</p>`).join('\n')}</section>`;
}

/** The page. @param measured without trials: their figures are no results. */
export function experimentsPage(measured: readonly Measured[], others: OtherClaims): string {
  const title = 'octograd: the evidence';
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title><style>${reportStyle}${pageStyle}</style></head>
<body><header><h1>${title}</h1><p>${measured.length} experiments; octograd ${escapeText(octogradVersion())}. Differences are to the
baseline under the same seed, with 95 % t-intervals; fewer than three seeds settle nothing.</p></header>
<main><nav>${measured.map(({ experiment: { name, title: text } }) => `<a href="#${name}">${escapeText(text)}</a>`).join('')}</nav>
<section><h2>Claims</h2>${table(claimTable(measured, others), 3, 'claims')}</section>
${measured.map(section).join('\n')}</main>
<footer>Written by octograd reproduce --report.</footer></body></html>
`;
}
