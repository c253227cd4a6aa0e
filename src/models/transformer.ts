/**
 * A small transformer that predicts the next token at every place (Vaswani et al. 2017, with the norm before each part as in
 * GPT-2): embeddings of token and place, blocks of causal attention and a two-layer perceptron, a norm, and a head of its own weights.
 * Both products of attention have two activations; they are modules of their own, so that a recipe can name each.
 */
import { ShapeError, UsageError } from '../core/errors.js';
import { type Shape, shapeText } from '../core/shape.js';
import type { Value } from '../graph/graph.js';
import { Embedding, LayerNorm, Linear, Module, normal, Parameter } from '../nn/index.js';
import { add, affine, matmul, relu, reshape, softmax, transpose } from '../ops/index.js';

/** Options of {@link Transformer}. */
export interface TransformerOptions {
  /** [context]: tokens of one sample. */
  readonly inputShape: Shape;
  /** Size of the vocabulary: of the tokens that go in and of those that are predicted. */
  readonly classes: number;
  /** Default 2. */
  readonly layers?: number;
  /** Features of a token; a multiple of `heads`. Default 128. */
  readonly width?: number;
  /** Default 4. */
  readonly heads?: number;
}

/** Deviation of the first embeddings, as in GPT-2. */
const embeddingDeviation = 0.02;
/** Added to the scores of later places. Finite, so that a probe, which refuses infinities, passes; exp of it is 0. */
const hidden = -1e9;

/** Queries [batch, heads, T, d] by keys of the same shape: scores [batch, heads, T, T]. */
class Scores extends Module {
  forward(queries: Value, keys: Value): Value {
    return matmul(queries, keys, { transposeRight: true });
  }
}

/** Weights [batch, heads, T, T] by values [batch, heads, T, d]: [batch, heads, T, d]. */
class Mix extends Module {
  forward(weights: Value, values: Value): Value {
    return matmul(weights, values);
  }
}

/** Scaled dot-product attention of several heads in which a place sees itself and those before it: [batch, T, width] to the same. */
export class CausalAttention extends Module {
  readonly query: Linear;
  readonly key: Linear;
  readonly value: Linear;
  readonly scores = new Scores();
  readonly mix = new Mix();
  readonly out: Linear;

  constructor(
    width: number,
    private readonly heads: number,
  ) {
    super();
    this.query = new Linear(width, width);
    this.key = new Linear(width, width);
    this.value = new Linear(width, width);
    this.out = new Linear(width, width);
  }

  forward(input: Value): Value {
    const [batch, length, width] = input.shape;
    const { heads } = this;
    const split = (value: Value): Value =>
      transpose(reshape(value, [batch, length, heads, width / heads]), [0, 2, 1, 3]);
    const queries = affine(this.query.apply(input), 1 / Math.sqrt(width / heads));
    const scores = this.scores.apply(split(queries), split(this.key.apply(input)));
    const weights = softmax(add(scores, causalMask(input, length)));
    const mixed = this.mix.apply(weights, split(this.value.apply(input)));
    return this.out.apply(reshape(transpose(mixed, [0, 2, 1, 3]), [batch, length, width]));
  }
}

/** [length, length]: 0 where column <= row. */
function causalMask({ graph }: Value, length: number): Value {
  const data = Float64Array.from({ length: length * length }, (_, i) =>
    i % length <= Math.floor(i / length) ? 0 : hidden,
  );
  return graph.source('constant', 'causal_mask', [length, length], 'float', data);
}

/** Attention and a perceptron of four times the width, each added to its input: [batch, T, width] to the same. */
export class TransformerBlock extends Module {
  readonly norm1: LayerNorm;
  readonly attention: CausalAttention;
  readonly norm2: LayerNorm;
  readonly fc1: Linear;
  readonly fc2: Linear;

  constructor(width: number, heads: number) {
    super();
    this.norm1 = new LayerNorm(width);
    this.attention = new CausalAttention(width, heads);
    this.norm2 = new LayerNorm(width);
    this.fc1 = new Linear(width, 4 * width);
    this.fc2 = new Linear(4 * width, width);
  }

  forward(input: Value): Value {
    const x = add(input, this.attention.apply(this.norm1.apply(input)));
    return add(x, this.fc2.apply(relu(this.fc1.apply(this.norm2.apply(x)))));
  }
}

/** Tokens int32 [batch, T] to logits [batch, T, classes]. Throws UsageError for samples that are no row of tokens, or heads that do not divide the width. */
export class Transformer extends Module {
  readonly embed: Embedding;
  readonly position: Parameter;
  readonly blocks: readonly TransformerBlock[];
  readonly norm: LayerNorm;
  readonly head: Linear;

  constructor({ inputShape, classes, layers = 2, width = 128, heads = 4 }: TransformerOptions) {
    super();
    if (inputShape.length !== 1) {
      throw new UsageError(
        `transformer takes rows of tokens [context], got samples of ${shapeText(inputShape)}; use it with --dataset text, or another model`,
      );
    }
    const counts = { layers, width, heads };
    for (const [name, count] of Object.entries(counts)) {
      if (!Number.isInteger(count) || count < 1) {
        throw new UsageError(`transformer: ${name} must be a positive integer, got ${count}`);
      }
    }
    if (width % heads !== 0) {
      throw new UsageError(`transformer: width ${width} must be a multiple of heads ${heads}`);
    }
    const init = normal(embeddingDeviation);
    this.embed = new Embedding(classes, width, { init });
    this.position = new Parameter([inputShape[0], width], init);
    this.blocks = Array.from({ length: layers }, () => new TransformerBlock(width, heads));
    this.norm = new LayerNorm(width);
    this.head = new Linear(width, classes);
  }

  forward(tokens: Value): Value {
    if (tokens.storage !== 'int32') {
      throw new ShapeError(
        `transformer takes tokens stored as int32, got ${tokens.storage}; use it with --dataset text, or with data of whole numbers`,
        this.path,
      );
    }
    let x = add(this.embed.apply(tokens), this.position.value(tokens.graph));
    for (const block of this.blocks) x = block.apply(x);
    return this.head.apply(this.norm.apply(x));
  }
}
