"""Each finding of `make doctor` can be provoked, none shows a secret, and only an error stops the work."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from devkit import doctor, project, server, speech
from devkit.health import CHECKS, Finding, Severity, hosting, keys, machine, packages, steps, tools
from devkit.health.finding import ok
from devkit.processes import Trouble

SECRET = "sk-live-0123456789abcdef0123456789"
Root = Callable[[str], Path]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Root:
    """A project of its own with the given `.env`, and nothing of it in the environment."""
    for name in (*project.PROVIDER_KEYS, *keys.LIVEKIT):
        monkeypatch.delenv(name, raising=False)
    shutil.copy(project.ROOT / "pyproject.toml", tmp_path)
    monkeypatch.setattr(project, "ROOT", tmp_path)

    def write(text: str) -> Path:
        (tmp_path / ".env").write_text(text)
        return tmp_path

    return write


def only(findings: list[Finding], code: str) -> Finding:
    found = [finding for finding in findings if finding.code == code]
    assert len(found) == 1, findings
    return found[0]


def test_recordings_by_another_voice_are_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(project, "ROOT", tmp_path)
    assert keys.recordings() == []
    listed = tmp_path / "src" / project.PACKAGE / "spoken" / "phrases.json"
    listed.parent.mkdir(parents=True)
    for by, severity in (("espeak", Severity.INFO), (project.VENDORS["tts"][0], Severity.OK)):
        listed.write_text(json.dumps({"spoken_by": by}))
        found = only(keys.recordings(), "D408")
        assert (found.severity, by in found.title) == (severity, True)


def test_the_plans_of_a_project_and_its_own_files_agree() -> None:
    assert only(steps.owner(), "D501").severity is Severity.OK


def test_an_open_step_is_named_until_it_is_done(tmp_path: Path) -> None:
    step = {"id": "team", "done": {"files": ["app/**/*.py"], "has": "-> Agent"}}
    assert steps.open_steps(tmp_path, [step]) == [step]
    (tmp_path / "app" / "team").mkdir(parents=True)
    (tmp_path / "app" / "team" / "tools.py").write_text("async def to_support() -> Agent: ...")
    assert steps.open_steps(tmp_path, [step]) == []
    rest = {"id": "single", "done": {"files": ["app/**/*.py"], "lacks": "-> Agent"}}
    assert steps.open_steps(tmp_path, [rest]) == [rest]


@pytest.fixture
def hosted(root: Root, monkeypatch: pytest.MonkeyPatch) -> Root:
    """A project whose agent LiveKit hosts and whose models are Google Cloud's, with the given `.env`."""
    monkeypatch.setattr(project, "PROVIDER_KEYS", ["GOOGLE_CLOUD_PROJECT"])
    plan = root("") / hosting.PLAN
    plan.parent.mkdir(parents=True)
    plan.write_text(json.dumps({"answers": {"topology": "cloud"}}))
    return root


def test_a_hosted_agent_needs_a_key_file_of_google(hosted: Root) -> None:
    assert hosting.google() == [], "without .env nothing is judged"
    hosted("GOOGLE_CLOUD_PROJECT=p")
    assert only(hosting.google(), "D406").severity is Severity.WARNING
    hosted("GOOGLE_CLOUD_PROJECT=p\nGOOGLE_APPLICATION_CREDENTIALS=/key.json")
    assert only(hosting.google(), "D406").severity is Severity.OK


def test_a_hosted_agent_sends_over_tls_with_a_token(hosted: Root) -> None:
    assert hosting.telemetry() == []
    hosted("OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4318")
    found = only(hosting.telemetry(), "D407")
    assert "is not https" in found.title
    assert "OTEL_EXPORTER_OTLP_HEADERS is empty" in found.title
    hosted("OTEL_EXPORTER_OTLP_ENDPOINT=https://c:4318\nOTEL_EXPORTER_OTLP_HEADERS=authorization=Bearer%20x")
    assert only(hosting.telemetry(), "D407").severity is Severity.OK


def test_another_python_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    assert only(packages.python(), "D101").severity is Severity.OK
    monkeypatch.setattr(sys, "version_info", (3, 9, 1))
    assert only(packages.python(), "D101").severity is Severity.ERROR


def test_a_missing_package_is_an_error_and_another_version_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    versions: dict[str, str | None] = {"livekit-agents": None, "pytest": "0.1"}
    real = packages.installed
    monkeypatch.setattr(packages, "installed", lambda name: versions.get(name, real(name)))
    findings = packages.pinned()
    assert "livekit-agents" in only(findings, "D102").title
    assert only(findings, "D102").severity is Severity.ERROR
    assert "pytest 0.1 instead of" in only(findings, "D103").title


def test_a_machine_without_voice_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speech, "best_voice", lambda _: "tone")
    assert only(packages.voice(), "D104").severity is Severity.WARNING


def test_a_taken_port_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = int(taken.getsockname()[1])
        monkeypatch.setattr(machine, "PORTS", {port: "a test"})
        assert str(port) in only(machine.ports(), "D201").title
    assert only(machine.ports(), "D201").severity is Severity.OK


def test_loopback_alone_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "if_nameindex", lambda: [(1, "lo")])
    assert only(machine.interface(), "D202").severity is Severity.ERROR
    assert "veth" in only(machine.interface(), "D202").mend


def clock(monkeypatch: pytest.MonkeyPatch, reads: Callable[[], float]) -> None:
    """For the doctor alone: threads of others read the clock, too."""
    monkeypatch.setattr(machine, "time", SimpleNamespace(time=reads, monotonic=time.monotonic, sleep=time.sleep))


def test_a_clock_before_the_project_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    clock(monkeypatch, lambda: 1_000_000.0)
    assert only(machine.clock(), "D203").severity is Severity.ERROR


def test_a_clock_that_jumps_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    readings = iter([now, now, now + 30.0])
    clock(monkeypatch, lambda: next(readings))
    assert only(machine.clock(), "D203").severity is Severity.WARNING


@pytest.mark.parametrize(
    ("free", "severity"), [(10 * 2**30, Severity.OK), (2**30, Severity.WARNING), (2**20, Severity.ERROR)]
)
def test_a_full_disk(free: int, severity: Severity, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = type("Usage", (), {"free": free})
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    assert only(machine.disk(), "D204").severity is severity


def test_no_sound_device_is_only_a_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(machine, "CARDS", tmp_path / "cards")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert only(machine.sound(), "D205").severity is Severity.INFO
    (tmp_path / "cards").write_text(" 0 [PCH]: HDA-Intel\n")
    assert only(machine.sound(), "D205").severity is Severity.OK


def test_no_server_is_an_error_only_without_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "find", lambda: None)
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    assert only(tools.livekit_server(), "D301").severity is Severity.WARNING
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert only(tools.livekit_server(), "D301").severity is Severity.ERROR
    assert only(tools.go(), "D302").severity is only(tools.npm(), "D303").severity is Severity.INFO


def test_a_server_that_was_named_and_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVEKIT_SERVER", "/nowhere/livekit-server")
    assert "/nowhere/livekit-server" in only(tools.livekit_server(), "D301").title
    with pytest.raises(Trouble):
        server.find()


@pytest.mark.parametrize(
    ("says", "severity"),
    [
        ("", Severity.ERROR),
        ("livekit-server version 0.1.0", Severity.WARNING),
        (f"livekit-server version {project.LIVEKIT_SERVER_VERSION}", Severity.OK),
    ],
)
def test_the_server_is_asked_for_its_version(says: str, severity: Severity, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "find", lambda: Path("/opt/livekit-server"))
    monkeypatch.setattr(server, "version_of", lambda _: says)
    assert only(tools.livekit_server(), "D301").severity is severity


def test_the_module_of_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "PAGE", tmp_path / "package.json")
    assert "not installed" in only(tools.page(), "D304").title
    tools.PAGE.write_text('{"version": "0.0.1"}')
    assert "0.0.1" in only(tools.page(), "D304").title
    tools.PAGE.write_text(json.dumps({"version": project.LIVEKIT_CLIENT_VERSION}))
    assert only(tools.page(), "D304").severity is Severity.OK


def test_without_env_file_everything_is_emulated(root: Root) -> None:
    assert f"0 of {len(project.PROVIDER_KEYS)}" in only(keys.providers(), "D401").title
    assert only(keys.settings(), "D403").severity is not Severity.ERROR
    assert keys.secrecy() == []


def test_keys_are_counted_and_never_shown(root: Root) -> None:
    root("".join(f"{name}={SECRET}\n" for name in (*project.PROVIDER_KEYS, "LIVEKIT_API_SECRET")))
    count = len(project.PROVIDER_KEYS)
    assert f"{count} of {count}" in only(keys.providers(), "D401").title
    findings = keys.providers() + keys.settings()
    assert SECRET not in doctor.table(findings) + doctor.as_json(findings)


@pytest.mark.parametrize("value", ["your-key-here", "changeme", "<key>", "${KEY}", "xxxxxxxxxxxxxxxxxxxx", "abc"])
def test_placeholders_are_recognised(value: str, root: Root) -> None:
    name = "LIVEKIT_API_SECRET"
    root(f"# a comment\nexport {name}='{value}'\n")
    assert name in only(keys.providers(), "D402").title
    assert not keys.is_placeholder(SECRET)


def test_what_is_missing_and_what_is_wrong_in_the_settings(root: Root) -> None:
    root("LIVEKIT_URL=wss://voice.test\n")
    missing = only(keys.settings(), "D403")
    assert missing.severity is Severity.WARNING
    assert "LIVEKIT_API_SECRET is missing" in missing.title
    root("HEALTH_PORT=a-port\n")
    wrong = only(keys.settings(), "D403")
    assert wrong.severity is Severity.ERROR
    assert "HEALTH_PORT is wrong" in wrong.title
    assert "a-port" not in wrong.title


def test_an_env_file_in_git_is_an_error(root: Root) -> None:
    folder = root("LIVEKIT_URL=wss://voice.test\n")
    git = ["git", "-C", str(folder)]
    subprocess.run([*git, "init", "--quiet"], check=True)
    assert only(keys.secrecy(), "D404").severity is Severity.OK
    subprocess.run([*git, "add", "--force", ".env"], check=True)
    assert only(keys.secrecy(), "D404").severity is Severity.ERROR


def test_a_folder_that_the_app_cannot_write_is_an_error(root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATA_FOLDER", raising=False)
    root("")
    assert only(keys.data(), "D405").severity is Severity.OK
    root("DATA_FOLDER=pyproject.toml/kept\n")
    wrong = only(keys.data(), "D405")
    assert wrong.severity is Severity.ERROR
    assert "DATA_FOLDER=pyproject.toml/kept" in wrong.title


def test_a_check_that_breaks_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks() -> list[Finding]:
        raise RuntimeError(SECRET)

    monkeypatch.setattr(doctor, "CHECKS", (breaks,))
    (finding,) = doctor.examine()
    assert (finding.code, finding.severity) == ("D900", Severity.WARNING)
    assert SECRET not in doctor.table([finding])


def test_only_an_error_stops_the_work(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    note = Finding("D205", Severity.WARNING, "quiet", "No sound.", "make noise")
    monkeypatch.setattr(doctor, "CHECKS", (lambda: [note, ok("D101", "Python")],))
    assert doctor.main([]) == doctor.USABLE
    shown = capsys.readouterr().out
    assert shown.index("D101") < shown.index("D205")
    assert "-> make noise" in shown
    monkeypatch.setattr(doctor, "CHECKS", (lambda: [Finding("D102", Severity.ERROR, "gone")],))
    assert doctor.main(["--json"]) == doctor.MISSING
    body = json.loads(capsys.readouterr().out)
    assert (body["ok"], body["findings"][0]["code"]) == (False, "D102")


def test_every_finding_that_is_not_well_says_what_to_do() -> None:
    assert len(CHECKS) == len(set(CHECKS))
    for finding in doctor.examine():
        assert finding.severity is Severity.OK or (finding.meaning and finding.mend), finding


def test_it_needs_nothing_but_the_standard_library() -> None:
    code = "import devkit.doctor, sys; sys.exit(bool({'aiohttp', 'pydantic', 'yaml', 'numpy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=project.ROOT, env=dict(os.environ), check=False)
    assert done.returncode == 0
