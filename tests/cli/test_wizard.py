"""Asking, in a real pseudo-terminal of 80 columns and 24 lines: what is tested is what its screen shows."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pexpect
import pyte
import pytest

from tests.support import ROOT

COLUMNS, LINES = 80, 24
CTRL_B, CTRL_C, CTRL_U, ESC, ENTER, DOWN, SPACE = "\x02", "\x03", "\x15", "\x1b", "\r", "\x1b[B", " "
# s; generous, as this machine may be busy.
PATIENCE = 60


class Terminal:
    """A terminal with the wizard in it: keys go in, a screen comes out."""

    def __init__(self, place: Path, *arguments: str) -> None:
        # Without these two variables the size of the terminal is what the terminal says.
        env = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES"}}
        env |= {"PYTHONPATH": str(ROOT / "generator"), "TERM": "xterm-256color"}
        command = ["-m", "livekit_planner", "new", str(place), "--allow-dirty", *arguments]
        self.child = pexpect.spawn(sys.executable, command, env=env, encoding="utf-8", timeout=PATIENCE, dimensions=(LINES, COLUMNS))
        self.screen = pyte.HistoryScreen(COLUMNS, LINES, history=1000)
        setattr(self.screen, "write_process_input", self.child.send)  # noqa: B010 (where the cursor is: prompt_toolkit asks)
        self.stream = pyte.Stream(self.screen)
        self.before = ""

    def lines(self) -> list[str]:
        """What can be seen now."""
        return [line.rstrip() for line in self.screen.display]

    def text(self) -> str:
        """All that was ever written, a line broken at the edge of the screen or by wrapping put together again."""
        scrolled = ["".join(row[column].data for column in range(COLUMNS)) for row in self.screen.history.top]
        return " ".join(" ".join([*scrolled, *self.lines()]).split())

    def worked(self) -> float:
        """Processor time of the wizard until now, in s: on an idle machine, what one waits."""
        user, system = Path(f"/proc/{self.child.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def read(self) -> bool:
        """Take in what came; False at the end."""
        try:
            self.stream.feed(self.child.read_nonblocking(65536, 0.2))
        except pexpect.TIMEOUT:
            pass
        except pexpect.EOF:
            return False
        return True

    def see(self, new: str, *words: str) -> list[str]:
        """Wait until the first of these was written once more since the last key, and the others can be seen, broken over lines or not."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            more = self.read()
            seen = " ".join(" ".join(self.lines()).split())
            if self.text().count(new) > self.before.count(new) and all(word in seen for word in words):
                return self.lines()
            assert more, f"ended without {new}, {words}:\n" + "\n".join(self.lines())
        raise AssertionError(f"{new}, {words} never came:\n" + "\n".join(self.lines()))

    def press(self, *keys: str) -> None:
        self.before = self.text()
        for key in keys:
            self.child.send(key)

    def end(self) -> int:
        """Wait for the end and return the exit code."""
        while self.read():
            pass
        self.child.close()
        return int(self.child.exitstatus)


Start = Callable[..., Terminal]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    begun: list[Terminal] = []

    def begin(*arguments: str) -> Terminal:
        begun.append(Terminal(tmp_path / "agent", *arguments))
        return begun[-1]

    yield begin
    for terminal in begun:
        terminal.child.close(force=True)


@pytest.mark.timed
def test_the_first_question_comes_at_once_and_is_whole(start: Start) -> None:
    terminal = start()
    lines = terminal.see("What are you building?", "regulated-eu")
    assert terminal.worked() < 2
    seen = " ".join(" ".join(lines).split())
    assert "Esc or Ctrl-B goes back, Ctrl-C leaves" in seen
    assert "not to your industry." in seen
    assert "regulated-eu: self-hosted in the EU, health data (planned, not emitted yet)" in seen


@pytest.mark.timed
def test_back_by_both_keys_a_refused_name_and_a_review(start: Start, tmp_path: Path) -> None:
    terminal = start()
    terminal.see("What are you building?")
    terminal.press(DOWN, ENTER)
    terminal.see("Which sections")
    terminal.press(CTRL_B)
    terminal.see("What are you building?", "» single-vm", "arrow keys")  # what was answered before is where the cursor stands
    terminal.press("\x1b[A", ENTER)
    terminal.see("Which sections", "Space chooses")
    terminal.press(ENTER)
    terminal.see("Name of the project", "at least one of A to Z or a digit", "My agent")
    terminal.press(ESC)
    terminal.see("Which sections", "Space chooses")
    terminal.press(ENTER)
    terminal.see("Name of the project", "My agent")
    terminal.press(CTRL_U, '"', ENTER)
    terminal.see('! project_name=": takes 1 to 60 characters')
    terminal.see("Name of the project", "Takes: 1 to 60 characters")
    terminal.press(CTRL_U, "Front desk", ENTER)
    terminal.see("Who answers the call?", "Example Company")
    terminal.press(ENTER)
    terminal.see("busiest hour?", "Takes: 1 to 20000 calls an hour")
    terminal.press(CTRL_U, "1,200", ENTER)
    terminal.see("! peak_calls_per_hour=1,200: is not a whole number, write 1200 (1 to 20000 calls an hour)")
    terminal.see("Takes: 1 to 20000 calls an hour")
    terminal.press(CTRL_U, "0", ENTER)
    terminal.see("! peak_calls_per_hour=0: takes 1 to 20000 calls an hour")
    terminal.see("Takes: 1 to 20000 calls an hour")
    terminal.press(CTRL_U, "90", ENTER)
    terminal.see("How many calls a month?", "9000")
    terminal.press(ENTER)
    terminal.see("How long is a call on average")
    terminal.press(ENTER)
    lines = terminal.see("Write the project?")
    first = next(index for index, line in enumerate(lines) if line.startswith("  preset "))
    review = [line.strip().partition(" ") for line in lines[first:] if line][:-1]
    assert [name for name, *_ in review[:-1]] == [
        "preset",
        "project_name",
        "package_name",
        "github_repository",
        "peak_calls_per_hour",
        "monthly_calls",
    ]
    assert {name: value.strip() for name, _, value in review[:-1]}["package_name"] == "front_desk"
    assert "more answers are the preset's" in review[-1][2]
    assert "None" not in terminal.text()
    terminal.press("y")
    terminal.see("make setup")
    assert terminal.end() == 0
    assert (tmp_path / "agent" / "src" / "front_desk" / "worker.py").is_file()


@pytest.mark.timed
def test_every_line_of_every_section_can_be_read(start: Start) -> None:
    """All sections opened: no help, reason or choice is cut at the edge, and each prompt fits on the screen."""
    terminal = start("--set", "preset=single-vm")
    terminal.see("Which sections")
    terminal.press("a", ENTER)
    terminal.see("Name of the project")
    told = ""
    for _ in range(60):
        terminal.press(ENTER)
        shown = " ".join(" ".join(terminal.see(" › ")).split())
        assert shown.count("Takes: ") or "» " in shown or "(Y/n)" in shown or "(y/N)" in shown or "chooses" in shown, shown
        told += shown
        if "Write the project?" in shown:
            break
    for words in (
        "Google Cloud's names; take the nearest to your callers.",
        "(the same vendor fails together with the first choice)",
        "Krisp is best and needs LiveKit Cloud or a licence; WebRTC's is free and runs anywhere.",
        "(needs LiveKit Cloud)",
        "image and deploy are planned, not emitted yet",
        "Takes: 0.5 to 60 minutes",
    ):
        assert words in told, words
    assert "None" not in told
    assert any(line.startswith("  preset ") for line in terminal.lines()), "the review fits"
    terminal.press(CTRL_C)
    assert terminal.end() == 130


@pytest.mark.timed
def test_a_french_project_by_hand(start: Start, tmp_path: Path) -> None:
    terminal = start("--preset", "web-assistant")
    terminal.see("Which sections")
    terminal.press(DOWN, SPACE, ENTER)  # the section on use
    terminal.see("Name of the project")
    terminal.press(CTRL_U, "Cabinet Lumière", ENTER)
    terminal.see("Who answers the call?")
    terminal.press(CTRL_U, "Cabinet d'Été", ENTER)
    terminal.see("What does a caller want?")
    terminal.press(ENTER)
    terminal.see("How do callers reach it?")
    terminal.press(ENTER)
    terminal.see("Which languages do callers speak?")
    terminal.press(SPACE, DOWN, DOWN, SPACE, ENTER)  # English off, French on
    terminal.see("Which language does the agent greet in?", "» Français")
    terminal.press(ENTER)
    terminal.see("One agent is faster")
    terminal.press(ENTER)
    for question in ("busiest hour?", "calls a month?", "call on average"):
        terminal.see(question)
        terminal.press(ENTER)
    terminal.see("languages fr", "primary_language fr", "package_name cabinet_lumiere", "Write the project?")
    terminal.press(ENTER)
    assert terminal.end() == 0
    recorded = (tmp_path / "agent" / ".copier-answers.yml").read_text()
    assert "languages:\n- fr\n" in recorded
    assert "Bonjour" in (tmp_path / "agent" / "src" / "cabinet_lumiere" / "runtime" / "phrases.py").read_text()


@pytest.mark.timed
def test_an_answer_that_an_earlier_one_makes_wrong_is_asked_again(start: Start) -> None:
    terminal = start("--preset", "web-assistant", "--set", "project_name=A", "--set", "organisation=B", "--set", "peak_calls_per_hour=60")
    terminal.see("Which sections")
    terminal.press(*[DOWN] * 6, SPACE, ENTER)  # the section on load
    terminal.see("How many calls a month?")
    terminal.press(ENTER)
    terminal.see("call on average")
    terminal.press(ENTER)
    terminal.see("longest call")
    terminal.press(CTRL_U, "20", ENTER)
    terminal.see("Which share of calls")
    terminal.press(ESC)
    terminal.see("longest call")
    terminal.press(ESC)
    terminal.see("call on average")
    terminal.press(CTRL_U, "30", ENTER)
    terminal.see("! longest_call_minutes=20: a call of mean length takes longer", "30 or more")


@pytest.mark.timed
def test_ctrl_c_leaves_nothing(start: Start, tmp_path: Path) -> None:
    terminal = start()
    terminal.see("What are you building?")
    terminal.press(CTRL_C)
    terminal.see("nothing was written")
    assert terminal.end() == 130
    assert not list(tmp_path.iterdir())
