"""reStructuredText, read with docutils; what Sphinx adds to the language is understood as well.

Docutils reports a directive or role it does not know as an error. So that no text gets lost, every
such name found in a file is declared before the file is parsed: a directive shows its argument and
its content, a role the text in its quotes.
"""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from docutils.core import publish_doctree
from docutils.frontend import get_default_settings
from docutils.parsers.rst import Directive, Parser, directives, roles
from docutils.parsers.rst.languages import get_language
from docutils.utils import new_document

from indexer.languages import tidy_language
from indexer.readers.base import DocumentBuilder, one_line
from indexer.readers.dates import iso_date
from indexer.readers.encoding import decode
from indexer.readers.lines import names
from indexer.readers.rst_writer import Writer
from indexer.readers.text import write_text
from search.errors import ReadError
from search.models import Document

_SETTINGS = {
    "file_insertion_enabled": False,
    "raw_enabled": False,
    "_disable_config": True,
    "report_level": 5,
    "halt_level": 5,
    "warning_stream": "",
    "syntax_highlight": "none",
    "smart_quotes": False,
    "doctitle_xform": False,
    "sectsubtitle_xform": False,
    "docinfo_xform": False,
    "input_encoding": "unicode",
    "line_length_limit": 1_000_000,
}
_LANGUAGE: Any = get_language("en", None)
# Docutils needs about a second for each half megabyte.
_SIZE_LIMIT = 5_000_000

_DIRECTIVE = re.compile(
    r"^[ \t]*\.\.[ \t]+(?:\|[^|\n]+\|[ \t]+)?([\w:.+-]+?)[ \t]?::(?:\s|$)", re.M
)
_ROLE = re.compile(r":([a-zA-Z][\w:.+-]*):`")
# Docutils has a directive "class" too: it names a style, as in ``.. class:: centered``.
_STYLE = re.compile(r"[a-z0-9 -]+")
_TARGET = re.compile(r"(.*?)\s*<[^<>]*>", re.DOTALL)

# Directives that steer the output and hold no text of the document.
_SILENT = names(
    "toctree index module py:module automodule highlight highlightlang default-domain"
    " currentmodule tabularcolumns codeauthor sectionauthor moduleauthor program"
    " meta literalinclude py:currentmodule js:currentmodule c:namespace cpp:namespace"
    " inheritance-diagram"
)
# Directives whose content is not to be read as markup.
_LITERAL = names("productionlist code-block sourcecode doctest testcode testoutput prompt")
# Known to docutils, but with fewer options than Sphinx has, or as something else.
_REDEFINED = frozenset({"class", "code", "code-block", "sourcecode"})
_LITERAL_WORDS = ("code", "graphviz", "mermaid", "uml", "digraph", "graph", "ipython", "jupyter")
_PREFIXES = {
    "versionadded": "New in version",
    "versionchanged": "Changed in version",
    "deprecated": "Deprecated since version",
    "versionremoved": "Removed in version",
    "deprecated-removed": "Deprecated since version",
}
# Directives that describe a thing with a name: each becomes a heading.
_OBJECTS = names(
    "function class method attribute data exception staticmethod classmethod decorator"
    " decoratormethod coroutinefunction coroutinemethod awaitablefunction awaitablemethod"
    " abstractmethod property describe object option cmdoption envvar confval setting"
    " opcode pdbcommand 2to3fixer macro type member var struct union enum enumerator enum-class"
    " concept alias directive role autofunction autoclass automethod autoexception"
    " autodata autoattribute"
)


class _Shown(Directive):
    """A directive unknown to docutils: its argument and its content are shown."""

    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        """The nodes that stand for the directive."""
        name = self.name.lower().rpartition(":")[2]
        if self.name.lower() in _SILENT or name in _SILENT:
            return []
        box = nodes.container()
        if self.arguments:
            self._show_argument(box, name, self.arguments[0])
        if name in _LITERAL or name.startswith(_LITERAL_WORDS):
            text = "\n".join(self.content)
            box += nodes.literal_block(text, text)
        else:
            self.state.nested_parse(self.content, self.content_offset, box)
        return [box]

    def _show_argument(self, box: nodes.container, name: str, argument: str) -> None:
        if name == "class" and _STYLE.fullmatch(argument):
            return
        if name in _OBJECTS:
            joined = re.sub(r"\\\n\s*", "", argument)
            box["signatures"] = [line.strip() for line in joined.split("\n") if line.strip()]
        elif name in _PREFIXES:
            version, *rest = argument.split(None, 1)
            text = ": ".join([f"{_PREFIXES[name]} {version}", *rest])
            parsed, messages = self.state.inline_text(text, self.lineno)
            box += nodes.paragraph(text, "", *parsed, *messages)
        elif name not in _LITERAL and not name.startswith((*_LITERAL_WORDS, "only", "ifconfig")):
            parsed, messages = self.state.inline_text(argument, self.lineno)
            box += nodes.paragraph(argument, "", *parsed, *messages)


class _AnyOption(dict[str, Any]):
    """Option names of a directive: all are allowed, none is looked at."""

    def __getitem__(self, key: str) -> Any:
        return directives.unchanged

    def __bool__(self) -> bool:
        return True


_Shown.option_spec = _AnyOption()


def read(data: bytes, _name: str) -> Document:
    """Read a reStructuredText file; one that docutils cannot cope with is read as plain text.

    Raises:
        ReadError: If the bytes are no text.
    """
    text = decode(data)
    if text is None:
        raise ReadError("The reStructuredText file holds something else than text.")
    builder = DocumentBuilder("rst")
    said: dict[str, str] = {}
    try:
        if len(text) > _SIZE_LIMIT:
            raise ValueError("too long for docutils")
        _declare(text)
        tree = publish_doctree(text, settings_overrides=_SETTINGS)
        writer = Writer(builder)
        writer.write(tree)
        title = writer.title
        said = _docinfo(tree)
    except Exception:
        # Among them: RecursionError where lists are nested hundreds deep, and docutils' own bugs.
        builder = DocumentBuilder("rst")
        title = write_text(builder, text)
    return builder.build(
        title,
        author=said.get("author") or said.get("authors") or "",
        date=iso_date(said.get("date")),
        language=tidy_language(said.get("language", "")),
    )


def _docinfo(tree: nodes.document) -> dict[str, str]:
    """The fields at the top of a document or right below its title, by name in lower case."""
    first: nodes.Node = tree
    while isinstance(first, nodes.document | nodes.section):
        below = (
            node
            for node in first.children
            if not isinstance(node, nodes.title | nodes.Invisible | nodes.system_message)
        )
        first = next(below, nodes.Text(""))
    if not isinstance(first, nodes.field_list):
        return {}
    return {
        field.children[0].astext().lower(): one_line(field.children[1].astext())
        for field in first.children
        if isinstance(field, nodes.field)
    }


def _declare(text: str) -> None:
    """Make the directives and roles a text uses known to docutils, as far as they are not yet."""
    settings = get_default_settings(Parser)
    vars(settings).update(_SETTINGS)
    document = new_document("", settings)
    for name in {match.lower() for match in _DIRECTIVE.findall(text)}:
        if name in _REDEFINED or directives.directive(name, _LANGUAGE, document)[0] is None:
            directives.register_directive(name, _Shown)
    for name in {match.lower() for match in _ROLE.findall(text)}:
        if roles.role(name, _LANGUAGE, 0, document.reporter)[0] is None:
            roles.register_local_role(name, _show_role)


def _show_role(
    name: str,  # noqa: ARG001  # docutils passes these by position
    rawtext: str,
    text: str,
    lineno: int,  # noqa: ARG001
    inliner: Any,  # noqa: ARG001
    *_: Any,
) -> tuple[list[Any], list[Any]]:
    """The words of a role: of "title <target>" the title, of "~package.name" the last name."""
    shown = nodes.unescape(text)
    if (match := _TARGET.fullmatch(shown)) and match[1]:
        shown = match[1]
    elif shown.startswith("~"):
        shown = shown.rpartition(".")[2].lstrip("~")
    return [nodes.inline(rawtext, shown.lstrip("!"))], []
