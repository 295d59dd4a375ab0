"""Writes adam.json: a network trained by PyTorch's Adam, for test/adam.test.ts.

    pip install -r ../../bench/peers/requirements.txt
    python adam.py

The network has 3 inputs, layers of 5 units (tanh), 4 (sigmoid) and 2 (linear), and mean squared error. Each case trains
it from the same parameters on the same 8 rows, in stored order, in batches of `batchSize` rows. After each number of
steps in "steps" it records the parameters and the loss over all rows. Arrays are base64 of little-endian numbers of the
case's dtype: for each layer the kernel [inputs, units], then the bias. "initial", "inputs" and "targets" are float32
numbers, so both dtypes start with the same values.
"""

import base64
import json
import pathlib

import numpy as np
import torch

WIDTHS = (3, 5, 4, 2)
ROWS = 8
STEPS = (1, 2, 10, 200)
OPTIONS = (
    ({}, 1),
    ({}, 4),
    ({}, 8),
    ({"learningRate": 0.03}, 4),
    ({"learningRate": 1.0}, 8),
    ({"learningRate": 0.01, "beta1": 0.0}, 4),
    ({"learningRate": 0.01, "beta2": 0.0, "epsilon": 0.1}, 8),
    ({"beta1": 0.0, "beta2": 0.0, "epsilon": 1e-3}, 4),
    ({"learningRate": 0.01, "beta1": 0.5, "beta2": 0.9}, 1),
    ({"learningRate": 0.5, "epsilon": 1.0}, 1),
    ({"learningRate": 1e6, "epsilon": 1e7}, 4),
)


def encoded(values, dtype):
    array = np.concatenate([np.ravel(value) for value in values])
    return base64.b64encode(array.astype(np.dtype(dtype).newbyteorder("<")).tobytes()).decode()


def parameters_of(layers):
    for layer in layers:
        yield layer.weight.detach().numpy().T
        yield layer.bias.detach().numpy()


def create_layers(dtype):
    torch.manual_seed(1)
    layers = [torch.nn.Linear(inputs, units) for inputs, units in zip(WIDTHS, WIDTHS[1:])]
    return [layer.to(getattr(torch, dtype)) for layer in layers]


def create_rows(dtype):
    random = np.random.RandomState(2)
    shapes = (ROWS, WIDTHS[0]), (ROWS, WIDTHS[-1])
    return [torch.tensor(random.uniform(-1, 1, shape).astype("float32").astype(dtype)) for shape in shapes]


def train(dtype, options, batch_size):
    layers = create_layers(dtype)
    inputs, targets = create_rows(dtype)
    model = torch.nn.Sequential(layers[0], torch.nn.Tanh(), layers[1], torch.nn.Sigmoid(), layers[2])
    criterion = torch.nn.MSELoss()
    optimizer = torch.optim.Adam(
        model.parameters(),
        lr=options.get("learningRate", 1e-3),
        betas=(options.get("beta1", 0.9), options.get("beta2", 0.999)),
        eps=options.get("epsilon", 1e-8),
    )
    after = []
    for step in range(max(STEPS)):
        begin = step * batch_size % ROWS
        optimizer.zero_grad()
        criterion(model(inputs[begin : begin + batch_size]), targets[begin : begin + batch_size]).backward()
        optimizer.step()
        if step + 1 in STEPS:
            loss = criterion(model(inputs), targets).item()
            after.append({"loss": loss, "parameters": encoded(parameters_of(layers), dtype)})
    return {"dtype": dtype, "options": options, "batchSize": batch_size, "after": after}


def main():
    inputs, targets = create_rows("float32")
    document = {
        "versions": {"numpy": np.__version__, "torch": torch.__version__},
        "widths": WIDTHS,
        "rows": ROWS,
        "steps": STEPS,
        "initial": encoded(parameters_of(create_layers("float32")), "float32"),
        "inputs": encoded([inputs], "float32"),
        "targets": encoded([targets], "float32"),
        "cases": [
            train(dtype, options, batch_size) for dtype in ("float32", "float64") for options, batch_size in OPTIONS
        ],
    }
    path = pathlib.Path(__file__).with_name("adam.json")
    path.write_text(json.dumps(document, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
