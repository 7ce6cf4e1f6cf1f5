"""`python -m tools.names`: write which names the packages of emitted projects take, into template/catalogue/names.yml.

Run it after a pin in versions.yml changed. A project that takes one of these names depends on itself, or hides the package from
those that import it.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NAMES = ROOT / "template" / "catalogue" / "names.yml"
MARK = "# Written by `python -m tools.names`: what the packages of emitted projects are called, and what they are imported as.\n"
# What builds and installs a project, beside what the project pins itself.
BUILDERS = {"hatchling", "pip", "setuptools", "uv", "wheel"}
# Run by the environment's own Python: what is installed, what it would need on another system, what can be imported.
LOOK = """
import json, re
from importlib.metadata import distributions
found, needed, modules = set(), set(), set()
for one in distributions():
    found.add(one.name)
    needed |= {re.match(r"[A-Za-z0-9._-]+", text)[0] for text in one.requires or [] if not re.search(r"extra *==", text)}
    modules |= {path.parts[0].split(".")[0] for path in one.files or [] if not path.parts[0].endswith((".dist-info", ".pth"))}
print(json.dumps([sorted(found), sorted(needed), sorted(modules)]))
"""


def look(python: Path) -> tuple[list[str], list[str]]:
    """Return the distributions, by their normalised names, and the top-level modules of an environment, in lower case."""
    told = subprocess.run([python, "-c", LOOK], check=True, capture_output=True, text=True).stdout
    found, needed, modules = ({re.sub(r"[-_.]+", "-", name).lower() for name in names} for names in json.loads(told))
    # A package of another system is not here to be looked into: it is taken to be imported by its own name.
    importable = {name.replace("-", "_") for name in modules | (needed - found) | BUILDERS}
    return sorted(found | needed | BUILDERS), sorted(name for name in importable if re.fullmatch(r"[a-z][a-z0-9_]*", name))


def written(text: str, distributions: list[str], modules: list[str]) -> str:
    """Return the catalogue's file with these lists at its end, one name a line."""
    head = text.split(MARK)[0]
    lists = {"distributions": distributions, "modules": modules}
    return head + MARK + "".join(f"{key}:\n" + "".join(f'  - "{name}"\n' for name in names) for key, names in lists.items())


def main() -> None:
    """Write the file."""
    from tests.emitted import environment

    distributions, modules = look(environment() / "bin" / "python")
    NAMES.write_text(written(NAMES.read_text(encoding="utf-8"), distributions, modules), encoding="utf-8")
    sys.stdout.write(f"{len(distributions)} distributions, {len(modules)} modules in {NAMES.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
