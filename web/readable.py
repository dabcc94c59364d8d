"""Which files can be read, as the indexer has it.

This package imports nothing of the indexer, whose readers may come from other packages too; so it
is asked in a process of its own, once.
"""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache

from web.problems import RequestError

_ASKED = (
    "import json; from indexer.readers.formats import by_suffix; "
    "print(json.dumps(sorted(by_suffix())))"
)
_PATIENCE = 60.0


@cache
def suffixes() -> frozenset[str]:
    """How names of files end that can be read, in lower case, with the dot.

    Raises:
        RequestError: The indexer cannot be asked.
    """
    try:
        # -P: a module in the folder somebody happens to stand in must not be taken for one of ours.
        done = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-P", "-c", _ASKED],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE,
            check=True,
        )
        # Readers of other packages may say something of their own first.
        return frozenset(json.loads(done.stdout.splitlines()[-1]))
    except (OSError, subprocess.SubprocessError, ValueError, IndexError) as error:
        raise RequestError(
            "not-stored",
            "It cannot be found out which files can be read.",
            "See that wherein index runs on this machine.",
        ) from error
