"""The source of a LaTeX file: comments and code taken out, arguments in braces found."""

from __future__ import annotations

import re

from indexer.readers.lines import names

_LITERAL = names("verbatim verbatim* Verbatim lstlisting minted alltt semiverbatim")
_LEFT_OUT = names("comment filecontents filecontents* tikzpicture pgfpicture CCSXML")
_RAW = re.compile(
    r"\\begin\{(?P<name>"
    + "|".join(map(re.escape, sorted(_LITERAL | _LEFT_OUT)))
    + r")\}|(?P<escaped>\\[\\%])|(?P<comment>%[^\n]*(?:\n[ \t]*(?=\S))?)"
    + r"|\\(?:verb\*?|lstinline)(?P<mark>[|!+/@\"=#'])"
)
_FIRST_LINE = re.compile(r"[ \t]*(?:\[[^\]]*\]|\{[^}]*\})*[ \t]*\n?")
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
_DEFINITION = re.compile(
    r"\\(?:(?:re|provide)?newcommand|(?:re)?newenvironment|def|providecommand|DeclareMathOperator)"
    r"\*?(?![A-Za-z])"
)
_BRACED_LIMIT = 20_000

#: What stands around the number of a piece of code in the text.
CODE_BEGIN, CODE_END = "\ue000", "\ue001"
_PRIVATE = re.compile("[\ue000-\ue1ff]")
# Signs of code within a paragraph, which are no markup there, kept out of the parser's sight.
_SIGNS = {ord(sign): 0xE100 + ord(sign) for sign in "\\{}$%&#_^~"}
_BACK = {hidden: sign for sign, hidden in _SIGNS.items()}


def take_code(text: str) -> tuple[str, list[str]]:
    """The text without comments, and with a number in place of each listing; the listings."""
    text = _PRIVATE.sub("", text)
    parts: list[str] = []
    codes: list[str] = []
    at = 0
    while match := _RAW.search(text, at):
        parts.append(text[at : match.start()])
        at = match.end()
        if match["escaped"]:
            parts.append(match[0])
        elif name := match["name"]:
            end = text.find(f"\\end{{{name}}}", at)
            end = end if end >= 0 else len(text)
            if name in _LITERAL:
                parts.append(f"\n\n{CODE_BEGIN}{len(codes)}{CODE_END}\n\n")
                codes.append(_FIRST_LINE.sub("", text[at:end], count=1))
            at = min(end + len(f"\\end{{{name}}}"), len(text))
        elif mark := match["mark"]:
            end = text.find(mark, at, at + 300)
            if end >= 0:
                parts.append(text[at:end].translate(_SIGNS))
                at = end + 1
    parts.append(text[at:])
    return "".join(parts), codes


def show_signs(text: str) -> str:
    """The text with the signs of code within paragraphs back in their place."""
    return text.translate(_BACK)


def braced(text: str, at: int) -> tuple[str, int]:
    """What ``text`` has in the braces that begin at ``at`` after spaces, and where they end.

    Without a closing brace, it is the rest of the line.
    """
    start = at + len(text[at : at + 50]) - len(text[at : at + 50].lstrip())
    if text[start : start + 1] != "{":
        return "", at
    depth = 0
    for match in _BRACE.finditer(text, start, start + _BRACED_LIMIT):
        depth += {"{": 1, "}": -1}.get(match[0], 0)
        if depth == 0:
            return text[start + 1 : match.start()], match.end()
    end = text.find("\n", start)
    end = end if end >= 0 else len(text)
    return text[start + 1 : end], end


def argument(text: str, command: str) -> str:
    """The argument of the first use in ``text`` of a command such as "title"; "" without one."""
    match = re.search(rf"\\{command}(?:\s*\[[^\[\]]*\])?(?=\s*\{{)", text)
    return braced(text, match.end())[0] if match else ""


def without_definitions(text: str) -> str:
    """The text without the macros it defines."""
    parts: list[str] = []
    at = 0
    while match := _DEFINITION.search(text, at):
        parts.append(text[at : match.start()])
        at = match.end()
        while arguments := re.compile(r"\s*(?:\[[^\[\]]*\]|\\[A-Za-z@]+|(?:#\d)+)").match(text, at):
            at = arguments.end()
        for _ in range(3):
            at = braced(text, at)[1]
            if options := re.compile(r"\[[^\[\]]*\]").match(text, at):
                at = options.end()
    parts.append(text[at:])
    return "".join(parts)
