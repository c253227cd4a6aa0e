"""Golden values of the published 8-bit scheme, simulated: a 3x3 convolution and Range BN with quantise-dequantise in float64.

R. Banner, I. Hubara, E. Hoffer, D. Soudry, "Scalable Methods for 8-bit Training of Neural Networks", NeurIPS 2018, made
sound: real 0 is one of the codes, gradients are symmetric, the range's constant is exact for a Gaussian. Written from the
paper's formulas with PyTorch's autograd, not from octograd's kernels; the recipe is octograd's `paper`.

Straight-through estimators stand for the quantisers' gradients. 1/range is differentiated at its decoded 8-bit value: that
is the number by which the forward pass multiplies, and the only one that an integer implementation keeps.
"""

import math

import torch
import torch.nn.functional as F

from rng import golden, golden_codes, hash_text, noise16, numbers

SEED = 14
EPS = 1e-5
MOMENTUM = 0.1
CHUNKS = 16
# octograd adds the noise in fixed point with 16 bits after the point. So near to an integer, in units of 2^-16, x/scale + u
# could fall on either side; one code more or less moves everything downstream, so the inputs are chosen without such cases.
NOISE_MARGIN = 1.5


class Quantizer:
    """scale, zero point and the range of the codes of one tensor."""

    def __init__(self, scale, zero_point, low, high):
        self.scale, self.zero_point, self.low, self.high = scale, zero_point, low, high

    def codes(self, x, noise=None):
        """Nearest codes, or with uniform numbers in [0, 1) stochastic ones. torch.round takes ties to even."""
        t = (x / self.scale).clamp(self.low - self.zero_point, self.high - self.zero_point)
        return (torch.round(t) if noise is None else torch.floor(t + noise)) + self.zero_point

    def decode(self, codes):
        return self.scale * (codes - self.zero_point)


def affine8(low, high):
    """uint8 over [low, high], widened to hold 0, which is then a code exactly."""
    low, high = min(low, 0.0), max(high, 0.0)
    scale = (high - low) / 255
    return Quantizer(scale, round(-low / scale), 0, 255)


def symmetric(x, bits):
    largest = 2 ** (bits - 1) - 1
    return Quantizer(float(x.abs().max()) / largest, 0, -largest, largest)


def mean_range(x):
    """Activations: the mean over samples of each sample's minimum and maximum (K = batch size)."""
    flat = x.flatten(1)
    return affine8(float(flat.amin(1).mean()), float(flat.amax(1).mean()))


def whole_range(x):
    return affine8(float(x.min()), float(x.max()))


class StraightThrough(torch.autograd.Function):
    """`decoded` forward, bit for bit (ties of the maximum depend on it); its gradient goes to `x`."""

    @staticmethod
    def forward(ctx, x, decoded):
        return decoded.clone()

    @staticmethod
    def backward(ctx, gradient):
        return gradient, None


def straight_through(x, decoded):
    return StraightThrough.apply(x, decoded.detach())


class QuantizeGradient(torch.autograd.Function):
    """The identity whose gradient is quantised: stochastically to 8 bits, or to nearest to 16. Notes the codes."""

    @staticmethod
    def forward(ctx, x, bits, site, notes):
        ctx.bits, ctx.site, ctx.notes = bits, site, notes
        return x.view_as(x)

    @staticmethod
    def backward(ctx, gradient):
        quantizer = symmetric(gradient, ctx.bits)
        noise = None if ctx.bits == 16 else uniform_numbers(ctx.site, gradient.shape)
        if noise is not None:
            sums = (gradient / quantizer.scale + noise)[gradient != 0]
            margin = float((sums - torch.round(sums)).abs().min()) * 65536
            assert margin > NOISE_MARGIN, f"{ctx.site}: {margin:.2f} from a code's edge; choose another SEED"
        codes = quantizer.codes(gradient, noise)
        ctx.notes[ctx.site] = codes
        return quantizer.decode(codes), None, None, None


def uniform_numbers(site, shape):
    """Numbers in [0, 1) for an NCHW tensor; octograd counts elements in NHWC order."""
    batch, channels, height, width = shape
    noise = noise16(batch * channels * height * width, 0, hash_text(site), 0, 0) / 65536
    return torch.from_numpy(noise).reshape(batch, height, width, channels).permute(0, 3, 1, 2)


class InverseAtDecoded(torch.autograd.Function):
    """1/s in 8 bits over the channels. Backward: d(1/s)/ds = -(1/s)^2 at the decoded value."""

    @staticmethod
    def forward(ctx, spread):
        inverse = 1 / spread
        quantizer = whole_range(inverse)
        decoded = quantizer.decode(quantizer.codes(inverse))
        ctx.save_for_backward(decoded)
        return decoded

    @staticmethod
    def backward(ctx, gradient):
        (decoded,) = ctx.saved_tensors
        return -decoded * decoded * gradient


def expected_range(n):
    """d2(n): E[max - min] of n standard normal values, the integral of 1 - F^n - (1 - F)^n (Tippett 1925), by Simpson's rule."""
    count = 20000
    x = torch.linspace(-12, 12, count + 1)
    below = torch.special.ndtr(x)
    integrand = 1 - below**n - (1 - below) ** n
    weights = torch.full([count + 1], 2.0)
    weights[1::2] = 4
    weights[0] = weights[-1] = 1
    return float((integrand * weights).sum() * (24 / count) / 3)


def range_norm(x, gamma, beta):
    """Range BN of decoded 8-bit values: (x - mean) / spread * gamma + beta. Also gives mean and spread."""
    batch, channels = x.shape[:2]
    chunks = min(CHUNKS, batch)
    spread = 0
    for k in range(chunks):
        part = x[k * batch // chunks : (k + 1) * batch // chunks].transpose(0, 1).reshape(channels, -1)
        # argmax and argmin take the first of equal values: it gets the gradient.
        largest = part.gather(1, part.argmax(1, keepdim=True))[:, 0]
        least = part.gather(1, part.argmin(1, keepdim=True))[:, 0]
        spread = spread + (largest - least) / expected_range(part.shape[1])
    spread = spread / chunks
    inverse = InverseAtDecoded.apply(spread + EPS)
    mean = x.mean((0, 2, 3))
    of_channel = lambda v: v[None, :, None, None]
    quantised = [straight_through(v, requantised(v)) for v in (gamma, beta)]
    y = (x - of_channel(mean)) * of_channel(inverse)
    return y * of_channel(quantised[0]) + of_channel(quantised[1]), mean, spread


def requantised(v):
    quantizer = whole_range(v)
    return quantizer.decode(quantizer.codes(v)).detach()


def run_case(title, shape, out_channels, stride, full):
    batch, height, width, channels = shape
    specs = {
        "input": {"shape": shape, "draw": "normal", "scale": 1.5, "shift": 0.25},
        "conv.weight": {"shape": [out_channels, 3, 3, channels], "draw": "normal", "scale": 0.2, "shift": 0.02},
        "bn.weight": {"shape": [out_channels], "draw": "normal", "scale": 0.2, "shift": 1.0},
        "bn.bias": {"shape": [out_channels], "draw": "normal", "scale": 0.3, "shift": 0.0},
        "gradOutput": {
            "shape": [batch, (height - 1) // stride + 1, (width - 1) // stride + 1, out_channels],
            "draw": "gradient",
            "scale": 1e-3,
            "shift": 0.0,
        },
    }
    t = {role: torch.from_numpy(numbers(SEED, f"{title}/{role}", **spec)) for role, spec in specs.items()}
    for role in ("input", "conv.weight", "bn.weight", "bn.bias"):
        t[role].requires_grad_()
    x, weight = t["input"].permute(0, 3, 1, 2), t["conv.weight"].permute(0, 3, 1, 2)
    notes = {}

    x_quantizer, w_quantizer = mean_range(x), whole_range(weight)
    x_codes, w_codes = x_quantizer.codes(x), w_quantizer.codes(weight)
    x8 = straight_through(x, x_quantizer.decode(x_codes))
    w8 = straight_through(weight, w_quantizer.decode(w_codes))
    # Bifurcation: the 16-bit copy of the gradient meets the input, the 8-bit copy the weight; forward is computed once.
    for_weight = QuantizeGradient.apply(F.conv2d(x8.detach(), w8, None, stride, 1), 16, "conv/gradOutput2/int16", notes)
    for_input = QuantizeGradient.apply(F.conv2d(x8, w8.detach(), None, stride, 1), 8, "conv/gradOutput/int8", notes)
    z = for_input + (for_weight - for_weight.detach())

    z_quantizer = mean_range(z)
    z_codes = z_quantizer.codes(z)
    z8 = straight_through(z, z_quantizer.decode(z_codes))
    made, mean, spread = range_norm(z8, t["bn.weight"], t["bn.bias"])
    output = QuantizeGradient.apply(made, 8, "bn/gradOutput/int8", notes)
    output.backward(t["gradOutput"].permute(0, 3, 1, 2))

    nhwc = lambda v: v.permute(0, 2, 3, 1)
    count = notes["bn/gradOutput/int8"].numel()
    return {
        "title": title,
        "stride": stride,
        "inputs": specs,
        # The first 16-bit numbers of each stochastic quantiser, u = noise / 65536.
        "noise": {
            site: [int(n) for n in noise16(min(count, 32), 0, hash_text(site), 0, 0)]
            for site in ("bn/gradOutput/int8", "conv/gradOutput/int8")
        },
        "codes": {
            "conv/input": golden_codes(nhwc(x_codes), "uint8"),
            "conv/weight": golden_codes(nhwc(w_codes), "uint8"),
            "bn/input": golden_codes(nhwc(z_codes), "uint8"),
            "bn/gradOutput": golden_codes(nhwc(notes["bn/gradOutput/int8"]), "int8"),
            "conv/gradOutput/int8": golden_codes(nhwc(notes["conv/gradOutput/int8"]), "int8"),
            "conv/gradOutput/int16": golden_codes(nhwc(notes["conv/gradOutput2/int16"]), "int16"),
        },
        "outputs": {
            "convolution": golden(nhwc(z), full),
            "output": golden(nhwc(made), full),
            "runningMean": golden(MOMENTUM * mean, full),
            "runningSpread": golden((1 - MOMENTUM) + MOMENTUM * spread, full),
        },
        "gradients": {role: golden(t[role].grad, full) for role in ("input", "conv.weight", "bn.weight", "bn.bias")},
        "constants": {str(n): 1 / expected_range(n) for n in (16, 64, 512, 4096)},
    }


def make(full):
    return {
        "seed": SEED,
        "cases": [
            run_case("one image a chunk", [16, 8, 8, 8], 16, 1, full),
            # Chunks of one and of two images, channels that fill no vector.
            run_case("18 images in 16 chunks, stride 2", [18, 9, 7, 5], 11, 2, full),
        ],
    }
