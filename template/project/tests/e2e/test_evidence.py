"""`make evidence` as a whole: emulators stand for the real providers, and a call is spoken through all of them."""

from __future__ import annotations

import json
import os
import sys
import urllib.request
from multiprocessing import get_context
from pathlib import Path

import pytest

from devkit import project, speech, talk
from devkit.__main__ import main as devkit
from devkit.call import DEFAULT_SCRIPT
from devkit.evidence import result
from devkit.processes import Child

KEY = "rehearsal-0123456789-abcdef"
LIMIT_S = 300
HEARS = talk.hears() and speech.best_voice(project.ESPEAK_VOICE) != "tone"


def rehearse(folder: Path, environment: dict[str, str]) -> None:
    """End with the exit code of the command, in a process that has read nothing of its environment yet."""
    os.environ.update(environment)
    result.FOLDER = folder
    sys.exit(devkit(["evidence", "--turns", "2", "--yes", "--cap", "5"]))


@pytest.mark.skipif(not HEARS, reason="nobody here both speaks and hears this language")
def test_a_rehearsal_with_its_call(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "ignore", "-m", "devkit.emulators", "--port", "0", "--script", str(DEFAULT_SCRIPT)]
    folder = tmp_path / "evidence"
    with Child("providers", command, tmp_path / "providers.log", os.environ, project.ROOT) as emulators:
        emulators.wait_for("emulators ready", 60)
        root = emulators.text().split("emulators ready ")[1].split()[0]
        with urllib.request.urlopen(f"{root}/control/environment", timeout=10) as answer:
            led = json.loads(answer.read()) | {name: root + path for name, path in project.PROVIDER_URLS.items()}
        arguments = (folder, dict.fromkeys(project.PROVIDER_KEYS, KEY) | led)
        process = get_context("spawn").Process(target=rehearse, args=arguments)
        process.start()
        process.join(LIMIT_S)
        process.kill()  # one that ended keeps its exit code
        process.join()
    record = json.loads(next(folder.glob("*.json")).read_text())
    assert record["call"]["missed"] == []
    assert all(200 < delay < 5000 for delay in record["call"]["voice_to_voice_ms"])
    assert [(model["n"], model["errors"]) for model in record["models"]] == [(2, [])] * len(record["models"])
    assert all((model["word_error_rate"] or 0) <= 0.2 for model in record["models"])
    assert process.exitcode == 0
