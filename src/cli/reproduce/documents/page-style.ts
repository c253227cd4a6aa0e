/** The style sheet of the page of all experiments, beside that of a report: its tables, and what becomes of them on a narrow screen. */

/**
 * On a narrow screen a row of a table of texts is a block of its own: its columns would be cut off at the second. Tables of numbers are
 * scrolled under their first column instead.
 */
export const pageStyle = `
@media (min-width:1260px){body{max-width:1700px}}
.claims td{white-space:normal;vertical-align:top;overflow-wrap:anywhere}.claims td:first-child{min-width:220px}.claims td:nth-child(n+2){min-width:150px}
@media (min-width:1100px){.claims td:nth-child(3):not([colspan]){min-width:400px}}
.claims tr:has(+tr>td:first-child:empty)>td:first-child,.claims tr:has(+tr>td:nth-child(2):empty)>td:nth-child(2){border-bottom-color:transparent}
.scroll th{white-space:normal;vertical-align:bottom}
.sweep td{white-space:normal;min-width:150px}.sweep td:first-child{min-width:0}
.overview td{white-space:normal;vertical-align:top}.overview td:first-child,.trained td:first-child{white-space:nowrap}.overview td:nth-child(n+7){min-width:130px}.overview{font-size:14px}.overview th,.overview td{padding:6px 8px}
.parts{font-size:14px}.parts th,.parts td{padding:6px 8px}.parts td{white-space:normal;vertical-align:top}.parts td:first-child{min-width:200px}.parts td:nth-child(n+2){min-width:110px}
.trained td{white-space:normal;vertical-align:top}.trained td:nth-child(2),.trained td:nth-child(4){min-width:220px}
.arms td:nth-child(7){white-space:normal;min-width:180px}
.sources td:last-child{white-space:normal;min-width:220px}
.figures{white-space:nowrap}code span{display:inline-block;max-width:100%;overflow-wrap:anywhere}
.settled{font-weight:600}.open{color:var(--soft)}
nav a,a{color:var(--c0)}nav{display:flex;flex-wrap:wrap;gap:4px 16px;margin:8px 0}
figure{margin-top:12px;overflow-x:auto}section>figure{max-width:760px}section>figure.pair{max-width:none}
.wide{max-width:90ch}.small,.wide{overflow-wrap:anywhere}
pre{white-space:pre}
.answers{padding-left:1.2em}.answers li{margin-bottom:4px}.answers ul{padding-left:1.2em;margin:4px 0}
.remarks{padding-left:1.2em}
@media (max-width:700px){
body{padding:16px 12px 32px}th,td{padding:5px 8px}figure{padding:6px}figure svg{min-width:560px}figure.pair svg{min-width:866px}figure svg svg{min-width:0}
.scroll:has(.blocks){width:auto}
.blocks thead{display:none}.blocks,.blocks tbody,.blocks tr,.blocks td{display:block}
.blocks tr{padding:8px 10px;border-bottom:1px solid var(--rule)}.blocks tr:last-child{border-bottom:0}
.blocks td:nth-child(n){border:0;padding:2px 0;min-width:0;text-align:left;white-space:normal;overflow-wrap:anywhere}
.blocks td:first-child{font-weight:600}.claims td.settled,.claims td.open{font-weight:400}
.blocks td:not(:first-child)::before,.sweep td:first-child::before{content:attr(data-name) ": ";color:var(--soft);font-weight:400}
.overview td:nth-child(n+2):nth-child(-n+6),.arms td:nth-child(n+2),.trained td:nth-child(n+3){display:inline}
.overview td:nth-child(n+2):nth-child(-n+5)::after,.arms td:nth-child(n+2):has(~td:not(:empty,.none))::after,.trained td:nth-child(n+3):not(:last-child)::after{content:"; ";font-weight:400}
.blocks :is(td:empty,td.none){display:none}
table:not(.blocks) :is(th,td):first-child{position:sticky;left:0;background:var(--card);box-shadow:1px 0 var(--rule)}
}
`;
