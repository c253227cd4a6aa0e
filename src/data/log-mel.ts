/**
 * Log-mel spectrograms of short recordings as byte images: 25 ms Hann windows every 10 ms, 32 triangular bands on the mel
 * scale from 0 to 4000 Hz, 64 frames. Knows samples, not files.
 */
import FFT from 'fft.js';
import { log } from '../core/math.js';

/** Samples a second of what {@link logMelImage} takes. */
export const sampleRate = 8000;
/** Rows of the image. */
export const melBands = 32;
/** Columns of the image: 64 frames are 0.655 s. */
export const melFrames = 64;

/** 25 ms. */
const windowLength = 200;
/** 10 ms. */
const hop = 80;
/** The next power of two above the window, which is padded with zeros. */
const fftSize = 256;
/** What lies this far below the loudest cell of a recording is black. */
const rangeDb = 80;

/** O'Shaughnessy's scale, 2595 log10(1 + f/700), as in HTK. */
const melOf = (hertz: number): number => (2595 / Math.LN10) * log(1 + hertz / 700);
const hertzOf = (mel: number): number => 700 * (10 ** (mel / 2595) - 1);

/** Hann. */
const windowShape = Float64Array.from(
  { length: windowLength },
  (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / windowLength),
);

/** One band: the weights of the bins from `first` on. */
interface Band {
  readonly first: number;
  readonly weights: Float64Array;
}

/** Triangles that rise from one neighbour's centre and fall to the other's; the centres are evenly spaced in mel. */
function makeBands(): readonly Band[] {
  const bins = fftSize / 2 + 1;
  const step = melOf(sampleRate / 2) / (melBands + 1);
  return Array.from({ length: melBands }, (_, band) => {
    const [low, centre, high] = [0, 1, 2].map((i) => hertzOf((band + i) * step));
    const all = Float64Array.from({ length: bins }, (_, bin) => {
      const hertz = (bin * sampleRate) / fftSize;
      return Math.max(0, Math.min((hertz - low) / (centre - low), (high - hertz) / (high - centre)));
    });
    const first = all.findIndex((weight) => weight > 0);
    return { first, weights: all.slice(first, all.findLastIndex((weight) => weight > 0) + 1) };
  });
}

const bands = makeBands();

/** Energy of each frame and band, [frames][melBands]; a recording shorter than a window is one frame. */
function melEnergies(samples: Float32Array): Float64Array {
  const frames = 1 + Math.max(0, Math.floor((samples.length - windowLength) / hop));
  const energies = new Float64Array(frames * melBands);
  const fft = new FFT(fftSize);
  const input = new Float64Array(fftSize);
  const spectrum = fft.createComplexArray() as number[];
  for (let frame = 0; frame < frames; frame++) {
    for (let i = 0; i < windowLength; i++) input[i] = (samples[frame * hop + i] ?? 0) * windowShape[i];
    fft.realTransform(spectrum, input);
    bands.forEach(({ first, weights }, band) => {
      let energy = 0;
      for (let i = 0; i < weights.length; i++) {
        const [re, im] = [spectrum[2 * (first + i)], spectrum[2 * (first + i) + 1]];
        energy += weights[i] * (re * re + im * im);
      }
      energies[frame * melBands + band] = energy;
    });
  }
  return energies;
}

/** First frame of the `melFrames` that together have the most energy; the earliest of equals. */
function loudestStart(energies: Float64Array, frames: number): number {
  const ofFrame = Array.from({ length: frames }, (_, frame) =>
    energies.subarray(frame * melBands, (frame + 1) * melBands).reduce((sum, value) => sum + value, 0),
  );
  let best = 0;
  let most = -1;
  for (let start = 0; start + melFrames <= frames; start++) {
    const energy = ofFrame.slice(start, start + melFrames).reduce((sum, value) => sum + value, 0);
    if (energy > most) [best, most] = [start, energy];
  }
  return best;
}

/**
 * The image of a recording, [melBands, melFrames, 1] bytes, the highest band in row 0: decibels from 80 below the recording's
 * loudest cell (0) to that cell (255). A recording of fewer frames stands in the middle, with 0 beside it; of a longer
 * one the loudest 64 frames in a row are taken.
 * @param samples mono, 8000 a second, of any scale.
 */
export function logMelImage(samples: Float32Array): Uint8Array {
  const image = new Uint8Array(melBands * melFrames);
  const energies = melEnergies(samples);
  const frames = energies.length / melBands;
  const loudest = energies.reduce((most, value) => Math.max(most, value), 0);
  if (loudest === 0) return image;
  const floor = loudest * 10 ** (-rangeDb / 10);
  const start = frames > melFrames ? loudestStart(energies, frames) : 0;
  const count = Math.min(frames, melFrames);
  const left = Math.floor((melFrames - count) / 2);
  for (let frame = 0; frame < count; frame++) {
    for (let band = 0; band < melBands; band++) {
      const energy = energies[(start + frame) * melBands + band];
      if (energy < floor) continue;
      const below = (-10 / Math.LN10) * log(energy / loudest);
      image[(melBands - 1 - band) * melFrames + left + frame] = Math.max(
        0,
        Math.round(255 * (1 - below / rangeDb)),
      );
    }
  }
  return image;
}
