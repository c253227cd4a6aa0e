/**
 * Every error that octograd raises on purpose. Each class carries the fields a caller needs to act on; the message
 * always names the thing (file, module path, field) and the remedy. Knows nothing of what the errors are about.
 */

/** Base class: `catch (e) { if (e instanceof OctogradError) … }` separates bad input from a bug. */
export class OctogradError extends Error {
  override name = 'OctogradError';
}

/** Shapes that do not fit an operation. `path` is the module's path where known. */
export class ShapeError extends OctogradError {
  override name = 'ShapeError';
  constructor(
    message: string,
    readonly path = '',
  ) {
    super(path ? `${path}: ${message}` : message);
  }
}

/** A recipe that is misspelt, contradictory or asks for what no kernel does. `field` is the JSON path. */
export class RecipeError extends OctogradError {
  override name = 'RecipeError';
  constructor(
    message: string,
    readonly field = '',
  ) {
    super(field ? `recipe field "${field}": ${message}` : message);
  }
}

/** A data file that is missing, truncated, mislabelled or corrupted, or data that does not fit its use. */
export class DataError extends OctogradError {
  override name = 'DataError';
  constructor(
    message: string,
    readonly file = '',
  ) {
    super(file ? `${file}: ${message}` : message);
  }
}

/** An option or argument that cannot be used (programming interface and command line). */
export class UsageError extends OctogradError {
  override name = 'UsageError';
}

/** A NaN or infinity in a step's numbers. `path` and `role` name the module and the operand, `kernel` what met or wrote it. */
export class NonFiniteError extends OctogradError {
  override name = 'NonFiniteError';
  constructor(
    message: string,
    readonly path = '',
    readonly role = '',
    readonly step = -1,
    readonly kernel = '',
  ) {
    super(message);
  }
}

/** A loss that is no longer finite or has grown past all use. */
export class DivergenceError extends OctogradError {
  override name = 'DivergenceError';
  constructor(
    message: string,
    readonly step = -1,
    readonly loss = Number.NaN,
  ) {
    super(message);
  }
}

/** A backend that cannot be had here, or a limit of it (memory) that was met. */
export class BackendError extends OctogradError {
  override name = 'BackendError';
}

/** A plan that needs more memory than can be had; `bytes` is what it asked for. */
export class MemoryLimitError extends BackendError {
  override name = 'MemoryLimitError';
  constructor(
    message: string,
    readonly bytes: number,
  ) {
    super(message);
  }
}
