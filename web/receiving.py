"""How much the HTTP server takes of a request before the application sees it.

Bodies are written to the disk as they come in, whoever sends them; so what is too large for its
address, or comes from somebody who may not send it, is turned away by its head alone.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser

#: Tells how many bytes the body of a request may have, by its path and by its headers, which are
#: named in capitals with underscores.
Limit = Callable[[str, Mapping[str, str]], int]


def channel_with(limit: Limit) -> Any:
    """A class of channels, for waitress, whose requests have bodies within a limit.

    Args:
        limit: The limit.
    """

    class Parser(HTTPRequestParser):  # type: ignore[misc]
        """Parses a request; once it knows the head, it also knows how much may follow."""

        adj: Any

        def parse_header(self, header_plus: bytes) -> None:
            """Take the head apart."""
            super().parse_header(header_plus)
            # The adjustments are shared by all requests, and this is the one that is looked at.
            self.adj = copy.copy(self.adj)
            self.adj.max_request_body_size = limit(self.path, self.headers)

    class Channel(HTTPChannel):  # type: ignore[misc]
        """A connection."""

        parser_class = Parser

    return Channel
