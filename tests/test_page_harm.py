"""Documents, files and requests that try what the pages can bear."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import run_index
from markupsafe import Markup
from web_site import Site, parsed, settings_for, site_in

from search.builds import STORE
from search.engine import Engine
from search.keys import Keys, Scope
from search.models import Answer, Document, Query, Section
from search.runs import clear_run
from web import create_app, placing, tables
from web.updating import updating_of


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site_in(tmp_path_factory.mktemp("harm")) as made:
        yield made


@pytest.mark.parametrize("charset", ["idna", "undefined", "punycode", "hex", "nonsense", "utf-7"])
def test_any_charset_that_a_page_declares_is_borne(tmp_path: Path, charset: str) -> None:
    settings = settings_for(tmp_path)
    library = tmp_path / "library"
    library.mkdir()
    head = f'<meta charset="{charset}"><title>Caf'.encode()
    (library / "page.html").write_bytes(head + b"\xe9</title><p>The bees swarmed early.</p>")
    run_index(settings, library)
    with Engine.of(settings) as engine:
        made = Site(settings, library, engine, create_app(settings, engine))
        assert "swarmed early" in made.page(f"/documents/{made.number('page.html')}").text


@pytest.mark.parametrize(
    "passage",
    [
        "The honey flows in May every year\nThe honey flows in May every year\nand that is all",
        "The honey flows in May every year\nhoney flows in May every\nflows in May every year\nx",
    ],
)
def test_a_line_that_comes_twice_is_not_shown_twice(passage: str) -> None:
    html = Markup("<p>The honey flows in May every year.</p><p>Nothing else.</p>")
    placed = placing.placed(html, "", passage)
    assert placed is not None
    assert placed.has_passage
    assert parsed(str(placed.html)).texts("p") == [
        "The honey flows in May every year.",
        "Nothing else.",
    ]


def test_a_table_that_is_too_wide_is_shown_as_text() -> None:
    for line in (" | ".join(map(str, range(61))), " | ".join(f"c{n}: {n}" for n in range(61))):
        document = Document("", "csv", line, (Section(0, 0, len(line)),))
        assert tables.tables(document, None, [], "Table") is None
    fits = " | ".join(f"c{n}: {n}" for n in range(60))
    document = Document("", "csv", fits, (Section(0, 0, len(fits)),))
    assert tables.tables(document, None, [], "Table") is not None


def test_no_cell_of_a_table_takes_the_place_of_another() -> None:
    text = "age: 4 | name: Bo\nname: Al | loose\nname: Di | name: Du"
    document = Document("", "csv", text, (Section(0, 0, len(text)),))
    shown = parsed(str(tables.tables(document, None, [], "Table")))
    rows = [set(row.texts("td")) for row in shown.all("tbody tr")]
    assert rows == [{"4", "Bo"}, {"", "Al", "loose"}, {"", "Di", "Du"}]


def test_only_so_many_reasons_and_files_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_for(tmp_path)
    library = tmp_path / "library"
    library.mkdir()
    for number in range(3):
        (library / f"{number}.pdf").write_bytes(b"%PDF-1.4 broken")
    (library / "empty.docx").write_bytes(b"PK\x03\x04 broken")
    run_index(settings, library)
    monkeypatch.setattr("web.collection._NAMED", 2)
    monkeypatch.setattr("web.collection._REASONS", 1)
    with Engine.of(settings) as engine:
        page = Site(settings, library, engine, create_app(settings, engine)).page("/collection")
    (group,) = page.all(".failures")
    assert group.texts("li")[2:] == ["and 1 more"]
    assert "and 1 more reason" in page.one("#held").words


def test_what_stands_in_the_log_of_the_database_counts_as_a_change(site: Site) -> None:
    store = site.engine.collection.build / STORE
    log = store.with_name(f"{store.name}-wal")
    before = store.stat()
    try:
        os.utime(store, (0, 0))
        log.write_bytes(b"x")
        os.utime(log, (86_400, 86_400))
        assert "2 Jan 1970" in site.page("/collection").one(".facts").words
        log.write_bytes(b"")
        assert "1 Jan 1970" in site.page("/collection").one(".facts").words
    finally:
        os.utime(store, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_a_key_that_may_only_read_begins_no_run(site: Site, tmp_path: Path) -> None:
    (tmp_path / "collections").symlink_to(site.settings.collections)
    settings = site.settings.with_(home=tmp_path, access="keys")
    app = create_app(settings, site.engine)
    client = app.test_client()
    _, reads = Keys(tmp_path).add("reads", (Scope.READ,))
    headers = {"Authorization": f"Bearer {reads}"}
    assert client.post("/collection/update", headers=headers).status_code == 403
    assert not updating_of(app).own().running
    assert not parsed(client.get("/collection", headers=headers).text).all(".update")
    _, writes = Keys(tmp_path).add("writes", (Scope.READ, Scope.WRITE))
    headers = {"Authorization": f"Bearer {writes}"}
    assert parsed(client.get("/collection", headers=headers).text).all(".update")


def test_why_finds_a_passage_that_has_changed_places(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = site.page("/?q=water").all(".results > li")[0].one(".why").get("data-load") or ""
    asked = site.engine.search

    def other(query: Query) -> Answer:
        answer = asked(query)
        return replace(answer, hits=()) if query.limit == 1 else answer

    assert site.page(address).all("table")
    monkeypatch.setattr(site.engine, "search", other)
    assert site.page(address).all("table")


def test_a_run_begun_elsewhere_is_not_begun_again(site: Site) -> None:
    from test_updating import write_run_of

    folder = write_run_of(site, 4711)
    updating = updating_of(site.app)
    try:
        assert not updating.begin()
        assert not updating.own().running
    finally:
        clear_run(folder)
