"""Bytes to characters: which encoding a text is in, and whether it is text at all."""

from __future__ import annotations

import codecs
import re

from indexer.readers.lines import names

_SAMPLE = 65_536
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Control bytes no text has; ISO-2022 needs escape, shift out and shift in.
_CONTROLS = bytes([*range(9), 0x0B, *range(0x10, 0x1B), *range(0x1C, 0x20), 0x7F])

# What browsers take a declared name to mean, where Python's codec of that name knows less.
_WIDER = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "big5": "big5hkscs",
}
_LABELS = {"x-sjis": "cp932", "x-gbk": "gb18030", "ks_c_5601-1987": "cp949", "windows-874": "cp874"}

_DECLARED = re.compile(
    rb"""<\?xml[^>]{0,100}?\bencoding\s*=\s*["']([\w.:-]{2,40})"""
    rb"""|<meta\b[^>]{0,300}?\bcharset\s*=\s*["']?\s*([\w.:-]{2,40})""",
    re.IGNORECASE,
)

# Mainframe and other code pages that nobody's documents are in, but short texts can look like.
_UNLIKELY = tuple(
    names(
        "cp037 cp273 cp424 cp500 cp875 cp1026 cp1140 cp1006 cp720 cp775 cp864 hp_roman8"
        " ptcp154 kz1048 iso8859_10 iso8859_14 mac_iceland mac_latin2 mac_turkish"
    )
)
_WESTERN = re.compile("[\\sA-Za-z0-9!-~€‚„…‰‹‘’“”•–—™›¡-£§©«®°-³´µ·¹º»¼-¿À-ÖØ-öø-ÿŒœŠšŽžŸªº]*")
_TORN = re.compile("[a-zß-öø-ÿ][À-ÖØ-Þ]|[A-Za-zÀ-ÿ][‚„…‰‹›•¡-£§©ª«®º»¿][A-Za-zÀ-ÿ]")


def declared_charset(data: bytes) -> str:
    """The encoding an HTML or XML file names in its first lines, or ""."""
    match = _DECLARED.search(data[:4096])
    return (match[1] or match[2]).decode("ascii") if match else ""


def is_binary(data: bytes) -> bool:
    """Whether the bytes are something else than text in any encoding."""
    if _bom(data):
        return False
    if b"\0" in data:
        return not _wide_codec(data)
    sample = data[:_SAMPLE]
    controls = len(sample) - len(sample.translate(None, _CONTROLS))
    return controls > max(2, len(sample) // 100)


def decode(data: bytes, hint: str = "") -> str | None:
    """The text the bytes stand for, or None if they are not text. Never raises.

    A byte order mark is believed first, then UTF-8 if all of it is valid, then the hint, and what
    is left is guessed from the letters.

    Args:
        data: The whole file.
        hint: An encoding the file itself or whoever sent it declares; may be wrong or unknown.
    """
    if bom := _bom(data):
        mark, codec = bom
        return data[len(mark) :].decode(codec, "replace")
    if is_binary(data):
        return None
    if wide := _wide_codec(data):
        return data.decode(wide, "replace")
    for attempt in (_iso_2022, _utf8):
        if (text := attempt(data)) is not None:
            return text
    if (text := _as_declared(data, hint)) is not None:
        return text
    return data.decode(_guess(data), "replace")


def peek(data: bytes) -> str:
    """The first 4,000 characters or so; exact only in ASCII, enough to see what markup it is."""
    start = data[:4096]
    wide = (bom[1] if (bom := _bom(start)) else "") or _wide_codec(start) or "latin-1"
    return start.decode(wide, "replace").lstrip("\ufeff")


def _bom(data: bytes) -> tuple[bytes, str] | None:
    return next((bom for bom in _BOMS if data.startswith(bom[0])), None)


def _wide_codec(data: bytes) -> str:
    """UTF-16 or UTF-32 without a mark, told by where the NUL bytes stand; "" if it is neither."""
    sample = data[: min(4096, len(data) // 4 * 4)] or data
    if b"\0" not in sample or len(data) % 2:
        return ""
    zeros = [sample[offset::4].count(0) for offset in range(4)]
    quarter = len(sample) / 4
    for codec, low in (("utf-32-le", 0), ("utf-32-be", 3)):
        if zeros[low] == 0 and sum(zeros) >= quarter * 2 and _is_prose(data, codec, quarter * 4):
            return codec
    even, odd = zeros[0] + zeros[2], zeros[1] + zeros[3]
    for codec, high, low in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        if high >= quarter / 10 and low == 0 and _is_prose(data, codec, quarter * 4):
            return codec
    return ""


def _is_prose(data: bytes, codec: str, length: float) -> bool:
    """Whether the beginning decodes to printable characters."""
    text = codecs.getincrementaldecoder(codec)("replace").decode(data[: int(length)])
    good = sum(char.isprintable() or char in "\n\r\t\f" for char in text)
    return bool(text) and "\ufffd" not in text and good >= len(text) * 0.98


def _iso_2022(data: bytes) -> str | None:
    """Japanese and Korean in seven bits, which would pass for UTF-8; known by their escapes."""
    codecs_by_escape = ((b"\x1b$)C", "iso2022_kr"), (b"\x1b$", "iso2022_jp_ext"))
    for escape, codec in codecs_by_escape:
        if escape in data:
            return _strict(data, codec)
    return None


def _utf8(data: bytes) -> str | None:
    """UTF-8, also with surrogates encoded one by one or with a few broken characters."""
    if (text := _strict(data, "utf-8")) is not None:
        return text
    if b"\xed" in data:
        try:
            pairs = data.decode("utf-8", "surrogatepass").encode("utf-16-le", "surrogatepass")
            return pairs.decode("utf-16-le", "ignore")
        except UnicodeDecodeError:
            pass
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    foreign = len(text.encode("ascii", "ignore"))
    return text if broken * 20 < len(text) - foreign else None


def _strict(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except UnicodeDecodeError:
        return None


def _as_declared(data: bytes, hint: str) -> str | None:
    """The text in the encoding declared, if there is such a one and the bytes nearly all fit it."""
    label = hint.strip().lower()
    try:
        name = codecs.lookup(_LABELS.get(label, label)).name
        name = _WIDER.get(name, name)
        if name.startswith(("utf", "idna", "punycode", "unicode", "raw")):
            return None
        text = data.decode(name, "replace")
    except (LookupError, ValueError, TypeError):
        return None
    return text if text.count("\ufffd") * 100 <= len(text) else None


def _guess(data: bytes) -> str:
    """The likeliest encoding of text that is not UTF-8 and does not say what it is."""
    from charset_normalizer import from_bytes

    sample = _whole_lines(data)
    matches = from_bytes(sample, cp_exclusion=list(_UNLIKELY))
    best = matches.best()
    if best is None:
        return "cp1252"
    near = [match for match in matches if match.chaos <= best.chaos + 0.05]

    def coherence(encoding: str) -> float:
        fitting = (match.coherence for match in near if encoding in match.could_be_from_charset)
        return max(fitting, default=-1.0)

    if _looks_western(sample):
        western, turkish = coherence("cp1252"), coherence("cp1254")
        if turkish > western and turkish >= best.coherence:
            return "cp1254"
        # A few accents or typographic quotes among Latin letters mean windows-1252 far more often
        # than any other encoding that is about as likely, let alone those of DOS and old Macs.
        old = best.encoding.startswith(("cp4", "cp8", "mac"))
        if best.coherence == 0 or western >= 0.9 * best.coherence or old:
            return "cp1252"
    if best.coherence == 0:
        # No language recognised: one that is, at hardly more strange characters, is likelier.
        best = max(near, key=lambda match: (match.coherence, -match.chaos))
    return best.encoding


def _whole_lines(data: bytes) -> bytes:
    """The beginning of the text, not cut within a character of several bytes."""
    if len(data) <= _SAMPLE:
        return data
    return data[: data.rfind(b"\n", 0, _SAMPLE) + 1] or data[:_SAMPLE]


def _looks_western(sample: bytes) -> bool:
    text = _strict(sample, "cp1252")
    if text is None or not _WESTERN.fullmatch(text) or _TORN.search(text):
        return False
    # Hungarian differs from the West in these letters only.
    central = {char for char in text if char.isalpha() and _in_cp1250(char) != char}
    if central and central <= set("õûÕÛ"):
        return False
    plain = sum(char.isascii() and char.isalpha() for char in text)
    accented = sum(not char.isascii() and char.isalpha() for char in text)
    return plain > 2 * accented


def _in_cp1250(char: str) -> str:
    return char.encode("cp1252").decode("cp1250", "replace")
