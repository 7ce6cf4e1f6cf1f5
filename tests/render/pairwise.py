"""The covering array: every pair of answers that can stand together stands together in one row.

`python -m tests.render.pairwise` makes `rows.json` anew; do that when a question or a choice changes. The test of the array
trusts nothing that made it: it asks the questionnaire itself which pairs are possible, and looks for each in the rows.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from covertable import make

from tests.support import possible

ROWS = Path(__file__).with_name("rows.json")
Row = dict[str, Any]
Pair = tuple[tuple[str, Any], tuple[str, Any]]

# What differs in the files that come out. A list stands for itself: `languages` is a choice of many.
FACTORS: dict[str, list[Any]] = {
    "project_name": ["My agent", "Café Zürich at the Old Bridge"],
    "organisation": ["Example Company", "Müller & Söhne's"],
    "project_license": ["proprietary", "apache-2.0", "mit"],
    "languages": ["en", "de", "fr", "es", "en,de"],
    "agents": ["single", "team"],
    "topology": ["cloud", "vm"],
    "data_residency": ["none", "us", "eu"],
    "stt": ["deepgram-nova-3", "deepgram-flux"],
    "llm": ["openai-gpt-5.6-luna", "openai-gpt-4.1", "groq-gpt-oss-120b", "openai-compatible"],
    "llm_fallback": ["none", "openai-gpt-5.6-luna", "openai-gpt-4.1", "groq-gpt-oss-120b", "openai-compatible"],
    "tts": ["elevenlabs-flash-v2.5", "deepgram-aura-2"],
    "tts_fallback": ["none", "elevenlabs-flash-v2.5", "deepgram-aura-2"],
    "turn_detection": ["local-model", "cloud-model", "text-model", "stt", "vad"],
    "vad": ["bundled", "silero-plugin"],
    "interruptions": ["adaptive", "vad", "disabled"],
    "preemptive_generation": [True, False],
    "noise_cancellation": ["krisp-cloud", "webrtc-apm", "krisp-licence", "none"],
    "thinking_sound": [True, False],
}


# A value that contradicts the default of an earlier question is possible all the same: with this answer to that one.
TOGETHER_WITH: dict[tuple[str, str], Row] = {
    ("llm_fallback", "openai-gpt-5.6-luna"): {"llm": "openai-compatible"},
    ("llm_fallback", "openai-gpt-4.1"): {"llm": "openai-compatible"},
    ("tts_fallback", "elevenlabs-flash-v2.5"): {"tts": "deepgram-aura-2"},
    ("turn_detection", "stt"): {"stt": "deepgram-flux"},
}


def answers_of(row: Iterable[tuple[str, Any]]) -> Row:
    """Answers as the questionnaire takes them: `en,de` becomes a list."""
    return {name: value.split(",") if name == "languages" else value for name, value in row}


def pairs() -> Iterator[Pair]:
    """All pairs of values of two different factors, in a fixed order."""
    for one, other in itertools.combinations(FACTORS, 2):
        for left, right in itertools.product(FACTORS[one], FACTORS[other]):
            yield (one, left), (other, right)


def pair_is_possible(pair: Pair) -> bool:
    """Whether the questionnaire accepts both together, everything else as its defaults say."""
    helped: Row = {}
    for value in pair:
        helped |= TOGETHER_WITH.get(value, {})
    return possible({**helped, **answers_of(pair)})


def impossible_among(every: list[Pair]) -> set[Pair]:
    """Those pairs that the questionnaire refuses, found by asking it."""
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        return {pair for pair, accepted in zip(every, pool.map(pair_is_possible, every, chunksize=16), strict=True) if not accepted}


def rows() -> list[Row]:
    """The committed rows."""
    loaded: list[Row] = json.loads(ROWS.read_text())["rows"]
    return loaded


def remake() -> list[Row]:
    """Compute the array again. Deterministic: same factors and rules, same rows."""
    refused = impossible_among(list(pairs()))
    constraints = [
        {
            "operator": "fn",
            "requires": [one, other],
            "evaluate": lambda row, one=one, other=other: ((one, row[one]), (other, row[other])) not in refused,
        }
        for one, other in sorted({(left[0], right[0]) for left, right in refused})
    ]
    made = make(FACTORS, strength=2, constraints=constraints)
    return [{name: dict(row)[name] for name in FACTORS} for row in made]


if __name__ == "__main__":
    made = remake()
    ROWS.write_text(json.dumps({"factors": FACTORS, "rows": made}, indent=1, ensure_ascii=False) + "\n")
    sys.stdout.write(f"{len(made)} rows\n")
