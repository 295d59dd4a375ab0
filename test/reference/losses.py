"""Writes losses.json: losses of PyTorch, for test/pytorchLosses.test.ts and test/weights.test.ts.

    pip install -r ../../bench/peers/requirements.txt
    python losses.py

"cases": networks of 3 inputs, a layer of 4 units (tanh) and an output layer of 3 units with the activation "output".
Each takes 10 steps of SGD with the learning rate 0.2 on the same 8 rows, in their order, in batches of `batchSize`
rows. All begin with the same parameters, which are float32 numbers. A case has the loss of every step, before its
update, and the parameters after the last step: of each layer the kernel [inputs, units], then the bias. "options" are
this library's. With "weights", one for each row, the loss is the weighted mean of the terms.

"points": the loss of one row, and its gradient with respect to the outputs, in float64. For losses that are fused with
an activation, the outputs are logits.

"classWeights": scikit-learn's compute_class_weight("balanced") of some labels.

Each loss is PyTorch's function or, where PyTorch has none, a formula in this file with PyTorch's autograd. focal() is
torchvision's sigmoid_focal_loss (torchvision/ops/focal_loss.py) with reduction "none", so torchvision is not needed.
"""

import json
import pathlib

import numpy as np
import sklearn
import torch
from sklearn.utils.class_weight import compute_class_weight
from torch.nn import functional

WIDTHS = (3, 4, 3)
ROWS = 8
STEPS = 10

# Labels of three classes. No row of the second list has class 1.
LABELS = ([0, 0, 1, 2, 0, 1, 0, 0], [2, 0, 0, 2, 2, 2])
LEARNING_RATE = 0.2


def smoothed(t, s=0.0):
    """Keras's BinaryCrossentropy(label_smoothing=s)."""
    return t * (1 - s) + s / 2


def binary(a, t, clip=1e-7, labelSmoothing=0.0):
    p = a.clamp(clip, 1 - clip)
    return functional.binary_cross_entropy(p, smoothed(t, labelSmoothing), reduction="none")


def sigmoid_crossentropy(z, t, labelSmoothing=0.0):
    return functional.binary_cross_entropy_with_logits(z, smoothed(t, labelSmoothing), reduction="none")


def categorical(z, t, labelSmoothing=0.0):
    return functional.cross_entropy(z, t, label_smoothing=labelSmoothing, reduction="none")


def divergence(z, t):
    return functional.kl_div(functional.log_softmax(z, 1), t, reduction="none").sum(1)


def poisson(a, t):
    return functional.poisson_nll_loss(a, t, log_input=False, full=False, eps=1e-8, reduction="none")


def hinge(a, t):
    return torch.relu(1 - t * a)


def log_cosh(a, t):
    """Keras's LogCosh: e + softplus(−2e) − log 2."""
    return (a - t) + functional.softplus(-2 * (a - t), threshold=1000) - np.log(2)


def quantile_loss(a, t, quantile=0.5):
    return torch.maximum(quantile * (t - a), (quantile - 1) * (t - a))


def focal(z, t, gamma=2.0, alpha=-1.0):
    p = torch.sigmoid(z)
    ce = functional.binary_cross_entropy_with_logits(z, t, reduction="none")
    p_t = p * t + (1 - p) * (1 - t)
    loss = ce * ((1 - p_t) ** gamma)
    return (alpha * t + (1 - alpha) * (1 - t)) * loss if alpha >= 0 else loss


def huber(a, t, delta=1.0):
    return functional.huber_loss(a, t, delta=delta, reduction="none")


# By the name of the loss: a function of outputs (or logits) and targets that returns terms, the kind of targets, and
# whether the function has logits as arguments.
LOSSES = {
    "meanSquaredError": (lambda a, t: (a - t) ** 2, "numbers", False),
    "meanAbsoluteError": (lambda a, t: (a - t).abs(), "numbers", False),
    "huber": (huber, "numbers", False),
    "binaryCrossentropy": (binary, "shares", False),
    "sigmoidCrossentropy": (sigmoid_crossentropy, "shares", True),
    "categoricalCrossentropy": (categorical, "distributions", True),
    "sparseCategoricalCrossentropy": (categorical, "labels", True),
    "poisson": (poisson, "counts", False),
    "hinge": (hinge, "signs", False),
    "kullbackLeibler": (divergence, "distributions", True),
    "logCosh": (log_cosh, "numbers", False),
    "quantile": (quantile_loss, "numbers", False),
    "focal": (focal, "bits", True),
}

CASES = (
    ("meanSquaredError", {}, "linear"),
    ("meanAbsoluteError", {}, "linear"),
    ("huber", {"delta": 0.3}, "linear"),
    ("binaryCrossentropy", {}, "sigmoid"),
    ("binaryCrossentropy", {"labelSmoothing": 0.2}, "sigmoid"),
    ("sigmoidCrossentropy", {}, "sigmoid"),
    ("sigmoidCrossentropy", {"labelSmoothing": 0.1}, "sigmoid"),
    ("categoricalCrossentropy", {}, "softmax"),
    ("categoricalCrossentropy", {"labelSmoothing": 0.3}, "softmax"),
    ("sparseCategoricalCrossentropy", {}, "softmax"),
    ("sparseCategoricalCrossentropy", {"labelSmoothing": 0.3}, "softmax"),
    ("poisson", {}, "softplus"),
    ("hinge", {}, "linear"),
    ("kullbackLeibler", {}, "softmax"),
    ("logCosh", {}, "linear"),
    ("quantile", {}, "linear"),
    ("quantile", {"quantile": 0.9}, "linear"),
    ("focal", {}, "sigmoid"),
    ("focal", {"gamma": 0.5, "alpha": 0.25}, "sigmoid"),
    ("focal", {"gamma": 0.0, "alpha": 0.75}, "sigmoid"),
)

# One weight for each row. The sums of the batches differ.
WEIGHTS = [2.0, 0.0, 0.5, 1.0, 3.0, 0.25, 0.0, 1.5]

WEIGHTED = (
    ("meanSquaredError", {}, "linear"),
    ("sigmoidCrossentropy", {"labelSmoothing": 0.1}, "sigmoid"),
    ("categoricalCrossentropy", {}, "softmax"),
    ("sparseCategoricalCrossentropy", {}, "softmax"),
    ("kullbackLeibler", {}, "softmax"),
    ("focal", {}, "sigmoid"),
)

# Loss, options, outputs or logits of one row, and its targets.
POINTS = (
    ("poisson", {}, [0.0, 1e-9, 0.5, 30.0], [0.0, 2.0, 0.0, 7.0]),
    ("hinge", {}, [0.0, 1.5, -2.0, 0.25], [1.0, 1.0, 1.0, -1.0]),
    ("kullbackLeibler", {}, [40.0, -700.0, 3.0, 39.0], [0.5, 0.0, 0.25, 0.25]),
    ("logCosh", {}, [1e-3, -2.0, 700.0, 0.5], [0.0, 1.0, 0.0, 0.25]),
    ("quantile", {"quantile": 0.8}, [1.0, -1.0, 3.0, 0.0], [0.5, 0.5, -7.0, 1e300]),
    ("focal", {}, [0.0, 30.0, -30.0, 2.5], [1.0, 0.0, 1.0, 0.0]),
    ("focal", {"gamma": 0.7, "alpha": 0.1}, [-3.0, 5.0, 0.5, 700.0], [1.0, 1.0, 0.0, 0.0]),
    ("categoricalCrossentropy", {"labelSmoothing": 0.1}, [700.0, -700.0, 0.0, 1.0], [0.25, 0.25, 0.5, 0.0]),
    ("sigmoidCrossentropy", {"labelSmoothing": 0.1}, [700.0, -700.0, 0.0, 1.0], [0.0, 1.0, 0.5, 1.0]),
    ("binaryCrossentropy", {"labelSmoothing": 0.1}, [1e-5, 0.999, 0.5, 0.25], [0.0, 1.0, 0.5, 1.0]),
)

ACTIVATIONS = {
    "linear": lambda z: z,
    "sigmoid": torch.sigmoid,
    "softplus": functional.softplus,
}


def create_parameters():
    random = np.random.RandomState(1)
    shapes = [shape for inputs, units in zip(WIDTHS, WIDTHS[1:]) for shape in ((inputs, units), (units,))]
    return [random.uniform(-1, 1, shape).astype("float32") for shape in shapes]


def create_inputs():
    return np.random.RandomState(2).uniform(-1, 1, (ROWS, WIDTHS[0])).astype("float32")


def create_targets(kind):
    random = np.random.RandomState(3)
    numbers = random.uniform(-1, 1, (ROWS, WIDTHS[-1])).astype("float32")
    if kind == "shares":
        return abs(numbers)
    if kind == "bits":
        return (numbers > 0).astype("float32")
    if kind == "signs":
        return np.where(numbers > 0, 1, -1).astype("float32")
    if kind == "counts":
        return random.poisson(2, numbers.shape).astype("float32")
    if kind == "labels":
        return random.randint(0, WIDTHS[-1], ROWS)
    if kind == "distributions":
        # Halves and quarters are exact in float32, and so are their sums. Some targets are 0.
        return np.array([random.permutation([0.5, 0.5, 0.0] if row % 2 else [0.25, 0.25, 0.5]) for row in range(ROWS)])
    return numbers


def train(dtype, name, options, output, batch_size, weights=None):
    terms, kind, takes_logits = LOSSES[name]
    as_torch = lambda values: torch.tensor(values.astype(dtype))
    kernel0, bias0, kernel1, bias1 = parameters = [as_torch(values) for values in create_parameters()]
    for parameter in parameters:
        parameter.requires_grad_()
    inputs = as_torch(create_inputs())
    given = create_targets(kind)
    targets = torch.tensor(given) if kind == "labels" else as_torch(given)
    optimizer = torch.optim.SGD(parameters, lr=LEARNING_RATE)
    losses = []
    for step in range(STEPS):
        begin = step * batch_size % ROWS
        rows = slice(begin, begin + batch_size)
        optimizer.zero_grad()
        logits = torch.tanh(inputs[rows] @ kernel0 + bias0) @ kernel1 + bias1
        outputs = logits if takes_logits else ACTIVATIONS[output](logits)
        values = terms(outputs, targets[rows], **options)
        per_row = values if values.dim() == 1 else values.mean(1)
        if weights is None:
            loss = per_row.mean()
        else:
            w = as_torch(np.array(weights[rows]))
            loss = (per_row * w).sum() / w.sum()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return {
        "dtype": dtype,
        "loss": name,
        "options": options,
        "output": output,
        "batchSize": batch_size,
        **({} if weights is None else {"weights": weights}),
        "targets": given.ravel().tolist(),
        "losses": losses,
        "parameters": [value for parameter in parameters for value in parameter.detach().numpy().ravel().tolist()],
    }


def point(name, options, outputs, targets):
    terms, _, _ = LOSSES[name]
    a = torch.tensor([outputs], dtype=torch.float64, requires_grad=True)
    loss = terms(a, torch.tensor([targets], dtype=torch.float64), **options).sum()
    loss.backward()
    gradients = a.grad.numpy().ravel().tolist()
    return {
        "loss": name,
        "options": options,
        "outputs": outputs,
        "targets": targets,
        "sum": loss.item(),
        "gradients": gradients,
    }


def class_weights(labels):
    classes = np.unique(labels)
    weights = compute_class_weight("balanced", classes=classes, y=labels)
    return {"labels": labels, "weights": dict(zip(map(str, classes.tolist()), weights.tolist()))}


def main():
    document = {
        "versions": {"numpy": np.__version__, "scikit-learn": sklearn.__version__, "torch": torch.__version__},
        "widths": WIDTHS,
        "rows": ROWS,
        "learningRate": LEARNING_RATE,
        "initial": [value for values in create_parameters() for value in values.ravel().tolist()],
        "inputs": create_inputs().ravel().tolist(),
        "cases": [
            train(dtype, *case, batch_size)
            for dtype in ("float32", "float64")
            for case in CASES
            for batch_size in (1, 4)
        ]
        + [train(dtype, *case, 4, WEIGHTS) for dtype in ("float32", "float64") for case in WEIGHTED],
        "classWeights": [class_weights(labels) for labels in LABELS],
        "points": [point(*each) for each in POINTS],
    }
    path = pathlib.Path(__file__).with_name("losses.json")
    path.write_text(json.dumps(document, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
