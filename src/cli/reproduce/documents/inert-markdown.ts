/**
 * Markdown in which texts of experiment.json, claims.json and results.json do nothing: no HTML, no links that run a script, nothing that
 * hides what follows. Code, ordinary links and signs such as < before a number stay as they are. Text in, text out.
 */

/** Starts of lines where a block of Markdown begins, over whose edge no code goes. */
const blockStart = /\n(?=[ \t]*(?:[-+*>#|=]|\d+[.)]|`{3}|~{3}))/;
/** A bar between two cells of a table; one within a cell has a backslash before it. */
const cellEdge = /(?<!\\)\|/;
/** In turn: a character that a backslash makes plain, code between runs of equally many backticks, and a run without its like. */
const codeOrNot = /\\[^\n]|(`+)(?!`)[\s\S]*?[^`]\1(?!`)|`+/g;

/** What begins a tag, a comment or the like (CommonMark 6.6), but for addresses of the web. */
const tagStart = /<(?=[A-Za-z/!?])(?!https?:\/\/[^\s<>]*>)/g;
/** The start of a link's address that is neither one of the web nor a path: another scheme, or one that is spelt so as not to show. */
const oddAddress = /\]\((?!(?:https?:\/\/[^\s\\<>]*|mailto:[^\s\\<>&]*|[^\s:\\<>&]+)[\s)])/g;
/** A line that gives links elsewhere their address. */
const definition = /^([ \t]*(?:[-+*>] *)*\[(?:\\[\s\S]|[^\]\\])*\]):/gm;

const inertText = (text: string): string =>
  text
    .replace(tagStart, '&lt;')
    .replace(oddAddress, ']&#40;')
    .replace(/[`~]{3,}/g, (fence) => `&#${fence.charCodeAt(0)};`.repeat(fence.length));

/** Text up to where another block begins. */
function inertBlock(block: string): string {
  let [made, text] = ['', ''];
  let end = 0;
  for (const { 0: found, 1: isCode, index } of block.matchAll(codeOrNot)) {
    text += block.slice(end, index);
    end = index + found.length;
    if (isCode === undefined) text += found;
    else {
      made += inertText(text) + found;
      text = '';
    }
  }
  return made + inertText(text + block.slice(end));
}

/** A paragraph, heading, list or table, with the meaning taken from what is in it but code and ordinary links. */
export const inertMarkdown = (markdown: string): string =>
  markdown
    .replace(definition, '$1&#58;')
    .split(blockStart)
    .map((block) =>
      block.startsWith('|') ? block.split(cellEdge).map(inertBlock).join('|') : inertBlock(block),
    )
    .join('\n');
