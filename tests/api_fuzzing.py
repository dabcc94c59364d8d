"""schemathesis against a server of a small collection, by the API's own OpenAPI document."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from web_site import Site, site_in

from web import create_app
from web.server import Server
from web.updating import updating_of

#: What a request that fits its schema may be answered with: 422 says that there is no sense in it,
#: such as a query without a letter. Never a fault of the server.
CONFIG = """
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "3xx", "401", "403", "404", "409", "422"]
"""
_PATIENCE = 60.0


@contextmanager
def serving(folder: Path) -> Iterator[tuple[Site, str]]:
    """A server of a small collection, and where it is reached."""
    inbox = folder / "inbox"
    inbox.mkdir(parents=True)
    with site_in(folder) as site, Server("127.0.0.1", 0) as server:
        settings = site.settings.with_(rate_limit=0, waiting=1000, upload_folder=inbox)
        app = create_app(settings, site.engine)
        server.listen(app, 2)
        begun = threading.Event()
        thread = threading.Thread(target=server.run, args=(begun.set,))
        thread.start()
        try:
            assert begun.wait(_PATIENCE)
            yield site, server.url
        finally:
            server.stop()
            server.stop()
            thread.join(_PATIENCE)
            assert updating_of(app).wait(_PATIENCE)


def fuzz(
    folder: Path, examples: int, phases: str, seed: int, *more: str
) -> subprocess.CompletedProcess[str]:
    """Run schemathesis with all checks.

    Args:
        folder: An empty folder.
        examples: How many requests to make up for each address, at the most.
        phases: Which of its phases to run.
        seed: Where chance begins.
        more: Further arguments.
    """
    config = folder / "schemathesis.toml"
    config.write_text(CONFIG)
    with serving(folder / "site") as (_, url):
        return subprocess.run(
            [sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run",
             f"{url}/api/v1/openapi.json", "--checks", "all", "--phases", phases,
             "--max-examples", str(examples), "--seed", str(seed), "--continue-on-failure",
             "--generation-database", "none", "--suppress-health-check", "all", "--no-color",
             *more],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )  # fmt: skip
