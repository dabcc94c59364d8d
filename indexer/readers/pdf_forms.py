"""What was filled into the form on a page of a PDF (ISO 32000-1, 12.7).

The fields of a form are drawn over the page and are no part of its text; on the page each is a
widget, which is a field itself or shows the one above it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pypdf import PageObject
from pypdf.generic import ArrayObject, ByteStringObject, StreamObject

from indexer.readers.base import one_line, shorten

#: Widgets looked at on a page, and fields that lie in one another.
_WIDGETS, _DEEPEST = 5_000, 16
#: Characters of one value, and of all of a page.
_LONGEST, _MOST = 20_000, 500_000
_HIDDEN, _PASSWORD = 1 << 1, 1 << 13
# What programs call fields nobody gave a name, such as "Text1" or "topmostSubform[0].f1_01[0]".
_NAME = re.compile(r"[^\W\d_](?:[^\W\d_]|[ '’/-]){2,60}")
_PLACEHOLDERS = re.compile(
    r"(?:text|textfield|text field|field|undefined|dropdown|combo box|check box|list box)s?",
    re.IGNORECASE,
)


def filled_in(page: PageObject) -> list[str]:
    """The values on a page, from top to bottom, each after what the field is called.

    Fields without a value, hidden ones and passwords are left out; of boxes to tick the ticked ones
    are named, if anybody gave them a name to show.
    """
    found: list[tuple[float, float, str]] = []
    for widget in _widgets(page):
        text = _said(widget)
        if text:
            left, top = _corner(widget)
            found.append((-top, left, text))
    texts, room = [], _MOST
    for text in dict.fromkeys(text for _, _, text in sorted(found)):
        room -= len(text)
        if room < 0:
            break
        texts.append(text)
    return texts


def _widgets(page: PageObject) -> Iterator[Any]:
    """The widgets on a page that can be seen."""
    listed = _resolved(page.get("/Annots"))
    for entry in (listed if isinstance(listed, list) else [])[:_WIDGETS]:
        widget = _resolved(entry)
        is_widget = isinstance(widget, dict) and widget.get("/Subtype") == "/Widget"
        if is_widget and not _flags(widget.get("/F")) & _HIDDEN:
            yield widget


def _said(widget: Any) -> str:
    """The value of the field a widget shows, with its name before it; "" if it has none."""
    value, kind = _inherited(widget, "/V"), _inherited(widget, "/FT")
    if value is None or (_flags(_inherited(widget, "/Ff")) & _PASSWORD and kind == "/Tx"):
        return ""
    label = one_line(_text(_inherited(widget, "/TU"))).rstrip(":")
    if kind == "/Btn":
        is_on = _resolved(widget.get("/AS")) not in (None, "/Off")
        return shorten(label) if is_on and value != "/Off" else ""
    if kind not in ("/Tx", "/Ch"):
        return ""
    name = one_line(_text(_inherited(widget, "/T")))
    if not label and _NAME.fullmatch(name) and not _PLACEHOLDERS.fullmatch(name):
        label = name
    text = _shown(widget, value) if kind == "/Ch" else _text(value)
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    return f"{shorten(label)}: {text}" if text and label else text


def _shown(widget: Any, value: Any) -> str:
    """What is shown of a choice: the options that were taken, as people read them."""
    options: dict[str, str] = {}
    listed = _resolved(_inherited(widget, "/Opt"))
    for entry in (listed if isinstance(listed, list) else [])[:_WIDGETS]:
        option = _resolved(entry)
        if isinstance(option, list) and len(option) == 2:
            options[_text(option[0])] = _text(option[1])
    taken = value if isinstance(value, ArrayObject) else [value]
    texts = (_text(each) for each in taken[:_WIDGETS])
    return ", ".join(options.get(text, text) for text in texts if text)[:_LONGEST]


def _inherited(widget: Any, key: str) -> Any:
    """What a widget or a field above it says; None if none does."""
    for _ in range(_DEEPEST):
        if not isinstance(widget, dict):
            return None
        if key in widget:
            return _resolved(widget[key])
        widget = _resolved(widget.get("/Parent"))
    return None


def _corner(widget: Any) -> tuple[float, float]:
    """Where a widget begins: from the left, and from the bottom."""
    try:
        numbers = [float(_resolved(number)) for number in _resolved(widget.get("/Rect"))]
        return min(numbers[0], numbers[2]), max(numbers[1], numbers[3])
    except (TypeError, ValueError, IndexError):
        return 0.0, 0.0


def _text(value: Any) -> str:
    """A string of a PDF, or the stream that a long one is kept in."""
    value = _resolved(value)
    if isinstance(value, StreamObject):
        value = value.get_data()[:_LONGEST].decode("utf-8", "replace")
    if isinstance(value, ByteStringObject):
        value = bytes(value).decode("latin-1")
    return value[:_LONGEST] if isinstance(value, str) else ""


def _resolved(value: Any) -> Any:
    return None if value is None else value.get_object() if hasattr(value, "get_object") else value


def _flags(value: Any) -> int:
    value = _resolved(value)
    return int(value) if isinstance(value, int) else 0
