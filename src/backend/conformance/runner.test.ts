/**
 * The conformance suite tested on backends that are wrong on purpose: a planted difference, an unwritten output, a byte
 * outside the outputs and a changed input must each be seen, and the reference must agree with itself.
 */
import { describe, expect, it } from 'vitest';
import type { Backend, Call } from '../backend.js';
import { type BufferRef, kernelNames } from '../kernels.js';
import { createReferenceBackend } from '../reference/index.js';
import { allCases } from './all-cases.case.js';
import { floats, ints, type KernelCase, kernelCase, out } from './kernel-case.case.js';
import { compareOutputs, runCase } from './runner.case.js';

const KASE: KernelCase = kernelCase(
  'affine',
  'planted',
  { input: floats([1, 2, -0, Number.NaN, 5]), output: out('float', 5) },
  { count: 5, scale: 2, shift: 0 },
);

/** The reference with something done after each program. */
function tampered(after: (backend: Backend, buffers: Record<string, BufferRef>) => void): Backend {
  const backend = createReferenceBackend();
  const compile = backend.compile.bind(backend);
  backend.compile = (calls: readonly Call[]) => {
    const program = compile(calls);
    return {
      ...program,
      run: () => {
        program.run();
        const [call] = calls;
        if (call.kernel !== 'host') after(backend, call.buffers as Record<string, BufferRef>);
      },
    };
  };
  return backend;
}

function differenceOf(kase: KernelCase, backend: Backend): string {
  return compareOutputs(kase, runCase(createReferenceBackend(), kase), runCase(backend, kase));
}

describe('the runner of conformance cases', () => {
  it('finds no difference between the reference and itself', () => {
    expect(differenceOf(KASE, createReferenceBackend())).toBe('');
  });

  it('reports the first differing element with both values and their bits', () => {
    const wrong = tampered((backend, { output }) => {
      const view = backend.view(output);
      view[1] = Math.fround(4.0000005);
      view[4] = 11;
    });
    expect(differenceOf(KASE, wrong)).toBe(
      'output[1] is 4.000000476837158 (0x40800001), expected 4 (0x40800000); 2 of 5 elements differ',
    );
  });

  it('tells a negative zero from zero', () => {
    const wrong = tampered((backend, { output }) => {
      backend.view(output)[2] = 0;
    });
    // 2 * -0 + 0 = 0, so the planted difference is the other way round.
    const negative = tampered((backend, { output }) => {
      backend.view(output)[2] = -0;
    });
    expect(differenceOf(KASE, wrong)).toBe('');
    expect(differenceOf(KASE, negative)).toContain('output[2] is -0 (0x80000000), expected 0 (0x00000000)');
  });

  it('takes any NaN for any other, and nothing else for a NaN', () => {
    const payload = tampered((backend, { output }) => {
      backend.view({ ...output, storage: 'int32' })[3] = 0x7fc12345;
    });
    const number = tampered((backend, { output }) => {
      backend.view(output)[3] = 1;
    });
    expect(differenceOf(KASE, payload)).toBe('');
    expect(differenceOf(KASE, number)).toContain('output[3] is 1 (0x3f800000), expected NaN');
  });

  it('does not compare what is unspecified', () => {
    const wrong = tampered((backend, { output }) => {
      backend.view(output)[4] = 99;
    });
    const listed = { ...KASE, buffers: { ...KASE.buffers, output: out('float', 5, { unspecified: [4] }) } };
    const whole = { ...KASE, buffers: { ...KASE.buffers, output: out('float', 5, { unspecified: 'all' }) } };
    expect(differenceOf(KASE, wrong)).toContain('output[4]');
    expect(differenceOf(listed, wrong)).toBe('');
    expect(differenceOf(whole, wrong)).toBe('');
  });

  it('sees an output that is not written', () => {
    const idle = createReferenceBackend();
    idle.compile = () => ({ run: () => {}, release: () => {} });
    expect(differenceOf(KASE, idle)).toContain('5 of 5 elements differ');
  });

  it.each([
    ['just after an output', (_: BufferRef, output: BufferRef) => output.offset + 20],
    ['just before an output', (_: BufferRef, output: BufferRef) => output.offset - 1],
    ['in an input', (input: BufferRef) => input.offset + 3],
    ['at the start of memory', () => 0],
  ])('sees a byte changed %s', (_, place) => {
    const wrong = tampered((backend, { input, output }) => {
      const memory = backend.view({ offset: 0, length: output.offset + 64, storage: 'uint8' });
      memory[place(input, output)] ^= 1;
    });
    expect(() => runCase(wrong, KASE)).toThrow(
      /affine changed byte \d+ from \d+ to \d+, outside its outputs/,
    );
  });

  it('compares buffers that a kernel changes in place', () => {
    const kase = kernelCase(
      'range',
      'status',
      { input: floats([1, Infinity]), cells: out('float', 2, { unspecified: 'all' }), status: ints([4]) },
      { rows: 1, cols: 2, site: 0 },
    );
    const wrong = tampered((backend, { status }) => {
      backend.view(status)[0] = 1;
    });
    expect(differenceOf(kase, wrong)).toContain('status[0] is 1, expected 5');
  });

  it('bounds a float product by a multiple of its magnitude', () => {
    const expected = new Map([['output', Float32Array.of(1, 1)]]);
    const actual = new Map([['output', Float32Array.of(1 + 2 ** -20, 1 - 2 ** -21)]]);
    const magnitude = Float32Array.of(4, 4);
    const kase = { ...KASE, buffers: { output: out('float', 2) } };
    expect(compareOutputs(kase, expected, actual, { magnitude, tolerance: 2 })).toBe('');
    expect(compareOutputs(kase, expected, actual, { magnitude, tolerance: 1 })).toContain('1 of 2');
    const least = new Map([['output', Float32Array.of(2 ** -149, 0)]]);
    const zero = new Map([['output', Float32Array.of(0, 0)]]);
    expect(compareOutputs(kase, least, zero, { magnitude: Float32Array.of(0, 0), tolerance: 1 })).toBe('');
  });

  it('refuses a case that does not fit its kernel', () => {
    const backend = createReferenceBackend();
    const { output } = KASE.buffers;
    expect(() => runCase(backend, { ...KASE, buffers: { output } })).toThrow(/lacks buffer "input"/);
    expect(() => runCase(backend, { ...KASE, buffers: { input: output, output } })).toThrow(/no content/);
    expect(() => runCase(backend, { ...KASE, params: { count: 5, scale: 1 } })).toThrow(
      /lacks parameter "shift"/,
    );
    expect(() => runCase(backend, { ...KASE, buffers: { ...KASE.buffers, mask: output } })).toThrow(
      /unknown buffer/,
    );
  });
});

describe('the list of conformance cases', () => {
  it('covers every kernel', () => {
    const covered = new Set(allCases().map((kase) => kase.kernel));
    expect(kernelNames.filter((name) => !covered.has(name))).toEqual([]);
  });

  it('has no two cases of one kernel with one title', () => {
    const seen = new Set<string>();
    const twice = allCases()
      .map((kase) => `${kase.kernel}: ${kase.title}`)
      .filter((title) => seen.size === seen.add(title).size);
    expect(twice).toEqual([]);
  });

  it('fits the reference: every tenth case gives the same bits twice', () => {
    const first = createReferenceBackend();
    const second = createReferenceBackend();
    const differences = allCases()
      .filter((_, i) => i % 10 === 0)
      .map((kase) => compareOutputs(kase, runCase(first, kase), runCase(second, kase)));
    expect(differences.length).toBeGreaterThan(300);
    expect(differences.filter(Boolean)).toEqual([]);
  });
});
