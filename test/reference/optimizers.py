"""Writes optimizers.json: a network trained by each of PyTorch's optimizers, for test/pytorchOptimizers.test.ts.

    pip install -r ../../bench/peers/requirements.txt
    python optimizers.py

The network has 3 inputs, a layer of 4 units (tanh), a layer of 2 units (linear), and mean squared error. Each case
trains it for 10 steps from the same parameters on the same 8 rows, in their order, in batches of `batchSize` rows. It
has the loss of every step, before its update, and the parameters after each number of steps in "steps".

Arrays are base64 of little-endian numbers of the case's dtype: for each layer the kernel [inputs, units], then the
bias. "initial", "inputs" and "targets" are float32 numbers, so both dtypes begin with the same values.

"options" are this library's; OPTIONS maps them to PyTorch's. "later" is the learning rate of the steps after the first
"laterFrom" ones, if it changes. "penalties" are kernelL1, kernelL2, biasL1 and biasL2 of each layer, a part of the
loss. With the option "ema", "averages" are the averages of the parameters after the steps.
"""

import base64
import json
import pathlib

import numpy as np
import torch

WIDTHS = (3, 4, 2)
ROWS = 8
STEPS = (1, 2, 5, 10)
LATER = 5

OPTIONS = {
    "alpha": "alpha",
    "amsgrad": "amsgrad",
    "centered": "centered",
    "dampening": "dampening",
    "decoupledWeightDecay": "decoupled_weight_decay",
    "epsilon": "eps",
    "etas": "etas",
    "initialAccumulator": "initial_accumulator_value",
    "learningRate": "lr",
    "learningRateDecay": "lr_decay",
    "momentum": "momentum",
    "momentumDecay": "momentum_decay",
    "nesterov": "nesterov",
    "rho": "rho",
    "stepSizes": "step_sizes",
    "weightDecay": "weight_decay",
}

OPTIMIZERS = {
    "sgd": torch.optim.SGD,
    "rmsprop": torch.optim.RMSprop,
    "adagrad": torch.optim.Adagrad,
    "adadelta": torch.optim.Adadelta,
    "adam": torch.optim.Adam,
    "adamW": torch.optim.AdamW,
    "nadam": torch.optim.NAdam,
    "rprop": torch.optim.Rprop,
}

# The optimizer, its options, the batch size, "later" and "penalties". The learning rate of sgd is always given, because
# PyTorch's default is not this library's.
CASES = (
    ("sgd", {"learningRate": 0.01}, 4),
    ("sgd", {"learningRate": 0.1, "weightDecay": 0.05}, 4),
    ("sgd", {"learningRate": 0.1, "momentum": 0.9}, 4),
    ("sgd", {"learningRate": 0.1, "momentum": 0.9, "nesterov": True}, 1),
    ("sgd", {"learningRate": 0.1, "momentum": 0.8, "dampening": 0.3}, 4),
    ("sgd", {"learningRate": 0.1, "momentum": 1.2, "dampening": -0.5, "weightDecay": 0.1}, 8),
    ("sgd", {"learningRate": 0.1, "momentum": 0.5, "nesterov": True, "weightDecay": 0.1}, 8),
    ("rmsprop", {}, 4),
    ("rmsprop", {"learningRate": 0.001, "alpha": 0.5, "epsilon": 1e-3}, 1),
    ("rmsprop", {"alpha": 0.0}, 4),
    ("rmsprop", {"centered": True}, 4),
    ("rmsprop", {"momentum": 0.9}, 4),
    ("rmsprop", {"centered": True, "momentum": 0.5, "alpha": 0.9, "weightDecay": 0.1, "epsilon": 1e-2}, 8),
    ("adagrad", {}, 4),
    ("adagrad", {"learningRate": 0.1, "learningRateDecay": 0.5}, 1),
    ("adagrad", {"learningRate": 0.1, "initialAccumulator": 0.2, "weightDecay": 0.1, "epsilon": 0.01}, 8),
    ("adadelta", {}, 4),
    ("adadelta", {"learningRate": 10.0, "rho": 0.5, "epsilon": 1e-4, "weightDecay": 0.1}, 1),
    ("adadelta", {"rho": 0.0}, 8),
    ("adam", {}, 4),
    ("adam", {"learningRate": 0.1, "amsgrad": True, "beta2": 0.5}, 1),
    ("adam", {"learningRate": 0.01, "beta1": 0.3, "beta2": 0.9, "weightDecay": 0.1}, 4),
    ("adam", {"amsgrad": True, "weightDecay": 0.1, "epsilon": 0.1}, 8),
    ("adam", {"learningRate": 0.01, "beta1": 0.0}, 4),
    ("adam", {"learningRate": 0.01, "beta2": 0.0, "epsilon": 0.1}, 8),
    ("adam", {"beta1": 0.0, "beta2": 0.0, "epsilon": 1e-3}, 4),
    ("adam", {"learningRate": 1e6, "epsilon": 1e7}, 4),
    ("adamW", {}, 4),
    ("adamW", {"learningRate": 0.1, "weightDecay": 0.5}, 4),
    ("adamW", {"learningRate": 0.1, "weightDecay": 30.0}, 8),
    ("adamW", {"learningRate": 0.05, "amsgrad": True, "beta2": 0.5, "weightDecay": 0.1}, 1),
    ("adamW", {"learningRate": 0.05, "weightDecay": 0.0}, 4),
    ("nadam", {}, 4),
    ("nadam", {"learningRate": 0.1, "beta1": 0.5, "beta2": 0.9, "momentumDecay": 0.3}, 1),
    ("nadam", {"momentumDecay": 0.0, "weightDecay": 0.1}, 8),
    ("nadam", {"learningRate": 0.05, "decoupledWeightDecay": True, "weightDecay": 0.5}, 4),
    ("sgd", {"learningRate": 0.1, "clipValue": 0.05}, 4),
    ("sgd", {"learningRate": 0.1, "clipNorm": 0.3, "weightDecay": 0.1}, 4),
    ("sgd", {"learningRate": 0.1, "clipNorm": 100.0, "momentum": 0.5}, 4),
    ("rmsprop", {"clipValue": 0.05, "clipNorm": 0.1, "momentum": 0.9}, 4),
    ("adagrad", {"clipNorm": 0.1}, 8),
    ("adadelta", {"clipNorm": 0.1, "weightDecay": 0.1}, 8),
    ("adam", {"learningRate": 0.1, "clipNorm": 0.3, "weightDecay": 0.1, "epsilon": 0.1}, 4),
    ("adamW", {"learningRate": 0.1, "clipValue": 0.1, "epsilon": 0.1}, 4),
    ("nadam", {"learningRate": 0.1, "clipNorm": 0.3, "epsilon": 0.1}, 1),
    ("rprop", {"clipValue": 0.1}, 8),
    ("sgd", {"learningRate": 0.1}, 4, None, ((0.02, 0.05, 0.03, 0.01), (0, 0.04, 0.02, 0))),
    ("adam", {"clipNorm": 0.3, "weightDecay": 0.1}, 8, None, ((0, 0.1, 0, 0), (0.05, 0, 0, 0.2))),
    ("sgd", {"learningRate": 0.1, "ema": 0.9}, 4),
    ("adam", {"learningRate": 0.1, "epsilon": 0.1, "ema": 0.5}, 8),
    ("sgd", {"learningRate": 0.1, "momentum": 0.9}, 4, 0.01),
    ("adagrad", {"learningRateDecay": 0.1}, 4, 0.1),
    ("adam", {}, 4, 0.1),
    ("adamW", {"weightDecay": 0.5}, 4, 0.1),
    ("nadam", {}, 4, 0.1),
    ("rprop", {}, 8, 1.0),
    ("rprop", {"learningRate": 0.1, "etas": [0.3, 1.5], "stepSizes": [0.05, 0.2]}, 8),
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
    layers = [torch.nn.Linear(inputs, units, dtype=torch.float32) for inputs, units in zip(WIDTHS, WIDTHS[1:])]
    return [layer.to(getattr(torch, dtype)) for layer in layers]


def create_rows(dtype):
    random = np.random.RandomState(2)
    shapes = (ROWS, WIDTHS[0]), (ROWS, WIDTHS[-1])
    return [torch.tensor(random.uniform(-1, 1, shape).astype("float32").astype(dtype)) for shape in shapes]


def create_optimizer(name, options, parameters):
    options = dict(options)
    betas = options.pop("beta1", 0.9), options.pop("beta2", 0.999)
    arguments = {OPTIONS[key]: tuple(value) if isinstance(value, list) else value for key, value in options.items()}
    if name in ("adam", "adamW", "nadam"):
        arguments["betas"] = betas
    return OPTIMIZERS[name](parameters, **arguments)


def penalty_of(layers, penalties):
    terms = []
    for layer, (kernel_l1, kernel_l2, bias_l1, bias_l2) in zip(layers, penalties):
        terms += [kernel_l1 * layer.weight.abs().sum(), kernel_l2 * layer.weight.square().sum()]
        terms += [bias_l1 * layer.bias.abs().sum(), bias_l2 * layer.bias.square().sum()]
    return sum(terms)


def train(dtype, name, options, batch_size, later=None, penalties=()):
    # NAdam stores its product of momenta in the default type.
    torch.set_default_dtype(getattr(torch, dtype))
    options_of_optimizer = dict(options)
    clip_value = options_of_optimizer.pop("clipValue", None)
    clip_norm = options_of_optimizer.pop("clipNorm", None)
    ema = options_of_optimizer.pop("ema", None)
    layers = create_layers(dtype)
    inputs, targets = create_rows(dtype)
    model = torch.nn.Sequential(layers[0], torch.nn.Tanh(), layers[1])
    criterion = torch.nn.MSELoss()
    optimizer = create_optimizer(name, options_of_optimizer, model.parameters())
    averaged = torch.optim.swa_utils.AveragedModel(model, avg_fn=torch.optim.swa_utils.get_ema_avg_fn(ema or 0.5))
    losses = []
    after = []
    averages = []
    for step in range(max(STEPS)):
        begin = step * batch_size % ROWS
        if step == LATER and later is not None:
            optimizer.param_groups[0]["lr"] = later
        optimizer.zero_grad()
        loss = criterion(model(inputs[begin : begin + batch_size]), targets[begin : begin + batch_size])
        loss = loss + penalty_of(layers, penalties)
        loss.backward()
        if clip_value is not None:
            torch.nn.utils.clip_grad_value_(model.parameters(), clip_value)
        if clip_norm is not None:
            torch.nn.utils.clip_grad_norm_(model.parameters(), clip_norm)
        optimizer.step()
        averaged.update_parameters(model)
        losses.append(loss.item())
        if step + 1 in STEPS:
            after.append(encoded(parameters_of(layers), dtype))
            averages.append(encoded(parameters_of(averaged.module[::2]), dtype))
    return {
        "dtype": dtype,
        "optimizer": name,
        "options": options,
        "batchSize": batch_size,
        "later": later,
        "penalties": penalties,
        "losses": losses,
        "after": after,
        **({} if ema is None else {"averages": averages}),
    }


def main():
    inputs, targets = create_rows("float32")
    document = {
        "versions": {"numpy": np.__version__, "torch": torch.__version__},
        "widths": WIDTHS,
        "rows": ROWS,
        "steps": STEPS,
        "laterFrom": LATER,
        "initial": encoded(parameters_of(create_layers("float32")), "float32"),
        "inputs": encoded([inputs], "float32"),
        "targets": encoded([targets], "float32"),
        "cases": [train(dtype, *case) for dtype in ("float32", "float64") for case in CASES],
    }
    path = pathlib.Path(__file__).with_name("optimizers.json")
    path.write_text(json.dumps(document, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
