"""Writes modules.json: networks of PyTorch's modules, trained for ten steps, for test/pytorchModules.test.ts.

    pip install -r ../../bench/peers/requirements.txt
    python modules.py

Each case is a network of the modules that "layers" names, with mean squared error. It is trained for 10 steps on 8
rows, in their order, in batches of `batchSize` rows. A case has the loss of every step, before its update, and the
parameters after each number of steps in "steps". Arrays are base64 of little-endian numbers of the case's dtype: for
each layer the parameters in this library's order (of a Linear the weight as [inputs, units], then the bias). "initial",
"inputs" and "targets" are float32 numbers, so both dtypes begin with the same values.

"layers": the name of this library's function, and its arguments. A last argument of False freezes the layer. MODULES
maps the names to PyTorch's modules.
"""

import base64
import json
import pathlib

import numpy as np
import torch

INPUTS = 3
ROWS = 8
STEPS = (1, 2, 5, 10)

ACTIVATIONS = {
    "linear": torch.nn.Identity,
    "tanh": torch.nn.Tanh,
    "hardTanh": torch.nn.Hardtanh,
    "selu": torch.nn.SELU,
    "mish": torch.nn.Mish,
    "softsign": torch.nn.Softsign,
}


class HardSigmoid(torch.nn.Module):
    """The formula of nn.Hardsigmoid. PyTorch's backward pass rounds 1/6 to float32, in float64, too."""

    def forward(self, inputs):
        return torch.nn.functional.relu6(inputs + 3) / 6


class Exponential(torch.nn.Module):
    """The activation e^z, for which PyTorch has no module."""

    def forward(self, inputs):
        return torch.exp(inputs)


ACTIVATIONS |= {"hardSigmoid": HardSigmoid, "exponential": Exponential}

COLUMNS = ({"column": 2, "categories": 3, "units": 4}, {"column": 0, "categories": 5, "units": 1})
SGD = ("sgd", {"learningRate": 0.1})
ADAM = ("adam", {"learningRate": 0.1, "weightDecay": 0.1, "epsilon": 0.1, "clipNorm": 0.3})

CASES = tuple(
    {"layers": (("dense", 5, name), ("dense", 2, name)), "batchSize": batch_size, "optimizer": SGD, "spread": 2.0}
    for name in ("hardSigmoid", "hardTanh", "selu", "mish", "softsign", "exponential")
    for batch_size in (1, 4)
) + tuple(
    {"layers": layers, "batchSize": batch_size, "optimizer": SGD, "spread": 2.0}
    for layers in (
        (("dense", 5, "linear"), ("prelu", 0.25), ("dense", 2, "linear")),
        (("prelu", -0.5), ("dense", 6, "tanh"), ("dense", 2, "linear"), ("prelu", 0.0)),
    )
    for batch_size in (1, 4)
) + tuple(
    {"layers": layers, "batchSize": batch_size, "optimizer": optimizer, "spread": 2.0}
    for layers in (
        (("dense", 5, "tanh"), ("dense", 4, "tanh", False), ("dense", 2, "linear")),
        (("dense", 5, "linear", False), ("prelu", 0.25, False), ("dense", 3, "tanh"), ("dense", 2, "linear", False)),
    )
    for batch_size in (1, 4)
    for optimizer in (SGD, ADAM)
) + tuple(
    {"layers": (("embedding", COLUMNS), ("dense", 2, "tanh")), "batchSize": batch_size, "optimizer": optimizer, "spread": 1.0}
    for batch_size in (1, 8)
    for optimizer in (SGD, ADAM)
)


class Dense(torch.nn.Module):
    def __init__(self, inputs, units, activation, trainable=True):
        super().__init__()
        self.linear = torch.nn.Linear(inputs, units)
        self.activation = ACTIVATIONS[activation]()
        self.units = units
        self.requires_grad_(trainable)

    def forward(self, inputs):
        return self.activation(self.linear(inputs))

    def values(self):
        return [self.linear.weight.detach().numpy().T, self.linear.bias.detach().numpy()]


class PRelu(torch.nn.PReLU):
    def __init__(self, inputs, initial, trainable=True):
        super().__init__(num_parameters=inputs, init=initial)
        self.requires_grad_(trainable)
        self.units = inputs

    def values(self):
        return [self.weight.detach().numpy()]


class Embedding(torch.nn.Module):
    """nn.Embedding for some columns. The other columns are the first outputs."""

    def __init__(self, inputs, columns, trainable=True):
        super().__init__()
        self.columns = [column["column"] for column in columns]
        self.others = [column for column in range(inputs) if column not in self.columns]
        self.tables = torch.nn.ModuleList(torch.nn.Embedding(each["categories"], each["units"]) for each in columns)
        self.units = len(self.others) + sum(each["units"] for each in columns)
        self.requires_grad_(trainable)

    def forward(self, inputs):
        embedded = [table(inputs[:, column].long()) for table, column in zip(self.tables, self.columns)]
        return torch.cat([inputs[:, self.others], *embedded], dim=1)

    def values(self):
        return [table.weight.detach().numpy() for table in self.tables]


MODULES = {"dense": Dense, "prelu": PRelu, "embedding": Embedding}

OPTIMIZERS = {
    "sgd": lambda parameters, learningRate: torch.optim.SGD(parameters, lr=learningRate),
    "adam": lambda parameters, learningRate, weightDecay, epsilon: torch.optim.Adam(
        parameters, lr=learningRate, weight_decay=weightDecay, eps=epsilon
    ),
}


def encoded(values, dtype):
    array = np.concatenate([np.ravel(value) for value in values])
    return base64.b64encode(array.astype(np.dtype(dtype).newbyteorder("<")).tobytes()).decode()


def create_layers(case):
    torch.manual_seed(1)
    modules = []
    width = INPUTS
    for name, *arguments in case["layers"]:
        module = MODULES[name](width, *arguments)
        width = module.units
        modules.append(module)
    # Larger than PyTorch's initial parameters, so that all parts of the activations are reached.
    with torch.no_grad():
        for parameter in torch.nn.Sequential(*modules).parameters():
            parameter.mul_(case["spread"])
    return modules


def parameters_of(layers):
    return [value for layer in layers for value in layer.values()]


def create_rows(case, outputs):
    random = np.random.RandomState(2)
    inputs = random.uniform(-1, 1, (ROWS, INPUTS)).astype("float32")
    targets = random.uniform(-1, 1, (ROWS, outputs)).astype("float32")
    name, *arguments = case["layers"][0]
    if name == "embedding":
        for column in arguments[0]:
            inputs[:, column["column"]] = random.randint(column["categories"], size=ROWS)
    return inputs, targets


def train(dtype, case):
    torch.set_default_dtype(torch.float32)
    layers = create_layers(case)
    initial = encoded(parameters_of(layers), "float32")
    outputs = layers[-1].units
    rows = create_rows(case, outputs)
    model = torch.nn.Sequential(*layers).to(getattr(torch, dtype))
    inputs, targets = (torch.tensor(values.astype(dtype)) for values in rows)
    criterion = torch.nn.MSELoss()
    name, options = case["optimizer"]
    options = dict(options)
    clip_norm = options.pop("clipNorm", None)
    optimizer = OPTIMIZERS[name](model.parameters(), **options)
    losses = []
    after = []
    for step in range(max(STEPS)):
        begin = step * case["batchSize"] % ROWS
        end = begin + case["batchSize"]
        optimizer.zero_grad()
        loss = criterion(model(inputs[begin:end]), targets[begin:end])
        loss.backward()
        if clip_norm is not None:
            torch.nn.utils.clip_grad_norm_(model.parameters(), clip_norm)
        optimizer.step()
        losses.append(loss.item())
        if step + 1 in STEPS:
            after.append(encoded(parameters_of(layers), dtype))
    return {
        "dtype": dtype,
        "layers": case["layers"],
        "batchSize": case["batchSize"],
        "optimizer": case["optimizer"],
        "outputs": outputs,
        "initial": initial,
        "inputs": encoded([rows[0]], "float32"),
        "targets": encoded([rows[1]], "float32"),
        "losses": losses,
        "after": after,
    }


def main():
    document = {
        "versions": {"numpy": np.__version__, "torch": torch.__version__},
        "inputs": INPUTS,
        "rows": ROWS,
        "steps": STEPS,
        "cases": [train(dtype, case) for dtype in ("float32", "float64") for case in CASES],
    }
    path = pathlib.Path(__file__).with_name("modules.json")
    path.write_text(json.dumps(document, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
