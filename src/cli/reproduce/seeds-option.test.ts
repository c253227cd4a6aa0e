import { describe, expect, it } from 'vitest';
import { UsageError } from '../../core/errors.js';
import { seedsOption } from './seeds-option.js';

describe('--seeds', () => {
  it.each([
    ['3', 3],
    ['2,9', [2, 9]],
    ['4-7', [4, 5, 6, 7]],
    ['0, 4-6, 5', [0, 4, 5, 6]],
    ['5-5', [5]],
    ['4294967295-4294967295', [4294967295]],
  ])('%s', (text, seeds) => {
    expect(seedsOption(text)).toEqual(seeds);
  });

  it.each([
    ['0', 'must be 1 to 1000 seeds'],
    ['1001', 'must be 1 to 1000 seeds'],
    ['0-1000', 'must be 1 to 1000 seeds'],
    ['0-600,700-1300', 'must be 1 to 1000 seeds'],
    ['0-4294967295', 'must be 1 to 1000 seeds'],
    ['7-4', 'must be ranges from the smaller seed to the larger'],
    ['1,4294967296', 'must be seeds up to 4294967295'],
    ['1.5', 'must be a whole number, or seeds and ranges'],
    ['-3', 'must be a whole number, or seeds and ranges'],
    ['2,', 'must be a whole number, or seeds and ranges'],
    ['', 'must be a whole number, or seeds and ranges'],
    ['1 2', 'must be a whole number, or seeds and ranges'],
    ['2, 9 10', 'must be a whole number, or seeds and ranges'],
    ['1\n2', 'must be a whole number, or seeds and ranges'],
    ['all', 'must be a whole number, or seeds and ranges'],
  ])('refuses "%s"', (text, message) => {
    expect(() => seedsOption(text)).toThrow(UsageError);
    expect(() => seedsOption(text)).toThrow(message);
    expect(() => seedsOption(text)).toThrow(`got ${JSON.stringify(text)}; 3 is how many`);
  });
});
