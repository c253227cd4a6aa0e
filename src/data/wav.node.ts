/** Samples of WAV files, with errors that name the file. Knows no data set. */
import wavefile from 'wavefile';
import { DataError } from '../core/errors.js';

/** What wavefile's own types leave open of the header. */
interface WavFormat {
  readonly numChannels: number;
  readonly sampleRate: number;
}

/**
 * Samples in [-1, 1) of a mono WAV file of 16-bit PCM.
 * @param where names the file in errors.
 * @throws DataError for a damaged file, another coding, rate or number of channels, or one without samples.
 */
export function readWav(bytes: Uint8Array, rate: number, where: string): Float32Array {
  const wav = new wavefile.WaveFile();
  try {
    wav.fromBuffer(bytes);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DataError(`is damaged or no WAV file (${reason}); get it again`, where);
  }
  const { numChannels, sampleRate } = wav.fmt as WavFormat;
  if (wav.bitDepth !== '16' || numChannels !== 1 || sampleRate !== rate) {
    throw new DataError(
      `has ${numChannels} channel${numChannels === 1 ? '' : 's'} of ${wav.bitDepth} bits at ${sampleRate} Hz; convert it to one of 16 bits at ${rate} Hz`,
      where,
    );
  }
  const samples = wav.getSamples(true, Int16Array) as unknown as Int16Array;
  if (samples.length === 0) throw new DataError('holds no samples; remove or replace it', where);
  // A loop: Float32Array.from takes several times as long.
  const scaled = new Float32Array(samples.length);
  for (let i = 0; i < samples.length; i++) scaled[i] = samples[i] / 32768;
  return scaled;
}
