"""Finds the evaluation sets and tools beside the checkout; they are not part of the project."""

import csv
import importlib
import random
import sys
from pathlib import Path
from types import ModuleType

CHECKOUT = Path(__file__).resolve().parents[2]
SHARED = CHECKOUT.parent / "shared"
OUT_OF_SCOPE = "__oos__"

Rows = list[tuple[str, str]]


def require_shared() -> None:
    """Leave with a clear message where the evaluation data is not there."""
    if not (SHARED / "data" / "nlp").is_dir():
        sys.exit(f"Nothing measured: the evaluation sets are not in {SHARED / 'data'}.")


def load_bench() -> ModuleType:
    """Return the shared benchmark module, whose docstring defines every figure."""
    sys.path.insert(0, str(SHARED / "tools"))
    return importlib.import_module("nlp_bench")


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def load_set(name: str) -> tuple[Rows, Rows]:
    """Return training and test rows of an intent set."""
    folder = SHARED / "data" / "nlp" / name
    return (
        [(row["text"], row["label"]) for row in _read(folder / "train.csv")],
        [(row["text"], row["label"]) for row in _read(folder / "test.csv")],
    )


def load_faqs(name: str) -> tuple[Rows, Rows]:
    """Return the phrasings of an FAQ list and what people typed, each with the FAQ's id."""
    folder = SHARED / "data" / "faqs"
    phrasings = [
        (text.strip(), row["id"])
        for row in _read(folder / f"{name}.csv")
        for text in [row["question"], *row["phrasings"].split("|")]
        if text.strip()
    ]
    return phrasings, [(r["text"], r["faq_id"]) for r in _read(folder / f"{name}-questions.csv")]


def list_sets() -> list[str]:
    """Return the names of the intent sets that are there."""
    return sorted(path.name for path in (SHARED / "data" / "nlp").iterdir() if path.is_dir())


def name_domain(name: str) -> str:
    """Return what a set is about: sets about the same are held out together."""
    if name == "help-desk":
        return "stackfaq"
    return name.removeprefix("hint3_").split("_")[0]


def sample(rows: Rows, size: int, source: random.Random) -> Rows:
    """Return at most `size` rows in their old order."""
    if len(rows) <= size:
        return rows
    return [rows[i] for i in sorted(source.sample(range(len(rows)), size))]
