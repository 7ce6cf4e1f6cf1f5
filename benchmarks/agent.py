"""From the caller's last sound to the agent's first: the emitted agent, the bare framework and the plan, as ratios within this run.

Both agents have the same caller, emulators, delays and turn taking, and take turns. Never asserted: read the ratios.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.generate import ENV, spread
from tests.emitted import environment
from tests.support import known

ROOT = Path(__file__).resolve().parents[1]
# Calls differ more than turns: where packets and frames fall is chance, and stays so for a call.
ROUNDS, TURNS = 6, 4
WORKERS = {"emitted": "src/my_agent/worker.py", "minimal": "devkit/minimal.py"}
# What the plan's formula describes: no tool, and a first sentence as people say it.
ANSWER = "We open at nine in the morning on weekdays. On Saturday we open at ten."
# Runs inside the project: one stack and one call; the delays of its turns as JSON on the last line.
CALL = """
import asyncio, json, sys
from pathlib import Path
from devkit import call, drill, project, script
from devkit.stack import Options, Stack

worker, turns, answer = sys.argv[1:]
whole = script.load(project.ROOT / "devkit/calls/barge-in.yaml")
rule = whole.answers[0].model_copy(update={"say": answer})
asked = whole.model_copy(update={"answers": [rule], "turns": whole.turns[:1] * int(turns), "ends": False})
folder = Path("build/bench")
folder.mkdir(parents=True, exist_ok=True)
path = folder / "script.yaml"
path.write_text(asked.model_dump_json(exclude_none=True))
options = Options(scripts=[path], folder=folder, think_ms=project.THINK_MS, emulators=drill.PACE, worker=worker)
with Stack(options) as stack:
    report = asyncio.run(call.judged(stack, asked))
print(json.dumps([turn["latency_ms"] for turn in report["turns"]]))
"""


def measured(project: Path, worker: str) -> list[dict[str, int | None]]:
    """Return the delays of one call's turns, in ms."""
    python = environment() / "bin" / "python"
    command = [str(python), "-W", "ignore", "-c", CALL, worker, str(TURNS), ANSWER]
    done = subprocess.run(command, cwd=project, env={**ENV, "PYTHONPATH": "src:."}, check=True, capture_output=True, text=True)
    turns: list[dict[str, int | None]] = json.loads(done.stdout.splitlines()[-1])
    return turns


def planned(turn: dict[str, Any]) -> float:
    """Return the plan's estimate for the delays that the emulators had in this turn, in ms."""
    limits: dict[str, Any] = known("limits")
    wait = known("turns")["turn_detection"]["vad"]["min_delay_s"] * 1000
    fixed = limits["transport_web_ms"]["value"] + limits["first_clause_ms"]["value"]
    return float(max(wait, turn["stt_final"]) + turn["llm_first_token"] + turn["tts_first_audio"] + fixed)


def main() -> None:
    """Print times and ratios."""
    turns: dict[str, list[dict[str, int | None]]] = {name: [] for name in WORKERS}
    with tempfile.TemporaryDirectory() as place:
        project = Path(place) / "project"
        new = [sys.executable, "-m", "livekit_planner", "new", str(project), "--preset", "web-assistant"]
        subprocess.run([*new, "--defaults", "--allow-dirty"], check=True, capture_output=True, env=ENV)
        for _ in range(ROUNDS):
            for name, worker in WORKERS.items():
                turns[name] += [turn for turn in measured(project, worker) if None not in turn.values()]
    heard = {name: [float(turn["voice_to_voice"] or 0) for turn in some] for name, some in turns.items()}
    formula = [planned(turn) for turn in turns["emitted"]]
    both = list(zip(heard["emitted"], heard["minimal"], strict=False))
    print(f"min / median / max of {ROUNDS} calls of {TURNS} turns, ms")
    print(f"  emitted agent          {spread(heard['emitted'])}")
    print(f"  minimal agent          {spread(heard['minimal'])}")
    print(f"  the plan's formula     {spread(formula)}")
    print("ratios, and what the plan does not know, ms")
    print(f"  emitted / minimal      {spread([one / other for one, other in both])}")
    print(f"  emitted / formula      {spread([one / other for one, other in zip(heard['emitted'], formula, strict=True)])}")
    print(f"  emitted - formula      {spread([one - other for one, other in zip(heard['emitted'], formula, strict=True)])}")


if __name__ == "__main__":
    main()
