"""Writes schedules.json: learning rates of PyTorch's schedulers, for test/schedules.test.ts.

    pip install -r ../../bench/peers/requirements.txt
    python schedules.py

Each case names a function of this library and its options, without the option `steps` or `epochs`, which is "length".
"rates" has the learning rate of the scheduler after 0, 1, 2, … calls of step(). A plateau has "values", the arguments
of step().
"""

import json
import pathlib
import warnings

import torch
from torch.optim import lr_scheduler as schedulers


def rates_of(create, learning_rate, count, values=None):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=learning_rate)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scheduler = create(optimizer)
        rates = [optimizer.param_groups[0]["lr"]]
        for i in range(count - 1):
            optimizer.step()
            scheduler.step(*([] if values is None else [values[i]]))
            rates.append(optimizer.param_groups[0]["lr"])
    return rates


def case(function, options, length, create, count, after=None, values=None):
    rate = (after or {"options": options})["options"]["learningRate"]
    return {
        "function": function,
        "options": options,
        **({} if length is None else {"length": length}),
        **({} if after is None else {"after": after}),
        **({} if values is None else {"values": values}),
        "rates": rates_of(create, rate, count, values),
    }


def timed():
    """Function, options, length, scheduler and the number of rates."""
    s = schedulers
    yield "constantRate", {"learningRate": 0.3, "factor": 0.25}, 4, lambda o: s.ConstantLR(o, 0.25, 4), 8
    yield "constantRate", {"learningRate": 0.3}, None, lambda o: s.LambdaLR(o, lambda _: 1), 4
    yield "stepDecay", {"learningRate": 0.1}, 7, lambda o: s.StepLR(o, 7), 60
    yield "stepDecay", {"learningRate": 3, "gamma": 0.97}, 1, lambda o: s.StepLR(o, 1, 0.97), 500
    yield "multiStepDecay", {"learningRate": 0.1}, [3, 8, 20], lambda o: s.MultiStepLR(o, [3, 8, 20]), 30
    yield "multiStepDecay", {"learningRate": 0.1, "gamma": 0.5}, [2, 2, 9], lambda o: s.MultiStepLR(o, [2, 2, 9], 0.5), 15
    yield "exponentialDecay", {"learningRate": 0.1, "gamma": 0.99}, 1, lambda o: s.ExponentialLR(o, 0.99), 500
    yield "exponentialDecay", {"learningRate": 2, "gamma": 0.5}, 10, lambda o: s.ExponentialLR(o, 0.5 ** 0.1), 100
    yield "polynomialDecay", {"learningRate": 0.1}, 10, lambda o: s.PolynomialLR(o, 10), 20
    yield "polynomialDecay", {"learningRate": 0.1, "power": 2}, 50, lambda o: s.PolynomialLR(o, 50, 2), 60
    yield "polynomialDecay", {"learningRate": 0.1, "power": 0.7}, 50, lambda o: s.PolynomialLR(o, 50, 0.7), 60
    for minimum in (0, 1e-3):
        for length in (1, 2, 37, 500):
            options = {"learningRate": 0.1, "minLearningRate": minimum}
            yield "cosineDecay", options, length, lambda o: s.CosineAnnealingLR(o, length, minimum), length + 1
        for multiplier in (1, 2, 3):
            options = {"learningRate": 0.1, "minLearningRate": minimum, "multiplier": multiplier}
            yield (
                "cosineRestarts",
                options,
                11,
                lambda o: s.CosineAnnealingWarmRestarts(o, 11, multiplier, minimum),
                150,
            )
    for strategy in ("cos", "linear"):
        for three_phase in (False, True):
            for total, start in ((10, 0.3), (200, 0.25), (37, 0.45)):
                options = {
                    "learningRate": 0.5,
                    "annealStrategy": strategy,
                    "threePhase": three_phase,
                    "pctStart": start,
                    "divFactor": 10,
                    "finalDivFactor": 100,
                }
                yield (
                    "oneCycle",
                    options,
                    total,
                    lambda o: s.OneCycleLR(
                        o, 0.5, total, None, None, start, strategy, False, 0.85, 0.95, 10, 100, three_phase
                    ),
                    total,
                )
    yield "oneCycle", {"learningRate": 0.5}, 50, lambda o: s.OneCycleLR(o, 0.5, 50, cycle_momentum=False), 50


def warmed_up():
    """Warm-ups by SequentialLR."""
    s = schedulers

    def after(length, factor, create):
        return lambda o: s.SequentialLR(o, [s.LinearLR(o, factor, 1, length), create(o)], [length])

    yield (
        {"function": "cosineDecay", "options": {"learningRate": 0.2, "minLearningRate": 1e-4}, "length": 40},
        {"startFactor": 0.1},
        10,
        after(10, 0.1, lambda o: s.CosineAnnealingLR(o, 40, 1e-4)),
        50,
    )
    yield (
        {"function": "stepDecay", "options": {"learningRate": 0.2}, "length": 5},
        {},
        7,
        after(7, 1 / 3, lambda o: s.StepLR(o, 5)),
        30,
    )
    yield (
        {"function": "constantRate", "options": {"learningRate": 0.2}},
        {"startFactor": 0.5},
        3,
        after(3, 0.5, lambda o: s.LambdaLR(o, lambda _: 1)),
        8,
    )


def plateaus():
    s = schedulers
    falling = [1, 0.9, 0.8, 0.8, 0.79999, 0.8, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6]
    noisy = [abs(10 / (i + 1) + (i * 7919 % 13) / 10 - 1) for i in range(60)]
    for values in (falling, noisy, [-x for x in noisy], [float("nan"), 1, 2, 1, 3, float("nan"), 4, 4]):
        for mode in ("min", "max"):
            for options, arguments in (
                ({"patience": 2}, {"patience": 2}),
                ({"patience": 0, "factor": 0.5}, {"patience": 0, "factor": 0.5}),
                ({"patience": 1, "cooldown": 3}, {"patience": 1, "cooldown": 3}),
                (
                    {"patience": 1, "threshold": 0.2, "thresholdMode": "absolute"},
                    {"patience": 1, "threshold": 0.2, "threshold_mode": "abs"},
                ),
                ({"patience": 1, "threshold": 0.1}, {"patience": 1, "threshold": 0.1}),
                ({"patience": 0, "minLearningRate": 1e-3}, {"patience": 0, "min_lr": 1e-3}),
                ({"patience": 0, "epsilon": 1e-2}, {"patience": 0, "eps": 1e-2}),
                ({}, {}),
            ):
                rates = rates_of(
                    lambda o: s.ReduceLROnPlateau(o, mode, **arguments), 0.1, len(values) + 1, values
                )
                yield {
                    "options": {"learningRate": 0.1, **options},
                    "direction": mode,
                    "values": [None if x != x else x for x in values],
                    "rates": rates,
                }


def main():
    document = {
        "versions": {"torch": torch.__version__},
        "timed": [case(*arguments) for arguments in timed()],
        "warmups": [
            case("warmup", options, length, create, count, after) for after, options, length, create, count in warmed_up()
        ],
        "plateaus": list(plateaus()),
    }
    path = pathlib.Path(__file__).with_name("schedules.json")
    path.write_text(json.dumps(document, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
