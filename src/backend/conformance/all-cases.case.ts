/** The list of all conformance cases. */
import { clipCases } from './clip.case.js';
import { copyCases } from './copy.case.js';
import { elementwiseCases } from './elementwise.case.js';
import { floatProductCases } from './float-product.case.js';
import { integerProductCases } from './integer-product.case.js';
import type { KernelCase } from './kernel-case.case.js';
import { minifloatCases } from './minifloat.case.js';
import { normApplyCases } from './norm-apply.case.js';
import { normBackwardCases } from './norm-backward.case.js';
import { normForwardCases } from './norm-forward.case.js';
import { optimiserCases } from './optimiser.case.js';
import { poolingCases } from './pooling.case.js';
import { codeCases } from './quantize.case.js';
import { rangesCases } from './range.case.js';

let cases: readonly KernelCase[] | undefined;

/** All cases; made once. */
export function allCases(): readonly KernelCase[] {
  cases ??= [
    ...copyCases(),
    ...elementwiseCases(),
    ...poolingCases(),
    ...rangesCases(),
    ...codeCases(),
    ...minifloatCases(),
    ...clipCases(),
    ...normForwardCases(),
    ...normApplyCases(),
    ...normBackwardCases(),
    ...floatProductCases(),
    ...integerProductCases(),
    ...optimiserCases(),
  ];
  return cases;
}
