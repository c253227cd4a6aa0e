/**
 * exp of core/math.ts two at a time: the same additions and multiplications in the same order, so the same bits. Only the power
 * of two is made otherwise, which is exact either way.
 */
import { exp } from '../../../core/math';

/** Above this and below its negative the result is subnormal, infinite or nearly so: left to the scalar function. */
const ORDINARY: f64 = 708;

/** e**x of both lanes. */
// @ts-ignore: decorator
@inline
export function exp2(x: v128): v128 {
  const ordinary = f64x2.le(f64x2.abs(x), f64x2.splat(ORDINARY));
  if (!i64x2.all_true(ordinary)) {
    const low = f64x2.splat(exp(f64x2.extract_lane(x, 0)));
    return f64x2.replace_lane(low, 1, exp(f64x2.extract_lane(x, 1)));
  }
  const k = f64x2.floor(f64x2.add(f64x2.mul(x, f64x2.splat(1.4426950408889634)), f64x2.splat(0.5)));
  const first = f64x2.sub(x, f64x2.mul(k, f64x2.splat(0.6931471803691238)));
  const r = f64x2.sub(first, f64x2.mul(k, f64x2.splat(1.9082149292705877e-10)));
  let p = f64x2.splat(1.6059043836821613e-10);
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(2.08767569878681e-9));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(2.505210838544172e-8));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(2.755731922398589e-7));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(2.7557319223985893e-6));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(2.48015873015873e-5));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.984126984126984e-4));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.388888888888889e-3));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(8.333333333333333e-3));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(4.1666666666666664e-2));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(0.16666666666666666));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(0.5));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0));
  // k + 2^52 + 1023 has k + 1023 in its lowest bits; shifted up they are the exponent of 2^k.
  const biased = f64x2.add(k, f64x2.splat(4503599627371519.0));
  return f64x2.mul(p, i64x2.shl(biased, 52));
}
