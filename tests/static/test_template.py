"""What can be said of the template without rendering it."""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path

import jinja2
import jinja2.meta
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "template"
PROJECT = TEMPLATE / "project"
CONTROL = re.compile(r"\{%-?\s*(if|elif|else|for)\b")
OPENING = re.compile(r"\{%-?\s*(if|for)\b")
CLOSING = re.compile(r"\{%-?\s*end(if|for)\b")
# Without an answer inside, and a suffix all the same: git would take the first as its own.
SUFFIX_WITHOUT_ANSWERS = {".gitignore.jinja"}


def tracked(folder: str = ".") -> list[Path]:
    """Files of this repository that git knows or would add, relative to its root."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", folder],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return [Path(name) for name in listed.split("\0") if name and (ROOT / name).is_file()]


def text_of(path: Path) -> str | None:
    try:
        return (ROOT / path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


PROJECT_FILES = list(tracked("template/project"))
TEMPLATES = [path for path in PROJECT_FILES if path.suffix == ".jinja"]
SECTIONS = list(tracked("template/document"))


@pytest.mark.parametrize("path", [*TEMPLATES, *SECTIONS], ids=str)
def test_a_template_file_stays_readable(path: Path) -> None:
    text = (ROOT / path).read_text()
    assert len(CONTROL.findall(text)) <= 15, "move the decision into template/logic"
    depth = deepest = 0
    for line in text.splitlines():
        depth += len(OPENING.findall(line))
        deepest = max(deepest, depth)
        depth -= len(CLOSING.findall(line))
    assert deepest <= 3 if path.name == "README.md.jinja" else deepest <= 2


@pytest.mark.parametrize("path", PROJECT_FILES, ids=str)
def test_the_suffix_tells_whether_answers_are_inside(path: Path) -> None:
    text = text_of(path) or ""
    templated = bool(re.search(r"\{\{.*?\}\}|\{%.*?%\}", text)) and path.suffix == ".jinja"
    if path.name not in SUFFIX_WITHOUT_ANSWERS:
        assert templated == (path.suffix == ".jinja")


def undeclared(source: str) -> set[str]:
    environment = jinja2.Environment(trim_blocks=True, autoescape=False)  # noqa: S701
    for name in ("from_json", "to_json", "to_nice_yaml", "combine", "regex_search", "regex_replace", "to_datetime"):
        environment.filters[name] = lambda value: value
    return jinja2.meta.find_undeclared_variables(environment.parse(source))


def questions() -> dict[str, dict[str, object]]:
    """Every question with its specification, the computed ones too."""

    class Loader(yaml.SafeLoader):
        """Reads the questionnaire; what is included as data does not matter here."""

    Loader.add_constructor("!include", lambda loader, node: str(node.value))
    found: dict[str, dict[str, object]] = {}
    for path in sorted((TEMPLATE / "questions").glob("*.yml")):
        found.update(yaml.load(path.read_text(), Loader))  # noqa: S506
    return found


def test_no_template_reads_an_unknown_variable() -> None:
    known = set(questions()) | {"_copier_answers", "_copier_conf", "_copier_operation", "dist"}
    for path in TEMPLATES:
        unknown = undeclared((ROOT / path).read_text()) - known
        assert not unknown, f"{path}: {sorted(unknown)}"
        assert not undeclared(str(path)) - known


def test_every_question_is_read_somewhere() -> None:
    read: set[str] = set()
    for path in [*TEMPLATES, *tracked("template/logic"), *tracked("template/questions"), Path("copier.yml")]:
        read |= set(re.findall(r"[A-Za-z_]\w*", (ROOT / path).read_text()))
    specified = "\n".join((TEMPLATE / "questions" / f).read_text() for f in sorted(p.name for p in (TEMPLATE / "questions").iterdir()))
    for name in questions():
        used_in_files = any(re.search(rf"\b{name}\b", (ROOT / p).read_text()) for p in [*TEMPLATES, *tracked("template/logic")])
        used_in_questions = len(re.findall(rf"\b{name}\b", specified)) > 1
        assert used_in_files or used_in_questions, f"{name} is asked and never read"


def test_includes_are_explicit_and_complete() -> None:
    text = (ROOT / "copier.yml").read_text()
    included = re.findall(r"^!include (\S+)$", text, re.M)
    assert included == sorted(included)
    assert not any("*" in name for name in included)
    assert {Path(name).name for name in included} == {p.name for p in (TEMPLATE / "questions").iterdir()}


def test_every_file_of_knowledge_is_brought_in() -> None:
    text = (TEMPLATE / "questions" / "00-knowledge.yml").read_text()
    for folder in ("catalogue", "presets", "reasons"):
        for path in (TEMPLATE / folder).iterdir():
            assert f"!include template/{folder}/{path.name}" in text


HOSTS = ["py" + "pi.org", "pythonhosted" + ".org", "registry." + "npmjs.org", "proxy." + "golang.org"]


def test_no_file_names_a_package_registry_or_this_machine() -> None:
    places = {ROOT, ROOT.parent, Path.home()} - {Path(tempfile.gettempdir())}  # a checkout may lie there
    forbidden = [*HOSTS, *(f"{place}/" for place in places), "../" + "shared"]
    for path in tracked():
        text = text_of(path) or ""
        for word in forbidden:
            assert word not in text, f"{path} names {word}"


def test_no_path_repeats_by_yield() -> None:
    assert not [path for path in PROJECT_FILES if "{% yield" in str(path)], "the command line compiles each source once"


def test_no_lock_file_and_no_environment_is_shipped() -> None:
    names = {path.name for path in PROJECT_FILES}
    assert not names & {"uv.lock", "uv.lock.jinja", "package-lock.json", ".env", ".env.jinja"}


def test_files_stay_short() -> None:
    long = {
        str(path): lines
        for path in tracked()
        if path.suffix in {".py", ".jinja", ".ts", ".js", ".css", ".yml"} and (lines := len((text_of(path) or "").splitlines())) > 400
    }
    assert not long


def test_executable_bits_are_meant() -> None:
    listed = subprocess.run(["git", "ls-files", "--stage"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    executable = {line.split("\t")[1] for line in listed.splitlines() if line.startswith("100755")}
    assert executable <= {".ci/run"}


def test_what_we_know_was_looked_up() -> None:
    versions = yaml.safe_load((TEMPLATE / "catalogue" / "versions.yml").read_text())
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", versions["as_of"])
    assert str(versions["year"]) == versions["as_of"][:4]
    pins = {
        **versions["runtime"],
        **versions["plugins"],
        **versions["development"],
        **versions["speech"],
        **versions["espeak"],
        **versions["voice"],
    }
    assert all(re.fullmatch(r"\d+(\.\d+)+", pin) for pin in pins.values())
    assert "livekit" not in pins, "livekit is pinned by livekit-agents"
