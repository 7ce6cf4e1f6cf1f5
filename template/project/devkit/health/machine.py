"""D2xx: ports, network, clock, disk and sound of this machine."""

from __future__ import annotations

import os
import shutil
import socket
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from .. import project
from .finding import Finding, Severity, ok

PORTS = {7880: "LiveKit server of `make up`", 8081: "health of the worker", 8089: "emulators of `make up`"}
LOOPBACK = ("lo", "lo0")
CARDS = Path("/proc/asound/cards")
SKEW_S = 0.05
SAMPLE_S = 0.2
LITTLE_BYTES = 200 * 2**20
SCARCE_BYTES = 2 * 2**30


def ports() -> list[Finding]:
    """D201: usual ports are free; `make call` and `make talk` take any, so this stops only `make up`."""
    taken = [f"{port} ({purpose})" for port, purpose in PORTS.items() if not port_is_free(port)]
    if not taken:
        return [ok("D201", "ports " + ", ".join(map(str, PORTS)) + " are free")]
    title = f"taken: {', '.join(taken)}"
    meaning = "make call and make talk take other ones; make up and a worker started by hand cannot."
    return [Finding("D201", Severity.WARNING, title, meaning, "make down, or stop what listens there")]


def port_is_free(port: int) -> bool:
    """Whether nobody listens on it on loopback."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def interface() -> list[Finding]:
    """D202: one network interface beside loopback, with an address: WebRTC in the agent never uses loopback alone."""
    if names := interfaces():
        return [ok("D202", f"network interface {names[0]}")]
    meaning = "WebRTC in the agent needs one; a link inside this machine is enough, no network has to be behind it."
    mend = "ip link add v0 type veth peer name v1 && ip addr add 10.99.0.1/24 dev v0 && ip link set v0 up (as root)"
    return [Finding("D202", Severity.ERROR, "there is only the loopback interface", meaning, mend)]


def interfaces() -> list[str]:
    """Names of the interfaces beside loopback that have an IPv4 address (Linux), or that exist (elsewhere)."""
    names = [name for _, name in socket.if_nameindex() if name not in LOOPBACK]
    if sys.platform != "linux":
        return names
    return [name for name in names if _has_address(name)]


def _has_address(name: str) -> bool:
    import fcntl

    get_address = 0x8915  # SIOCGIFADDR
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            fcntl.ioctl(probe, get_address, name.encode()[:15].ljust(40, b"\0"))
        except OSError:
            return False
    return True


def clock() -> list[Finding]:
    """D203: the clock is plausible and steady; tokens are refused by a server whose clock is elsewhere."""
    now = datetime.now(UTC)
    newest = (project.ROOT / "pyproject.toml").stat().st_mtime
    mend = "timedatectl set-ntp true"
    if time.time() < newest - 86_400:
        meaning = "It is before the date of this project's own files: tokens and certificates will be refused."
        return [Finding("D203", Severity.ERROR, f"the clock says {now:%Y-%m-%d}", meaning, mend)]
    wall, steady = time.time(), time.monotonic()
    time.sleep(SAMPLE_S)
    skew = abs((time.time() - wall) - (time.monotonic() - steady))
    if skew > SKEW_S:
        meaning = "It is being moved: measured latencies are wrong."
        title = f"the clock jumped {skew * 1000:.0f} ms within {SAMPLE_S} s"
        return [Finding("D203", Severity.WARNING, title, meaning, mend)]
    return [ok("D203", f"clock {now:%Y-%m-%d %H:%M} UTC")]


def disk() -> list[Finding]:
    """D204: room for packages, models and recordings."""
    free = shutil.disk_usage(project.ROOT).free
    title = f"{free / 2**30:.1f} GiB free"
    if free >= SCARCE_BYTES:
        return [ok("D204", title)]
    severity = Severity.ERROR if free < LITTLE_BYTES else Severity.WARNING
    return [Finding("D204", severity, title, "Setup and the build of the server need about 2 GiB.", "make clean")]


def sound() -> list[Finding]:
    """D205: a sound card or server, which only `make talk` in a browser uses."""
    if sys.platform != "linux":
        return [ok("D205", "sound is the browser's business here")]
    cards = CARDS.read_text() if CARDS.is_file() else ""
    servers = [Path(os.environ.get("XDG_RUNTIME_DIR", "/nowhere")) / name for name in ("pulse/native", "pipewire-0")]
    if (cards and "no soundcards" not in cards) or any(server.exists() for server in servers):
        return [ok("D205", "there is a sound device")]
    meaning = "You cannot speak in make talk on this machine; typing works, and make call needs no device."
    return [Finding("D205", Severity.INFO, "there is no sound device", meaning, "make talk TEXT=1")]
