"""Training in NumPy, PyTorch and scikit-learn, as users of each write it. The protocol is that of worker.js."""

import gzip
import json
import pathlib
import sys
import time
import warnings


class NumPy:
    def __init__(self, task):
        self.task = task
        self.inputs = np.array(task["inputs"], task["dtype"])
        self.targets = np.array(task["targets"], task["dtype"])
        self.layers = [
            [np.array(layer["kernel"], task["dtype"]), np.array(layer["bias"], task["dtype"])]
            for layer in task["parameters"]
        ]

    def train(self, epochs):
        batch = self.task["batch"]
        starts = range(0, self.task["rows"], batch)
        for _ in range(epochs):
            losses = [
                self.step(self.inputs[start : start + batch], self.targets[start : start + batch]) for start in starts
            ]
        return [float(np.mean(losses))]

    def predict(self, times):
        for _ in range(times):
            outputs = self.forward(np.array(self.task["inputs"][:1], self.task["dtype"]))[-1]
        return outputs[0].tolist()

    def step(self, x, t):
        activations = self.forward(x)
        dz, loss = self.loss(activations[-1], t)
        for i in reversed(range(len(self.layers))):
            kernel, bias = self.layers[i]
            a = activations[i]
            dkernel = a.T @ dz
            dbias = dz.sum(axis=0)
            if i > 0:
                dz = (dz @ kernel.T) * self.derivative(a)
            kernel -= self.task["learningRate"] * dkernel
            bias -= self.task["learningRate"] * dbias
        return loss

    def forward(self, x):
        activations = [x]
        for i, (kernel, bias) in enumerate(self.layers):
            z = activations[-1] @ kernel + bias
            name = self.task["hidden" if i < len(self.layers) - 1 else "output"]
            activations.append(getattr(self, name)(z))
        return activations

    def loss(self, a, t):
        """The loss, and its gradient with respect to the logits of the last layer."""
        if self.task["loss"] == "meanSquaredError":
            return (a - t) * a * (1 - a) * (2 / a.size), np.mean((a - t) ** 2)
        return (a - t) / len(a), -np.sum(t * np.log(a)) / len(a)

    def derivative(self, a):
        return a * (1 - a) if self.task["hidden"] == "sigmoid" else a > 0

    @staticmethod
    def sigmoid(z):
        return 1 / (1 + np.exp(-z))

    @staticmethod
    def relu(z):
        return np.maximum(z, 0)

    @staticmethod
    def softmax(z):
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)


class PyTorch:
    def __init__(self, task):
        torch.set_num_threads(1)
        self.task = task
        self.dtype = getattr(torch, task["dtype"])
        self.model = self.create_model()
        optimizers = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}
        self.optimizer = optimizers[task["optimizer"]](self.model.parameters(), lr=task["learningRate"])
        inputs = torch.tensor(task["inputs"], dtype=self.dtype)
        targets = torch.tensor(task["targets"], dtype=self.dtype)
        if task["loss"] == "meanSquaredError":
            self.loss = torch.nn.MSELoss()
        else:
            self.loss = torch.nn.CrossEntropyLoss()
            targets = targets.argmax(dim=1)
        self.batches = list(zip(inputs.split(task["batch"]), targets.split(task["batch"])))
        self.weights = torch.tensor([len(x) / task["rows"] for x, _ in self.batches], dtype=self.dtype)

    def create_model(self):
        """The model without softmax, because CrossEntropyLoss applies it."""
        activations = {"sigmoid": torch.nn.Sigmoid, "relu": torch.nn.ReLU, "tanh": torch.nn.Tanh}
        modules = []
        for layer in self.task["parameters"]:
            kernel = torch.tensor(layer["kernel"], dtype=self.dtype)
            linear = torch.nn.Linear(*kernel.shape, dtype=self.dtype)
            with torch.no_grad():
                linear.weight.copy_(kernel.T)
                linear.bias.copy_(torch.tensor(layer["bias"]))
            modules += [linear, activations[self.task["hidden"]]()]
        modules.pop()
        if self.task["output"] == "sigmoid":
            modules.append(torch.nn.Sigmoid())
        return torch.nn.Sequential(*modules)

    def train(self, epochs):
        for _ in range(epochs):
            losses = [self.step(x, y) for x, y in self.batches]
        return [(torch.stack(losses) * self.weights).sum().item()]

    def step(self, x, y):
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.loss(self.model(x), y)
        loss.backward()
        self.optimizer.step()
        return loss.detach()

    def predict(self, times):
        with torch.no_grad():
            for _ in range(times):
                row = torch.tensor(self.task["inputs"][:1], dtype=self.dtype)
                outputs = torch.softmax(self.model(row), dim=1).numpy()
        return outputs[0].tolist()


class ScikitLearn:
    """Each run is a fit with its own initial parameters: a second fit of the same estimator would clear Adam's state."""

    def __init__(self, task):
        self.is_classifier = task["output"] == "softmax"
        self.inputs = np.array(task["inputs"], task["dtype"])
        targets = np.array(task["targets"], task["dtype"])
        self.targets = targets.argmax(axis=1) if self.is_classifier else targets
        self.options = {
            "hidden_layer_sizes": task["sizes"][1:-1],
            "activation": task["hidden"],
            "solver": task["optimizer"],
            "alpha": 0,
            "batch_size": min(task["batch"], task["rows"]),
            "learning_rate_init": task["learningRate"],
            "shuffle": False,
            "tol": 0,
            "random_state": 0,
        }

    def train(self, epochs):
        estimator = neural_network.MLPClassifier if self.is_classifier else neural_network.MLPRegressor
        model = estimator(max_iter=epochs, n_iter_no_change=epochs + 1, **self.options)
        return [float(model.fit(self.inputs, self.targets).loss_curve_[-1])]


class FashionMnist:
    """784-128-10 in PyTorch on Fashion-MNIST. The rows are float32 tensors before the time begins."""

    def __init__(self, task, fused):
        torch.set_num_threads(1)
        self.task = task
        self.fused = fused
        inputs = self.read("images-idx3", 16).reshape(-1, 784).float() / 255
        labels = self.read("labels-idx1", 8).long()
        sizes = [len(labels) - task["validationRows"], task["validationRows"]]
        self.training, self.validation = zip(inputs.split(sizes), labels.split(sizes))

    def read(self, name, header):
        with gzip.open(f"{self.task['folder']}/train-{name}-ubyte.gz") as file:
            return torch.frombuffer(bytearray(file.read()), dtype=torch.uint8, offset=header)

    def train(self, times):
        for _ in range(times):
            figures = self.fit()
        return figures

    def fit(self):
        """The loss and the accuracy of the validation rows after the last epoch."""
        torch.manual_seed(0)
        model = torch.nn.Sequential(torch.nn.Linear(784, 128), torch.nn.ReLU(), torch.nn.Linear(128, 10))
        loss = torch.nn.CrossEntropyLoss()
        optimizer = torch.optim.Adam(model.parameters(), lr=self.task["learningRate"], fused=self.fused)
        inputs, labels = self.training
        for _ in range(self.task["epochs"]):
            for rows in torch.randperm(len(labels)).split(self.task["batch"]):
                optimizer.zero_grad(set_to_none=True)
                loss(model(inputs[rows]), labels[rows]).backward()
                optimizer.step()
            figures = self.evaluate(model, loss)
        return figures

    def evaluate(self, model, loss):
        inputs, labels = self.validation
        with torch.no_grad():
            outputs = model(inputs)
            accuracy = (outputs.argmax(dim=1) == labels).float().mean()
            return [loss(outputs, labels).item(), accuracy.item()]


def create_peer(task, name, variant):
    if task["task"] == "fashionMnist":
        return FashionMnist(task, fused="fused" in variant)
    return {"numpy": NumPy, "torch": PyTorch, "scikit-learn": ScikitLearn}[name](task)


def main():
    name, *variant = sys.argv[1:]
    task = json.loads(sys.stdin.readline())
    try:
        version = import_library(name)
    except ImportError:
        answer({"refusal": f"not installed: pip install {requirement(name)}"})
        return
    peer = create_peer(task, name, variant)
    run = peer.predict if task["task"] == "predict" else peer.train
    note = {"note": "its own initial parameters"} if name == "scikit-learn" else {"isSame": True}
    answer({"version": version, **note})
    for line in sys.stdin:
        begun = time.perf_counter()
        outputs = run(int(line))
        answer({"milliseconds": 1e3 * (time.perf_counter() - begun), "outputs": outputs})


def requirement(name):
    """The line of a library in requirements.txt."""
    lines = pathlib.Path(__file__).parent.with_name("requirements.txt").read_text().split()
    return next(line for line in lines if line.startswith(f"{name}=="))


def import_library(name):
    global neural_network, np, torch
    if name == "scikit-learn":
        import sklearn
        from sklearn import neural_network

        warnings.filterwarnings("ignore", category=sklearn.exceptions.ConvergenceWarning)
    if name in ("numpy", "scikit-learn"):
        import numpy as np

        return sklearn.__version__ if name == "scikit-learn" else np.__version__
    import torch

    return torch.__version__


def answer(value):
    print(json.dumps(value), flush=True)


main()
