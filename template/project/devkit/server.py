"""The real LiveKit server on this machine: found, downloaded or built, and started on loopback."""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import tarfile
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .processes import Trouble, free_port
from .project import LIVEKIT_SERVER_VERSION as VERSION
from .project import TARGET_LOAD

MODULE = "github.com/livekit/livekit-server/cmd/server"
RELEASES = "https://github.com/livekit/livekit/releases/download"
DOWNLOAD_TIMEOUT_S = 5.0
BUILD_TIMEOUT_S = 900.0
KEY = "devkit"
SECRET = "devkit-secret-for-this-machine-only"  # noqa: S105 (opens a server on loopback and nothing else)


def cache_folder() -> Path:
    """Where servers are kept, shared by all projects of this user."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "livekit-devkit" / f"livekit-server-{VERSION}"


def find() -> Path | None:
    """A server that is there already: LIVEKIT_SERVER, PATH (this version), the cache (unchanged since it came).

    Raises:
        Trouble: LIVEKIT_SERVER names no file.
    """
    if named := os.environ.get("LIVEKIT_SERVER"):
        if not Path(named).is_file():
            raise Trouble(f"LIVEKIT_SERVER={named} is not a file: correct it or unset it")
        return Path(named)
    on_path = shutil.which("livekit-server")
    if on_path and VERSION in version_of(Path(on_path)):
        return Path(on_path)
    cached = cache_folder() / "livekit-server"
    return cached if cached.is_file() and _digest_fits(cached) else None


def version_of(binary: Path) -> str:
    """What it says of itself; empty when it does not run."""
    try:
        done = subprocess.run([binary, "--version"], capture_output=True, text=True, timeout=10, check=False)
    except OSError:
        return ""
    return done.stdout.strip()


def provide() -> Path:
    """A server, whatever it takes: found, else downloaded and checked, else built with Go.

    Raises:
        Trouble: none of these worked; the message says what would.
    """
    if found := find():
        return found
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder):
        if found := find():
            return found
        with tempfile.TemporaryDirectory(dir=folder) as place:
            binary = _download(Path(place)) or _build(Path(place))
            _keep(binary, folder / "livekit-server")
    return folder / "livekit-server"


def _keep(binary: Path, target: Path) -> None:
    binary.chmod(0o755)
    target.with_suffix(".sha256").write_text(_sha256(binary) + "\n")
    binary.replace(target)


def _digest_fits(binary: Path) -> bool:
    recorded = binary.with_suffix(".sha256")
    return recorded.is_file() and recorded.read_text().strip() == _sha256(binary)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _download(place: Path) -> Path | None:
    """The release's archive, verified by the release's checksums; None when it cannot be had."""
    machine = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64"}.get(platform.machine(), platform.machine())
    name = f"livekit_{VERSION}_{platform.system().lower()}_{machine}.tar.gz"
    archive = place / name
    try:
        checksums = _fetch(f"{RELEASES}/v{VERSION}/checksums.txt").decode()
        archive.write_bytes(_fetch(f"{RELEASES}/v{VERSION}/{name}"))
    except (urllib.error.URLError, OSError):
        return None
    if f"{_sha256(archive)}  {name}" not in checksums:
        raise Trouble(f"{name} does not match the release's checksums: not used")
    with tarfile.open(archive) as tar:
        tar.extract("livekit-server", place, filter="data")
    return place / "livekit-server"


def _fetch(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=DOWNLOAD_TIMEOUT_S) as answer:
        return bytes(answer.read())


def _build(place: Path) -> Path:
    go = shutil.which("go")
    if go is None:
        raise Trouble(
            f"no livekit-server {VERSION}: its release cannot be downloaded and there is no Go to build it. "
            "Install Go, put livekit-server on PATH, or set LIVEKIT_SERVER to its path"
        )
    print(f"building livekit-server {VERSION} with Go, once for this user, about two minutes ...", flush=True)
    env = {**os.environ, "CGO_ENABLED": "0", "GOBIN": str(place), "GOFLAGS": "-trimpath"}
    done = subprocess.run(
        [go, "install", f"{MODULE}@v{VERSION}"],
        env=env,
        capture_output=True,
        text=True,
        timeout=BUILD_TIMEOUT_S,
        check=False,
    )
    if done.returncode:
        raise Trouble(f"livekit-server {VERSION} could not be built:\n{done.stderr.strip()[-2000:]}")
    return place / "server"


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def configuration(port: int) -> str:
    """The server's YAML for loopback: no public STUN server is handed out, nothing listens elsewhere."""
    return "\n".join(
        [
            f"port: {port}",
            'bind_addresses: ["127.0.0.1"]',
            "rtc:",
            f"  tcp_port: {free_port()}",
            f"  udp_port: {free_port()}",
            "  use_external_ip: false",
            "  enable_loopback_candidate: true",
            f'  stun_servers: ["127.0.0.1:{port}"]',
            f'keys: {{"{KEY}": "{SECRET}"}}',
            f"agents: {{target_load: {TARGET_LOAD}}}",
            "logging: {level: info}",
            "",
        ]
    )
