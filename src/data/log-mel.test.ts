import { describe, expect, it } from 'vitest';
import { logMelImage, melBands, melFrames, sampleRate } from './log-mel.js';

const tone = (hertz: number, count: number, gain = 1): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => gain * Math.sin((2 * Math.PI * hertz * i) / sampleRate));

/** Frames that hold anything. */
const columns = (image: Uint8Array): number[] =>
  Array.from({ length: melFrames }, (_, frame) => frame).filter((frame) =>
    Array.from({ length: melBands }, (_, row) => image[row * melFrames + frame]).some((value) => value > 0),
  );

/** Row of the brightest cell of a column. */
const brightest = (image: Uint8Array, frame: number): number => {
  const column = Array.from({ length: melBands }, (_, row) => image[row * melFrames + frame]);
  return column.indexOf(Math.max(...column));
};

describe('a log-mel image', () => {
  it.each([200, 500, 1000, 2000, 3500])(
    'shows a tone of %d Hz in the band whose centre is nearest in mel',
    (hertz) => {
      const mel = (f: number): number => 2595 * Math.log10(1 + f / 700);
      const band = Math.round(mel(hertz) / (mel(4000) / (melBands + 1))) - 1;
      expect(brightest(logMelImage(tone(hertz, 4000)), melFrames / 2)).toBe(melBands - 1 - band);
    },
  );

  it('has a frame every 10 ms, in the middle', () => {
    // 1 + floor((2000 - 200) / 80) = 23 frames; 41 are empty, 20 of them on the left.
    expect(columns(logMelImage(tone(1000, 2000)))).toEqual(Array.from({ length: 23 }, (_, i) => 20 + i));
    expect(columns(logMelImage(tone(1000, 50)))).toEqual([31]);
  });

  it('takes the loudest 64 frames of a longer recording', () => {
    const samples = new Float32Array(12_000);
    samples.set(tone(1000, 4000), 7000);
    // The tone's frames start after sample 6800 and before 11000: at most 53 of them, all inside.
    const image = logMelImage(samples);
    const seen = columns(image).length;
    expect(seen).toBeGreaterThanOrEqual(50);
    expect(seen).toBeLessThanOrEqual(53);
  });

  it('does not depend on the gain, and is black for silence', () => {
    const loud = logMelImage(tone(700, 3000));
    // A power of two changes no bit of the mantissa.
    expect(logMelImage(tone(700, 3000, 1 / 64))).toEqual(loud);
    expect(Math.max(...loud)).toBe(255);
    expect(logMelImage(new Float32Array(3000))).toEqual(new Uint8Array(melBands * melFrames));
  });

  it('is 80 dB deep: a tone of a tenth of the amplitude is a quarter darker', () => {
    const both = Float32Array.from(tone(500, 4000), (value, i) => value + tone(2500, 4000, 0.1)[i]);
    const image = logMelImage(both);
    const frame = melFrames / 2;
    const alone = brightest(logMelImage(tone(2500, 4000)), frame);
    // 20 of 80 dB, less what the triangles' areas make of it.
    const quieter = image[alone * melFrames + frame];
    expect(quieter).toBeGreaterThan(255 * 0.7);
    expect(quieter).toBeLessThan(255 * 0.85);
  });
});
