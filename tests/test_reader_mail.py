"""Messages: text, header fields, attachments, and what is wrong with real ones."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import pytest
from test_readers import assert_sound

from indexer.readers import mail
from indexer.readers.base import Allowance, Member
from search.errors import ReadError
from search.models import Document

MAIL = Path(__file__).resolve().parents[2] / "shared" / "hard" / "mail"
HEADER = """\
From: Ada Lovelace <ada@example.org>
To: Charles <charles@example.org>
Subject: The engine
Date: Mon, 6 Sep 1993 23:25:34 -0400 (EDT)
MIME-Version: 1.0
"""


def opened(text: str | bytes) -> tuple[Document, list[Member]]:
    data = text if isinstance(text, bytes) else text.encode()
    document, *members = mail.unpack(io.BytesIO(data), "a.eml", Allowance())
    assert isinstance(document, Document)
    assert_sound(document)
    assert all(isinstance(member, Member) for member in members)
    return document, [member for member in members if isinstance(member, Member)]


def body(text: str | bytes) -> str:
    """What a message says beneath its header."""
    return opened(text)[0].text.partition("\n\n")[2]


def multipart(*parts: str, form: str = "mixed", boundary: str = "cut") -> str:
    lines = "".join(f"--{boundary}\n{part}\n" for part in parts)
    return f'Content-Type: multipart/{form}; boundary="{boundary}"\n\n{lines}--{boundary}--\n'


def attached(name: str, data: bytes = b"text", kind: str = "application/octet-stream") -> str:
    return (
        f"Content-Type: {kind}\nContent-Transfer-Encoding: base64\n"
        f"Content-Disposition: attachment; {name}\n\n{base64.encodebytes(data).decode()}"
    )


def refused(text: str) -> str:
    with pytest.raises(ReadError) as caught:
        opened(text)
    assert caught.value.remedy
    return caught.value.message


def test_a_message_is_a_document_with_its_header() -> None:
    document, members = opened(HEADER + "\nIt weaves algebraic patterns.\n")
    assert document.kind == "mail"
    assert document.title == "The engine"
    assert document.author == "Ada Lovelace"
    assert document.date == "1993-09-06"
    assert document.text == (
        "From: Ada Lovelace <ada@example.org>\nTo: Charles <charles@example.org>\n"
        "Date: Mon, 6 Sep 1993 23:25:34 -0400 (EDT)\nSubject: The engine\n\n"
        "It weaves algebraic patterns."
    )
    assert not members


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"=?utf-8?Q?Gr=C3=BC=C3=9Fe?= aus =?iso-8859-1?q?K=F6ln?=", "Grüße aus Köln"),
        (b"=?utf-8?B?5pel5pys?=\n =?utf-8?B?6Kqe?=", "日本語"),
        # A character of three bytes torn between two words, as some programs do.
        (b"=?utf-8?B?5pel5pw=?= =?utf-8?B?rOiqng==?=", "日本語"),
        ("Grüße".encode(), "Grüße"),
        ("Grüße aus Köln und Düsseldorf".encode("latin-1"), "Grüße aus Köln und Düsseldorf"),
        (b"=?no-such?Q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        (b"=?utf-8?B?A?=", "=?utf-8?B?A?="),
        (b"folded\n\tsubject", "folded subject"),
        (b"", ""),
    ],
)
def test_subjects(raw: bytes, said: str) -> None:
    data = b"From: a@example.org\nSubject: " + raw + b"\n\ntext\n"
    assert opened(data)[0].title == said


@pytest.mark.parametrize(
    ("raw", "author"),
    [
        ('"Lovelace, Ada" <ada@example.org>', "Lovelace, Ada"),
        ("ada@example.org", "ada@example.org"),
        ("=?utf-8?Q?J=C3=BCrgen=2C_Dr=2E?= <j@x.de>, b@x.de", "Jürgen, Dr., b@x.de"),
        ("<>", ""),
        ("", ""),
    ],
)
def test_authors(raw: str, author: str) -> None:
    assert opened(f"From: {raw}\nSubject: s\n\ntext\n")[0].author == author


@pytest.mark.parametrize("date", ["yesterday", "", "Mon, 99 Foo 2010 99:99:99 +9999999", "0"])
def test_a_date_that_is_none_costs_the_date_only(date: str) -> None:
    document, _ = opened(f"From: a@b\nDate: {date}\nSubject: s\n\ntext\n")
    assert document.date == ""
    assert document.title == "s"


@pytest.mark.parametrize(
    ("fields", "data"),
    [
        ("text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit", "Wörter".encode()),
        (
            "text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable",
            b"W=F6r=\nter",
        ),
        (
            "text/plain; charset=cp1252\nContent-Transfer-Encoding: base64",
            base64.b64encode("Wörter".encode("cp1252")),
        ),
        ("text/plain; charset=no-such\nContent-Transfer-Encoding: 8bit", "Wörter".encode()),
        ("text/html; charset=utf-8", b"<p>W&ouml;rter<script>x</script>"),
        ("text/html", "<meta charset=iso-8859-1><p>Wörter".encode("latin-1")),
        ("nonsense; ;;=;", b"W\xc3\xb6rter"),
        ("multipart/mixed", b"W\xc3\xb6rter"),
        ("multipart/mixed; boundary=never", b"W\xc3\xb6rter"),
    ],
)
def test_encodings_of_the_text(fields: str, data: bytes) -> None:
    assert body(HEADER.encode() + f"Content-Type: {fields}\n\n".encode() + data) == "Wörter"


def test_plain_text_is_preferred_to_html() -> None:
    plain = "Content-Type: text/plain\n\nplain words\n"
    page = "Content-Type: text/html\n\n<p>other words\n"
    assert body(HEADER + multipart(plain, page, form="alternative")) == "plain words"


@pytest.mark.parametrize("plain", ["", "Please view this in a program that shows HTML."])
def test_html_is_taken_where_the_plain_text_says_nothing(plain: str) -> None:
    page = "<p>" + "The true words of this message. " * 12
    parts = (f"Content-Type: text/plain\n\n{plain}\n", f"Content-Type: text/html\n\n{page}\n")
    assert body(HEADER + multipart(*parts, form="alternative")).startswith("The true words")


def test_attachments_within_the_form_not_taken_are_kept() -> None:
    mixed = multipart(
        "Content-Type: text/html\n\n<p>words", attached("filename=a.txt"), boundary="inner"
    )
    message = multipart("Content-Type: text/plain\n\nwords", mixed, form="alternative")
    document, members = opened(HEADER + message)
    assert document.text.count("words") == 1
    assert members == [Member("a.txt", b"text")]


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("filename=report.txt", "report.txt"),
        ('filename="../../etc/pass wd.txt"', "pass wd.txt"),
        ('filename="C:\\\\temp\\\\a.txt"', "a.txt"),
        ("filename*=utf-8''%E2%82%AC%20rates.txt", "€ rates.txt"),
        ('filename*0="long"; filename*1=" name.txt"', "long name.txt"),
        ('filename="=?utf-8?B?4oKsLnR4dA==?="', "€.txt"),
        ('filename="Übung.txt"', "Übung.txt"),
        ("filename*=no-such''a%FFb.txt", "aÿb.txt"),
    ],
)
def test_names_of_attachments(name: str, path: str) -> None:
    document, members = opened(HEADER + multipart("\nSee below.", attached(name)))
    assert "See below." in document.text
    assert members == [Member(path, b"text")]


def test_pictures_in_the_text_are_left_out_and_named_ones_not_unpacked() -> None:
    picture = "Content-Type: image/png\nContent-ID: <1>\n\nx"
    named = attached("filename=a.png", kind="image/png")
    style = "Content-Type: text/css\nContent-Location: a.css\n\nx"
    _, members = opened(HEADER + multipart("\nhello", picture, style, named))
    assert members == [Member("a.png", None)]


def test_attachments_without_a_name() -> None:
    data = "Content-Type: application/pdf\n\n%PDF-1.4"
    _, members = opened(HEADER + multipart("\nhello", data))
    assert members == [Member("attachment.pdf", b"%PDF-1.4")]


def test_forwarded_messages_are_members() -> None:
    inner = "From: b@example.org\nSubject: =?utf-8?Q?A/B_=C3=BC?=\n\ninner words\n"
    wrapped = "Content-Type: message/rfc822\n\n"
    message = HEADER + multipart("\nhello", wrapped + inner, wrapped + "X: y\n\nwords\n")
    document, (first, second) = opened(message)
    assert "inner" not in document.text
    assert (first.path, second.path) == ("A_B ü.eml", "forwarded.eml")
    assert isinstance(first.data, bytes)
    assert opened(first.data)[0].title == "A/B ü"


def test_what_is_wrapped_up_is_reported() -> None:
    outlook = attached("filename=winmail.dat", kind="application/ms-tnef")
    secret = attached("filename=smime.p7m", kind="application/pkcs7-mime")
    document, (first, second) = opened(HEADER + multipart("\nhello", outlook, secret))
    assert "hello" in document.text
    assert "Outlook's own form" in str(first.data)
    assert "encrypted" in str(second.data)


def test_encrypted_messages() -> None:
    smime = "Content-Type: application/pkcs7-mime; smime-type={}; name=smime.p7m\n\nMIIB\n"
    assert refused(HEADER + smime.format("enveloped-data")) == "The message is encrypted."
    assert "signed in a form" in refused(HEADER + smime.format("signed-data"))
    pgp = multipart("Content-Type: application/pgp-encrypted\n\nVersion: 1\n", form="encrypted")
    assert refused(HEADER + pgp) == "The message is encrypted."
    inline = "\n-----BEGIN PGP MESSAGE-----\n\nhQEMA\n-----END PGP MESSAGE-----\n"
    assert refused(HEADER + inline) == "The message is encrypted."


def test_signed_messages_are_read() -> None:
    signature = attached("filename=smime.p7s", kind="application/pkcs7-signature")
    document, members = opened(HEADER + multipart("\nsigned words", signature, form="signed"))
    assert "signed words" in document.text
    assert members == [Member("smime.p7s", None)]


def test_a_message_quoted_below_the_answer_has_a_place_of_its_own() -> None:
    document, _ = opened(
        HEADER
        + "\nFriday suits me.\n\nOn Monday, Charles wrote:\n> Which day would you\n> prefer?\n"
    )
    own, quoted = document.sections
    assert own.place == ""
    assert quoted.place == "quoted message"
    assert document.text[own.start : own.end].endswith("Friday suits me.")
    assert document.text[quoted.start : quoted.end] == (
        "On Monday, Charles wrote:\n\n> Which day would you\n> prefer?"
    )


@pytest.mark.parametrize("divider", ["-----Original Message-----", "_" * 32])
def test_a_message_below_a_divider_is_quoted(divider: str) -> None:
    document, _ = opened(HEADER + f"\nFriday.\n\n{divider}\nFrom: Charles\n\nWhich day?\n")
    assert [section.place for section in document.sections] == ["", "quoted message"]


def test_quotations_between_answers_stay_with_them() -> None:
    document, _ = opened(HEADER + "\n> Which day?\n\nFriday.\n\n> Where?\n\nHere.\n\n-- \nAda\n")
    (section,) = document.sections
    assert section.place == ""
    assert body_of(document) == "> Which day?\n\nFriday.\n\n> Where?\n\nHere.\n\n--\nAda"


def body_of(document: Document) -> str:
    return document.text.partition("\n\n")[2]


def test_broken_lines_are_joined_and_lists_kept() -> None:
    prose = "The engine has no pretensions whatever to\noriginate anything; it can do whatever.\n"
    text = (
        f"{prose}\n> {prose.replace(chr(10), chr(10) + '> ', 1)}\n- one\n- two\n\nif x:\n    y()\n"
    )
    joined = prose.replace("\n", " ").strip()
    expected = f"{joined}\n\n> {joined}\n\n- one\n- two\n\nif x:\n    y()"
    assert body(HEADER + "\n" + text) == expected


def test_lists_of_recipients_are_cut() -> None:
    people = ", ".join(f"person{number}@example.org" for number in range(999))
    document, _ = opened(f"From: a@b\nTo: {people}\nSubject: s\n\nwords\n")
    assert len(document.text) < 700


def test_saved_pages_are_read_as_pages() -> None:
    page = (
        "Content-Type: text/html\nContent-Location: https://example.org/\n\n<title>Reeds</title>"
        "<nav>Menu of the site</nav><main><h1>Reeds</h1><p>They stand in water.</p></main>"
    )
    head = "From: <Saved by Blink>\nSubject: Reeds\nMIME-Version: 1.0\n"
    document, members = opened(head + multipart(page, form="related"))
    assert document.text == "Reeds\n\nThey stand in water."
    assert (document.title, document.author, members) == ("Reeds", "", [])


def test_too_large_a_message() -> None:
    with pytest.raises(ReadError, match="more than the limit"):
        next(mail.unpack(io.BytesIO(HEADER.encode()), "a.eml", Allowance(largest=50)))


def test_a_message_of_many_parts_takes_no_quadratic_time() -> None:
    document, _ = opened(HEADER + multipart(*["\nx"] * 5_000))
    assert document.text.count("x") >= 5_000


def test_real_messages() -> None:
    if not MAIL.is_dir():
        pytest.skip(f"{MAIL} is not there")
    titles = {}
    for path in sorted(MAIL.glob("testRFC822*")):
        document, _ = opened(path.read_bytes())
        titles[path.name] = (document.title, document.author, document.date)
    assert titles == {
        "testRFC822": (JIRA, "Julien Nioche (JIRA)", "2010-09-06"),
        "testRFC822-limitedheaders": ("abcd", "xyz, abc", ""),
        "testRFC822_base64": ("This tests a base64 encoded body", "Nowhere", ""),
        "testRFC822_eml": ("Testemail", "Philipp Steinkrüger", "2016-05-16"),
        "testRFC822_oddfrom": ("Air Permit Programs | Air & Radiation | US EPA", "", "2008-02-15"),
        "testRFC822_x-.eml": (JIRA, "Julien Nioche (JIRA)", "2010-09-06"),
    }


JIRA = "[jira] Commented: (TIKA-461) RFC822 messages not parsed"
