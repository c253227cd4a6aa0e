/** The block of scheme.json, a 3x3 convolution and Range BN under the recipe `paper`, on a backend: codes, outputs and gradients. */
import type { Backend } from '../../src/backend/backend.js';
import { applyRecipe } from '../../src/compiler/precision.js';
import { differentiate } from '../../src/graph/differentiate.js';
import { Graph, type Value } from '../../src/graph/graph.js';
import { bind, Conv2d, Module, Norm } from '../../src/nn/index.js';
import { mul, sum } from '../../src/ops/index.js';
import { getRecipe } from '../../src/quant/recipes.js';
import { evaluateGraph } from '../support/evaluate.js';
import { type DrawnInput, drawNumbers, type GoldenCodes, type GoldenTensor } from './golden.case.js';

export interface SchemeCase {
  readonly title: string;
  readonly stride: number;
  readonly inputs: Readonly<Record<string, DrawnInput>>;
  /** The first 16-bit numbers of each stochastic quantiser, by the name of its site. */
  readonly noise: Readonly<Record<string, readonly number[]>>;
  readonly codes: Readonly<Record<string, GoldenCodes>>;
  readonly outputs: Readonly<Record<string, GoldenTensor>>;
  readonly gradients: Readonly<Record<string, GoldenTensor>>;
  /** c(n) = 1/d2(n) by n. */
  readonly constants: Readonly<Record<string, number>>;
}

export interface SchemeFile {
  readonly seed: number;
  readonly cases: readonly SchemeCase[];
}

class Block extends Module {
  readonly conv: Conv2d;
  readonly bn: Norm;

  constructor(from: number, to: number, stride: number) {
    super();
    this.conv = new Conv2d(from, to, 3, { stride, padding: 1, bias: false });
    this.bn = new Norm(to);
  }

  forward(input: Value): Value {
    return this.bn.apply(this.conv.apply(input));
  }
}

export type SchemeNumbers = Record<'codes' | 'outputs' | 'gradients', Record<string, Float64Array>>;

/** Names of the operands that the recipe quantises, as the golden file has them. */
function operandName(path: string, product: string, role: string): string {
  if (role !== 'gradOutput' || path === 'bn') return `${path}/${role}`;
  return `${path}/gradOutput/${product === 'gradLeft' ? 'int8' : 'int16'}`;
}

/** Forward and backward of sum(output * gradOutput), under seed 0 at step 0. */
export function runScheme(backend: Backend, seed: number, run: SchemeCase): SchemeNumbers {
  const { title, stride, inputs } = run;
  const [to, , , from] = inputs['conv.weight'].shape;
  const model = new Block(from, to, stride);
  const { parameters } = bind(model);
  const graph = new Graph('train');
  const input = graph.source('input', 'input', inputs.input.shape, 'float');
  const gradOutput = graph.source('input', 'gradOutput', inputs.gradOutput.shape, 'float');
  const output = model.apply(input);
  const loss = sum(mul(output, gradOutput));
  const values = { input, ...Object.fromEntries(parameters.map((p) => [p.path, p.value(graph)])) };
  const gradients = differentiate(loss, Object.values(values)) as Value[];
  const { graph: precise, map, operands } = applyRecipe(graph, getRecipe('paper'));

  const norm = precise.nodes.find(({ op }) => op.name === 'norm_cells');
  const normInput = operands.find(({ product }) => product === 'norm')?.original;
  const running = (name: string): Value => precise.findSource(`bn.${name}`) as Value;
  if (!norm || !normInput) throw new Error('the recipe has put no norm on codes in the block');
  const wanted: [keyof SchemeNumbers, string, Value][] = [
    ['outputs', 'convolution', normInput],
    ['outputs', 'output', map(output)],
    ['outputs', 'runningMean', running('running_mean')],
    ['outputs', 'runningSpread', running('running_spread')],
    ...Object.keys(values).map((name, i): [keyof SchemeNumbers, string, Value] => [
      'gradients',
      name,
      map(gradients[i]),
    ]),
  ];
  for (const { path, product, role, quantized } of operands) {
    wanted.push(['codes', operandName(path, product, role), quantized.codes]);
  }
  const feeds = new Map(
    Object.entries(inputs).map(([name, spec]) => [name, drawNumbers(seed, `${title}/${name}`, spec)]),
  );
  const numbers = evaluateGraph(
    backend,
    wanted.map(([, , value]) => value),
    feeds,
  );
  const found: SchemeNumbers = { codes: {}, outputs: {}, gradients: {} };
  wanted.forEach(([kind, name], i) => {
    found[kind][name] = numbers[i];
  });
  return found;
}
