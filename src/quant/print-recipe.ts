/** A recipe as a table for people: what every product multiplies, and whether on integer kernels. */

import { normKind, type ProductKind, productKind } from './product-kind.js';
import type { MasterWeights, NormSpec, Operand, ProductSpecs, Recipe, RecipeOverride } from './recipe.js';

/** One operand in a few words: `uint8 affine, tensor, mean/sample, nearest`. */
export function describeOperand(operand: Operand | 'forward'): string {
  if (operand === 'forward') return 'as forward';
  if (operand === 'float32') return 'float32';
  const { format, scheme, granularity, range, chunks, rounding, clip } = operand;
  const from = range === 'mean' ? `mean/${chunks}` : range;
  const clipped = clip !== 1 ? `, clip ${clip}` : '';
  return `${format} ${scheme}, ${granularity}, ${from}, ${rounding}${clipped}`;
}

/** One of a layer's three products. */
export interface ProductDescription {
  readonly product: keyof ProductSpecs;
  /** Its operands by role; `forward` is resolved. */
  readonly operands: readonly { readonly role: string; readonly text: string }[];
  /** Whether it runs on integer kernels, is simulated in float, or is float. */
  readonly kind: ProductKind;
}

/** The three products of a recipe (or of one module's settings) and how each runs. */
export function describeProducts({ products }: { readonly products: ProductSpecs }): ProductDescription[] {
  const { forward, gradLeft, gradRight } = products;
  const right = gradLeft.right === 'forward' ? forward.right : gradLeft.right;
  const left = gradRight.left === 'forward' ? forward.left : gradRight.left;
  return [
    {
      product: 'forward',
      operands: [
        { role: 'left', text: describeOperand(forward.left) },
        { role: 'right', text: describeOperand(forward.right) },
      ],
      kind: productKind(forward.left, forward.right),
    },
    {
      product: 'gradLeft',
      operands: [
        { role: 'gradOutput', text: describeOperand(gradLeft.gradOutput) },
        { role: 'right', text: describeOperand(gradLeft.right) },
      ],
      kind: productKind(gradLeft.gradOutput, right),
    },
    {
      product: 'gradRight',
      operands: [
        { role: 'gradOutput', text: describeOperand(gradRight.gradOutput) },
        { role: 'left', text: describeOperand(gradRight.left) },
      ],
      kind: productKind(gradRight.gradOutput, left),
    },
  ];
}

function normRows(norm: NormSpec): string[][] {
  const constants = { d2: '1/d2(n)', paper: '1/sqrt(2 ln n)', 'published-code': '0.5402/sqrt(2 ln n)' };
  const kind =
    norm.kind === 'range'
      ? `Range BN, ${norm.chunks} chunks, c(n) = ${constants[norm.constant]}`
      : 'batch norm';
  const bits = norm.coefficientBits;
  const simulated = (operand: Operand): string => (normKind(operand) === 'simulated' ? 'simulated' : '');
  return [
    ['norm', 'kind', kind, ''],
    ['', 'input', describeOperand(norm.input), simulated(norm.input)],
    ['', 'gradOutput', describeOperand(norm.gradOutput), simulated(norm.gradOutput)],
    ['', 'coefficients', bits > 0 ? `${bits} bits (gamma, beta, 1/spread)` : 'float32', ''],
    ['', 'running values', `momentum ${norm.momentum}, eps ${norm.eps}`, ''],
  ];
}

function overrideRows({ modules, kind, products, norm }: RecipeOverride): string[][] {
  const changes: [string, string][] = [];
  for (const [product, operands] of Object.entries(products ?? {})) {
    for (const [role, operand] of Object.entries(operands ?? {})) {
      changes.push([`${product}.${role}`, describeOperand(operand as Operand | 'forward')]);
    }
  }
  for (const [field, value] of Object.entries(norm ?? {})) {
    const isOperand = field === 'input' || field === 'gradOutput';
    changes.push([`norm.${field}`, isOperand ? describeOperand(value as Operand) : String(value)]);
  }
  return changes.map(([field, text], i) => [
    i === 0 ? `${modules}${kind === undefined ? '' : ` (${kind})`}` : '',
    field,
    text,
  ]);
}

/** Columns as wide as their longest cell, the last one ragged. */
function table(rows: readonly string[][]): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows
    .map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column])).join('  ')}`.trimEnd())
    .join('\n');
}

/** Only where they are not float32, which goes without saying. */
function masterText(master: Exclude<MasterWeights, 'float32'>): string {
  const how = master === 'quantized' ? 'to nearest' : 'stochastically';
  return `  master weights: none; each update is rounded ${how} to the weights' codes`;
}

/** The recipe as text of one screen, without a final line end. */
export function printRecipe(recipe: Recipe): string {
  const rows: string[][] = [];
  for (const { product, operands, kind } of describeProducts(recipe)) {
    rows.push([product, operands[0].role, operands[0].text, kind]);
    rows.push(['', operands[1].role, operands[1].text, '']);
  }
  const parts = [
    `${recipe.name}: ${recipe.description}`,
    table([...rows, ...normRows(recipe.norm)]),
    `  running ranges: momentum ${recipe.rangeMomentum}`,
    ...(recipe.masterWeights === 'float32' ? [] : [masterText(recipe.masterWeights)]),
  ];
  const overrides = recipe.overrides.flatMap(overrideRows);
  if (overrides.length > 0) parts.push(`  overrides, the last that matches wins:\n${table(overrides)}`);
  return parts.join('\n');
}
