"""HTML pages: what is content, and what becomes of it."""

from __future__ import annotations

import pytest

from indexer.readers import read
from search.models import Document

PROSE = (
    "The heron stands in the shallow water for an hour without moving, and then all at once it"
    " has a fish. Nobody who has watched it will say that waiting is the same as doing nothing."
)


def read_page(body: str, head: str = "") -> Document:
    return read(f"<!DOCTYPE html><html><head>{head}</head><body>{body}</body></html>".encode(), "a")


def blocks(body: str) -> list[str]:
    return read_page(body).text.split("\n\n")


def outline(document: Document) -> list[tuple[str, list[str]]]:
    """Each section as its heading trail and its blocks."""
    return [
        (" > ".join(part.headings), document.text[part.body : part.end].strip("\n").split("\n\n"))
        for part in document.sections
    ]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param("<p>One  <b>two</b>\n three<p>four", ["One two three", "four"], id="prose"),
        pytest.param("<div>a<div>b</div>c</div>", ["a", "b", "c"], id="text among blocks"),
        pytest.param("<p>a<br>b<br><br>c</p>", ["a\nb", "c"], id="line breaks"),
        pytest.param("<p>x<sub>2</sub> &lt; &eacute;&nbsp;&shy;y", ["x2 < é y"], id="entities"),
        pytest.param(
            "<ul><li>one<li><p>two</p><p>more</p><ol start=3><li>three<li>four</ol></ul>",
            ["• one", "• two", "more", "3. three", "4. four"],
            id="lists",
        ),
        pytest.param(
            "<pre>if x:\n    <span>y()</span>\n</pre>", ["if x:\n    y()"], id="preformatted"
        ),
        pytest.param(
            "<table><caption>Codes</caption><thead><tr><th>Code<th>Means</thead>"
            "<tr><td>E1<td><p>no <i>water</i></p><tr><td>E2<td></table>",
            ["Codes", "Code | Means", "E1 | no water", "E2"],
            id="table of data",
        ),
        pytest.param(
            "<table><tr><td><h2>Left</h2><p>a</p><td><p>b</p></table>",
            ["Left", "a", "b"],
            id="table for the layout",
        ),
        pytest.param(
            "<dl><dt>lamp<dd>gives light<dt>rope<dd>holds</dl>",
            ["lamp", "gives light", "rope", "holds"],
            id="definitions",
        ),
        pytest.param(
            "<p>shown</p><script>a</script><style>b</style><template>c</template>"
            "<noscript>d</noscript><svg><text>e</text></svg><iframe>f</iframe>"
            "<form><input value=g><select><option>h</select><textarea>i</textarea>"
            "<button>j</button></form>",
            ["shown"],
            id="no text",
        ),
        pytest.param(
            "<p>shown</p><p hidden>a</p><p aria-hidden=true>b</p>"
            "<p style='color:red; display : none'>c</p><p hidden=until-found>found</p>",
            ["shown", "found"],
            id="hidden",
        ),
        pytest.param(
            "<h2><button>Opening hours</button></h2><p>Nine to five.</p>",
            ["Opening hours", "Nine to five."],
            id="button as heading",
        ),
        pytest.param("<div role=heading aria-level=2>Hours</div>x", ["Hours", "x"], id="role"),
        pytest.param("<p>a</p><!-- b --><p>c", ["a", "c"], id="comment"),
        pytest.param("</p></div><p>a<table><p>b</table></body>c", ["a", "b", "c"], id="broken"),
    ],
)
def test_blocks(body: str, expected: list[str]) -> None:
    assert blocks(body) == expected


@pytest.mark.parametrize(
    "furniture",
    [
        "<nav><a href=/>Home</a> <a href=/a>About</a></nav>",
        "<header><div class='site-header'>Bird pages</div></header>",
        "<footer>Copyright by the bird people</footer>",
        "<aside>Our other pages</aside>",
        "<div role=navigation>Where to</div>",
        "<div class='left-sidebar'>News</div>",
        "<ul id=mainMenu><li>One<li>Two</ul>",
        "<div class=breadcrumbs>Birds / Herons</div>",
        "<div class='cookie-banner'>We use cookies.</div>",
        "<p class='share'>Tell your friends</p>",
        "<div class='toc'>1 Herons 2 Storks</div>",
        "<div><a href=1>One</a> <a href=2>Two</a> <a href=3>Three</a> <a href=4>Four</a></div>",
    ],
)
def test_furniture_is_left_out(furniture: str) -> None:
    body = f"{furniture}<div><h1>The heron</h1><p>{PROSE}</p></div>{furniture}"
    assert outline(read_page(body)) == [("The heron", [PROSE])]


@pytest.mark.parametrize(
    "container",
    [
        "<main>{}</main>",
        "<div role=main>{}</div>",
        "<article>{}</article>",
        "<div id=content>{}</div>",
        "<div class='post entry-content'>{}</div>",
    ],
)
def test_only_the_container_of_the_content_is_read(container: str) -> None:
    inside = container.format(f"<h1>The heron</h1><p>{PROSE}</p>")
    document = read_page(f"<p>Bird pages</p>{inside}<p>Write to us</p>")
    assert outline(document) == [("The heron", [PROSE])]


def test_a_container_that_holds_little_is_not_believed() -> None:
    document = read_page(f"<main><p>Welcome</p></main><div><p>{PROSE}</p></div>")
    assert document.text == f"Welcome\n\n{PROSE}"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(
            f"<div class=sidebar><p>{PROSE}</p></div><p>Else.</p>",
            [PROSE, "Else."],
            id="most of it",
        ),
        pytest.param("<nav><a href=/>Only this</a></nav>", ["Only this"], id="nothing else"),
        pytest.param("<div hidden><p>Only this</p></div>", ["Only this"], id="all hidden"),
        pytest.param(
            "<ul><li><a href=1>One</a><li><a href=2>Two</a><li><a href=3>Three</a>"
            "<li><a href=4>Four</a></ul>",
            ["• One", "• Two", "• Three", "• Four"],
            id="a page of links",
        ),
        pytest.param(
            f"<main><p>{PROSE}</p><section id=cookies><h2>Cookies</h2>Baked.</section></main>",
            [PROSE, "Cookies", "Baked."],
            id="a section about cookies",
        ),
    ],
)
def test_rather_too_much_than_nothing(body: str, expected: list[str]) -> None:
    assert blocks(body) == expected


def test_headings_nest_and_lose_their_permalinks() -> None:
    document = read_page(
        "<h1>Birds<a class=headerlink href=#a>¶</a></h1><p>a</p>"
        "<h3>Deep <a href=#b>#</a></h3><p>b</p><h2>Herons</h2><p>c</p>"
    )
    assert outline(document) == [
        ("Birds", ["a"]),
        ("Birds > Deep", ["b"]),
        ("Birds > Herons", ["c"]),
    ]


SPHINX = """
<div class="document"><div role="main">
<section id="json"><h1>json<a class="headerlink" href="#json">¶</a></h1>
<p><strong>Source code:</strong> json.py</p><hr>
<section><h2>Basic<a class="headerlink" href="#b">¶</a></h2>
<dl class="py function">
<dt class="sig sig-object py" id="json.dump">
<span class="sig-prename descclassname"><span class="pre">json.</span></span><span
 class="sig-name descname"><span class="pre">dump</span></span>(<em>obj</em>, <em>fp</em>)<a
 class="headerlink" href="#json.dump">¶</a></dt>
<dd><p>Writes it.</p></dd></dl>
<p>Between.</p>
<dl class="py class">
<dt class="sig sig-object py" id="json.Encoder"><em class="property">class </em><span
 class="sig-prename descclassname">json.</span><span class="sig-name descname">Encoder</span></dt>
<dd><p>A class.</p>
<dl class="py method"><dt class="sig sig-object py" id="json.Encoder.one"><span
 class="sig-name descname">one</span>(o)</dt><dt class="sig sig-object py" id="json.Encoder.two"
><span class="sig-name descname">two</span>(o)<a href="s"><span class="viewcode-link">[source]</span
></a></dt><dd><p>Both encode.</p></dd></dl></dd></dl>
</section></section></div></div>
<div class="sphinxsidebar" role="navigation"><h3>Table of Contents</h3><ul><li>Basic</ul></div>
<div class="footer">Copyright</div>
"""


def test_entries_of_an_api_description_are_sections() -> None:
    document = read_page(SPHINX, "<title>json &#8212; Documentation</title>")
    assert document.title == "json"
    assert outline(document) == [
        ("json", ["Source code: json.py"]),
        ("json > Basic", [""]),
        ("json > Basic > json.dump", ["json.dump(obj, fp)", "Writes it."]),
        ("json > Basic", ["Between."]),
        ("json > Basic > json.Encoder", ["class json.Encoder", "A class."]),
        ("json > Basic > json.Encoder > one, two", ["one(o)", "two(o)", "Both encode."]),
    ]


def test_entries_of_a_glossary_are_sections() -> None:
    document = read_page(
        "<h1>Terms</h1><dl class=glossary><dt>bier<dd>A mount.<dt>weir<dd>A dam.</dl>"
    )
    assert outline(document) == [
        ("Terms", [""]),
        ("Terms > bier", ["A mount."]),
        ("Terms > weir", ["A dam."]),
    ]


@pytest.mark.parametrize(
    ("title", "body", "expected"),
    [
        ("Herons - The bird pages", "<h1>Herons</h1>", "Herons"),
        ("Herons - The bird pages", "<h1>The bird pages</h1><h1>Herons</h1>", "Herons"),
        ("Something else", "<h1>Herons</h1>", "Herons"),
        ("Herons - The bird pages", "<h2>Where</h2>", "Herons - The bird pages"),
        ("Herons -", "<p>x</p>", "Herons"),
        ("", "<h2>Where</h2>", "Where"),
        ("", "", ""),
    ],
)
def test_titles(title: str, body: str, expected: str) -> None:
    assert read_page(f"{body}<p>{PROSE}</p>", f"<title>{title}</title>").title == expected


@pytest.mark.parametrize(
    ("head", "encoding"),
    [
        (b"<meta charset=iso-8859-1>", "cp1252"),
        (b'<meta http-equiv=content-type content="text/html; charset=Windows-1251">', "cp1251"),
        (b"<meta charset='x-sjis'>", "cp932"),
        (b"<meta charset=nonsense>", "utf-8"),
        (b"<meta charset=iso-8859-1>", "utf-8"),
        (b"<meta charset=utf-8>", "cp1252"),
        (b"", "utf-16"),
    ],
)
def test_declared_encodings_are_a_hint(head: bytes, encoding: str) -> None:
    text = (
        "Мир и мёд."
        if encoding == "cp1251"
        else "雨の日。"
        if encoding == "cp932"
        else "Grüße, “so”."
    )
    start, end = b"<html><head>" + head + b"</head><p>", b"</p></html>"
    if encoding == "utf-16":
        data = (start.decode() + text + end.decode()).encode(encoding)
    else:
        data = start + text.encode(encoding) + end
    assert read(data, "a.html").text == text
