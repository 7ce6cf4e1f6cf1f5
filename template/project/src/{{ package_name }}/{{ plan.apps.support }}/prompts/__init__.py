"""What the agent is told: one Markdown file for each agent."""

from __future__ import annotations

from importlib.resources import files


def prompt(name: str) -> str:
    """The instructions of agent `name`.

    Raises:
        FileNotFoundError: there is no such file.
    """
    return files(__name__).joinpath(f"{name}.md").read_text(encoding="utf-8").strip()
