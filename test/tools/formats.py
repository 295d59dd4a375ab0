"""Reads the files that test/formatsInPython.test.ts writes, with the tools that they are for. Usage: formats.py folder

For each NAME.onnx and NAME.inputs.npy it writes NAME.outputs.npz: "reference" has the outputs of ONNX's own evaluator, and
"onnxruntime" those of onnxruntime, if it has all kernels. For each NAME.array.npy it writes NAME.swapped.npy, the same array
in Fortran order and big-endian, and NAME.compressed.npz. For each model of a table NAME.table and its cells NAME.cells.json it
writes NAME.answers.json, with the outputs of both evaluators. It trains scikit-learn's MLPClassifier, and writes its numbers and
its predictions; and it predicts with the numbers of a network in network.npz.
"""

import json
import pathlib
import sys

import numpy as np
import onnx
import onnxruntime
from onnx.reference import ReferenceEvaluator
from sklearn import datasets, neural_network

folder = pathlib.Path(sys.argv[1])
onnxruntime.set_default_logger_severity(4)


def run_graph(path):
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    inputs = {"inputs": np.load(path.with_suffix(".inputs.npy"))}
    outputs = {"reference": ReferenceEvaluator(model).run(None, inputs)[0]}
    try:
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    except onnxruntime.capi.onnxruntime_pybind11_state.NotImplemented:
        pass
    else:
        outputs["onnxruntime"] = session.run(None, inputs)[0]
        (first_row,) = session.run(None, {"inputs": inputs["inputs"][:1]})
        assert first_row.shape == (1, outputs["onnxruntime"].shape[1])
    np.savez(path.with_suffix(".outputs.npz"), **outputs)


def column_of(cells, element_type):
    if element_type == onnx.TensorProto.STRING:
        return np.array([["" if cell is None else cell] for cell in cells], object)
    return np.array([[np.nan if cell is None else cell] for cell in cells], np.float64)


def run_table(path):
    model = onnx.load_model_from_string(path.read_bytes())
    onnx.checker.check_model(model, full_check=True)
    cells = json.loads(path.with_suffix(".cells.json").read_text())
    types = {value.name: value.type.tensor_type.elem_type for value in model.graph.input}
    inputs = {name: column_of(cells[name], element_type) for name, element_type in types.items()}
    names = [value.name for value in model.graph.output]
    answers = {"reference": ReferenceEvaluator(model).run(None, inputs)}
    try:
        session = onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    except onnxruntime.capi.onnxruntime_pybind11_state.NotImplemented:
        pass
    else:
        answers["onnxruntime"] = session.run(None, inputs)
        for rows in [1, 1000]:
            resized = {name: np.resize(column, (rows, 1)) for name, column in inputs.items()}
            for output, expected in zip(session.run(None, resized), answers["onnxruntime"]):
                assert output.shape == (rows, *expected.shape[1:])
                assert output.dtype == object or np.allclose(output[0], expected[0], rtol=1e-6)
    lists = {runtime: {name: array.tolist() for name, array in zip(names, outputs)} for runtime, outputs in answers.items()}
    path.with_suffix(".answers.json").write_text(json.dumps(lists))


def save_again(path):
    array = np.load(path)
    stem = str(path).removesuffix(".array.npy")
    np.save(stem + ".swapped.npy", np.asarray(array, array.dtype.newbyteorder(">"), order="F"))
    np.savez_compressed(stem + ".compressed.npz", array=array)


def check_archive(path):
    with np.load(path) as archive:
        assert {name: archive[name].tolist() for name in archive} == {"a": [[1.5, -2.0]], "größe": [3, 4]}, path


def exchange_with_scikit_learn():
    inputs, targets = datasets.load_iris(return_X_y=True)
    mlp = neural_network.MLPClassifier((5, 4), activation="tanh", max_iter=20, random_state=0).fit(inputs, targets)
    # As in docs/formats.md.
    np.savez(folder / "scikit.npz", *[a for pair in zip(mlp.coefs_, mlp.intercepts_) for a in pair])
    np.savez(folder / "scikit_predictions.npz", inputs=inputs, outputs=mlp.predict_proba(inputs))
    arrays = list(np.load(folder / "network.npz").values())
    mlp.coefs_, mlp.intercepts_ = arrays[::2], arrays[1::2]
    np.save(folder / "scikit_with_network.npy", mlp.predict_proba(inputs))


for path in folder.glob("*.onnx"):
    run_graph(path)
for path in folder.glob("*.table"):
    run_table(path)
for path in folder.glob("*.array.npy"):
    save_again(path)
for path in folder.glob("*.archive.npz"):
    check_archive(path)
exchange_with_scikit_learn()
