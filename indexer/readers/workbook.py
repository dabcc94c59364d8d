"""Workbooks as calamine gives them, whatever their format.

Calamine is fifteen times as fast as openpyxl, reads binary and old workbooks too and does not mind
parts that are missing. It keeps a sheet as a full rectangle, though, so whoever calls finds out its
size first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from io import BytesIO
from itertools import chain

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    load_workbook,
)

from indexer.readers.base import DocumentBuilder, one_line
from indexer.readers.ooxml import damaged, locked
from indexer.readers.ooxml_values import as_read
from indexer.readers.tables import TableWriter
from search.errors import ReadError

LABEL = "spreadsheet"
#: Cells in the rectangle around those with values; each takes 32 bytes, more when they are read.
_CELLS_LIMIT = 24_000_000

#: Gives the comments on the cells of a sheet by its name: which cell, or "", and what they say.
Comments = Callable[[str], Iterable[tuple[str, str]]]


def write_sheets(builder: DocumentBuilder, data: bytes, comments: Comments) -> None:
    """Write the sheets of a workbook: each beneath a heading, its rows at places.

    Args:
        builder: Where to.
        data: The file.
        comments: What is written on the cells.

    Raises:
        ReadError: If it is encrypted or damaged.
    """
    workbook = _open(data)
    writer = TableWriter(builder)
    for at, sheet in enumerate(workbook.sheets_metadata):
        if sheet.typ not in (SheetTypeEnum.WorkSheet, SheetTypeEnum.MacroSheet):
            continue
        rows = _rows(_sheet(workbook, at))
        notes = [(cell, text) for cell, said in comments(sheet.name) if (text := one_line(said))]
        first = next(rows, None)
        if first is None and not notes:
            continue
        builder.heading(1, sheet.name)
        if first is not None:
            writer.write(chain((first,), rows))
        for cell, text in notes:
            builder.block(f"Comment on {cell}: {text}" if cell else f"Comment: {text}")
        builder.leave(1)


def check_extent(rows: int, columns: int, others: int = 0) -> None:
    """Refuse a sheet with values so far apart that the rectangle around them fills the memory.

    Args:
        rows: The number of the last row with a value.
        columns: The number of the last column with one.
        others: How many cells the rectangles have that are in memory together with this one.

    Raises:
        ReadError: If it is too large.
    """
    if rows * columns + others > _CELLS_LIMIT:
        raise ReadError(
            f"A sheet stretches over {rows:,} rows and {columns:,} columns, which is too much.",
            "Delete what lies far away from the table, or save it as CSV, and index again.",
        )


def _open(data: bytes) -> CalamineWorkbook:
    try:
        return load_workbook(BytesIO(data))
    except PasswordError as error:
        raise locked(LABEL) from error
    except CalamineError as error:
        raise damaged(LABEL) from error
    except BaseException as error:
        raise _mapped(error) from error


def _sheet(workbook: CalamineWorkbook, at: int) -> CalamineSheet:
    try:
        return workbook.get_sheet_by_index(at)
    except CalamineError as error:
        raise damaged(LABEL) from error
    except BaseException as error:
        raise _mapped(error) from error


def _mapped(error: BaseException) -> BaseException:
    """What to raise for an exception: a panic of a Rust library is no `Exception`."""
    return damaged(LABEL) if type(error).__name__ == "PanicException" else error


def _rows(sheet: CalamineSheet) -> Iterator[tuple[int, list[str]]]:
    """The numbers of the rows that have values, and those."""
    if sheet.start is None:
        return
    for number, values in enumerate(sheet.iter_rows(), 1):
        if any(value != "" for value in values):
            yield number, [as_read(value) for value in values]
