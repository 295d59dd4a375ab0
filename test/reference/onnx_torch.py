"""Writes onnx_torch.json and the files in onnx/torch*: what PyTorch's exporters make of dense networks, for test/onnx.test.ts.

    pip install -r ../../bench/peers/requirements.txt -r ../tools/requirements.txt
    python onnx_torch.py

Each model is exported by both exporters of torch.onnx, the current one ("dynamo") and the one before it ("script"). The
JSON has the outputs of PyTorch in evaluation mode for "inputs" [rows, columns].
"""

import io
import json
import logging
import pathlib

import numpy as np
import onnx
import torch
from torch import nn

ROWS = 6
ACTIVATIONS = {
    "sigmoid": nn.Sigmoid(),
    "tanh": nn.Tanh(),
    "relu": nn.ReLU(),
    "leakyRelu": nn.LeakyReLU(0.2),
    "elu": nn.ELU(0.7),
    "gelu": nn.GELU(),
    "geluTanh": nn.GELU(approximate="tanh"),
    "silu": nn.SiLU(),
    "softplus": nn.Softplus(),
    "softmax": nn.Softmax(-1),
    "hardSigmoid": nn.Hardsigmoid(),
    "hardTanh": nn.Hardtanh(),
    "selu": nn.SELU(),
    "mish": nn.Mish(),
    "softsign": nn.Softsign(),
}


class Exponential(nn.Module):
    def forward(self, x):
        return torch.exp(x)


def activations():
    """A dense layer with each activation, one after another."""
    pairs = [(nn.Linear(4, 4), each) for each in (*ACTIVATIONS.values(), Exponential())]
    return nn.Sequential(*[module for pair in pairs for module in pair])


def norms():
    return nn.Sequential(
        nn.Linear(3, 5, bias=False), nn.BatchNorm1d(5), nn.ReLU(), nn.Dropout(0.5),
        nn.Linear(5, 4), nn.LayerNorm(4), nn.Tanh(), nn.Linear(4, 4), nn.PReLU(4), nn.BatchNorm1d(4, eps=1e-3),
        nn.Linear(4, 3), nn.Softmax(1),
    )  # fmt: skip


def images():
    return nn.Sequential(nn.Flatten(), nn.Linear(6, 4), nn.ReLU(), nn.Linear(4, 2))


def double():
    return nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 1), nn.Sigmoid()).double()


MODELS = {"activations": (activations, (4,)), "norms": (norms, (3,)), "images": (images, (2, 3)), "double": (double, (3,))}


def with_statistics(model):
    """Running statistics other than 0 and 1."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm1d):
            nn.init.uniform_(module.running_mean, -0.5, 0.5)
            nn.init.uniform_(module.running_var, 0.5, 2)
    return model.eval()


def export(model, inputs, exporter):
    rows = torch.export.Dim("rows")
    if exporter == "dynamo":
        program = torch.onnx.export(model, (inputs,), dynamo=True, dynamic_shapes=({0: rows},), verbose=False)
        exported = program.model_proto
    else:
        file = io.BytesIO()
        options = {"input_names": ["input"], "dynamic_axes": {"input": {0: "rows"}}}
        torch.onnx.export(model, (inputs,), file, dynamo=False, do_constant_folding=False, **options)
        exported = onnx.load_from_string(file.getvalue())
    # Documentation and metadata have the paths of this machine.
    del exported.metadata_props[:]
    exported.doc_string = ""
    del exported.graph.metadata_props[:]
    for node in exported.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    for value in [*exported.graph.value_info, *exported.graph.input, *exported.graph.output, *exported.graph.initializer]:
        del value.metadata_props[:]
    return exported.SerializeToString(deterministic=True)


def main():
    logging.disable(logging.CRITICAL)
    folder = pathlib.Path(__file__).parent / "onnx"
    folder.mkdir(exist_ok=True)
    models = []
    for name, (build, shape) in MODELS.items():
        torch.manual_seed(3)
        model = with_statistics(build())
        dtype = next(model.parameters()).dtype
        inputs = torch.rand(ROWS, *shape).to(dtype) * 4 - 2
        with torch.no_grad():
            outputs = model(inputs)
        for exporter in ("dynamo", "script"):
            file = f"torch_{name}_{exporter}.onnx"
            (folder / file).write_bytes(export(model, inputs, exporter))
            models.append({
                "file": file,
                "dtype": str(dtype).removeprefix("torch."),
                "inputs": inputs.flatten(1).tolist(),
                "outputs": outputs.tolist(),
            })  # fmt: skip
    document = {"versions": {"torch": torch.__version__, "onnx": onnx.__version__, "numpy": np.__version__}, "models": models}
    pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(document) + "\n")


main()
