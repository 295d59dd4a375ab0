"""Writes preprocessing.json: figures of scikit-learn's preprocessing, for test/preprocessing.test.ts.

    pip install numpy scikit-learn
    python preprocessing.py
"""

import json
import pathlib

import numpy as np
import sklearn
from sklearn.compose import ColumnTransformer
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, RobustScaler, StandardScaler

SCALERS = {"standard": StandardScaler, "minMax": MinMaxScaler, "robust": RobustScaler}
STRATEGIES = {"mean": "mean", "median": "median", "mostFrequent": "most_frequent"}


def numbers():
    """Three columns: few equal values and missing ones; no missing ones; outliers and missing ones."""
    random = np.random.RandomState(13)
    a = np.round(random.normal(10, 3, 40))
    b = np.round(random.normal(0, 1, 40), 6)
    c = np.round(random.standard_cauchy(40), 6)
    a[[3, 8, 21]] = np.nan
    c[::7] = np.nan
    return np.c_[a, b, c]


def other_numbers():
    return np.array([[np.nan, np.nan, np.nan], [1e6, -3.25, 0.0], [10.0, 0.5, np.nan]])


def texts():
    random = np.random.RandomState(14)
    color = random.choice(["red", "green", "blue", "Ärger"], 30).astype(object)
    size = random.choice(["S", "M", "L"], 30).astype(object)
    color[[2, 5, 11]] = None
    return np.c_[color, size]


OTHER_TEXTS = np.array([["pink", "S"], [None, "XXL"], ["blue", None], ["Ärger", "M"]], dtype=object)


def transform_columns(make, fitted, others):
    """Transforms each column alone, so that its indicator follows it."""
    transformers = [make(column) for column in range(fitted.shape[1])]
    outputs = [np.hstack([t.fit_transform(fitted) for t in transformers])]
    outputs.append(np.hstack([t.transform(others) for t in transformers]))
    return [np.asarray(output, dtype=float).tolist() for output in outputs]


def number_column(scale, impute):
    def make(column):
        scaled = make_pipeline(SimpleImputer(strategy=STRATEGIES[impute]), SCALERS[scale]())
        indicator = MissingIndicator(features="missing-only", error_on_new=False)
        return ColumnTransformer([("value", scaled, [column]), ("indicator", indicator, [column])])

    return make


def text_column(impute):
    """A missing value is a category of its own, or counts as the most frequent one and has an indicator."""

    def make(column):
        encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
        if impute == "none":
            return ColumnTransformer([("value", encoder, [column])])
        imputer = SimpleImputer(missing_values=None, strategy="most_frequent")
        indicator = MissingIndicator(missing_values=None, features="missing-only", error_on_new=False)
        return ColumnTransformer(
            [("value", make_pipeline(imputer, encoder), [column]), ("indicator", indicator, [column])]
        )

    return make


def plain(rows):
    return [[None if cell is None or cell != cell else cell for cell in row] for row in rows.tolist()]


def cases():
    for scale in SCALERS:
        for impute in STRATEGIES:
            rows, others = numbers(), other_numbers()
            yield {"scale": scale, "impute": impute}, rows, others, number_column(scale, impute)
    for impute in ["none", "mostFrequent"]:
        yield {"impute": impute}, texts(), OTHER_TEXTS, text_column(impute)


def main():
    documents = []
    for options, rows, others, make in cases():
        transformed, transformed_others = transform_columns(make, rows, others)
        documents.append(
            {
                "options": options,
                "rows": plain(rows),
                "transformed": transformed,
                "others": plain(others),
                "transformedOthers": transformed_others,
            }
        )
    document = {"versions": {"numpy": np.__version__, "scikit-learn": sklearn.__version__}, "cases": documents}
    path = pathlib.Path(__file__).with_name("preprocessing.json")
    path.write_text(json.dumps(document, separators=(",", ":"), ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
