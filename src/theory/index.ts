/** What theory says of quantised training, in functions that are held against measurement in docs/theory.md. */
export {
  angleDegrees,
  type CosineCase,
  cosineLaw,
  type Grid,
  jensenGap,
  noiseFactor,
  printedBound,
  stepMoment,
  uniformNoiseCosine,
} from './cosine-law.js';
export { andersonDarlingCritical, ksCritical } from './critical-distance.js';
export {
  type Distribution,
  type DistributionOptions,
  describeDistribution,
  type FamilyFit,
  histogramEdge,
  type MagnitudeHistogram,
  magnitudeOctaves,
} from './distribution.js';
export { cosineGivenExtremes, expectedCosine } from './exact-cosine.js';
export {
  expectedMaxAbs,
  expectedRange,
  type MomentOrder,
  maxAbsMoment,
  maxAbsTail,
  rangeMoment,
} from './extremes.js';
export { finiteLengthTerm } from './finite-length.js';
export {
  type FamilyName,
  type Fit,
  type FitReport,
  fitDistributions,
  fittedDistribution,
  type Goodness,
  probabilityBetween,
} from './fit.js';
export {
  type CellMoments,
  cellMoments,
  normalDensity,
  normalMass,
  normalTail,
  normalTailInverse,
} from './gaussian.js';
export { measuredRangeScale, rangeScale, rangeScaleVariation } from './range-norm.js';
export { type FixedGrid, fixedGridCosine, type RoundingNoise, roundingNoise } from './rounded-gaussian.js';
export {
  bestTernary,
  expectedNorm,
  expectedNormRatio,
  expectedSignCosine,
  halfStepGammaRatio,
  signCosineLimit,
  type TernaryOptimum,
  ternaryCosine,
} from './sign-ternary.js';
export { compareWithLaw, type LawSpec, type TensorLaw } from './tensor-law.js';
export { fittedCount } from './thin.js';
