"""Templates compiled by earlier runs: what comes out is the same with them, without them, and when they are damaged."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from jinja2.sandbox import SandboxedEnvironment

from livekit_planner import compiled
from tests.support import ROOT, questionnaire

SCRIPT = """
import sys, jinja2
from pathlib import Path
from tests.support import render
count, real = 0, jinja2.Environment.compile
def counted(self, source, name=None, *rest, **named):
    global count
    count += name is not None
    return real(self, source, name, *rest, **named)
jinja2.Environment.compile = counted
render(Path(sys.argv[1]), {"preset": "single-vm"})
print(count)
"""


def rendered(place: Path, home: Path) -> tuple[int, dict[str, bytes]]:
    """Render in a process of its own: how many templates it compiled, and the files."""
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'generator'}:{ROOT}", "HOME": str(home), "XDG_CACHE_HOME": ""}
    done = subprocess.run([sys.executable, "-c", SCRIPT, str(place)], env=environment, capture_output=True, text=True, check=True)
    return int(done.stdout), {str(path.relative_to(place)): path.read_bytes() for path in place.rglob("*") if path.is_file()}


def kept(home: Path) -> list[Path]:
    return sorted((home / ".cache/livekit-planner/compiled").rglob("*.cache"))


def nothing(home: Path) -> None:
    """Leave the cache as it is."""


def cut(home: Path) -> None:
    for number, file in enumerate(kept(home)):
        file.write_bytes(file.read_bytes()[: number % 60])


def filled_with_rubbish(home: Path) -> None:
    for file in kept(home):
        file.write_bytes(os.urandom(200))


def open_to_others(home: Path) -> None:
    kept(home)[0].parent.chmod(0o777)


@pytest.mark.parametrize(("happens", "compiles"), [(nothing, False), (cut, True), (filled_with_rubbish, True), (open_to_others, True)])
def test_a_second_run_gives_the_same_files(tmp_path: Path, happens: Callable[[Path], None], compiles: bool) -> None:
    first, files = rendered(tmp_path / "first", tmp_path)
    assert (first > 100, len(kept(tmp_path))) == (True, first)
    happens(tmp_path)
    assert rendered(tmp_path / "second", tmp_path) == (first if compiles else 0, files)


def test_a_home_that_cannot_be_written_costs_time_only(tmp_path: Path) -> None:
    (tmp_path / ".cache").write_text("a file where the folder should be\n")
    first, files = rendered(tmp_path / "first", tmp_path)
    assert first > 100
    assert rendered(tmp_path / "second", tmp_path) == (first, files)


def test_four_at_once_give_the_same_files(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda number: rendered(tmp_path / str(number), tmp_path), range(4)))
    assert all(files == made[0][1] for _, files in made)
    assert not [path for path in kept(tmp_path)[0].parent.iterdir() if path.suffix != ".cache"]
    assert rendered(tmp_path / "last", tmp_path) == (0, made[0][1])


def test_only_so_many_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(compiled, "MOST", 2)
    folder = Path(made().directory)
    for number in range(3):
        (folder / f"__jinja2_{number}.cache").touch()
    made()
    assert not list(folder.iterdir())


def made() -> compiled.CompiledTemplates:
    compiled.templates.cache_clear()
    found = compiled.templates()
    compiled.templates.cache_clear()
    assert found
    return found


def test_the_settings_and_the_source_tell_templates_apart(tmp_path: Path) -> None:
    cache = compiled.CompiledTemplates(str(tmp_path))
    keys = {
        cache.get_bucket(SandboxedEnvironment(trim_blocks=trim, extensions=extensions), name, None, source).key
        for trim in (False, True)
        for extensions in ((), ("jinja2.ext.do",))
        for name in ("a", "b")
        for source in ("one", "two")
    }
    assert len(keys) == 16


def test_the_template_s_settings_are_those_that_the_key_holds() -> None:
    """Delimiters and line statements are no part of the key: the template must not change them."""
    assert set(questionnaire()._worker.template.envops) <= {"undefined", "trim_blocks", "lstrip_blocks", "keep_trailing_newline"}
