"""What is documented is there, and what is there is documented."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import click
import pytest
from conftest import PROJECT

from indexer.cli import wherein
from search.settings import Settings

PACKAGES = ("search", "indexer", "web")
MODULES = sorted(path for package in PACKAGES for path in (PROJECT / package).rglob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.relative_to(PROJECT).as_posix())
def test_everything_public_has_a_docstring(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    assert ast.get_docstring(tree), path
    missing = []
    waiting: list[tuple[str, ast.AST]] = [("", tree)]
    while waiting:
        prefix, node = waiting.pop()
        for child in ast.iter_child_nodes(node):
            if not isinstance(child, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
                continue
            name = f"{prefix}{child.name}"
            if child.name.startswith("_"):
                continue
            if not ast.get_docstring(child):
                missing.append(name)
            if isinstance(child, ast.ClassDef):
                waiting.append((f"{name}.", child))
    assert missing == []


def test_every_setting_is_documented_as_it_is() -> None:
    text = (PROJECT / "docs" / "settings.md").read_text("utf-8")
    for item in fields(Settings):
        row = next(line for line in text.splitlines() if f"`WHEREIN_{item.name.upper()}`" in line)
        assert item.metadata["help"] in row
        if isinstance(item.default, str | int):
            assert f"`{item.default}`" in row
    documented = set(re.findall(r"`WHEREIN_([A-Z_]+)`", text))
    assert documented == {item.name.upper() for item in fields(Settings)}


def cli_reference() -> str:
    """The command reference as docs/cli.md should have it."""
    parts = [
        "# The command line",
        "",
        "Made from the commands' own help; `make cli-reference` writes it anew.",
        "",
    ]
    context = click.Context(wherein, info_name="wherein", max_content_width=92, terminal_width=92)
    commands = {name: wherein.get_command(context, name) for name in wherein.list_commands(context)}
    for name, command in {"": wherein, **commands}.items():
        assert command is not None
        inner = click.Context(
            command,
            info_name=f"wherein {name}".strip(),
            max_content_width=92,
            terminal_width=92,
        )
        parts += [f"## wherein {name}".rstrip(), "", "```text", command.get_help(inner), "```", ""]
    return "\n".join(parts)


def test_the_command_reference_is_up_to_date() -> None:
    assert (PROJECT / "docs" / "cli.md").read_text("utf-8") == cli_reference()


def test_make_help_lists_the_chores() -> None:
    done = subprocess.run(["make", "help"], cwd=PROJECT, capture_output=True, text=True, check=True)
    for chore in ("run", "test", "lint", "types", "wheel"):
        assert re.search(rf"^  {chore} ", done.stdout, re.MULTILINE)


def test_the_readme_begins_with_the_two_commands() -> None:
    head = (PROJECT / "README.md").read_text("utf-8").split("\n## ")[0]
    assert "make run" in head
    assert "make test" in head


def test_public_names() -> None:
    import search

    assert search.__all__ == ["open_collection"]


if __name__ == "__main__":
    sys.stdout.write(cli_reference())
