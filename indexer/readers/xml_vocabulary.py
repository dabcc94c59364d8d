"""What the elements of common XML vocabularies mean: DocBook, DITA, TEI, JATS, FB2, SVG and feeds.

All names are in lower case and without namespaces.
"""

from __future__ import annotations

from enum import Enum, auto

from indexer.readers.lines import names


class Style(Enum):
    """How a document is to be read: as prose, as a feed of entries, or as data."""

    PROSE = auto()
    FEED = auto()
    DATA = auto()


_PROSE_ROOTS = names(
    "article book chapter appendix preface part section sect1 set refentry reference glossary"
    " bibliography dita topic concept task map bookmap glossentry glossgroup troubleshooting"
    " tei tei.2 teicorpus text body doc document html fictionbook svg opml ncx speech play poem"
)

_FEED_ROOTS = names("rss feed rdf")

#: What of the entries of a feed is read; the rest is for programs.
FEED_FIELDS = names(
    "title description summary content encoded tagline subtitle author creator name category"
    " subject pubdate date published issued copyright rights"
)

#: Elements that hold the title of what they stand in.
TITLES = names("title head heading article-title book-title titleabbrev glossterm")

#: What has a title that is no heading, since it is the caption of a thing or names another work.
UNHEADED = names(
    "figure informalfigure table informaltable example equation fig table-wrap boxed-text tgroup"
    " bibl biblstruct biblfull monogr analytic series biblioentry bibliomixed biblioset citation"
    " citetitle mixed-citation element-citation cit ref lg list variablelist itemizedlist"
    " orderedlist simplelist note tip warning important caution abbrev titlestmt g path rect"
    " simpletable stanza image"
)

#: Boxes around what is said of the document, and what of it belongs to the text.
ABOUT = names(
    "info articleinfo bookinfo chapterinfo sectioninfo sect1info refentryinfo partinfo appendixinfo"
    " topicinfo prolog description title-info front article-meta journal-meta title-group"
)
ABOUT_TEXT = (
    TITLES
    | ABOUT
    | names("abstract annotation subtitle keywordset kwd-group keywords p shortdesc highlights")
)

#: What is never text for readers.
DROPPED = names(
    "teiheader binary script style defs metadata colspec indexterm guid generator docs ttl cloud"
    " publisher-loc lastbuilddate updateperiod updatefrequency updatebase"
)

#: What keeps its line breaks.
LITERAL = names(
    "programlisting programlistingco screen literallayout synopsis codeblock pre msgblock lines eg"
    " verbatim preformat screenco funcsynopsisinfo classsynopsisinfo"
)

#: What begins with a bullet.
ITEMS = names("listitem li sli step substep member callout list-item choice outline topicref")

#: Rows of tables.
ROWS = names("row tr strow sthead")

#: Blocks even where they stand among text.
BLOCKS = (
    LITERAL
    | ITEMS
    | ROWS
    | names(
        "p para simpara formalpara div section itemizedlist orderedlist variablelist simplelist ul"
        " ol dl list table informaltable tgroup figure fig example note tip warning important"
        " caution blockquote disp-quote footnote lg l v stanza abstract varlistentry"
        " dlentry text flowpara outline topicref"
    )
)

#: Attributes that hold words for readers.
WORDED = names("title alt caption summary")
#: The same for elements that say nothing but in attributes of their own.
WORDED_OF = {"outline": names("text _note"), "topicref": names("navtitle")}


def style_of(root: str) -> Style:
    """The style of the documents with such a root; what is unknown is data."""
    if root in _PROSE_ROOTS:
        return Style.PROSE
    return Style.FEED if root in _FEED_ROOTS else Style.DATA
