"""Answers packed with Brotli or gzip for those who can unpack them."""

from __future__ import annotations

from flask import Flask
from flask_compress import Compress

#: What is packed; streamed lines are not, since packing would hold the first of them back.
_PACKED = [
    "application/json",
    "application/problem+json",
    "image/svg+xml",
    "text/css",
    "text/html",
    "text/javascript",
]


def install(app: Flask) -> None:
    """Have ``app`` pack its answers."""
    app.config["COMPRESS_MIMETYPES"] = _PACKED
    app.config["COMPRESS_ALGORITHM"] = ["br", "gzip"]
    app.config["COMPRESS_STREAMS"] = False
    app.config["COMPRESS_MIN_SIZE"] = 1000
    Compress(app)
