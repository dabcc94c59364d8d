"""/files: files sent to be kept in the folder for uploads and indexed."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import Any

from flask import current_app, request

from web.api import answers, contract
from web.api.asked import FileParams
from web.updating import updating_of
from web.uploads import uploads_of


@contract.upload(
    "/files",
    answers.KeptFile,
    FileParams,
    problems=("uploads-off", "body-too-large", "file-refused", "not-stored"),
)
def send_file(params: FileParams) -> dict[str, Any]:
    """A file as it was put into the folder for uploads, from which it is being indexed."""
    uploads = uploads_of(current_app)
    # The usual limit is for questions; that of files is seen to where they are written.
    request.max_content_length = sys.maxsize
    kept = uploads.keep(params.name, request.stream, request.content_length)
    if kept.new and uploads.folder is not None:
        updating_of(current_app).take_in(uploads.folder)
    return asdict(kept)
