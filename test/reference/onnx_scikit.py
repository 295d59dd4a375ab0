"""Writes onnx_scikit.json and the files in onnx/scikit*: what skl2onnx makes of MLPClassifier and MLPRegressor, for
test/onnx.test.ts.

    pip install -r ../tools/requirements.txt
    python onnx_scikit.py

The JSON has the outputs of scikit-learn for "inputs" [rows, columns]: probabilities of a classifier, and of one for two
classes the probability of the second class.
"""

import json
import pathlib

import numpy as np
import skl2onnx
import sklearn
from sklearn import datasets, neural_network

ROWS = 6


def standardized(load):
    inputs, targets = load(return_X_y=True)
    return (inputs - inputs.mean(0)) / inputs.std(0), targets


def classify(load, activation):
    inputs, targets = standardized(load)
    model = neural_network.MLPClassifier((5,), activation=activation, max_iter=3, random_state=0).fit(inputs, targets)
    return model, inputs[:ROWS], model.predict_proba


def regress(activation):
    inputs, targets = standardized(datasets.load_diabetes)
    model = neural_network.MLPRegressor(hidden_layer_sizes=(5, 4), activation=activation, max_iter=3, random_state=0)
    model.fit(inputs, targets / 100)
    return model, inputs[:ROWS], lambda rows: model.predict(rows)[:, None]


MODELS = {
    "iris": (lambda: classify(datasets.load_iris, "tanh"), "float32", {"zipmap": False}),
    "breastCancer": (lambda: classify(datasets.load_breast_cancer, "logistic"), "float32", {}),
    "diabetes": (lambda: regress("relu"), "float64", None),
}


def main():
    folder = pathlib.Path(__file__).parent / "onnx"
    folder.mkdir(exist_ok=True)
    models = []
    for name, (build, dtype, options) in MODELS.items():
        model, inputs, predict = build()
        outputs = predict(inputs)
        exported = skl2onnx.to_onnx(model, inputs[:1].astype(dtype), options=options)
        exported.graph.name = name
        file = f"scikit_{name}.onnx"
        (folder / file).write_bytes(exported.SerializeToString(deterministic=True))
        models.append({
            "file": file,
            "dtype": dtype,
            "inputs": inputs.tolist(),
            "outputs": (outputs[:, 1:] if outputs.shape[1] == 2 else outputs).tolist(),
        })  # fmt: skip
    versions = {"scikit-learn": sklearn.__version__, "skl2onnx": skl2onnx.__version__, "numpy": np.__version__}
    document = {"versions": versions, "models": models}
    pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(document) + "\n")


main()
