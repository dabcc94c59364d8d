"""Hits as the API shows them: with the addresses that lead to them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from search.models import Answer, Hit, Query
from search.wire import answer_as_dict
from web import links


def answer(found: Answer) -> dict[str, Any]:
    """A search's answer, but for the cursor of what follows."""
    shape = answer_as_dict(found)
    shape["hits"] = several(found.hits, found.query)
    return shape


def several(hits: Iterable[Hit], query: Query | None = None) -> list[dict[str, Any]]:
    """Hits with their addresses.

    Args:
        hits: The hits.
        query: What found them, to be carried along to their pages; or None.
    """
    return [_hit(hit, query) for hit in hits]


def _hit(hit: Hit, query: Query | None) -> dict[str, Any]:
    shape: dict[str, Any] = msgspec.to_builtins(hit)
    number = hit.document_id
    shape["url"] = links.document_page(number, query, hit.start, hit.end)
    shape["document_url"] = links.document_api(number)
    return shape
