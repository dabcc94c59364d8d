"""AsciiDoc within a paragraph: of links, references and formatting only the words are kept."""

from __future__ import annotations

import re
from collections.abc import Mapping

_REFERENCE = re.compile(r"\{([A-Za-z][\w-]*)\}")
_BUILT_IN = {"nbsp": " ", "sp": " ", "empty": "", "zwsp": "", "plus": "+", "asterisk": "*"}
_BUILT_IN |= {"amp": "&", "lt": "<", "gt": ">", "apos": "'", "quot": '"', "vbar": "|"}
_BUILT_IN |= {"startsb": "[", "endsb": "]", "backslash": "\\", "tilde": "~", "caret": "^"}
_INDEX = re.compile(r"\(\(\([^()]{0,200}\)\)\)|\(\(([^()]{0,200})\)\)")
_CROSS = re.compile(r"<<([^<>,\n]{1,200}?)(?:,\s*([^<>]{1,300}?))?>>")
_ANCHOR = re.compile(r"\[\[[\w:.-]+(?:,[^\[\]\n]*)?\]\]|\banchor:[\w:.-]+\[[^\[\]]*\]")
_NOTE = re.compile(r"\bfootnote(?:ref)?:[\w-]*\[([^\[\]]*)\]")
_MENU = re.compile(r"\bmenu:([^\s\[\]]+)\[([^\[\]]*)\]")
_WORDS = re.compile(r"\b(?:kbd|btn|pass|stem|latexmath|asciimath|icon):[a-z,]*\[([^\[\]]*)\]")
_LINK = re.compile(
    r"(?:\b(?:link|xref|mailto|image):\+{0,2}(?P<path>[^\s\[\]+]*)\+{0,2}"
    r"|(?P<url>\b(?:https?|ftp|irc)://[^\s\[\]<>]+))\[(?P<words>[^\[\]]*)\]"
)
_ROLE = re.compile(r"\[[\w.#%-]*\](?=[#*_`])")
_DOUBLE = re.compile(r"(\*\*|__|``|##|\+\+)(?=\S)(.{1,300}?)(?<=\S)\1")
# Bounds keep text full of marks that are none from being tried to its end from each of them.
_SINGLE = re.compile(r"(?<![\w\\*_`#+])([*_`#+])(?=\S)([^\n]{1,300}?)(?<=\S)\1(?!\w)")
_RAISED = re.compile(r"([\^~])([^\s^~]{1,40})\1")
_BREAK = re.compile(r"[ \t]\+$", re.MULTILINE)
_ESCAPE = re.compile(r"\\(?=[*_`#+{\[<^~])")
_NAMED = re.compile(r",?\s*\w+=(?:\"[^\"]*\"|[^,\]]*)")


def plain_asciidoc(text: str, attributes: Mapping[str, str]) -> str:
    """The words of a piece of AsciiDoc; hard line breaks stay line feeds, others become spaces.

    Args:
        text: The lines of one block.
        attributes: What ``{name}`` stands for; names that are not among them stay as they are.
    """
    parts = _BREAK.split(text)
    return "\n".join(_plain_line(part.replace("\n", " ").strip(), attributes) for part in parts)


def _plain_line(text: str, attributes: Mapping[str, str]) -> str:
    text = substitute(text, attributes)
    text = _INDEX.sub(lambda match: match[1] or "", text)
    text = _CROSS.sub(lambda match: match[2] or match[1].lstrip("#"), text)
    text = _ANCHOR.sub("", text)
    text = _NOTE.sub(r" (\1)", text)
    text = _MENU.sub(lambda match: f"{match[1]} > {match[2]}".rstrip("> "), text)
    text = _WORDS.sub(r"\1", text)
    text = _LINK.sub(_link_words, text)
    text = _ROLE.sub("", text)
    text = _DOUBLE.sub(r"\2", text)
    for _ in range(2):  # bold within italic, or code that is bold
        text = _SINGLE.sub(r"\2", text)
    text = _RAISED.sub(r"\2", text)
    return _ESCAPE.sub("", text)


def substitute(text: str, attributes: Mapping[str, str]) -> str:
    """``text`` with what stands for its references to attributes; once, not again and again."""

    def value(match: re.Match[str]) -> str:
        name = match[1].lower()
        return attributes.get(name, _BUILT_IN.get(name, match[0]))

    return _REFERENCE.sub(value, text)


def _link_words(match: re.Match[str]) -> str:
    """The words of a link or picture, else its address, which for a picture says nothing."""
    words = _NAMED.sub("", match["words"]).strip(' "^')
    if words or match[0].startswith("image:"):
        return words
    return str(match["url"] or match["path"])
