"""Writes scalers.json: figures of scikit-learn's scalers, for test/scalers.test.ts.

    pip install -r ../tools/requirements.txt
    python scalers.py

Each case has the rows that a scaler is fitted to, these rows after scaling, and other rows before and after scaling.
"""

import json
import pathlib

import numpy as np
import sklearn
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

SCALERS = {
    "standard": StandardScaler(),
    "minMax": MinMaxScaler(),
    "minMax from -1 to 1": MinMaxScaler((-1, 1)),
    "minMax from 2 to 2.5": MinMaxScaler((2, 2.5)),
    "robust": RobustScaler(),
}


def tables():
    random = np.random.RandomState(4)
    yield "normal", random.normal(0, 1, (50, 3))
    yield "far from 0", random.normal([1e6, -1e3, 1e-3], [1, 10, 1e-4], (101, 3))
    yield "constant columns", np.c_[np.full(20, 0.1), random.normal(size=20), np.zeros(20), np.full(20, -1e6)]
    yield "flags", (random.uniform(size=(40, 2)) < [0.1, 0.5]).astype(float)
    yield "one row", np.array([[3.0, -1.0]])
    yield "two rows", np.array([[3.0, -1.0], [4.0, 7.0]])
    yield "outliers", np.r_[random.normal(size=(30, 1)), [[1e9]], [[-1e7]]]


def main():
    cases = []
    for name, rows in tables():
        rows = np.round(rows, 9)
        others = np.round(rows[:5] * 1.5 + 0.25, 9)
        for kind, scaler in SCALERS.items():
            scaler.fit(rows)
            case = {
                "name": name,
                "kind": kind,
                "rows": rows.tolist(),
                "scaled": scaler.transform(rows).tolist(),
                "others": others.tolist(),
                "scaledOthers": scaler.transform(others).tolist(),
            }
            cases.append(case)
    document = {"versions": {"numpy": np.__version__, "scikit-learn": sklearn.__version__}, "cases": cases}
    path = pathlib.Path(__file__).with_name("scalers.json")
    path.write_text(json.dumps(document, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
