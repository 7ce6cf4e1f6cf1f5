"""Only what was chosen is on the page; what it tells to run or open is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.document.pages import ANSWERS, EMITTED, design, page, sections, whole
from tests.support import render

# What only these traits bring with them. Alternatives and findings may name what could be chosen instead.
WORDS = {
    "phone": r"phones?|telephon\w+|SIP|trunks?|carriers?|PSTN|INVITE|REFER|DTMF|G\.711|SRTP|livekit-sip|dialled|voicemail|caller ID",
    "redis": r"Redis",
    "kubernetes": r"Kubernetes|kubectl|GKE|HPA|pods?|Cloud NAT|Helm",
    "self-hosted": r"media nodes?|self-hosted LiveKit",
    "web": r"browsers?|WebRTC client",
    "outbound": r"answering machines?|calling hours|do-not-call|we call|person who is called|calls that are placed",
    "amd": r"AMD|answering machines?|person or machine",
    "transfer": r"warm transfer|cold transfer|people who take over",
    "recording": r"recordings?|Egress",
    "telemetry": r"Grafana|OpenTelemetry|OTLP|Tempo|Loki",
    "team": r"specialists?|hand-?offs?",
    "gdpr": r"GDPR|DPIA",
    "hipaa": r"HIPAA|BAA",
    "pci": r"PCI",
    "eu-ai-act": r"AI Act",
    "tcpa": r"TCPA",
    "delivery": r"GitHub Actions|github-actions",
    "multi-region": r"Each region lends|regions is lost|\(home\)",
}
ELSEWHERE = ["Rejected alternatives", "Review findings", "Latency budget"]


def own_words(name: str) -> str:
    """The page without what it says of other choices, and without what its owner wrote."""
    text = page(name)
    for title in ELSEWHERE:
        text = text.replace(sections(text).get(title, "\0"), "")
    text += design(name)
    text = re.sub(r"^\*\*Break-even.*$|`\w+: [\w-]+`", "", text, flags=re.M)
    rows = (line.rsplit("|", 2)[0] if line.startswith("| [") else line for line in text.splitlines())
    return "\n".join(rows).replace(whole(name)["document"]["answers"]["project_summary"].strip(), "")


@pytest.mark.parametrize("name", ANSWERS)
def test_nothing_is_said_of_what_was_not_chosen(name: str) -> None:
    traits = whole(name)["traits"]
    for trait, words in WORDS.items():
        if trait not in traits:
            found = [line for line in own_words(name).splitlines() if re.search(rf"(?<![\w-])(?:{words})(?!\w)", line)]
            assert not found, f"{trait}: {found}"


def test_the_words_are_there_when_they_are_chosen() -> None:
    """Or the list above would prove nothing."""
    for trait, words in WORDS.items():
        having = [name for name in ANSWERS if trait in whole(name)["traits"]]
        assert having, trait
        assert any(re.search(rf"(?<![\w-])(?:{words})(?!\w)", own_words(name)) for name in having), trait


@pytest.fixture(scope="module", params=EMITTED)
def emitted(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """A project as it is born."""
    name = str(request.param)
    return name, render(tmp_path_factory.mktemp(name) / "project", {"preset": name})


def told(name: str, project: Path) -> str:
    """What the project's plan says, without what it marks as planned."""
    text = (project / "docs/architecture/PLAN.md").read_text(encoding="utf-8")
    assert text == page(name), "a project's page and the printed one differ"
    text += (project / "docs/architecture/design.md").read_text(encoding="utf-8")
    return "\n".join(line for line in text.splitlines() if "planned" not in line)


def test_every_command_can_be_run(emitted: tuple[str, Path]) -> None:
    name, project = emitted
    targets = set(re.findall(r"^([a-z0-9-]+):", (project / "Makefile").read_text(), re.M))
    named = set(re.findall(r"(?:`|&& |\| )make ([a-z0-9-]+)", told(name, project)))
    assert named <= targets
    assert "call" in named, "the proof of the first phase"


def test_every_file_is_there(emitted: tuple[str, Path]) -> None:
    name, project = emitted
    spans = re.findall(r"`([^`\n]+)`", told(name, project))
    paths = [span.split("::")[0] for span in spans if re.fullmatch(r"[\w.@-]*[/.][\w./@:-]*", span) and not span.startswith("build/")]
    paths = [path for path in paths if "/" in path or path.endswith((".py", ".md", ".json", ".yaml", ".toml", ".yml"))]
    assert len(paths) > 5
    places = [project, project / "docs/architecture", next((project / "src").iterdir())]
    missing = [path for path in paths if not any((place / path).exists() for place in places)]
    assert not missing
