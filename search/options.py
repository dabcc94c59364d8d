"""Settings as options of a command, declared from `search.settings` so that they say the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

import click

from search.settings import Settings

_Command = TypeVar("_Command", bound=Callable[..., Any])
_TYPES: dict[str, Any] = {"Path": Path, "int": int}


def setting_options(*names: str) -> Callable[[_Command], _Command]:
    """Options for the settings called ``names``; without a value they arrive as None.

    The environment and the defaults are left to `Settings.from_environment`.
    """
    declared = {item.name: item for item in fields(Settings)}

    def decorate(command: _Command) -> _Command:
        for name in reversed(names):
            setting = declared[name]
            option = click.option(
                f"--{name.replace('_', '-')}",
                name,
                type=_TYPES.get(str(setting.type).split(" ")[0], str),
                help=f"{setting.metadata['help']} [env: WHEREIN_{name.upper()}]",
            )
            command = option(command)
        return command

    return decorate
