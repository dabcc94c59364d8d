"""/collections and /status: what there is to be searched."""

from __future__ import annotations

from typing import Any

from search.builds import exists
from search.status import status_of
from search.storage import storage_errors
from web import state
from web.api import answers, contract
from web.api.asked import Nothing
from web.api.contract import by_content


@contract.get("/collections", answers.Collections)
def collections(_: Nothing) -> dict[str, Any]:
    """The collections of this server's home folder."""
    settings = state.settings()
    with storage_errors(settings.collections):
        names = sorted(path.name for path in settings.collections.iterdir() if exists(path))
    served = settings.collection
    return {"collections": [{"name": name, "served": name == served} for name in names]}


@contract.get("/status", answers.StatusAnswer, changing=by_content)
def status(_: Nothing) -> dict[str, Any]:
    """Sizes, origin, failures and scans of the collection."""
    return status_of(state.engine().collection)
