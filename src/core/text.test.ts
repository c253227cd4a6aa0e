import { describe, expect, it } from 'vitest';
import { bytesText, closestName, countText, didYouMean, editDistance, matchPath } from './text.js';

describe('names', () => {
  it('measures edits without regard to case', () => {
    expect(editDistance('kitten', 'sitting')).toBe(3);
    expect(editDistance('', 'abc')).toBe(3);
    expect(editDistance('SGD', 'sgd')).toBe(0);
  });

  it('proposes the closest name, or none when nothing is near', () => {
    const known = ['sgd', 'adam', 'adamw'];
    expect(closestName('adm', known)).toBe('adam');
    expect(closestName('completely-else', known)).toBeUndefined();
    expect(closestName('a'.repeat(101), known)).toBeUndefined();
    expect(didYouMean('adanw', known)).toBe(' Did you mean "adamw"?');
    expect(didYouMean('xyzzy', known)).toBe('');
  });
});

describe('matchPath', () => {
  it.each([
    ['fc.bias', 'fc.bias', true],
    ['fc.bias', 'fc.weight', false],
    ['*.bias', 'fc.bias', true],
    ['*.bias', 'layer1.0.conv1.bias', false],
    ['*.bias', 'bias', false],
    ['**.bias', 'layer1.0.conv1.bias', true],
    ['**.bias', 'bias', true],
    ['**.bias', 'fc.bias_scale', false],
    ['**.bn*.*', 'layer1.0.bn2.weight', true],
    ['**.bn*.*', 'layer1.0.conv2.weight', false],
    ['layer1.**', 'layer1', true],
    ['layer1.**', 'layer1.0.conv1', true],
    ['layer1.**', 'layer10.0', false],
    ['layer*.0.conv1', 'layer3.0.conv1', true],
    ['layer*.0.conv1', 'layer3.1.conv1', false],
    ['**', 'anything.at.all', true],
    ['**', '', true],
    ['*', 'two.segments', false],
    ['**.conv*.**.weight', 'layer1.conv1.weight', true],
    ['a*b*c', 'aXbYbZc', true],
    ['a*b*c', 'aXbYbZ', false],
  ])('%s on %s: %s', (pattern, path, expected) => {
    expect(matchPath(pattern, path)).toBe(expected);
  });

  it('stays quick on a hostile pattern', () => {
    expect(matchPath(Array(40).fill('**').join('.'), Array(40).fill('x').join('.'))).toBe(true);
    expect(matchPath(`${'a*'.repeat(50)}b`, 'a'.repeat(500))).toBe(false);
  });
});

describe('bytesText and countText', () => {
  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.00 KiB'],
    [12_595, '12.3 KiB'],
    [1_048_575, '1.00 MiB'],
    [157_286_400, '150 MiB'],
    [5e9, '4.66 GiB'],
  ])('%d bytes are %s', (bytes, text) => {
    expect(bytesText(bytes)).toBe(text);
  });

  it('groups digits by three', () => {
    expect([0, 999, 1000, 1234567.4].map(countText)).toEqual(['0', '999', '1,000', '1,234,567']);
  });
});
