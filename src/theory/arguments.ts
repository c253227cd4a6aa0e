/** What the functions of this folder refuse, said the same way everywhere. */
import { UsageError } from '../core/errors.js';

/** @throws UsageError unless `n` is a whole number from `least` to a power of ten, by default 1e15. */
export function requireSampleSize(n: number, least = 1, mostPower = 15): void {
  if (!Number.isInteger(n) || n < least || n > 10 ** mostPower) {
    throw new UsageError(
      `the number of values must be a whole number from ${least} to 1e${mostPower}, got ${n}`,
    );
  }
}

/** @throws UsageError unless `value` is finite and greater than 0 (or 0 where `orZero`). */
export function requirePositive(name: string, value: number, orZero = false): void {
  if (!Number.isFinite(value) || value < 0 || (value === 0 && !orZero)) {
    throw new UsageError(
      `${name} must be a finite number ${orZero ? 'of at least' : 'above'} 0, got ${value}`,
    );
  }
}

/**
 * `value`, if it is an object that has these fields. Their values are checked where they are used.
 * @throws UsageError that names what is missing.
 */
export function requireFields<Value extends object>(
  value: Value,
  fields: readonly (keyof Value & string)[],
): Value {
  const wanted = `give one object { ${fields.join(', ')} }`;
  const given: unknown = value;
  if (typeof given !== 'object' || given === null) throw new UsageError(`${wanted}, got ${String(given)}`);
  const missing = fields.filter((field) => value[field] === undefined);
  if (missing.length > 0) throw new UsageError(`${missing.join(' and ')} missing: ${wanted}`);
  return value;
}
