"""What the agents are told: one Markdown file each, plus the rules that all share."""

from __future__ import annotations

from importlib.resources import files


def prompt(name: str) -> str:
    """The instructions of agent `name`, followed by the shared rules.

    Raises:
        FileNotFoundError: there is no such file.
    """
    folder = files(__name__)
    return "\n\n".join(folder.joinpath(f"{part}.md").read_text(encoding="utf-8").strip() for part in (name, "rules"))
