"""Writes splits.json: scikit-learn's splits, folds and class weights, for test/splits.test.ts.

    pip install -r ../tools/requirements.txt
    python splits.py
"""

import json
import pathlib
import warnings

import numpy as np
import sklearn
from sklearn.model_selection import KFold, StratifiedKFold, train_test_split
from sklearn.utils.class_weight import compute_class_weight

SEEDS = (0, 1, 42, 2**32 - 1)


def folds_of(splitter, targets):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [validation.tolist() for _, validation in splitter.split(targets, targets)]


def targets_of():
    """Labels of rows, with classes of equal and of different sizes, and in random order."""
    random = np.random.RandomState(3)
    yield [0, 0, 1, 1]
    yield [1, 1, 0, 0, 1, 0, 1]
    yield random.randint(0, 3, 50).tolist()
    yield np.repeat([2, 0, 1], 10).tolist()
    yield random.permutation(np.repeat([5, 1, 9, 3], [40, 2, 7, 11])).tolist()
    yield random.permutation(np.repeat(range(10), 30)).tolist()


def main():
    splits, k_folds, stratified = [], [], []
    for seed in SEEDS:
        for rows, share in ((2, 0.5), (10, 0.2), (11, 0.3), (1000, 0.15), (29, 0.999)):
            if rows - np.ceil(rows * share) < 1:
                continue
            training, validation = train_test_split(np.arange(rows), test_size=share, random_state=seed)
            splits.append(
                {"seed": seed, "rows": rows, "validation": share, "parts": [training.tolist(), validation.tolist()]}
            )
        for rows, folds in ((2, 2), (10, 5), (11, 3), (1001, 10)):
            splitter = KFold(folds, shuffle=True, random_state=seed)
            k_folds.append({"seed": seed, "rows": rows, "folds": folds, "parts": folds_of(splitter, np.arange(rows))})
        for targets in targets_of():
            for share in (0.2, 0.25, 0.5):
                classes = len(set(targets))
                if np.ceil(len(targets) * share) < classes:
                    continue
                training, validation = train_test_split(
                    np.arange(len(targets)), test_size=share, random_state=seed, stratify=targets
                )
                splits.append(
                    {
                        "seed": seed,
                        "rows": len(targets),
                        "validation": share,
                        "targets": targets,
                        "parts": [training.tolist(), validation.tolist()],
                    }
                )
            for folds in (2, 5, 10):
                if folds > max(targets.count(label) for label in targets):
                    continue
                splitter = StratifiedKFold(folds, shuffle=True, random_state=seed)
                parts = folds_of(splitter, np.array(targets))
                stratified.append({"seed": seed, "folds": folds, "targets": targets, "parts": parts})
    weights = []
    for targets in targets_of():
        classes = np.unique(targets)
        values = compute_class_weight("balanced", classes=classes, y=targets)
        weights.append({"targets": targets, "weights": dict(zip(classes.tolist(), values.tolist()))})
    document = {
        "versions": {"numpy": np.__version__, "scikit-learn": sklearn.__version__},
        "splits": splits,
        "kFolds": k_folds,
        "stratified": stratified,
        "classWeights": weights,
    }
    path = pathlib.Path(__file__).with_name("splits.json")
    path.write_text(json.dumps(document, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
