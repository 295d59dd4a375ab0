"""Writes the data sets of scikit-learn as CSV files beside this script: see README.md.

    pip install -r ../../test/tools/requirements.txt
    python datasets.py

The first line has the names of the columns. The last column is the target: the number of the class, or for diabetes the
progression of the disease. Each number has as few digits as give the float64 number that scikit-learn loads.
"""

import csv
import pathlib

from sklearn import datasets

LOADERS = {
    "iris": datasets.load_iris,
    "wine": datasets.load_wine,
    "breastCancer": datasets.load_breast_cancer,
    "digits": datasets.load_digits,
    "diabetes": lambda: datasets.load_diabetes(scaled=False),
}


def text_of(number):
    return repr(float(number)).removesuffix(".0")


def main():
    for name, load in LOADERS.items():
        bunch = load()
        target = "progression" if name == "diabetes" else "class"
        path = pathlib.Path(__file__).with_name(f"{name}.csv")
        with path.open("w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow([*bunch.feature_names, target])
            for row, value in zip(bunch.data, bunch.target):
                writer.writerow([text_of(number) for number in (*row, value)])


if __name__ == "__main__":
    main()
