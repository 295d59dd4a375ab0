"""Writes norms.json: PyTorch's LayerNorm and BatchNorm1d, for test/pytorchNorms.test.ts.

    pip install -r ../../bench/peers/requirements.txt
    python norms.py

"trainings": each is a network that is trained for 10 steps on the same 12 rows of 3 inputs and 2 targets, in their
order, in batches of `batchSize` rows, with mean squared error. It has the loss of every step, before its update. After
each number of steps in "steps", it has the parameters and the running statistics. It also has, in evaluation mode and
in training mode, the outputs for all rows, and the loss over all rows as one batch with its gradient.

"passes": each is one norm, for `rows` rows of `units` inputs, with a given gradient of its outputs. It has the outputs,
the gradients of inputs, gamma and beta, and the running statistics after the pass. "inputs" names the kind of inputs.

Arrays are base64 of little-endian numbers of the case's dtype. Parameters are, layer by layer, the kernel [inputs,
units] and the bias, or gamma and beta. Statistics are runningMean and runningVariance. Given values are float32
numbers, so both dtypes begin with the same values.
"""

import base64
import json
import pathlib

import numpy as np
import torch

INPUTS, OUTPUTS, ROWS = 3, 2, 12
STEPS = (1, 2, 5, 10)


def dense(units, activation="linear"):
    return {"kind": "dense", "units": units, "activation": activation}


def layer_norm(**options):
    return {"kind": "layerNorm", **options}


def batch_norm(**options):
    return {"kind": "batchNorm", **options}


SGD = {"name": "sgd", "learningRate": 0.1}
DECAY = {"name": "sgd", "learningRate": 0.1, "momentum": 0.9, "weightDecay": 0.1}
ADAM = {"name": "adam", "learningRate": 0.02, "epsilon": 0.1, "weightDecay": 0.1}

TRAININGS = (
    ([dense(5, "tanh"), layer_norm(), dense(2)], SGD, 4),
    ([dense(5, "tanh"), batch_norm(), dense(2)], SGD, 4),
    ([dense(5), layer_norm(epsilon=0.1), dense(2, "tanh")], DECAY, 1),
    ([dense(5), batch_norm(momentum=0.3, epsilon=0.1), dense(2, "tanh")], DECAY, 6),
    ([layer_norm(), dense(4, "sigmoid"), dense(2)], ADAM, 12),
    ([batch_norm(momentum=1), dense(4, "sigmoid"), dense(2)], ADAM, 12),
    ([batch_norm(momentum=0), dense(4, "tanh"), layer_norm(), dense(2), batch_norm()], SGD, 6),
    ([dense(4, "tanh"), dense(2), layer_norm(epsilon=0.5)], SGD, 4),
    ([dense(4, "tanh"), batch_norm(), batch_norm(), dense(2)], SGD, 12),
)

PASSES = (
    ("ordinary", 6, 5),
    ("constant units", 6, 5),
    ("constant rows", 6, 5),
    ("large", 6, 5),
    ("far from 0", 6, 5),
    ("ordinary", 2, 1),
    ("ordinary", 2, 2),
    ("ordinary", 150, 3),
)

# The samples of the trainings.
RANDOM = np.random.RandomState(3)
X = RANDOM.uniform(-1, 1, (ROWS, INPUTS)).astype("float32")
Y = RANDOM.uniform(-1, 1, (ROWS, OUTPUTS)).astype("float32")


def encoded(values, dtype):
    array = np.concatenate([np.ravel(value) for value in values] or [np.zeros(0)])
    return base64.b64encode(array.astype(np.dtype(dtype).newbyteorder("<")).tobytes()).decode()


def create_layer(description, inputs):
    kind = description["kind"]
    options = {"momentum": description.get("momentum", 0.1), "eps": description.get("epsilon", 1e-5)}
    if kind == "dense":
        return torch.nn.Linear(inputs, description["units"])
    if kind == "batchNorm":
        return torch.nn.BatchNorm1d(inputs, **options)
    return torch.nn.LayerNorm(inputs, eps=options["eps"])


def create_modules(descriptions):
    """The layers with parameters, and all modules."""
    layers, modules = [], []
    width = INPUTS
    for description in descriptions:
        layer = create_layer(description, width)
        width = description.get("units", width)
        layers.append(layer)
        modules.append(layer)
        activation = description.get("activation", "linear")
        if activation != "linear":
            modules.append({"tanh": torch.nn.Tanh, "sigmoid": torch.nn.Sigmoid}[activation]())
    return layers, modules


def set_values(layers):
    random = np.random.RandomState(4)
    with torch.no_grad():
        for layer in layers:
            for name, tensor in layer.named_parameters():
                low, high = (0.5, 1.5) if name == "weight" and not isinstance(layer, torch.nn.Linear) else (-0.7, 0.7)
                tensor.copy_(torch.tensor(random.uniform(low, high, tensor.shape).astype("float32")))
            if isinstance(layer, torch.nn.BatchNorm1d):
                layer.running_mean.copy_(torch.tensor(random.uniform(-0.5, 0.5, layer.running_mean.shape).astype("float32")))
                layer.running_var.copy_(torch.tensor(random.uniform(0.5, 2, layer.running_var.shape).astype("float32")))


def values_of(layers, of=lambda tensor: tensor):
    for layer in layers:
        weight = of(layer.weight).detach().numpy()
        yield weight.T if isinstance(layer, torch.nn.Linear) else weight
        yield of(layer.bias).detach().numpy()


def gradients_of(layers):
    return values_of(layers, lambda tensor: tensor.grad)


def statistics_of(layers):
    for layer in layers:
        if isinstance(layer, torch.nn.BatchNorm1d):
            yield layer.running_mean.numpy()
            yield layer.running_var.numpy()


def create_optimizer(options, parameters):
    options = dict(options)
    name = options.pop("name")
    names = {"learningRate": "lr", "weightDecay": "weight_decay", "epsilon": "eps", "momentum": "momentum"}
    return {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[name](
        parameters, **{names[key]: value for key, value in options.items()}
    )


def state(model, layers, dtype, inputs, targets):
    """The figures of a training after some steps. Does not change the model."""
    statistics = [torch.tensor(value) for value in map(np.copy, statistics_of(layers))]
    modes = {}
    for mode in ("evaluation", "training"):
        model.train(mode == "training")
        model.zero_grad()
        outputs = model(inputs)
        loss = torch.nn.functional.mse_loss(outputs, targets)
        loss.backward()
        modes[mode] = {
            "outputs": encoded([outputs.detach().numpy()], dtype),
            "loss": loss.item(),
            "gradients": encoded(gradients_of(layers), dtype),
        }
    with torch.no_grad():
        norms = [layer for layer in layers if isinstance(layer, torch.nn.BatchNorm1d)]
        for i, norm in enumerate(norms):
            norm.running_mean.copy_(statistics[2 * i])
            norm.running_var.copy_(statistics[2 * i + 1])
    model.train()
    return {
        "parameters": encoded(values_of(layers), dtype),
        "statistics": encoded(statistics_of(layers), dtype),
        **modes,
    }


def train(dtype, descriptions, optimizer_options, batch_size):
    torch.set_default_dtype(getattr(torch, dtype))
    layers, modules = create_modules(descriptions)
    set_values(layers)
    model = torch.nn.Sequential(*modules)
    inputs, targets = (torch.tensor(values.astype(dtype)) for values in (X, Y))
    optimizer = create_optimizer(optimizer_options, model.parameters())
    initial = {"parameters": encoded(values_of(layers), dtype), "statistics": encoded(statistics_of(layers), dtype)}
    losses, after = [], []
    for step in range(max(STEPS)):
        begin = step * batch_size % ROWS
        optimizer.zero_grad()
        rows = slice(begin, begin + batch_size)
        loss = torch.nn.functional.mse_loss(model(inputs[rows]), targets[rows])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        if step + 1 in STEPS:
            after.append(state(model, layers, dtype, inputs, targets))
    return {
        "dtype": dtype,
        "layers": descriptions,
        "optimizer": optimizer_options,
        "batchSize": batch_size,
        "initial": initial,
        "losses": losses,
        "after": after,
    }


def create_inputs(kind, rows, units):
    random = np.random.RandomState(5)
    x = random.uniform(-1, 1, (rows, units))
    if kind == "constant units":
        x[:] = x[0]
    if kind == "constant rows":
        x[:] = x[:, :1]
    if kind == "large":
        x *= 1e15
    if kind == "far from 0":
        x = x + 64
    return x.astype("float32")


def norm_pass(dtype, kind, inputs_kind, rows, units, training):
    torch.set_default_dtype(getattr(torch, dtype))
    norm = create_layer({"kind": kind}, units)
    set_values([norm])
    norm.train(training)
    x = create_inputs(inputs_kind, rows, units)
    d = np.random.RandomState(6).uniform(-1, 1, (rows, units)).astype("float32")
    inputs = torch.tensor(x.astype(dtype), requires_grad=True)
    initial = {"parameters": encoded(values_of([norm]), dtype), "statistics": encoded(statistics_of([norm]), dtype)}
    outputs = norm(inputs)
    outputs.backward(torch.tensor(d.astype(dtype)))
    return {
        "dtype": dtype,
        "kind": kind,
        "training": training,
        "inputs": inputs_kind,
        "rows": rows,
        "units": units,
        "x": encoded([x], dtype),
        "dOutputs": encoded([d], dtype),
        "initial": initial,
        "outputs": encoded([outputs.detach().numpy()], dtype),
        "dInputs": encoded([inputs.grad.numpy()], dtype),
        "gradients": encoded(gradients_of([norm]), dtype),
        "statistics": encoded(statistics_of([norm]), dtype),
    }


def main():
    document = {
        "versions": {"numpy": np.__version__, "torch": torch.__version__},
        "inputs": INPUTS,
        "rows": ROWS,
        "steps": STEPS,
        "x": encoded([X], "float32"),
        "y": encoded([Y], "float32"),
        "trainings": [train(dtype, *case) for dtype in ("float32", "float64") for case in TRAININGS],
        "passes": [
            norm_pass(dtype, kind, *case, training)
            for dtype in ("float32", "float64")
            for case in PASSES
            for kind, training in (("layerNorm", True), ("batchNorm", True), ("batchNorm", False))
        ],
    }
    path = pathlib.Path(__file__).with_name("norms.json")
    path.write_text(json.dumps(document, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
