"""Writes scikit_learn.json: networks trained by scikit-learn, for test/scikitLearn.test.ts.

    pip install -r ../tools/requirements.txt
    python scikit_learn.py

Each case is an MLPClassifier or MLPRegressor that is trained on a data set, without shuffling and without penalty
(alpha 0), for ten steps: ten epochs of one batch, or two epochs of five batches. It has scikit-learn's loss of each
epoch and the final parameters: base64 of little-endian numbers of the case's dtype, for each layer the kernel [inputs,
units], then the bias. All cases of a data set begin with the parameters "initial", which are float32 numbers.

Columns are standardized before training: (x - mean) / scale in float64, with the numbers of "means" and "scales", then
rounded to the dtype. For a regression, the last mean and the last scale are those of the target.

SGD has a constant learning rate and no momentum. Adam's epsilon is 1e-30. scikit-learn adds epsilon before it corrects
the bias of the second moment, PyTorch after it. An epsilon so small makes no difference.
"""

import base64
import json
import pathlib

import numpy as np
import sklearn
from sklearn import datasets, neural_network

HIDDEN = (8, 5)
STEPS = 10
EPSILON = 1e-30
RATES = {"sgd": 0.1, "adam": 0.01}

# The data set, the function that loads it, and the estimator.
PROBLEMS = (
    ("iris", datasets.load_iris, neural_network.MLPClassifier),
    ("wine", datasets.load_wine, neural_network.MLPClassifier),
    ("breastCancer", datasets.load_breast_cancer, neural_network.MLPClassifier),
    ("diabetes", lambda: datasets.load_diabetes(scaled=False), neural_network.MLPRegressor),
)


def encoded(values, dtype):
    array = np.concatenate([np.ravel(value) for value in values])
    return base64.b64encode(array.astype(np.dtype(dtype).newbyteorder("<")).tobytes()).decode()


def initial_layers(widths):
    """For each layer a kernel [inputs, units] and a bias, uniform within 1 / sqrt(inputs), as float32 numbers."""
    random = np.random.RandomState(3)
    for inputs, units in zip(widths, widths[1:]):
        values = random.uniform(-1, 1, (inputs + 1, units)) / np.sqrt(inputs)
        yield values[:-1].astype("float32"), values[-1].astype("float32")


def train(estimator, initial, inputs, targets, dtype, solver, batch_size, epochs):
    layers = iter(initial)

    class FromInitial(estimator):
        def _init_coef(self, fan_in, fan_out, dtype):
            kernel, bias = next(layers)
            assert kernel.shape == (fan_in, fan_out)
            return kernel.astype(dtype), bias.astype(dtype)

    model = FromInitial(
        hidden_layer_sizes=HIDDEN,
        activation="tanh",
        solver=solver,
        alpha=0,
        batch_size=batch_size,
        learning_rate_init=RATES[solver],
        momentum=0,
        nesterovs_momentum=False,
        epsilon=EPSILON,
        shuffle=False,
        max_iter=epochs,
        n_iter_no_change=epochs + 1,
    ).fit(inputs.astype(dtype), targets)
    assert model.coefs_[0].dtype == dtype and model.t_ == epochs * len(inputs)
    trained = [values for layer in zip(model.coefs_, model.intercepts_) for values in layer]
    return {
        "dtype": dtype,
        "solver": solver,
        "batchSize": batch_size,
        "losses": [float(loss) for loss in model.loss_curve_],
        "parameters": encoded(trained, dtype),
    }


def problem_of(name, load, estimator):
    bunch = load()
    is_regression = estimator is neural_network.MLPRegressor
    columns = np.column_stack([bunch.data, bunch.target]) if is_regression else bunch.data
    means, scales = columns.mean(axis=0), columns.std(axis=0)
    inputs = (bunch.data - means[: bunch.data.shape[1]]) / scales[: bunch.data.shape[1]]
    targets = (bunch.target - means[-1]) / scales[-1] if is_regression else bunch.target
    rows = len(inputs)
    classes = 1 if is_regression else len(bunch.target_names)
    widths = [inputs.shape[1], *HIDDEN, 1 if classes == 2 else classes]
    initial = list(initial_layers(widths))
    return {
        "name": name,
        "widths": widths,
        "means": means.tolist(),
        "scales": scales.tolist(),
        "initial": encoded([values for layer in initial for values in layer], "float32"),
        "cases": [
            train(estimator, initial, inputs, targets.astype(dtype) if is_regression else targets, dtype, solver, *batches)
            for dtype in ("float32", "float64")
            for solver in RATES
            for batches in ((rows, STEPS), (-(-rows // 5), STEPS // 5))
        ],
    }


def main():
    document = {
        "versions": {"numpy": np.__version__, "scikit-learn": sklearn.__version__},
        "epsilon": EPSILON,
        "rates": RATES,
        "problems": [problem_of(*problem) for problem in PROBLEMS],
    }
    path = pathlib.Path(__file__).with_name("scikit_learn.json")
    path.write_text(json.dumps(document, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
