"""Which part of a web page is its content: the tree made flat, and the menus left out.

The tree of a page is copied into lists, in the order of the page, so that any part of it can be
gone through without recursion and measured in one pass.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate

from selectolax.lexbor import LexborNode

from indexer.readers.lines import names

#: The elements that are headings, with their levels.
HEADINGS = {f"h{level}": level for level in range(1, 7)}

#: The tag of pieces of text in a `Tree`.
TEXT = "#text"

# Elements whose inside is never text of the page.
_DROPPED = names(
    "script style template noscript svg iframe object embed applet canvas audio video map head meta"
    " link base select datalist input textarea option optgroup meter progress dialog frameset"
    " noframes annotation annotation-xml"
)
# Elements that a class or role may mark as furniture of the page; text within others is not hurt.
_BOXES = names(
    "div section aside nav header footer ul ol dl table tbody tr td form fieldset details center"
    " p span figure a menu"
)
_FURNITURE_TAGS = frozenset({"nav", "footer", "aside", "menu"})
_FURNITURE_ROLES = names(
    "navigation banner contentinfo complementary search menu menubar dialog alertdialog toolbar"
    " directory doc-toc doc-backlink"
)
# Never content, wherever on the page they stand.
_NEVER = names(
    "nav navbar navigation navbox navlinks breadcrumb breadcrumbs share sharing shares sharedaddy"
    " social cookie cookies consent gdpr ad ads advert adverts advertisement advertising sponsored"
    " toc pagination pager newsletter subscribe paywall editsection headerlink permalink"
    " anchorjs noprint catlinks printfooter skiplink linenos lineno gutter viewcode"
    " sphinxsidebar"
)
# Furniture around the content; within the content the same words name parts of it.
_AROUND = names(
    "menu sidebar footer header masthead aside related recommended trending popular widget widgets"
    " banner topbar toolbar popup modal promo login signup search copyright comments comment"
    " respond tags tagcloud skip"
)
_CONTAINER_NAMES = names(
    "content main maincontent main-content page-content article article-body articlebody"
    " article-content post-content postcontent entry-content entry post story story-body storytext"
    " body-content bodycontent mw-content-text document documentwrapper"
)
_WORDS = re.compile(r"[a-z]+|[A-Z](?:[a-z]+|[A-Z]*(?![a-z]))")
_INVISIBLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
# Links to the place itself that documentation tools put behind a heading.
_ANCHOR_SIGNS = frozenset({"", "¶", "#", "§", "🔗", "\uf0c1", "[source]", "[edit]"})

_NO_ATTRIBUTES: dict[str, str | None] = {}
_HIDDEN, _NEVER_CONTENT, _FURNITURE = 1, 2, 4

_LINK_BOXES = names("ul ol dl div section table tr td p form center")
# Furniture of fewer characters than this is left out however little else the page says.
_LARGE = 200


@dataclass(slots=True)
class Tree:
    """A page in document order: for each node its tag, its text or attributes, and its end.

    Attributes:
        tags: Tag name, or `TEXT`.
        texts: The text of text nodes, "" for elements.
        attributes: Attributes of elements that have any.
        ends: Index one past the node's last descendant.
        parents: Index of the parent, -1 at the root.
        title: What stands in <title>.
        lang: The language the root element names, or "".
        meta: The contents of the <meta> elements, by name or property in lower case.
    """

    tags: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    attributes: list[dict[str, str | None]] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    parents: list[int] = field(default_factory=list)
    title: str = ""
    lang: str = ""
    meta: dict[str, list[str]] = field(default_factory=dict)

    def add(self, tag: str, text: str, attributes: dict[str, str | None], parent: int) -> int:
        """Append a node and return its index; its end is set to leave it without descendants."""
        self.tags.append(tag)
        self.texts.append(text)
        self.attributes.append(attributes)
        self.parents.append(parent)
        self.ends.append(len(self.tags))
        return len(self.tags) - 1

    def inner_text(self, index: int, skip: frozenset[int] = frozenset()) -> str:
        """All text within a node but that of the nodes in ``skip``."""
        parts = []
        at, end = index, self.ends[index]
        while at < end:
            if at in skip:
                at = self.ends[at]
                continue
            if self.tags[at] == TEXT:
                parts.append(self.texts[at])
            elif self.tags[at] in ("br", "p", "div", "li", "tr", "td", "th"):
                parts.append(" ")
            at += 1
        return "".join(parts)

    def names(self, index: int) -> list[str]:
        """The classes, the id and the role of an element."""
        attributes = self.attributes[index]
        values = (attributes.get("class"), attributes.get("id"), attributes.get("role"))
        return [name for value in values if value for name in value.split()]


@dataclass(frozen=True, slots=True)
class Content:
    """What of a page is to be read.

    Attributes:
        roots: The nodes that hold it, in order.
        skip: Nodes within them that are left out, with all they hold.
    """

    roots: tuple[int, ...]
    skip: frozenset[int]


def flatten(root: LexborNode | None) -> Tree:
    """Copy a parsed page into a `Tree`, without scripts, styles, pictures and form controls."""
    tree = Tree()
    node, parent = root, -1
    while node is not None:
        here = _copy(tree, node, parent)
        child = node.first_child if here >= 0 else None
        if child is not None:
            node, parent = child, here
            continue
        while node.next is None:
            if parent < 0 or node.parent is None:
                return tree
            node = node.parent
            tree.ends[parent] = len(tree.tags)
            parent = tree.parents[parent]
        node = node.next
    return tree


def _copy(tree: Tree, node: LexborNode, parent: int) -> int:
    """Add one node to the tree; its index if it is an element to go into, else -1."""
    if node.is_text_node:
        if text := node.text_content:
            tree.add(TEXT, text, _NO_ATTRIBUTES, parent)
        return -1
    tag = node.tag or ""
    if tag == "html":
        tree.lang = node.attributes.get("lang") or node.attributes.get("xml:lang") or ""
    if tag == "head":
        title = node.css_first("title")
        tree.title = title.text() if title is not None else ""
        _copy_meta(tree, node)
    if not node.is_element_node or tag in _DROPPED:
        return -1
    return tree.add(tag, "", node.attributes, parent)


def _copy_meta(tree: Tree, head: LexborNode) -> None:
    for node in head.css("meta"):
        of = node.attributes
        name = of.get("name") or of.get("property") or of.get("itemprop") or of.get("http-equiv")
        for one in (name or "").lower().split():
            if content := of.get("content"):
                tree.meta.setdefault(one, []).append(content)


def content_of(tree: Tree, *, whole: bool = False) -> Content:
    """What of the page to read; rather too much than nothing.

    Args:
        tree: The page.
        whole: Leave nothing out but what is hidden.
    """
    if not tree.tags:
        return Content((), frozenset())
    marks = [_mark(tree, index) for index in range(len(tree.tags))]
    hidden = _HIDDEN | (0 if whole else _NEVER_CONTENT)
    everything = _Measure(tree, frozenset())
    visible = _Measure(tree, _tops(tree, marks, _HIDDEN, None), everything)
    if not visible.total(0):
        return Content((0,), frozenset())
    if whole:
        return Content((0,), visible.skip)
    bare = _Measure(tree, _tops(tree, marks, hidden | _FURNITURE, visible), visible)
    if bare.weight(0) < visible.weight(0) / 4:
        return Content((0,), visible.skip)
    if (container := _container(tree, bare)) is not None:
        skip = _tops(tree, marks, hidden, visible) | _menus(marks, visible)
        return Content((*_headline(tree, visible, container), container), skip)
    lists = _Measure(tree, bare.skip | _link_lists(tree, bare), visible)
    return Content((0,), lists.skip if lists.total(0) * 2 > bare.total(0) else bare.skip)


class _Measure:
    """How much text any node holds, and how much of it within links, some nodes left out."""

    def __init__(self, tree: Tree, skip: frozenset[int], whole: _Measure | None = None) -> None:
        """Measure the tree without the nodes in ``skip``; ``whole`` has measured all of it."""
        self.skip = skip
        self._ends = tree.ends
        self._sizes: tuple[list[int], ...] = whole._sizes if whole else _sizes(tree)
        self._sums = tuple(tuple(_running_sum(tree, sizes, skip)) for sizes in self._sizes)

    def total(self, index: int) -> int:
        """The characters in a node."""
        return self._sums[0][self._ends[index]] - self._sums[0][index]

    def linked(self, index: int) -> int:
        """The characters of links in a node."""
        return self._sums[1][self._ends[index]] - self._sums[1][index]

    def links(self, index: int) -> int:
        """The number of links in a node."""
        return self._sums[2][self._ends[index]] - self._sums[2][index]

    def weight(self, index: int) -> float:
        """The text that counts: words in links count little."""
        return self.total(index) - 0.8 * self.linked(index)

    def mostly_links(self, index: int, least: int, share: float) -> bool:
        """Whether the node is little more than a list of at least so many links."""
        return self.links(index) >= least and self.linked(index) >= share * self.total(index)


def _sizes(tree: Tree) -> tuple[list[int], ...]:
    """For each node alone: its characters, those of them within a link, whether it is a link."""
    totals, linked, links = [], [], []
    link_end = 0
    for index, tag in enumerate(tree.tags):
        size = len(tree.texts[index].strip()) if tag == TEXT else 0
        if tag == "a":
            link_end = tree.ends[index]
        totals.append(size)
        linked.append(size if index < link_end else 0)
        links.append(int(tag == "a"))
    return totals, linked, links


def _running_sum(tree: Tree, sizes: list[int], skip: frozenset[int]) -> Iterator[int]:
    """For each node the sum of the sizes before it, and at last the sum of all."""
    if skip:
        sizes = sizes.copy()
        for index in skip:
            sizes[index : tree.ends[index]] = [0] * (tree.ends[index] - index)
    return accumulate(sizes, initial=0)


def _mark(tree: Tree, index: int) -> int:
    """The reasons to leave a node out, as bits."""
    tag = tree.tags[index]
    if tag == TEXT:
        return 0
    attributes = tree.attributes[index]
    marks = 0
    if attributes and _is_hidden(attributes):
        marks |= _HIDDEN
    if tag == "nav" or (tag == "button" and not _within_heading(tree, index)):
        marks |= _NEVER_CONTENT
    elif tag in _FURNITURE_TAGS:
        marks |= _FURNITURE
    if tag == "a" and tree.ends[index] - index < 8 and _is_anchor_sign(tree, index):
        marks |= _NEVER_CONTENT
    if attributes and tag in _BOXES:
        for name in tree.names(index):
            of_name = _mark_of_name(name)
            if of_name and not (name == attributes.get("id") and _is_slug(tree, index, name)):
                marks |= of_name
    return marks


def _is_slug(tree: Tree, index: int, name: str) -> bool:
    """Whether an id is made of the words of the heading below it: a section on cookies, say."""
    for at in range(index + 1, min(index + 6, tree.ends[index])):
        if tree.tags[at] in HEADINGS:
            words = plain(tree.inner_text(at)).replace(" ", "")
            return re.sub(r"\W|_|\d+$", "", name.casefold()) in words
    return False


def _is_hidden(attributes: dict[str, str | None]) -> bool:
    if "hidden" in attributes and attributes["hidden"] != "until-found":
        return True
    if attributes.get("aria-hidden") == "true":
        return True
    return bool(_INVISIBLE.search(attributes.get("style") or ""))


def _within_heading(tree: Tree, index: int) -> bool:
    """Whether a button is a heading that opens what is below it."""
    parent = tree.parents[index]
    return parent >= 0 and (tree.tags[parent] in HEADINGS or tree.tags[parent] == "summary")


def _is_anchor_sign(tree: Tree, index: int) -> bool:
    return tree.inner_text(index).strip() in _ANCHOR_SIGNS


@lru_cache(maxsize=4096)
def _mark_of_name(name: str) -> int:
    """What a class, id or role says of an element."""
    if name.lower() in _FURNITURE_ROLES:
        return _NEVER_CONTENT if name.startswith(("nav", "menu", "doc")) else _FURNITURE
    words = {word.lower() for word in _WORDS.findall(name)} | {name.lower()}
    if words & _NEVER:
        return _NEVER_CONTENT
    return _FURNITURE if words & _AROUND else 0


def _tops(tree: Tree, marks: list[int], wanted: int, visible: _Measure | None) -> frozenset[int]:
    """The outermost nodes with one of the marks wanted, but none that holds much of the page."""
    tops = set()
    done = 0
    for index in [index for index, mark in enumerate(marks) if mark & wanted]:
        if index < done:
            continue
        found = marks[index] & wanted
        too_large = (
            visible is not None
            and not found & _HIDDEN
            and visible.total(index) > _LARGE
            and visible.weight(index) * 4 >= visible.weight(0)
        )
        if not too_large:
            tops.add(index)
            done = tree.ends[index]
    return frozenset(tops)


def _container(tree: Tree, bare: _Measure) -> int | None:
    """The element that holds the content, if it says so itself and holds most of the text."""
    ranks = ((_container_rank(tree, index), index) for index in range(len(tree.tags)))
    found = [
        (rank, -bare.weight(index), index)
        for rank, index in ranks
        if rank and bare.weight(index) * 2 >= bare.weight(0)
    ]
    return min(found)[2] if found else None


def _container_rank(tree: Tree, index: int) -> int:
    """How plainly an element says that it holds the content: 1 most plainly, 0 not at all."""
    tag, attributes = tree.tags[index], tree.attributes[index]
    if tag == "main" or (attributes and attributes.get("role") == "main"):
        return 1
    if tag == "article":
        return 2
    named = (
        tag in _BOXES
        and attributes
        and not _CONTAINER_NAMES.isdisjoint(name.lower() for name in tree.names(index))
    )
    return 3 if named else 0


def _headline(tree: Tree, visible: _Measure, container: int) -> tuple[int, ...]:
    """A first-level heading in front of the content that the page's title speaks of."""
    headings = [
        index for index, tag in enumerate(tree.tags) if tag == "h1" and visible.total(index)
    ]
    end = tree.ends[container]
    if any(container < index < end for index in headings):
        return ()
    for index in headings:
        if index < container and names_page(tree.inner_text(index), tree.title):
            return (index,)
    return ()


def names_page(heading: str, title: str) -> bool:
    """Whether a title is the heading, perhaps with more behind it: "Wasps - The Garden Book"."""
    words, title_words = plain(heading), plain(title)
    # What stands at the very end is the name of the site, unless it is all there is.
    return bool(words) and (words == title_words or f" {words} " in f" {title_words}")


def plain(text: str) -> str:
    """Text reduced to its words, to compare it."""
    return " ".join(re.findall(r"\w+", text)).casefold()


def _menus(marks: list[int], visible: _Measure) -> frozenset[int]:
    """Furniture within the content: only what is a list of links as well."""
    return frozenset(
        index
        for index, mark in enumerate(marks)
        if mark & _FURNITURE and visible.mostly_links(index, 2, 0.5)
    )


def _link_lists(tree: Tree, bare: _Measure) -> frozenset[int]:
    """Blocks that are little more than links, on a page that is more than that."""
    if bare.mostly_links(0, 1, 0.7):
        return frozenset()
    return frozenset(
        index
        for index, tag in enumerate(tree.tags)
        if tag in _LINK_BOXES and index and bare.mostly_links(index, 4, 0.8)
    )


def first_level_headings(tree: Tree, content: Content) -> list[str]:
    """The texts of first-level headings in a tree's content, without the signs behind them."""
    return [
        text
        for root in content.roots
        for index in range(root, tree.ends[root])
        if tree.tags[index] == "h1" and (text := tree.inner_text(index, content.skip).strip())
    ]
