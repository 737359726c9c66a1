"""The engine's figures: `python -m benchmarks.nlp [accuracy|typos|faqs|curve|clients] [encoder]`.

Without arguments all of them, words alone; with `encoder` the sentence encoder too, where the
extra is installed. The evaluation sets are other people's and are not part of the project: they
are read from `../shared`, and nothing is measured without them.
"""

import os
import random
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable

from benchmarks.nlp.evaluation_sets import CHECKOUT, SHARED, load_faqs, load_set, require_shared
from frontdesk_nlp import Engine, Entry
from frontdesk_nlp.cache import EngineCache

_SIZES = (10, 100, 1_000, 5_000, 10_000)
_CLIENTS, _FAQS_EACH = 2_000, 200


def accuracy(encoder: str | None, *flags: str) -> None:
    """The shared benchmark's table; its docstring defines every figure."""
    module = "nlp_adapter:semantic" if encoder else "nlp_adapter:lexical"
    command = [sys.executable, "nlp_bench.py", module, "--sets", "all", *flags]
    subprocess.run(command, cwd=SHARED / "tools", check=True, env=_environment())


def typos(encoder: str | None) -> None:
    accuracy(encoder, "--typos")


def faqs(encoder: str | None) -> None:
    """Whole FAQ lists and what people typed: the right FAQ first, among three, and decisions."""
    print("\n| list | right first | among three | answered right | answered wrong | suggested |")
    print("|---|---:|---:|---:|---:|---:|")
    for name in ("help-desk", "health-desk"):
        phrasings, questions = load_faqs(name)
        engine = Engine.train(_entries(phrasings), encoder=encoder)
        told: Counter[str] = Counter()
        for text, wanted in questions:
            answer = engine.match(text)
            ranked = [entry_id for entry_id, _ in answer.candidates]
            told["first"] += ranked[:1] == [wanted]
            told["three"] += wanted in ranked[:3]
            right = "right" if answer.entry_id == wanted else "wrong"
            told[right if answer.decision == "answer" else answer.decision] += 1
        shares = ("first", "three", "right", "wrong", "suggest")
        cells = " | ".join(f"{told[each] / len(questions):.1%}" for each in shares)
        print(f"| {name} ({len(questions)} questions) | {cells} |")


def curve(encoder: str | None) -> None:
    """Made-up FAQs of real words, one client of each size: training, matching, bytes."""
    words = _words()
    print("\n| FAQs | train s | one FAQ edited ms | p50 ms | p99 ms | KB |")
    print("|---:|---:|---:|---:|---:|---:|")
    for size in _SIZES:
        source = random.Random(size)
        entries = [_made_up(str(number), words, source) for number in range(size)]
        began = time.process_time()
        engine = Engine.train(entries, encoder=encoder)
        trained = time.process_time() - began
        began = time.process_time()
        engine.updated([_made_up("0", words, source)])
        edited = (time.process_time() - began) * 1_000
        asked = [source.choice(entries).phrasings[0] for _ in range(300)]
        spent = sorted(_match_ms(engine, text) for text in asked)
        stored = len(engine.to_bytes()) / 1_000
        times = f"{trained:.2f} | {edited:.0f} | {spent[150]:.2f} | {spent[297]:.2f}"
        print(f"| {size:,} | {times} | {stored:,.0f} |")


def clients(encoder: str | None) -> None:
    """Many clients in one process: memory, and the cost of a cold and a warm engine."""
    words, source = _words(), random.Random(1)
    stored = []
    for _ in range(20):
        entries = [_made_up(str(number), words, source) for number in range(_FAQS_EACH)]
        stored.append(Engine.train(entries, encoder=encoder).to_bytes())
    cache, before = EngineCache(4 * 1024**3), _memory_mb()
    cold = sorted(_ask(cache, number, stored) for number in range(_CLIENTS))
    warm = sorted(_ask(cache, source.randrange(_CLIENTS), stored) for _ in range(_CLIENTS))
    print(f"\n{_CLIENTS:,} clients of {_FAQS_EACH} FAQs in one process")
    kept = len(stored[0]) / 1_000
    print(f"  memory they add {_memory_mb() - before:,.0f} MB; {kept:.0f} KB each stored")
    for name, spent in (("cold", cold), ("warm", warm)):
        p50, p99 = spent[len(spent) // 2], spent[len(spent) * 99 // 100]
        print(f"  {name}: p50 {p50:.2f} ms, p99 {p99:.2f} ms")


def _ask(cache: EngineCache, number: int, stored: list[bytes]) -> float:
    began = time.process_time()
    engine = cache.get(f"tenant_{number}", 1, lambda: stored[number % len(stored)])
    engine.match("how do i return what i ordered last week")
    return (time.process_time() - began) * 1_000


def _match_ms(engine: Engine, text: str) -> float:
    began = time.process_time()
    engine.match(text)
    return (time.process_time() - began) * 1_000


def _entries(rows: list[tuple[str, str]]) -> list[Entry]:
    texts: dict[str, list[str]] = {}
    for text, label in rows:
        texts.setdefault(label, []).append(text)
    return [Entry(label, phrasings) for label, phrasings in texts.items()]


def _words() -> list[str]:
    rows, _ = load_set("hwu64_full")
    return sorted({word for text, _ in rows for word in text.split()})


def _made_up(entry_id: str, words: list[str], source: random.Random) -> Entry:
    phrasings = [" ".join(source.choices(words, k=source.randint(3, 10))) for _ in range(3)]
    return Entry(entry_id, phrasings)


def _memory_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": f"{CHECKOUT}:{SHARED / 'tools'}", "OMP_NUM_THREADS": "1"}


def main(wanted: list[str]) -> None:
    require_shared()
    encoder = "default" if "encoder" in wanted else None
    measures: dict[str, Callable[[str | None], None]] = {
        "accuracy": accuracy,
        "typos": typos,
        "faqs": faqs,
        "curve": curve,
        "clients": clients,
    }
    for name in [each for each in wanted if each != "encoder"] or list(measures):
        measures[name](encoder)


if __name__ == "__main__":
    main(sys.argv[1:])
