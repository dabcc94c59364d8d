"""The `wherein` command. Sub-commands are loaded when they are used, so that ``--help`` is instant.

A sub-command is an entry point of the group ``wherein.commands``; that is how the web server's
command gets here without anything here importing the web package.
"""

from __future__ import annotations

import logging
import os
import sys
from importlib.metadata import EntryPoint, entry_points
from typing import NoReturn

import click

from search.errors import WhereinError

#: Exit codes. Searching ends with `NOTHING_FOUND` when no passage answers.
NOTHING_FOUND = 1
MISTAKE = 2
UNEXPECTED = 3
INTERRUPTED = 130

_GROUP = "wherein.commands"
_SUMMARIES = {
    "check": "Verify that a collection is sound; --repair mends what can be mended.",
    "eval": "Measure how well a collection, or a test collection, is searched.",
    "export": "Write a collection into one file.",
    "import": "Make a collection from a file that export wrote.",
    "index": "Read folders and files into a collection, or bring it up to date.",
    "keys": "Make, list and revoke the keys that let others ask the server.",
    "mcp": "Offer the collection to agents, by the Model Context Protocol.",
    "qrels": "Write down what was judged to help and what not, for wherein eval.",
    "reindex": "Build a collection anew from its stored text, with another model for example.",
    "remove": "Take folders or files out of a collection; the files stay.",
    "search": "Ask a collection a question.",
    "serve": "Serve the search page and the JSON API.",
    "similar": "Documents most like one, by their stored embeddings.",
    "status": "Say what is in a collection, and what could not be read.",
    "watch": "Follow folders and index what changes.",
    "why": "Say why a document is not among the hits of a question.",
}


class Commands(click.Group):
    """A group whose commands are entry points, imported one by one."""

    def list_commands(self, _: click.Context) -> list[str]:
        """The names of all commands."""
        return sorted({*_SUMMARIES, *self._entries()})

    def get_command(self, _: click.Context, name: str) -> click.Command | None:
        """Import the command called ``name``."""
        entry = self._entries().get(name)
        return None if entry is None else entry.load()

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing those whose summary is known."""
        rows = []
        for name in self.list_commands(ctx):
            command = None if name in _SUMMARIES else self.get_command(ctx, name)
            summary = command.get_short_help_str() if command else _SUMMARIES.get(name, "")
            rows.append((name, summary))
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    @staticmethod
    def _entries() -> dict[str, EntryPoint]:
        return {entry.name: entry for entry in entry_points(group=_GROUP)}


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="wherein", message="wherein %(version)s")
def wherein() -> None:
    """Ask a folder of documents a question; get the passages wherein the answer stands.

    Begin with `wherein index FOLDER`, then `wherein search "your question"`.
    """
    log = logging.getLogger("wherein")
    if not log.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(message)s"))
        log.addHandler(handler)
        log.setLevel(logging.INFO)


def main() -> NoReturn:
    """Run the command and end the process with its exit code; no error shows a traceback."""
    try:
        code = wherein.main(standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        code = MISTAKE
    except click.ClickException as error:
        code = _complain(error.format_message(), MISTAKE)
    except click.exceptions.Exit as error:
        code = error.exit_code
    except WhereinError as error:
        code = _complain(str(error), MISTAKE)
    except (click.Abort, KeyboardInterrupt):
        code = _complain("Stopped.", INTERRUPTED)
    except BrokenPipeError:
        # Whoever read the output has heard enough; keep Python from complaining at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except Exception as error:
        if os.environ.get("WHEREIN_DEBUG"):
            raise
        code = _complain(
            f"Something unexpected went wrong ({type(error).__name__}: {error}). "
            "Set WHEREIN_DEBUG=1 to see where, and please report it.",
            UNEXPECTED,
        )
    sys.exit(code or 0)


def _complain(sentence: str, code: int) -> int:
    click.echo(f"wherein: {sentence}", err=True)
    return code


if __name__ == "__main__":
    main()
