"""Files that are sent to the server: where they go, and what keeps them from going elsewhere."""

from __future__ import annotations

import errno
import io
import os
import stat
import threading
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from api_calls import conforms, problem
from web_site import Site, parsed, site_in

from search.errors import SettingError
from search.keys import Keys, Scope
from web import create_app, names, readable
from web.problems import RequestError
from web.receiving import channel_with
from web.updating import updating_of
from web.uploads import Uploads, body_limit, uploads_of

FILES = "/api/v1/files"
FORM = "/collection/files"
SUFFIXES = frozenset({".txt", ".pdf", ".md"})
PLAIN = {"Content-Type": "application/octet-stream"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site_in(tmp_path_factory.mktemp("uploads")) as made:
        yield made


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


@pytest.fixture
def site(built: Site, inbox: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A server that takes files; what it would index is only noted."""
    settings = built.settings.with_(upload_folder=inbox)
    app = create_app(settings, built.engine)
    begun: list[Path] = []
    monkeypatch.setattr(updating_of(app), "take_in", begun.append)
    app.extensions["begun"] = begun
    return replace(built, settings=settings, app=app)


@pytest.fixture
def uploads(inbox: Path) -> Uploads:
    return Uploads(inbox, 1_000, 5_000)


def send(site: Site, name: str, content: bytes = b"Bees.", **more: Any) -> Any:
    headers = {**PLAIN, **more.pop("headers", {})}
    return site.client.post(
        FILES, query_string={"name": name}, data=content, headers=headers, **more
    )


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# What is kept


def test_a_file_is_put_into_the_folder_and_a_run_begins(site: Site, inbox: Path) -> None:
    response = send(site, "bees.txt", b"They swarmed.")
    assert response.status_code == 200, response.text
    conforms(site, FILES, response.json, "post")
    assert response.json == {"name": "bees.txt", "size": 13, "new": True}
    assert (inbox / "bees.txt").read_bytes() == b"They swarmed."
    assert names_in(inbox) == ["bees.txt"], "no draft is left"
    assert site.app.extensions["begun"] == [inbox]


def test_the_form_works_without_script_and_takes_several(site: Site, inbox: Path) -> None:
    form = site.page("/collection").one(".uploads form")
    assert (form.get("method"), form.get("action")) == ("post", FORM)
    sent = [(io.BytesIO(b"One."), "one.txt"), (io.BytesIO(b"Two."), "two.md"), (io.BytesIO(), "")]
    response = site.client.post(FORM, data={"files": sent})
    assert response.status_code == 200
    assert parsed(response.text).texts(".sent li") == ["one.txt Added.", "two.md Added."]
    assert names_in(inbox) == ["one.txt", "two.md"]
    assert site.app.extensions["begun"] == [inbox], "one run for all of them"


def test_the_form_says_of_each_file_what_became_of_it(site: Site, inbox: Path) -> None:
    (inbox / "a.txt").write_text("Another.")
    sent = [(io.BytesIO(b"1"), "a.txt"), (io.BytesIO(b"2"), "a.exe"), (io.BytesIO(b"1"), "a.txt")]
    response = site.client.post(FORM, data={"files": sent}, headers={"Accept": "application/json"})
    assert response.status_code == 200
    first, second, third = response.get_json()["outcomes"]
    assert (first["said"], first["new"]) == (
        "Added as “a (2).txt”: another file has that name.",
        True,
    )
    assert (second["kept"], second["said"]) == (
        False,
        "Files of the kind .exe cannot be read. docs/formats.md lists those that can be.",
    )
    assert (third["said"], third["new"]) == ("It is there already, as “a (2).txt”.", False)


def test_no_file_takes_the_place_of_another(uploads: Uploads, inbox: Path) -> None:
    for content in (b"first", b"second", b"first", b"third"):
        uploads.keep("report.pdf", io.BytesIO(content))
    uploads.keep("REPORT.PDF", io.BytesIO(b"fourth"))
    kept = {path.name: path.read_bytes() for path in inbox.iterdir()}
    assert kept["report.pdf"] == b"first"
    assert kept["report (2).pdf"] == b"second"
    assert kept["report (3).pdf"] == b"third"
    assert b"fourth" in kept.values()
    assert len(kept) == 4


def test_files_of_one_name_sent_at_once_are_all_kept(inbox: Path) -> None:
    uploads = Uploads(inbox, 1_000, 50_000)
    readable.suffixes()
    threads = [
        threading.Thread(target=uploads.keep, args=("a.txt", io.BytesIO(b"%d" % number)))
        for number in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {path.read_bytes() for path in inbox.iterdir()} == {b"%d" % n for n in range(12)}


def test_a_file_that_goes_while_the_folder_is_looked_through_stops_nothing(
    uploads: Uploads, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (inbox / "other.txt").write_bytes(b"1")
    listed = os.scandir

    def scan(path: Path) -> nullcontext[list[os.DirEntry[str]]]:
        with listed(path) as entries:
            found = list(entries)
        (inbox / "other.txt").unlink(missing_ok=True)
        return nullcontext(found)

    monkeypatch.setattr(os, "scandir", scan)
    assert uploads.keep("a.txt", io.BytesIO(b"2")).new


def test_there_is_an_end_to_numbers(
    uploads: Uploads, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(names, "NUMBERED", 2)
    uploads.keep("a.txt", io.BytesIO(b"1"))
    uploads.keep("a.txt", io.BytesIO(b"2"))
    with pytest.raises(RequestError, match=r"2 files called 'a\.txt'"):
        uploads.keep("a.txt", io.BytesIO(b"3"))
    assert len(names_in(inbox)) == 2


def test_a_disk_without_links_keeps_files_too(
    uploads: Uploads, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    uploads.keep("a.txt", io.BytesIO(b"1"))
    uploads.keep("a.txt", io.BytesIO(b"2"))
    assert [(inbox / name).read_bytes() for name in names_in(inbox)] == [b"2", b"1"]


# Names


@pytest.mark.parametrize(
    "name",
    [
        "../a.txt", "..\\a.txt", "/etc/cron.d/a.txt", "C:\\Windows\\a.txt", "//host/share/a.txt",
        "a/../../b.txt", "%2e%2e/a.txt", "..", ".", "", "   ", "a.txt/", "a.txt\\",
        "a\0.txt", "a.txt\0.pdf", "a\n.txt", "a\r\nSet-Cookie: x.txt", "\x1b[2Ja.txt", "a\x7f.txt",
        ".txt", ".bashrc.txt", "..a.txt", "~$a.txt", "~a.txt", ".wherein-0.part",
        "CON", "con.txt", "NUL.txt", "nul .txt", "aux.md", "COM1.txt", "lpt9.pdf", "COM¹.txt",
        "conin$.txt", "Con.tar.txt",
        "x" * 300 + ".txt", "é" * 150 + ".txt", "a." + "t" * 300,
        "a\u202etxt.exe", "\u202egpj.txt", "a\u200b.txt", "a\ufeff.txt", "a\u2028b.txt",
        "a\u2066.txt", "a\ud800.txt", "a\u00ad.txt",
        "a∕b.txt".replace("∕", "\uff0f"), "a\uff3cb.txt", "\u2025/a.txt", "\u2024a.txt",
        "\uff0e\uff0e.txt", "a⁄..⁄b.exe",
        "a.exe", "a.txt.exe", "a.pdf.", "a.txt ", "a.TXT.", "README", "a.", "a.txt:stream",
        "a.\u0440df", "a.тхт", "a.pdf\u00a0",
    ],
)  # fmt: skip
def test_names_that_lead_elsewhere_or_deceive_are_refused(
    uploads: Uploads, inbox: Path, name: str
) -> None:
    if name in ("a.txt ", "a.pdf\u00a0"):  # spaces around a name are only taken off
        assert names.checked(name, SUFFIXES) == name.strip()
        return
    with pytest.raises(RequestError) as refused:
        uploads.keep(name, io.BytesIO(b"harm"))
    assert refused.value.code == "file-refused"
    assert refused.value.remedy
    assert not names_in(inbox)
    assert names_in(inbox.parent) == ["inbox"]


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("Was ist das?.pdf", "Was ist das_.pdf"),
        ('a<b>:"c"|d*.txt', "a_b___c__d_.txt"),
        ("Gru\u0308\u00dfe aus Ko\u0308ln.txt", "Grüße aus Köln.txt"),
        ("حديقة الأعشاب.txt", "حديقة الأعشاب.txt"),
        ("می\u200cخواهم.txt", "می\u200cخواهم.txt"),
        ("報告書.PDF", "報告書.PDF"),
        ("a.b.c.md", "a.b.c.md"),
        ("'; rm -rf ~; '.txt", "'; rm -rf ~; '.txt"),
        ("<img src=x onerror=alert(1)>.txt", "_img src=x onerror=alert(1)_.txt"),
        ("-rf.txt", "-rf.txt"),
        ("console.txt", "console.txt"),
        ("x" * 196 + ".txt", "x" * 196 + ".txt"),
    ],
)
def test_names_of_people_are_kept(uploads: Uploads, inbox: Path, name: str, kept: str) -> None:
    assert uploads.keep(name, io.BytesIO(b"x")).name == kept
    assert names_in(inbox) == [kept]


def test_what_can_be_read_is_what_the_indexer_says() -> None:
    from indexer.readers.formats import by_suffix

    assert readable.suffixes() == frozenset(by_suffix())


# Links, and what else may lie in the way


def test_a_link_in_the_way_is_not_followed(uploads: Uploads, inbox: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    (inbox / "a.txt").symlink_to(secret)
    (inbox / "b.txt").symlink_to(tmp_path / "not yet there.txt")
    (inbox / "c.txt").mkdir()
    os.mkfifo(inbox / "d.txt")
    for name in ("a.txt", "b.txt", "c.txt", "d.txt"):
        assert uploads.keep(name, io.BytesIO(b"secret")).name == f"{name[0]} (2).txt"
    assert secret.read_text() == "secret"
    assert not (tmp_path / "not yet there.txt").exists()


def test_a_folder_that_became_a_link_is_not_written_to(
    uploads: Uploads, inbox: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    inbox.rename(elsewhere)
    inbox.symlink_to(elsewhere)
    with pytest.raises(RequestError, match="is gone"):
        uploads.keep("a.txt", io.BytesIO(b"x"))
    assert not names_in(elsewhere)


def test_the_folder_must_be_one_and_no_collections_own(built: Site, tmp_path: Path) -> None:
    for folder in (tmp_path / "nowhere", tmp_path / "file"):
        (tmp_path / "file").write_text("x")
        with pytest.raises(SettingError, match="is not there"):
            create_app(built.settings.with_(upload_folder=folder), built.engine)
    inside = built.settings.collections / "default"
    (tmp_path / "link").symlink_to(inside)
    for folder in (inside, tmp_path / "link"):
        with pytest.raises(SettingError, match="where the collections do"):
            create_app(built.settings.with_(upload_folder=folder), built.engine)


# Sizes and the disk


def test_a_file_that_is_too_large_leaves_nothing(uploads: Uploads, inbox: Path) -> None:
    for size in (None, 1_001):
        with pytest.raises(RequestError) as refused:
            uploads.keep("a.txt", io.BytesIO(b"x" * 1_001), size)
        assert refused.value.code == "body-too-large"
    assert not names_in(inbox)
    assert uploads.keep("a.txt", io.BytesIO(b"x" * 1_000)).size == 1_000


def test_the_folder_may_hold_only_so_much(uploads: Uploads, inbox: Path) -> None:
    for number in range(5):
        uploads.keep(f"{number}.txt", io.BytesIO(bytes([48 + number]) * 1_000))
    for size in (None, 1_000):  # that it is full is known before or after
        with pytest.raises(RequestError) as refused:
            uploads.keep("more.txt", io.BytesIO(b"x" * 1_000), size)
        assert refused.value.code == "not-stored"
    assert len(names_in(inbox)) == 5


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO])
def test_a_disk_that_fails_leaves_nothing(
    uploads: Uploads, inbox: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def fail(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(RequestError) as refused:
        uploads.keep("a.txt", io.BytesIO(b"x"))
    assert refused.value.code == "not-stored"
    is_full = number in (errno.ENOSPC, errno.EDQUOT)
    assert ("The disk is full" in refused.value.message) == is_full
    assert not names_in(inbox)


def test_who_breaks_off_leaves_nothing(uploads: Uploads, inbox: Path) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell():
                raise ConnectionResetError
            return super().read(3)

    with pytest.raises(RequestError):
        uploads.keep("a.txt", Broken(b"half of it"))
    assert not names_in(inbox)


def test_a_draft_that_a_killed_server_left_is_taken_away_in_time(
    uploads: Uploads, inbox: Path
) -> None:
    old, young = inbox / ".wherein-old.part", inbox / ".wherein-young.part"
    for path in (old, young):
        path.write_bytes(b"half")
    os.utime(old, (1, 1))
    uploads.keep("a.txt", io.BytesIO(b"x"))
    assert names_in(inbox) == [".wherein-young.part", "a.txt"]


def test_a_draft_is_looked_at_by_no_run() -> None:
    from indexer.ignoring import is_scratch

    assert is_scratch(".wherein-0123456789abcdef.part")


def test_files_are_not_to_be_run(uploads: Uploads, inbox: Path) -> None:
    uploads.keep("a.txt", io.BytesIO(b"#!/bin/sh"))
    assert not stat.S_IMODE((inbox / "a.txt").stat().st_mode) & 0o111


# Who may


def test_without_a_folder_nothing_is_taken(built: Site) -> None:
    problem(send(built, "a.txt"), 403, "uploads-off")
    assert built.client.post(FORM, data={}).status_code == 403
    assert not built.page("/collection").all(".uploads")


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Host": "evil.example"},
    ],
)
def test_no_other_web_site_can_send_files(site: Site, inbox: Path, headers: dict[str, str]) -> None:
    assert send(site, "a.txt", headers=headers).status_code in (400, 403)
    form = {"files": [(io.BytesIO(b"x"), "a.txt")]}
    assert site.client.post(FORM, data=form, headers=headers).status_code in (400, 403)
    assert not names_in(inbox)


@pytest.mark.parametrize(
    "kind", ["text/plain", "multipart/form-data; boundary=x", "", "application/json"]
)
def test_what_a_foreign_form_could_send_is_no_file(site: Site, inbox: Path, kind: str) -> None:
    problem(send(site, "a.txt", headers={"Content-Type": kind}), 415, "unsupported-media-type")
    assert not names_in(inbox)


def test_only_a_key_that_may_write_sends_files(
    site: Site, inbox: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = Keys(tmp_path / "home")
    reading, writing = (
        {"Authorization": f"Bearer {keys.add(str(scope), (Scope.READ, scope))[1]}"}
        for scope in (Scope.READ, Scope.WRITE)
    )
    app = create_app(site.settings.with_(access="keys", home=tmp_path / "home"), site.engine)
    monkeypatch.setattr(updating_of(app), "take_in", lambda _: None)
    guarded = replace(site, app=app)
    assert send(guarded, "a.txt").status_code == 401
    problem(send(guarded, "a.txt", headers=reading), 403, "scope-missing")
    form = {"files": [(io.BytesIO(b"x"), "a.txt")]}
    assert guarded.client.post(FORM, data=form, headers=reading).status_code == 403
    assert 'id="uploads"' not in guarded.client.get("/collection", headers=reading).text
    assert not names_in(inbox)
    assert send(guarded, "a.txt", headers=writing).status_code == 200
    assert 'id="uploads"' in guarded.client.get("/collection", headers=writing).text


def test_large_bodies_are_taken_only_of_those_who_may_send_them(site: Site, tmp_path: Path) -> None:
    """Bodies are written to the disk before the application sees the request."""
    keys = Keys(tmp_path / "home")
    key = keys.add("mine", (Scope.READ, Scope.WRITE))[1]
    reader = keys.add("theirs", (Scope.READ,))[1]
    app = create_app(site.settings.with_(access="keys", home=tmp_path / "home"), site.engine)
    limit = body_limit(app, 1_000)
    each = uploads_of(app).each
    assert limit(FILES, {"AUTHORIZATION": f"Bearer {key}"}) > each
    assert limit(FORM, {"X_API_KEY": key}) > each
    for headers in ({}, {"AUTHORIZATION": f"Bearer {reader}"}, {"X_API_KEY": "wherein_0_x"},
                    {"COOKIE": "wherein=0.9999999999.x"}):  # fmt: skip
        assert limit(FILES, headers) == 1_000
    assert limit("/api/v1/search", {"AUTHORIZATION": f"Bearer {key}"}) == 1_000
    open_to_all = body_limit(site.app, 1_000)
    assert open_to_all(FILES, {}) > each
    assert open_to_all("/api/v1/search", {}) == 1_000


def test_the_server_goes_by_that_limit() -> None:
    from waitress.adjustments import Adjustments

    channel = channel_with(lambda path, _: 100 if path == "/many" else 10)
    for path, taken in (("/many", True), ("/few", False)):
        parser = channel.parser_class(Adjustments())
        parser.received(f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\n".encode())
        assert (parser.error is None) == taken


def test_a_german_page_says_it_in_german(site: Site) -> None:
    response = site.client.post(
        FORM,
        data={"files": [(io.BytesIO(b"x"), "a.exe")]},
        headers={"Accept": "application/json", "Accept-Language": "de"},
    )
    assert "können nicht gelesen werden" in response.get_json()["outcomes"][0]["said"]


def test_what_was_sent_is_found(tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    with site_in(tmp_path / "site") as site:
        app = create_app(site.settings.with_(upload_folder=tmp_path / "inbox"), site.engine)
        sending = replace(site, app=app)
        first = send(sending, "wasps.txt", b"The wasps came in August.")
        second = send(sending, "hornets.txt", b"The hornets left in September.")
        assert (first.status_code, second.status_code) == (200, 200)
        assert updating_of(app).wait(60)
        assert updating_of(app).own().failed is False, updating_of(app).own().said
        for word in ("wasps", "hornets"):
            found = sending.get(f"/api/v1/search?q={word}&mode=keyword")
            assert [hit["title"] for hit in found["hits"]] == [f"{word}.txt"]
