"""`wherein keys`."""

from __future__ import annotations

import time
from typing import Any

import click

from indexer.cli import NOTHING_FOUND
from indexer.commands.common import plural, printable
from search.options import setting_options
from search.settings import Settings


@click.group("keys", short_help="Make, list and revoke keys of the server.")
def command() -> None:
    """Make, list and revoke the keys that a server asks for which others can reach.

    A server that listens to this machine only needs none, unless --access keys says otherwise.
    """


@command.command("add")
@click.argument("name")
@click.option(
    "--scope",
    type=click.Choice(["read", "write"]),
    default="read",
    show_default=True,
    help="What it is good for: read to search and read, write to judge and change things as well.",
)
@setting_options("home")
def _add(name: str, scope: str, **given: Any) -> None:
    """Make a key called NAME, and print it; it cannot be shown again."""
    from search.keys import Keys, Scope

    scopes = (Scope.READ,) if scope == Scope.READ else (Scope.READ, Scope.WRITE)
    _, text = Keys(Settings.from_environment(**given).home).add(name, scopes)
    click.echo("Keep this key; it is not shown again:", err=True)
    click.echo(text)


@command.command("list")
@setting_options("home")
def _list(**given: Any) -> None:
    """List the keys by name; what they are is not kept."""
    from search.keys import Keys

    keys = Keys(Settings.from_environment(**given).home).all()
    for key in keys:
        made = time.strftime("%Y-%m-%d", time.localtime(key.made))
        click.echo(f"{key.id}  {made}  {' '.join(key.scopes):<10}  {printable(key.name)}")
    if not keys:
        click.echo("There are no keys. Make one with: wherein keys add NAME", err=True)
        raise click.exceptions.Exit(NOTHING_FOUND)


@command.command("revoke")
@click.argument("name")
@setting_options("home")
def _revoke(name: str, **given: Any) -> None:
    """Revoke the key called NAME (or with that id), at once and with all of its sessions."""
    from search.keys import Keys

    keys = Keys(Settings.from_environment(**given).home)
    keys.revoke(name)
    click.echo(f"Revoked. {plural(len(keys.all()), 'key')} left.")
