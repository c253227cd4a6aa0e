/** Reference kernels of pooling over NHWC images. */
import { inputOfTap, windowAxes } from './geometry.js';
import type { KernelTable } from './kernel.js';

export const poolingKernels = {
  max_pool({ input, output, index }, params) {
    const { batch, inH, inW, channels, outH, outW, kernelH, kernelW } = params;
    const axes = windowAxes(params);
    const rows = inputOfTap(axes.high);
    const columns = inputOfTap(axes.wide);
    let at = 0;
    for (let b = 0; b < batch; b++) {
      for (let oh = 0; oh < outH; oh++) {
        for (let ow = 0; ow < outW; ow++) {
          for (let c = 0; c < channels; c++) {
            let best = Number.NEGATIVE_INFINITY;
            let bestTap = -1;
            for (let kh = 0; kh < kernelH; kh++) {
              const ih = rows[oh * kernelH + kh];
              if (ih < 0) continue;
              for (let kw = 0; kw < kernelW; kw++) {
                const iw = columns[ow * kernelW + kw];
                if (iw < 0) continue;
                const x = input[((b * inH + ih) * inW + iw) * channels + c];
                const firstNaN = Number.isNaN(x) && !Number.isNaN(best);
                if (bestTap < 0 || x > best || firstNaN) {
                  best = x;
                  bestTap = kh * kernelW + kw;
                }
              }
            }
            output[at] = best;
            if (index) index[at] = bestTap;
            at += 1;
          }
        }
      }
    }
  },

  max_pool_grad({ gradOutput, index, gradInput }, params) {
    const { batch, inH, inW, channels, outH, outW, kernelW, strideH, strideW, padH, padW } = params;
    gradInput.fill(0, 0, batch * inH * inW * channels);
    let at = 0;
    for (let b = 0; b < batch; b++) {
      for (let oh = 0; oh < outH; oh++) {
        for (let ow = 0; ow < outW; ow++) {
          for (let c = 0; c < channels; c++) {
            const kh = Math.floor(index[at] / kernelW);
            const kw = index[at] - kh * kernelW;
            const ih = oh * strideH - padH + kh;
            const iw = ow * strideW - padW + kw;
            // Scattering in this order adds up each pixel in the order of its windows; the store rounds.
            gradInput[((b * inH + ih) * inW + iw) * channels + c] += gradOutput[at];
            at += 1;
          }
        }
      }
    }
  },

  avg_pool({ input, output }, params, { round: f }) {
    const { batch, inH, inW, channels, outH, outW, kernelH, kernelW } = params;
    const axes = windowAxes(params);
    const rows = inputOfTap(axes.high);
    const columns = inputOfTap(axes.wide);
    const share = f(1 / (kernelH * kernelW));
    let at = 0;
    for (let b = 0; b < batch; b++) {
      for (let oh = 0; oh < outH; oh++) {
        for (let ow = 0; ow < outW; ow++) {
          for (let c = 0; c < channels; c++) {
            let sum = 0;
            for (let kh = 0; kh < kernelH; kh++) {
              const ih = rows[oh * kernelH + kh];
              if (ih < 0) continue;
              for (let kw = 0; kw < kernelW; kw++) {
                const iw = columns[ow * kernelW + kw];
                if (iw >= 0) sum = f(sum + input[((b * inH + ih) * inW + iw) * channels + c]);
              }
            }
            output[at] = sum * share;
            at += 1;
          }
        }
      }
    }
  },

  avg_pool_grad({ gradOutput, gradInput }, params, { round: f }) {
    const { batch, inH, inW, channels, outH, outW, kernelH, kernelW } = params;
    const axes = windowAxes(params);
    const rows = inputOfTap(axes.high);
    const columns = inputOfTap(axes.wide);
    const share = f(1 / (kernelH * kernelW));
    const size = batch * inH * inW * channels;
    gradInput.fill(0, 0, size);
    for (let b = 0; b < batch; b++) {
      for (let oh = 0; oh < outH; oh++) {
        for (let ow = 0; ow < outW; ow++) {
          const from = ((b * outH + oh) * outW + ow) * channels;
          for (let kh = 0; kh < kernelH; kh++) {
            const ih = rows[oh * kernelH + kh];
            if (ih < 0) continue;
            for (let kw = 0; kw < kernelW; kw++) {
              const iw = columns[ow * kernelW + kw];
              if (iw < 0) continue;
              const to = ((b * inH + ih) * inW + iw) * channels;
              for (let c = 0; c < channels; c++) gradInput[to + c] += gradOutput[from + c];
            }
          }
        }
      }
    }
    for (let i = 0; i < size; i++) gradInput[i] = share * gradInput[i];
  },
} satisfies Pick<KernelTable, 'max_pool' | 'max_pool_grad' | 'avg_pool' | 'avg_pool_grad'>;
