"""The covering arrays: every pair of answers that can stand together stands together in one row.

There are two: `rows.json` over what is emitted, rendered and checked as projects; `plans.json` over everything that can be
planned, judged as documents. `python -m tests.render.pairwise` makes both anew; do that when a question or a choice changes.
The tests of the arrays trust nothing that made them: they ask the questionnaire itself which pairs are possible, and look for
each in the rows.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from covertable import make

from tests.support import beside, known, models, possible

Row = dict[str, Any]
Pair = tuple[tuple[str, Any], tuple[str, Any]]
DEFAULT = "-"  # not given: the question's own default, or not asked at all
LISTS = {"languages", "channels", "regions", "environments", "compliance"}
PHONE = {"channels": "web,inbound_phone,outbound_phone"}


def one_of_each_plugin(stage: str) -> list[str]:
    """The last model of each plugin: a fallback is written as a first choice is, and tests/run calls every one of them."""
    return list({known(stage)[key]["call"]: key for key in models(stage)}.values())


# Models stand here by themselves: a new record joins both arrays.
SHARED: dict[str, list[Any]] = {
    "stt": models("stt"),
    "llm": models("llm"),
    "tts": models("tts"),
    "stt_fallback": ["none", *one_of_each_plugin("stt")],
    "llm_fallback": ["none", *one_of_each_plugin("llm")],
    "tts_fallback": ["none", *one_of_each_plugin("tts")],
    "agents": ["single", "team"],
    "data_residency": ["none", "us", "eu"],
    "turn_detection": ["local-model", "cloud-model", "text-model", "stt", "vad"],
    "vad": ["bundled", "silero-plugin"],
    "interruptions": ["adaptive", "vad", "disabled"],
    "preemptive_generation": [True, False],
    "noise_cancellation": ["krisp-cloud", "webrtc-apm", "krisp-licence", "none"],
    "thinking_sound": [True, False],
    "peak_calls_per_hour": [1, 60, 3000],
    "longest_call_minutes": [20, 240],
    "environments": ["production", "staging,production"],
    "drain_minutes": [DEFAULT, 5],
    "telemetry": ["none", "gcp", "grafana", "otlp"],
    "llm_hedging": ["none", "p90"],
}
# What differs in the files that come out. A list stands for itself: `languages` is a choice of many.
EMITTED: dict[str, list[Any]] = {
    "project_name": ["My agent", "Café Zürich at the Old Bridge"],
    "organisation": ["Example Company", "Müller & Söhne's"],
    "project_license": ["proprietary", "apache-2.0", "mit"],
    "use_case": ["front-desk", "support", "reminders", "intake"],
    "languages": ["en", "de", "fr", "it", "pt", "en,de"],
    "topology": ["cloud", "vm"],
    "compliance": [DEFAULT, "gdpr", "hipaa", "pci", "eu-ai-act"],
    **SHARED,
}
PLANNED: dict[str, list[Any]] = {
    "use_case": ["front-desk", "support", "reminders", "intake"],
    "channels": ["web", "inbound_phone", "outbound_phone", "web,inbound_phone", "web,inbound_phone,outbound_phone"],
    "languages": ["en", "de", "en,de"],
    "topology": ["cloud", "gke-agents", "vm", "gke"],
    "regions": ["us-central1", "europe-west3", "us-central1,us-east4", "europe-west2"],
    "sip_carrier": [DEFAULT, "twilio", "telnyx", "own-sbc", "other"],
    "phone_numbers": [DEFAULT, "+12025550143\n+493023125001"],
    "sip_security": [DEFAULT, "tls-srtp", "plain"],
    "call_routing": [DEFAULT, "one-agent", "by-number", "spoken"],
    "human_transfer": [DEFAULT, "none", "cold", "warm"],
    "answering_machine_detection": [DEFAULT, True, False],
    "mean_call_minutes": [0.5, 4, 10],
    "blocking_target": [0.0001, 0.01],
    "growth_factor": [1, 3],
    "recording": ["never", "on-consent", "always"],
    "delivery": ["none", "github-actions"],
    "web_client": [True, False],
    "compliance": [DEFAULT, "gdpr", "hipaa", "pci", "eu-ai-act", "tcpa", "gdpr,hipaa,pci,eu-ai-act"],
    "retention_days": [1, 3650],
    "jobs_per_worker": [DEFAULT, 5],
    "worker_cpu": [DEFAULT, 8],
    "livekit_plan": [DEFAULT, "build", "scale"],
    "stt_concurrency": [DEFAULT, 10],
    "tts_concurrency": [DEFAULT, 10],
    "llm_tokens_per_minute": [DEFAULT, 5000],
    **SHARED,
}
# A value that contradicts the default of an earlier question is possible all the same: with these answers to others.
TOGETHER_WITH: dict[tuple[str, Any], Row] = {
    **{(f"{stage}_fallback", key): {stage: beside(stage, key)} for stage in ("stt", "llm", "tts") for key in models(stage)},
    ("turn_detection", "stt"): {"stt": "deepgram-flux"},
    ("compliance", "tcpa"): PHONE,
    ("call_routing", "spoken"): {"agents": "team", **PHONE},
    ("call_routing", "by-number"): {"phone_numbers": "+12025550143\n+493023125001", **PHONE},
    ("data_residency", "eu"): {"regions": "europe-west3", "llm": "openai-gpt-4.1"},
    ("data_residency", "us"): {"llm": "openai-gpt-4.1"},
}
ABOUT_PHONE = {"sip_carrier", "phone_numbers", "sip_security", "call_routing", "human_transfer", "answering_machine_detection"}


@dataclass(frozen=True)
class Array:
    """One covering array: its factors, where its rows are, whether what is not emitted yet belongs to it."""

    factors: dict[str, list[Any]]
    file: Path
    planning: bool

    def rows(self) -> list[Row]:
        """The committed rows."""
        loaded: list[Row] = json.loads(self.file.read_text())["rows"]
        return loaded

    def pairs(self) -> Iterator[Pair]:
        """All pairs of values of two different factors, in a fixed order."""
        for one, other in itertools.combinations(self.factors, 2):
            for left, right in itertools.product(self.factors[one], self.factors[other]):
                yield (one, left), (other, right)

    def accepts(self, pair: Pair) -> bool:
        """Whether the questionnaire accepts both together, everything else as it fits."""
        helped: Row = dict(PHONE) if any(name in ABOUT_PHONE and value != DEFAULT for name, value in pair) else {}
        for value in pair:
            helped |= TOGETHER_WITH.get(value, {})
        together = {**{name: value for name, value in helped.items() if name in self.factors}, **dict(pair)}
        return possible(answers_of(together.items()), planning=self.planning)

    def impossible_among(self, every: list[Pair]) -> set[Pair]:
        """Those pairs that the questionnaire refuses, found by asking it."""
        with ProcessPoolExecutor(os.cpu_count()) as pool:
            return {pair for pair, accepted in zip(every, pool.map(self.accepts, every, chunksize=16), strict=True) if not accepted}

    def remade(self) -> list[Row]:
        """The rows computed again. Deterministic: same factors and rules, same rows."""
        refused = self.impossible_among(list(self.pairs()))
        constraints = [
            {
                "operator": "fn",
                "requires": [one, other],
                "evaluate": lambda row, one=one, other=other: ((one, row[one]), (other, row[other])) not in refused,
            }
            for one, other in sorted({(left[0], right[0]) for left, right in refused})
        ]
        made = make(self.factors, strength=2, constraints=constraints)
        return [{name: dict(row)[name] for name in self.factors} for row in made]


HERE = Path(__file__).parent
ROWS = Array(EMITTED, HERE / "rows.json", planning=False)
PLANS = Array(PLANNED, HERE / "plans.json", planning=True)


def answers_of(row: Iterable[tuple[str, Any]]) -> Row:
    """Answers as the questionnaire takes them: `en,de` becomes a list, what is not given is left out."""
    return {name: value.split(",") if name in LISTS else value for name, value in row if value != DEFAULT}


if __name__ == "__main__":
    for array in (ROWS, PLANS):
        made = array.remade()
        array.file.write_text(json.dumps({"factors": array.factors, "rows": made}, indent=1, ensure_ascii=False) + "\n")
        sys.stdout.write(f"{array.file.name}: {len(made)} rows\n")
