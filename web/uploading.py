"""The form that files are sent by from the page of the collection, for browsers without script.

With it they are sent one by one, so that each can be watched.
"""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass

from flask import Blueprint, Response, current_app, make_response, request
from werkzeug.datastructures import FileStorage

from web import access, collection
from web.access import Scope
from web.catalogue import Texts, texts
from web.problems import RequestError
from web.replies import json_reply
from web.updating import updating_of
from web.uploads import FORM, Uploads, uploads_of

uploading = Blueprint("uploading", __name__)

HTML, JSON = "text/html", "application/json"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a file that was sent.

    Attributes:
        name: What it was called.
        said: What became of it, in words.
        kept: Whether it is there now.
        new: Whether it was not there before.
    """

    name: str
    said: str
    kept: bool
    new: bool = False


@uploading.post(FORM)
def send() -> Response:
    """What became of each file: the page of the collection, or JSON for its script."""
    access.require(Scope.WRITE)
    uploads = uploads_of(current_app)
    if uploads.folder is None:
        raise uploads.off()
    request.max_content_length = sys.maxsize  # each file has a limit of its own
    files = [sent for sent in request.files.getlist("files") if sent.filename]
    outcomes = [_outcome(sent, uploads, texts()) for sent in files]
    if any(outcome.new for outcome in outcomes):
        updating_of(current_app).take_in(uploads.folder)
    if request.accept_mimetypes.best_match([HTML, JSON]) == JSON:
        return json_reply({"outcomes": [asdict(outcome) for outcome in outcomes]})
    status = 200 if all(outcome.kept for outcome in outcomes) else 422
    return make_response(collection.page(outcomes), status)


def _outcome(sent: FileStorage, uploads: Uploads, say: Texts) -> Outcome:
    name = sent.filename or ""
    try:
        kept = uploads.keep(name, sent.stream)
    except RequestError as error:
        return Outcome(name, say.said(str(error)).text, kept=False)
    if not kept.new:
        said = say("sent.there", name=kept.name)
    elif kept.name == name:
        said = say("sent.kept")
    else:
        said = say("sent.kept_as", name=kept.name)
    return Outcome(name, said, kept=True, new=kept.new)
