"""A real OpenTelemetry collector with the components that emitted configurations name, built with Go by its own builder."""

from __future__ import annotations

import fcntl
import functools
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.emitted import VERSIONS
from tests.support import ROOT

CORE, CONTRIB = "go.opentelemetry.io/collector", "github.com/open-telemetry/opentelemetry-collector-contrib"
MODULES = {
    "receivers": [f"{CORE}/receiver/otlpreceiver", f"{CONTRIB}/receiver/filelogreceiver"],
    "processors": [
        f"{CORE}/processor/batchprocessor",
        f"{CORE}/processor/memorylimiterprocessor",
        f"{CONTRIB}/processor/attributesprocessor",
        f"{CONTRIB}/processor/deltatocumulativeprocessor",
        f"{CONTRIB}/processor/redactionprocessor",
        f"{CONTRIB}/processor/tailsamplingprocessor",
        f"{CONTRIB}/processor/transformprocessor",
    ],
    "connectors": [f"{CONTRIB}/connector/countconnector"],
    "exporters": [
        f"{CORE}/exporter/otlphttpexporter",
        f"{CONTRIB}/exporter/googlecloudexporter",
        f"{CONTRIB}/exporter/googlemanagedprometheusexporter",
    ],
    "extensions": [f"{CONTRIB}/extension/bearertokenauthextension", f"{CONTRIB}/extension/healthcheckextension"],
    "providers": [f"{CORE}/confmap/provider/{kind}provider" for kind in ("env", "file")],
}
BUILD_TIMEOUT_S = 900.0
# The collector's modules that are stable count for themselves: v1.N of them belongs to v0.(N + 94) of the others.
STABLE_BEHIND = 94
# What Go says of a proxy that does not serve a module, or is not there.
NOT_HAD = ("403 Forbidden", "404 Not Found", "dial tcp", "i/o timeout")


@functools.cache
def binary() -> Path:
    """The program; made on first use, remade when the version or a component changes. Skips where its modules cannot be had."""
    version = yaml.safe_load(VERSIONS.read_text())["collector_image"]
    go = shutil.which("go") or pytest.skip("OpenTelemetry collector: there is no Go to build it")
    folder = ROOT / "build" / f"otelcol-{version}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted, written = manifest(version, folder), folder / "manifest.yaml"
        if not (folder / "otelcol").exists() or written.read_text() != wanted:
            (folder / "otelcol").unlink(missing_ok=True)  # a build that fails must not leave the program of another manifest
            written.write_text(wanted)
            environment = {**os.environ, "GOBIN": str(folder), "CGO_ENABLED": "0"}
            run([go, "install", f"{CORE}/cmd/builder@v{version}"], environment)
            run([str(folder / "builder"), f"--config={written}"], environment)
    return folder / "otelcol"


def manifest(version: str, folder: Path) -> str:
    """What the collector's builder is told."""
    stable = f"1.{int(version.split('.')[1]) - STABLE_BEHIND}.0"
    parts: dict[str, object] = {
        kind: [{"gomod": f"{module} v{stable if kind == 'providers' else version}"} for module in modules]
        for kind, modules in MODULES.items()
    }
    return yaml.safe_dump({"dist": {"name": "otelcol", "output_path": str(folder)}, **parts})


def run(command: list[str], environment: dict[str, str]) -> None:
    """One step; a module that cannot be had is no defect of ours, anything else is."""
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=BUILD_TIMEOUT_S, check=False)
    if done.returncode and any(word in done.stderr for word in NOT_HAD):
        pytest.skip(f"OpenTelemetry collector: {done.stderr.strip()[-300:]}")
    assert done.returncode == 0, done.stderr[-3000:]
