/**
 * The kernel that tfjs's wasm backend lacks and without which no convolution trains there: the gradient of a convolution's
 * filter. Composed of tfjs's own operations: for each place of the filter a strided slice of the padded input, times the
 * gradient of the output.
 */

/** Registers `Conv2DBackpropFilter` for the wasm backend. Takes NHWC without dilation, which is what the works have. */
export function registerFilterGradient(tf) {
  tf.registerKernel({
    kernelName: 'Conv2DBackpropFilter',
    backendName: 'wasm',
    kernelFunc: ({ inputs, attrs }) =>
      tf.tidy(() => {
        const { strides, pad, dimRoundingMode, filterShape, dataFormat } = attrs;
        if (dataFormat !== 'NHWC') throw new Error(`filter gradient: NHWC only, got ${dataFormat}`);
        // The gradient of a convolution hands over tensors, not their bare infos.
        const { x, dy } = inputs;
        const info = tf.backend_util.computeConv2DInfo(
          x.shape,
          filterShape,
          strides,
          1,
          pad,
          dimRoundingMode,
        );
        const { padInfo, strideHeight, strideWidth, outHeight, outWidth, batchSize } = info;
        const padded = tf.pad4d(x, [
          [0, 0],
          [padInfo.top, padInfo.bottom],
          [padInfo.left, padInfo.right],
          [0, 0],
        ]);
        const [kernelH, kernelW, inChannels, outChannels] = filterShape;
        const rows = dy.reshape([-1, outChannels]);
        const parts = [];
        for (let h = 0; h < kernelH; h++) {
          for (let w = 0; w < kernelW; w++) {
            const seen = tf.stridedSlice(
              padded,
              [0, h, w, 0],
              [
                batchSize,
                h + (outHeight - 1) * strideHeight + 1,
                w + (outWidth - 1) * strideWidth + 1,
                inChannels,
              ],
              [1, strideHeight, strideWidth, 1],
            );
            parts.push(tf.matMul(seen.reshape([-1, inChannels]), rows, true, false));
          }
        }
        return tf.stack(parts).reshape(filterShape);
      }),
  });
}
