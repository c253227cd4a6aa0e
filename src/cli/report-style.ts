/** The style sheet of the report: light and dark by the reader's preference, eight series colours legible on both. */

/** Okabe and Ito's palette, tells apart by readers with colour-blindness; darkened on white where it was too pale. */
const light = ['#0072b2', '#d55e00', '#009e73', '#b8529a', '#a37800', '#3a8fc4', '#5b5b5b', '#7a5bd0'];
const dark = ['#4fb0e8', '#ff8b3d', '#35cfa0', '#e08cc5', '#e6c34a', '#8ccbf2', '#a9a9a9', '#b39cff'];

/** Of parts that are no series, such as categories of memory: no colour of the eight above, so that none reads as a recipe's. */
const lightParts = ['#3b2f63', '#6a5a9c', '#9689c4', '#c2b9e0', '#4d4a45', '#8a867f', '#bfbab1'];
const darkParts = ['#d9d0f7', '#b3a5e6', '#8c7cc6', '#675a99', '#d3cfc7', '#9c9890', '#6c6861'];

/** Number of a part's colour, which the page has and a chart in a file of its own has not. */
export const partColor = (part: number): number => light.length + (part % lightParts.length);

const variables = (colors: readonly string[], from = 0): string =>
  colors.map((color, i) => `--c${from + i}:${color};`).join('');
const classes = (colors: readonly string[], from = 0): string =>
  colors
    .map(
      (_, i) =>
        `.c${from + i}{stroke:var(--c${from + i});fill:none}.f${from + i}{fill:var(--c${from + i});stroke:none}`,
    )
    .join('');

/** What a chart needs, in a page and in a file of its own. */
export const chartStyle = `
:root{color-scheme:light dark;--page:#fbfbfa;--card:#fff;--ink:#1d2125;--soft:#5d666f;--rule:#e1e4e7;--good:0,140,100;--bad:213,94,0;${variables(light)}}
@media (prefers-color-scheme:dark){:root{--page:#14171a;--card:#1c2024;--ink:#e8eaec;--soft:#9aa4ad;--rule:#31373d;--good:53,207,160;--bad:255,139,61;${variables(dark)}}}
${classes(light)}
svg{font:12px system-ui,sans-serif}
.grid{stroke:var(--rule)}.axis{stroke:var(--soft)}.tick,.label{fill:var(--soft)}.label{font-size:13px}.title{fill:var(--ink);font-size:14px;font-weight:600}
.line{stroke-width:2;stroke-linejoin:round}.dot{stroke:var(--card);stroke-width:1.5}.end{font-size:12.5px;font-weight:600}
`;

const parts = `:root{${variables(lightParts, light.length)}}
@media (prefers-color-scheme:dark){:root{${variables(darkParts, light.length)}}}
${classes(lightParts, light.length)}
`;

/**
 * A shadow at an edge beyond which a table goes on, since a narrow screen shows no scroll bar: covers that move with the table lie over it
 * where the table ends.
 */
const scrollShadows = [
  'background:linear-gradient(90deg,var(--card) 40%,transparent) 0 0/40px 100% no-repeat local',
  'linear-gradient(270deg,var(--card) 40%,transparent) 100% 0/40px 100% no-repeat local',
  'linear-gradient(90deg,rgba(var(--shade),.35),transparent) 0 0/14px 100% no-repeat scroll',
  'linear-gradient(270deg,rgba(var(--shade),.35),transparent) 100% 0/14px 100% no-repeat scroll',
  'var(--card)',
].join(',');

export const reportStyle = `
${chartStyle}${parts}:root{--shade:29,33,37}@media (prefers-color-scheme:dark){:root{--shade:160,175,190}}
body{margin:0 auto;max-width:1180px;padding:24px 20px 40px;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
header p,footer,.small{color:var(--soft)}
h1{font-size:26px;margin:0}header p{margin:2px 0 18px}h2{font-size:19px;margin:30px 0 10px}h3{font-size:16px;margin:22px 0 8px}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:6px 12px;text-align:left;border-bottom:1px solid var(--rule);white-space:nowrap}
th{font-weight:600;color:var(--soft)}.number{text-align:right}
.scroll{overflow-x:auto;width:fit-content;max-width:100%;border:1px solid var(--rule);border-radius:8px;${scrollShadows}}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,480px),1fr));gap:14px;margin-top:22px}
figure{margin:0;padding:12px;background:var(--card);border:1px solid var(--rule);border-radius:8px}
figure.pair{margin-top:12px;overflow-x:auto}details{margin-top:10px}summary{cursor:pointer;color:var(--c0);margin-bottom:8px}
svg{display:block;width:100%;height:auto}
.layers{font-size:13px}.layers th,.layers td{padding:3px 10px}.layers thead th{vertical-align:bottom;line-height:1.25;white-space:normal;max-width:120px}
.named th:first-child,.named td:first-child{position:sticky;left:0;background:var(--card);max-width:none}.named tbody th{color:var(--ink);padding-top:9px}
.layers svg{display:inline-block;width:44px;height:13px;vertical-align:-2px;margin-left:7px}
.key i{display:inline-block;width:120px;height:12px;margin:0 8px;vertical-align:-1px;border:1px solid var(--rule);border-radius:3px}
.note{padding:8px 12px;border-left:4px solid var(--c1);background:var(--card);white-space:pre-wrap}
.small{font-size:13px;max-width:75ch}
dl{display:grid;grid-template-columns:max-content 1fr;gap:4px 18px}dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
pre{overflow-x:auto;padding:12px;background:var(--card);border:1px solid var(--rule);border-radius:8px;font-size:12.5px;line-height:1.45}
footer{margin-top:34px;font-size:13px}
@media (max-width:700px){figure.pair svg{min-width:866px}figure.pair svg svg{min-width:0}}
`;
