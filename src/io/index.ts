/** Files that other programs read, as bytes. `index.node.ts` adds reading and writing on disk. */
export {
  readSafetensors,
  type SafeTensor,
  type SafetensorsDtype,
  type SafetensorsFile,
  type TensorData,
  writeSafetensors,
} from './safetensors.js';
