"""Writes state_dict.json: files of safetensors that PyTorch's modules were saved to, and their outputs.

Made with PyTorch 2.15.0 and safetensors 0.8.0: python state_dict.py
"""

import base64
import json
import pathlib

import safetensors
import torch
from safetensors.torch import save
from torch import nn

torch.manual_seed(1)
INPUTS = torch.linspace(-1, 1, 15).reshape(5, 3)


class Renamed(nn.Module):
    """The layers of a Sequential under names of their own."""

    def __init__(self):
        super().__init__()
        self.layer1, self.layer2, self.layer10 = nn.Linear(3, 4), nn.Linear(4, 4), nn.Linear(4, 2)

    def forward(self, x):
        return self.layer10(torch.tanh(self.layer2(torch.relu(self.layer1(x)))))


def trained_norms():
    """A batch norm whose running statistics are not those of a new one."""
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.PReLU(4), nn.LayerNorm(4), nn.Linear(4, 2, bias=False))
    norm = model[1]
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape))
        norm.running_mean.copy_(torch.randn(4))
        norm.running_var.copy_(torch.rand(4) + 0.5)
    return model.eval()


MODELS = {
    "dense": nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 4), nn.Linear(4, 2), nn.Sigmoid()),
    "norms": trained_norms(),
    "renamed": Renamed(),
    "float64": nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)).double(),
    "bfloat16": nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)).bfloat16(),
    "float16": nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)).half(),
}


def case(model):
    dtype = next(model.parameters()).dtype
    file = save(model.state_dict())
    wide = torch.float64 if dtype == torch.float64 else torch.float32
    with torch.no_grad():
        outputs = model.to(wide)(INPUTS.to(wide))
    return {"dtype": str(wide).split(".")[1], "file": base64.b64encode(file).decode(), "outputs": outputs.tolist()}


def main():
    document = {
        "versions": {"torch": torch.__version__.split("+")[0], "safetensors": safetensors.__version__},
        "inputs": INPUTS.tolist(),
        **{name: case(model) for name, model in MODELS.items()},
    }
    path = pathlib.Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(document, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
