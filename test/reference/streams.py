"""Writes streams.json: the bits of random numbers of NumPy and PyTorch, for test/random.test.ts.

The layers that PyTorch draws are also for test/initializers.test.ts.

    pip install -r ../../bench/peers/requirements.txt
    python streams.py

The calls of each seed follow one another on one stream. Floating-point values are written as their bit patterns,
big-endian, with 8 hexadecimal digits for a float32 and 16 for a float64, without separators. Permutations are lists of
integers. "million" has the SHA-256 of such bits, of a million draws from a new stream.
"""

import hashlib
import json
import pathlib

import numpy as np
import torch

NUMPY_SEEDS = (0, 1, 2, 42, 2**32 - 1)
TORCH_SEEDS = (0, 42, 2**32 - 1, 2**32 + 5, -1, 2**53 - 1)
LAYERS = ((2, 2), (2, 1), (3, 5), (64, 10), (784, 1))


def big_endian(values):
    array = np.ascontiguousarray(values)
    return array.astype(array.dtype.newbyteorder(">")).tobytes()


def bits(values):
    return big_endian(values).hex()


def digest(values):
    return hashlib.sha256(big_endian(values)).hexdigest()


def numpy_calls(seed):
    random = np.random.RandomState(seed)

    def uniform(low, high, count):
        return {"call": "uniform", "arguments": [low, high], "values": bits(random.uniform(low, high, count))}

    def normal(mean, deviation, count):
        return {"call": "normal", "arguments": [mean, deviation], "values": bits(random.normal(mean, deviation, count))}

    def rand(count):
        return {"call": "rand", "values": bits(random.rand(count))}

    def randn(count):
        return {"call": "randn", "values": bits(random.randn(count))}

    def shuffle(count):
        values = list(range(count))
        random.shuffle(values)
        return {"call": "shuffle", "values": values}

    def permutation(count):
        return {"call": "permutation", "values": random.permutation(count).tolist()}

    return [
        rand(3),
        randn(3),
        rand(2),
        randn(4),
        uniform(-0.1, 0.3, 5),
        uniform(-1, 1, 4),
        randn(1),
        normal(0.5, 2.25, 4),
        shuffle(10),
        rand(1),
        *[permutation(n) for n in (0, 1, 2, 3, 10, 64, 65, 300)],
        rand(700),
        randn(301),
        shuffle(33),
        randn(2),
    ]


def torch_calls(seed):
    torch.manual_seed(seed)

    def fill(call, dtype, first, second, count):
        tensor = torch.empty(count, dtype=getattr(torch, dtype))
        getattr(tensor, call)(first, second)
        return {"call": call, "dtype": dtype, "arguments": [first, second], "values": bits(tensor.numpy())}

    def randperm(count):
        return {"call": "randperm", "values": torch.randperm(count).tolist()}

    both = ("float32", "float64")
    return [
        *[fill("uniform_", dtype, 0.0, 1.0, 5) for dtype in both],
        *[fill("uniform_", dtype, -(n**-0.5), n**-0.5, 7) for n in (2, 3, 784) for dtype in both],
        *[fill("uniform_", dtype, -0.1, 0.3, 20) for dtype in both],
        fill("uniform_", "float32", 0.0, 1.0, 700),
        fill("normal_", "float32", 0.0, 1.0, 3),
        fill("normal_", "float64", 0.0, 1.0, 1),
        fill("normal_", "float64", 0.0, 1.0, 5),
        fill("uniform_", "float32", 0.0, 1.0, 1),
        fill("normal_", "float32", 0.3, 1.7, 15),
        fill("normal_", "float32", 0.0, 1.0, 16),
        fill("normal_", "float32", 0.3, 1.7, 17),
        fill("normal_", "float32", 0.0, 0.05, 200),
        fill("normal_", "float32", 0.0, 1.0, 1),
        fill("normal_", "float64", 0.0, 1.0, 48),
        fill("normal_", "float64", 0.3, 1.7, 21),
        *[randperm(n) for n in (0, 1, 2, 5, 100, 625)],
    ]


def linear_layers(seed):
    """Layers drawn one after the other from a new stream: each has weights [units, inputs], then biases."""
    torch.manual_seed(seed)

    def layer(dtype, inputs, units):
        linear = torch.nn.Linear(inputs, units, dtype=getattr(torch, dtype))
        return {
            "dtype": dtype,
            "inputs": inputs,
            "units": units,
            "weight": bits(linear.weight.detach().numpy()),
            "bias": bits(linear.bias.detach().numpy()),
        }

    return [*[layer("float32", *sizes) for sizes in LAYERS], layer("float64", 5, 3)]


def million_draws(seed):
    def torch_digest(call, first, second):
        torch.manual_seed(seed)
        return digest(getattr(torch.empty(1_000_000), call)(first, second).numpy())

    return {
        "seed": seed,
        "randn": digest(np.random.RandomState(seed).randn(1_000_000)),
        "normal_": torch_digest("normal_", 0.0, 1.0),
        "uniform_": torch_digest("uniform_", -0.1, 0.3),
    }


def main():
    document = {
        "versions": {"numpy": np.__version__, "torch": torch.__version__},
        "numpy": [{"seed": seed, "calls": numpy_calls(seed)} for seed in NUMPY_SEEDS],
        "torch": [{"seed": seed, "calls": torch_calls(seed)} for seed in TORCH_SEEDS],
        "linear": [{"seed": seed, "layers": linear_layers(seed)} for seed in TORCH_SEEDS],
        "million": million_draws(20240216),
    }
    path = pathlib.Path(__file__).with_name("streams.json")
    path.write_text(json.dumps(document, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
