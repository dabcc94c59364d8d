"""XML parsed so that it can neither fetch nor expand anything."""

from __future__ import annotations

import html
import re
from typing import Any

from lxml import etree

from indexer.readers.encoding import declared_charset, decode

_DECLARATION = re.compile(r"\s*<\?xml[^>]*\?>")
# An entity is text that an author did not want to write twice, such as a product's name. Longer
# ones, and those that use others, are left as they stand: they could blow up the document.
_ENTITY_LIMIT = 80


def parse_xml(data: bytes, *, recover: bool = False) -> etree._Element | None:
    """The root element of an XML document, or None if nothing can be made of it.

    Entities are not expanded, nothing is loaded, and libxml2's limits on depth and size hold.

    Args:
        data: The document; what it says of its encoding may be wrong.
        recover: Make the best of markup that is not well-formed.
    """
    text = decode(data, declared_charset(data))
    if text is None:
        return None
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        recover=recover,
    )
    # It is in UTF-8 from here on, whatever its declaration says.
    plain = _DECLARATION.sub("", text, count=1).lstrip().replace("\0", "")
    try:
        root: etree._Element | None = etree.fromstring(plain.encode("utf-8", "replace"), parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    if root is not None:
        _replace_entities(root)
    return root


def local_name(element: etree._Element) -> str:
    """An element's name without its namespace, in lower case."""
    return str(element.tag).rpartition("}")[2].lower()


def inner_text(element: etree._Element) -> str:
    """All text within an element."""
    return "".join(map(str, element.itertext()))


def _replace_entities(root: etree._Element) -> None:
    """Put text in the place of entities, which the parser has left as nodes of their own."""
    # The stubs know neither that there may be no DTD nor what is in it.
    dtd: Any = root.getroottree().docinfo.internalDTD
    declared = {
        str(entity.name): str(content)
        for entity in (dtd.iterentities() if dtd is not None else ())
        if (content := entity.content) and len(content) <= _ENTITY_LIMIT and "&" not in content
    }
    for above in {node.getparent(): None for node in root.iter(etree.Entity)}:
        if above is not None:
            _replace_within(above, declared)


def _replace_within(above: etree._Element, declared: dict[str, str]) -> None:
    """Replace the entities among the children of one element."""
    before: etree._Element | None = None
    texts = [above.text or ""]
    for node in [*above, None]:
        if node is not None and node.tag is etree.Entity:
            written = node.text or ""
            texts += [declared.get(written.strip("&;")) or html.unescape(written), node.tail or ""]
            above.remove(node)
            continue
        if before is None:
            above.text = "".join(texts)
        else:
            before.tail = "".join(texts)
        if node is not None:
            before, texts = node, [node.tail or ""]
