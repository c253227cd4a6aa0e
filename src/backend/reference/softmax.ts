/** Reference kernels of softmax, softmax cross-entropy and embedding tables. */
import { exp, log } from '../../core/math.js';
import { type KernelTable, STATUS_BAD_INDEX, STATUS_NON_FINITE } from './kernel.js';

export const softmaxKernels = {
  softmax({ input, output }, { rows, cols }) {
    const powers = new Float64Array(cols);
    for (let row = 0; row < rows; row++) {
      const at = row * cols;
      let max = input[at];
      for (let j = 1; j < cols; j++) if (input[at + j] > max) max = input[at + j];
      let sum = 0;
      for (let j = 0; j < cols; j++) {
        powers[j] = exp(input[at + j] - max);
        sum += powers[j];
      }
      for (let j = 0; j < cols; j++) output[at + j] = powers[j] / sum;
    }
  },

  softmax_grad({ output, gradOutput, gradInput }, { rows, cols }) {
    for (let row = 0; row < rows; row++) {
      const at = row * cols;
      let dot = 0;
      for (let j = 0; j < cols; j++) dot += gradOutput[at + j] * output[at + j];
      for (let j = 0; j < cols; j++) gradInput[at + j] = output[at + j] * (gradOutput[at + j] - dot);
    }
  },

  log_softmax({ input, output }, { rows, cols }) {
    for (let row = 0; row < rows; row++) {
      const at = row * cols;
      let max = input[at];
      for (let j = 1; j < cols; j++) if (input[at + j] > max) max = input[at + j];
      let sum = 0;
      for (let j = 0; j < cols; j++) sum += exp(input[at + j] - max);
      const logSum = log(sum);
      for (let j = 0; j < cols; j++) output[at + j] = input[at + j] - max - logSum;
    }
  },

  log_softmax_grad({ output, gradOutput, gradInput }, { rows, cols }) {
    for (let row = 0; row < rows; row++) {
      const at = row * cols;
      let sum = 0;
      for (let j = 0; j < cols; j++) sum += gradOutput[at + j];
      for (let j = 0; j < cols; j++) gradInput[at + j] = gradOutput[at + j] - exp(output[at + j]) * sum;
    }
  },

  softmax_cross_entropy({ logits, labels, loss, gradLogits, correct, status }, params) {
    const { rows, cols, smoothing, scale, site } = params;
    const powers = new Float64Array(cols);
    const share = smoothing / cols;
    for (let row = 0; row < rows; row++) {
      const at = row * cols;
      const label = labels[row];
      if (label < 0 || label >= cols) {
        status[site] |= STATUS_BAD_INDEX;
        loss[row] = 0;
        if (gradLogits) gradLogits.fill(0, at, at + cols);
        if (correct) correct[row] = 0;
        continue;
      }
      let max = logits[at];
      let best = 0;
      for (let j = 1; j < cols; j++) {
        if (logits[at + j] > max) {
          max = logits[at + j];
          best = j;
        }
      }
      let sum = 0;
      for (let j = 0; j < cols; j++) {
        powers[j] = exp(logits[at + j] - max);
        sum += powers[j];
      }
      let expected = 0;
      for (let j = 0; j < cols; j++) {
        const target = (j === label ? 1 - smoothing : 0) + share;
        expected += target * (logits[at + j] - max);
        if (gradLogits) gradLogits[at + j] = (powers[j] / sum - target) * scale;
      }
      const value = log(sum) - expected;
      loss[row] = value;
      if (!Number.isFinite(loss[row])) status[site] |= STATUS_NON_FINITE;
      if (correct) correct[row] = best === label ? 1 : 0;
    }
  },

  embedding({ table, indices, output, status }, { rows, cols, tableRows, site }) {
    for (let row = 0; row < rows; row++) {
      const index = indices[row];
      const to = row * cols;
      if (index < 0 || index >= tableRows) {
        status[site] |= STATUS_BAD_INDEX;
        output.fill(0, to, to + cols);
        continue;
      }
      const from = index * cols;
      for (let j = 0; j < cols; j++) output[to + j] = table[from + j];
    }
  },

  embedding_grad({ gradOutput, indices, gradTable }, { rows, cols, tableRows }) {
    gradTable.fill(0, 0, tableRows * cols);
    for (let row = 0; row < rows; row++) {
      const index = indices[row];
      if (index < 0 || index >= tableRows) continue;
      const to = index * cols;
      const from = row * cols;
      for (let j = 0; j < cols; j++) gradTable[to + j] += gradOutput[from + j];
    }
  },
} satisfies Pick<
  KernelTable,
  | 'softmax'
  | 'softmax_grad'
  | 'log_softmax'
  | 'log_softmax_grad'
  | 'softmax_cross_entropy'
  | 'embedding'
  | 'embedding_grad'
>;
