"""`python -m devkit doctor`: what this machine has and lacks; each finding with the command that mends it.

Imports nothing but the standard library at its start: it must run when everything else is missing.
"""

from __future__ import annotations

import argparse
import json
import sys
import textwrap
from collections import Counter

from . import project
from .health import CHECKS, Finding, Severity

USABLE, MISSING = 0, 4
SCHEMA = 1
WIDTH = 110
MARKS = {Severity.OK: "ok", Severity.INFO: "note", Severity.WARNING: "warn", Severity.ERROR: "ERROR"}


def main(argv: list[str]) -> int:
    """Run every check; the exit code is 0 when the project can be used and 4 when something needed is missing."""
    parser = argparse.ArgumentParser(prog="python -m devkit doctor", description=__doc__)
    parser.add_argument("--json", action="store_true", help="for programs")
    options = parser.parse_args(argv)
    findings = examine()
    print(as_json(findings) if options.json else table(findings))
    return USABLE if usable(findings) else MISSING


def examine() -> list[Finding]:
    """Every finding, in the order of its code; a check that breaks is a finding too."""
    findings: list[Finding] = []
    for check in CHECKS:
        try:
            findings += check()
        except Exception as error:
            broken = f"{check.__name__} broke: {type(error).__name__}"
            findings.append(Finding("D900", Severity.WARNING, broken, "This check tells nothing here."))
    return sorted(findings, key=lambda finding: finding.code)


def usable(findings: list[Finding]) -> bool:
    """Whether nothing needed is missing."""
    return all(finding.severity is not Severity.ERROR for finding in findings)


def as_json(findings: list[Finding]) -> str:
    """The findings for programs."""
    body = {
        "schema": SCHEMA,
        "project": project.PROJECT_NAME,
        "ok": usable(findings),
        "findings": [finding.record() for finding in findings],
    }
    return json.dumps(body, indent=2, ensure_ascii=False)


def table(findings: list[Finding]) -> str:
    """The findings for people."""
    lines = []
    for finding in findings:
        lines.append(f"{finding.code}  {MARKS[finding.severity]:5}  {finding.title}")
        if finding.severity is not Severity.OK:
            lines += textwrap.wrap(finding.meaning, WIDTH, initial_indent=" " * 13, subsequent_indent=" " * 13)
            lines += [f"{'':13}-> {finding.mend}"] if finding.mend else []
    count = Counter(finding.severity for finding in findings)
    verdict = "This project can be used." if usable(findings) else "Something needed is missing."
    lines += ["", f"{verdict} {count[Severity.ERROR]} errors, {count[Severity.WARNING]} warnings."]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
