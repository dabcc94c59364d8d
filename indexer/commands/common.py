"""Options that several commands share, and text made fit for a terminal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

import click

from search.settings import Settings

Command = TypeVar("Command", bound=Callable[..., Any])

_TYPES: dict[str, Any] = {"Path": Path, "int": int}
_HELP = {item.name: str(item.metadata["help"]) for item in fields(Settings)}
_KINDS = {item.name: str(item.type).split(" ")[0] for item in fields(Settings)}


def setting_options(*names: str) -> Callable[[Command], Command]:
    """Options for the settings called ``names``; without a value they arrive as None.

    The environment and the defaults are left to `Settings.from_environment`.
    """

    def decorate(command: Command) -> Command:
        for name in reversed(names):
            option = click.option(
                f"--{name.replace('_', '-')}",
                name,
                type=_TYPES.get(_KINDS[name], str),
                help=f"{_HELP[name]} [env: WHEREIN_{name.upper()}]",
            )
            command = option(command)
        return command

    return decorate


def printable(text: str) -> str:
    """``text`` on one line, with what would disturb a terminal shown as escapes."""
    return "".join(
        character if character.isprintable() else ascii(character)[1:-1] for character in text
    )


def plural(count: int, noun: str) -> str:
    """A count with its noun, such as "1 file" or "1,204 files"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
