"""Writes metrics.json: figures of scikit-learn's metrics, for test/metrics.test.ts.

    pip install -r ../tools/requirements.txt
    python metrics.py

Each case has outputs [rows, outputs], targets [rows, outputs] or labels [rows], and some have weights [rows].
"expected" has the value of each metric that is defined for the case; null is NaN. scikit-learn does not get rows of
weight 0, because it would count them as occurrences of their class.
"""

import json
import pathlib
import warnings

import numpy as np
import sklearn
from sklearn import metrics


def classes_of(values):
    return (values[:, 0] > 0.5).astype(int) if values.shape[1] == 1 else values.argmax(axis=1)


def classification(outputs, targets, weights):
    """The metrics of classes. `targets`: labels [rows]."""
    predicted, width = classes_of(outputs), outputs.shape[1]
    average = "binary" if width == 1 else "macro"
    options = {"sample_weight": weights}
    scores = outputs[:, 0] if width == 1 else outputs
    labels = np.arange(max(2, width))
    figures = {
        "accuracy": metrics.accuracy_score(targets, predicted, **options),
        "logLoss": metrics.log_loss(targets, scores, labels=labels, **options),
        "rocAuc": metrics.roc_auc_score(
            targets, scores, multi_class="ovr", average="macro", labels=None if width == 1 else labels, **options
        ),
        "confusion": metrics.confusion_matrix(targets, predicted, labels=labels, **options).tolist(),
    }
    for name in ("precision", "recall", "f1"):
        figures[name] = getattr(metrics, f"{name}_score")(targets, predicted, average=average, **options)
    if width == 1:
        figures["binaryAccuracy"] = 1 - metrics.hamming_loss(targets, predicted, **options)
    for k in range(1, width):
        figures[f"top{k}Accuracy"] = metrics.top_k_accuracy_score(targets, scores, k=k, labels=labels, **options)
    return figures


def regression(outputs, targets, weights):
    outputs, targets = outputs.astype("float64"), targets.astype("float64")
    options = {"sample_weight": weights}
    return {
        "mae": metrics.mean_absolute_error(targets, outputs, **options),
        "rmse": metrics.root_mean_squared_error(targets, outputs, **options),
        "mape": metrics.mean_absolute_percentage_error(targets, outputs, **options),
        "r2": metrics.r2_score(targets, outputs, **options),
    }


def multilabel(outputs, targets, weights):
    return {"binaryAccuracy": 1 - metrics.hamming_loss(targets > 0.5, outputs > 0.5, sample_weight=weights)}


def case(name, figures, outputs, targets, weights=None, dtype="float64"):
    outputs = np.asarray(outputs, dtype)
    targets = targets if targets.dtype == int else np.asarray(targets, dtype)
    kept = slice(None) if weights is None else weights > 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = figures(outputs[kept], targets[kept], None if weights is None else weights[kept])
    plain = {key: value if key == "confusion" else None if np.isnan(value) else float(value) for key, value in expected.items()}
    return {
        "name": name,
        "dtype": dtype,
        "outputs": outputs.astype(float).tolist(),
        "targets": targets.tolist(),
        **({} if weights is None else {"weights": weights.tolist()}),
        "expected": plain,
    }


def probabilities(random, rows, classes, digits):
    """Rows that sum to 1: multiples of 1/`digits`, so that many are equal."""
    counts = random.multinomial(digits, np.ones(classes) / classes, rows)
    return counts / digits


def cases():
    random = np.random.RandomState(1)
    weights = np.round(random.uniform(0.1, 3, 60), 2)
    weights_with_zeros = np.where(random.uniform(size=60) < 0.3, 0, weights)
    every_weights = (("", None), (", weighted", weights), (", weights of 0", weights_with_zeros))

    scores = np.round(random.uniform(size=(60, 1)), 1)
    labels = (scores[:, 0] + random.normal(0, 0.4, 60) > 0.5).astype(int)
    extreme = np.where(random.uniform(size=(60, 1)) < 0.3, np.round(scores), scores)
    for suffix, chosen in every_weights:
        yield case(f"two classes with ties{suffix}", classification, scores, labels, chosen)
        yield case(f"probabilities of 0 and 1{suffix}", classification, extreme, labels, chosen)
    yield case("probabilities of 0 and 1 in float32", classification, extreme, labels, None, "float32")
    for label in (0, 1):
        yield case(f"only class {label}", classification, scores, np.full(60, label))
        yield case(f"never class {1 - label} predicted", classification, np.full((60, 1), label * 0.8 + 0.1), labels)
    yield case("one row", classification, scores[:1], labels[:1])
    yield case("no row of class 1 at all", classification, np.full((60, 1), 0.5), np.zeros(60, int))

    for digits in (5, 1000):
        many = probabilities(random, 60, 4, digits)
        labels = np.where(random.uniform(size=60) < 0.5, many.argmax(axis=1), random.randint(0, 4, 60))
        for suffix, chosen in every_weights:
            yield case(f"four classes in steps of 1/{digits}{suffix}", classification, many, labels, chosen)
        yield case(f"class 2 absent from targets, steps of 1/{digits}", classification, many, np.where(labels == 2, 3, labels))
        without = np.where(np.arange(4) == 3, -0.0, many)
        without[:, 0] += many[:, 3]
        yield case(f"class 3 absent, steps of 1/{digits}", classification, without, np.where(labels == 3, 0, labels))
    yield case("only one of three classes", classification, probabilities(random, 20, 3, 10), np.full(20, 1))
    two = probabilities(random, 60, 2, 10)
    yield case("two outputs", classification_of_two, two, random.randint(0, 2, 60), weights)

    for width in (1, 3):
        targets = np.round(random.normal(0, 2, (60, width)), 3)
        outputs = targets + np.round(random.normal(0, 1, (60, width)), 3)
        for suffix, chosen in every_weights:
            yield case(f"{width} numbers{suffix}", regression, outputs, targets, chosen)
        yield case(f"{width} numbers, one row", regression, outputs[:1], targets[:1])
        yield case(f"{width} numbers far from 0", regression, outputs + 1e4, targets + 1e4)
        yield case(f"{width} numbers in float32", regression, outputs, targets, None, "float32")
    outputs, targets = np.round(random.normal(0, 1, (20, 4)), 2), np.round(random.normal(0, 1, (20, 4)), 2)
    targets[:, 1] = 2
    outputs[:, 2] = targets[:, 2] = 0.5
    targets[:, 3] = 0
    yield case("constant targets, with and without errors, and targets of 0", regression, outputs, targets)
    yield case("perfect outputs", regression, targets[:, :1], targets[:, :1])

    outputs = np.round(random.uniform(size=(60, 3)), 1)
    targets = (random.uniform(size=(60, 3)) > 0.6).astype(int)
    for suffix, chosen in every_weights:
        yield case(f"three flags a row{suffix}", multilabel, outputs, targets, chosen)


def classification_of_two(outputs, targets, weights):
    """For two classes, roc_auc_score accepts only one score. Both classes have the same area, and so has the mean."""
    figures = classification(np.c_[outputs, np.zeros(len(outputs))], targets, weights)
    figures["rocAuc"] = metrics.roc_auc_score(targets, outputs[:, 1], sample_weight=weights)
    figures["logLoss"] = metrics.log_loss(targets, outputs, sample_weight=weights)
    figures["confusion"] = [row[:2] for row in figures["confusion"][:2]]
    del figures["top1Accuracy"], figures["top2Accuracy"]
    return figures


def main():
    versions = {"numpy": np.__version__, "scikit-learn": sklearn.__version__}
    document = {"versions": versions, "cases": list(cases())}
    path = pathlib.Path(__file__).with_name("metrics.json")
    path.write_text(json.dumps(document, separators=(",", ":"), allow_nan=False) + "\n")


if __name__ == "__main__":
    main()
