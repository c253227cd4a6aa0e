"""Random numbers from counters, the same bits as src/core/rng.ts, and how golden tensors are written down.

Inputs and weights are made by both sides from a name, so that golden files need not hold them. Knows numpy only.
"""

import base64

import numpy as np

MASK = np.uint64(0xFFFFFFFF)
# Longer tensors are written as samples, norm and projection.
SAMPLES = 48


def philox4x32(counter, key):
    """Philox4x32-10 (Salmon et al. 2011): `counter` uint64 [n, 4] and `key` two ints, all below 2^32, to uint64 [n, 4]."""
    c0, c1, c2, c3 = (counter[:, i].astype(np.uint64) for i in range(4))
    k0, k1 = key
    shift = np.uint64(32)
    for _ in range(10):
        product0 = np.uint64(0xD2511F53) * c0
        product1 = np.uint64(0xCD9E8D57) * c2
        c0, c1, c2, c3 = (
            (product1 >> shift) ^ c1 ^ np.uint64(k0),
            product1 & MASK,
            (product0 >> shift) ^ c3 ^ np.uint64(k1),
            product0 & MASK,
        )
        k0 = (k0 + 0x9E3779B9) & 0xFFFFFFFF
        k1 = (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return np.stack([c0, c1, c2, c3], axis=1)


def hash_text(text):
    """FNV-1a, 32 bits."""
    value = 0x811C9DC5
    for character in text:
        value = ((value ^ ord(character)) * 0x01000193) & 0xFFFFFFFF
    return value


def uniforms(seed, name, count):
    """The first `count` numbers of RandomStream(seed, hashText(name)).uniform(): 53 bits each, in [0, 1)."""
    blocks = (count + 1) // 2
    counter = np.zeros((blocks, 4), dtype=np.uint64)
    counter[:, 0] = np.arange(blocks)
    counter[:, 2] = hash_text(name)
    words = philox4x32(counter, (seed & 0xFFFFFFFF, seed >> 32)).reshape(-1, 2)
    high = (words[:, 0] >> np.uint64(5)).astype(np.float64)
    low = (words[:, 1] >> np.uint64(6)).astype(np.float64)
    return ((high * 67108864 + low) / 9007199254740992)[:count]


def bells(seed, name, count):
    """Numbers of mean 0 and variance 1: sums of four uniforms, which need no logarithm and so have the same bits everywhere."""
    u = uniforms(seed, name, 4 * count).reshape(count, 4)
    return (u[:, 0] + u[:, 1] + u[:, 2] + u[:, 3] - 2) * np.sqrt(3.0)


def numbers(seed, name, shape, draw="normal", scale=1.0, shift=0.0):
    """A float64 tensor of float32 numbers, so that float32 backends start from the same values. `draw`: see DRAWS."""
    values = DRAWS[draw](bells(seed, name, int(np.prod(shape, dtype=np.int64))))
    return (values * scale + shift).astype(np.float32).astype(np.float64).reshape(shape)


DRAWS = {
    "normal": lambda x: x,
    # Away from zero, for logarithms and divisors.
    "positive": lambda x: np.abs(x) + 0.5,
    # Many exact zeros and long tails, as the gradient behind a ReLU has.
    "gradient": lambda x: np.where(np.abs(x) < 0.5, 0.0, x * x * x),
}


def integers(seed, name, count, below):
    """Uniform integers in [0, below)."""
    return np.floor(uniforms(seed, name, count) * below).astype(np.int64)


def noise16(count, seed, site, step, micro_step):
    """The 16 noise bits of elements 0..count-1 of one site: the uniform numbers u = noise / 65536 of stochastic rounding."""
    key = philox4x32(np.array([[site, step, micro_step, 0]]), (seed & 0xFFFFFFFF, seed >> 32))[0]
    x = np.arange((count + 1) // 2, dtype=np.uint64) ^ key[0]
    x ^= x >> np.uint64(16)
    x = (x * np.uint64(0x7FEB352D)) & MASK
    x = (x + key[1]) & MASK
    x ^= x >> np.uint64(15)
    x = (x * np.uint64(0x846CA68B)) & MASK
    x ^= x >> np.uint64(16)
    return np.stack([x & np.uint64(0xFFFF), x >> np.uint64(16)], axis=1).reshape(-1)[:count].astype(np.int64)


def golden(tensor, full=False):
    """A tensor (torch, in octograd's layout) for a golden file.

    `values` are all elements, or of a long tensor those at floor(u * size), u from the stream "samples". `projection` is
    the dot product with the numbers of the stream "projection", pushed away from zero: it sees every element of a long tensor.
    """
    flat = tensor.detach().contiguous().double().numpy().reshape(-1)
    kept = flat
    bell = bells(0, "projection", flat.size)
    if flat.size > SAMPLES and not full:
        kept = flat[integers(0, "samples", SAMPLES, flat.size)]
    return {
        "shape": list(tensor.shape),
        "largest": float(np.max(np.abs(flat))),
        "projection": float(flat @ np.where(bell < 0, bell - 0.5, bell + 0.5)),
        "values": [float(x) for x in kept],
    }


def golden_codes(tensor, dtype):
    """Integer codes, every one of them: little-endian, in base64."""
    codes = tensor.detach().contiguous().numpy()
    kept = codes.astype(np.dtype(dtype).newbyteorder("<"))
    assert np.array_equal(kept, codes), "a code does not fit its storage"
    return {"shape": list(codes.shape), "storage": dtype, "base64": base64.b64encode(kept.tobytes()).decode("ascii")}
