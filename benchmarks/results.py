"""What the benchmarks found, kept as JSON and rendered as one page.

    python benchmarks/results.py

A benchmark calls `record`, which writes results/NAME.json with the command that made the figures,
the date and the machine. The command above renders all of them as RESULTS.md: each figure beside
its peers and its limit.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gauge import machine

FOLDER = Path(__file__).with_name("results")
PAGE = Path(__file__).with_name("RESULTS.md")
_WITHIN = " / "
#: A path from the root on, as a text or within one, but not what stands between two words.
_ABSOLUTE = re.compile(r"""(?<![\w.…)\]])(?:~?/[\w.-]+/[\w./-]*|[A-Za-z]:\\+\w+)""")


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure that is held against something.

    Attributes:
        value: What was measured.
        unit: What it is counted in.
        limit: What it must be, such as "≤ 8" or "≥ 4.5"; "" if it need be nothing.
        peers: The same measured of others in the same run, by their name.
    """

    value: float | str
    unit: str = ""
    limit: str = ""
    peers: Mapping[str, float | str] = field(default_factory=dict)

    def held(self) -> bool | None:
        """Whether the value keeps the limit; None if there is none to be kept."""
        sign, _, number = self.limit.partition(" ")
        if isinstance(self.value, str) or sign not in ("≤", "≥"):
            return None
        limit = float(number.split()[0].replace(",", ""))
        return self.value <= limit if sign == "≤" else self.value >= limit


def record(name: str, figures: Mapping[str, Any], command: str) -> Path:
    """Write down what a benchmark found, in place of what it found before.

    Args:
        name: The benchmark's, in letters, digits and dashes; the file is called after it.
        figures: By what they are of: a `Figure`, a number or a text; a mapping of such, whose
            names are put behind its own; or a list of mappings, which is rendered as a table.
        command: What made them.

    Returns:
        The file.

    Raises:
        ValueError: A path of this machine stands in it.
    """
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{name}.json"
    found = {
        "name": name,
        "command": command,
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine(),
        "figures": figures,
    }
    text = json.dumps(found, indent=1, ensure_ascii=False, default=_plain)
    if there := _ABSOLUTE.search(text):
        raise ValueError(f"A path of this machine would be recorded: {there[0]}")
    path.write_text(text + "\n", "utf-8")
    return path


def _plain(value: Any) -> Any:
    if isinstance(value, Figure):
        return asdict(value)
    return value.item()  # NumPy's numbers


def rendered(folder: Path = FOLDER) -> str:
    """All results in ``folder`` as one page of Markdown."""
    parts = [
        "# What was measured\n\n"
        "Written by `python benchmarks/results.py` from what the benchmarks recorded. Absolute "
        "figures are those of the machine named; peers were measured beside them in the same run.\n"
    ]
    parts += [_section(json.loads(p.read_text("utf-8"))) for p in sorted(folder.glob("*.json"))]
    return "\n".join(parts)


def _section(found: Mapping[str, Any]) -> str:
    machine = found["machine"]
    lines = [
        f"## {found['name']}",
        "",
        f"`{found['command']}`, {found['date']}, on {machine['cores']} cores of "
        f"{machine['processor']}, {machine['memory_gb']} GB, Python {machine['python']}.",
        "",
    ]
    tables = dict(_tables(found["figures"], ""))
    single: list[Mapping[str, Any]] = [
        {
            "figure": name,
            "measured": _number(figure.value, figure.unit),
            "limit": _number(figure.limit, figure.unit) if figure.limit else "",
            "held": {True: "yes", False: "**no**", None: ""}[figure.held()],
            "beside it": ", ".join(f"{peer} {_number(v)}" for peer, v in figure.peers.items()),
        }
        for name, figure in _figures(found["figures"], "")
    ]
    for name, rows in {"": single, **tables}.items():
        if rows:
            lines += [f"{name}:", ""] if name else []
            lines += [*_table(rows), ""]
    return "\n".join(lines)


def _figures(value: Any, name: str) -> Iterator[tuple[str, Figure]]:
    """The figures in what was recorded, but for those of tables."""
    if isinstance(value, Mapping) and "value" in value:
        yield name, Figure(**value)
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from _figures(part, f"{name}{_WITHIN}{key}" if name else key)
    elif not isinstance(value, list):
        yield name, Figure(value)


def _tables(value: Any, name: str) -> Iterator[tuple[str, list[Mapping[str, Any]]]]:
    if isinstance(value, list):
        yield name, value
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from _tables(part, f"{name}{_WITHIN}{key}" if name else key)


def _table(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    heads = list(dict.fromkeys(head for row in rows for head in row))
    heads = [head for head in heads if any(row.get(head) not in ("", None) for row in rows)]
    lines = [heads, ["---"] * len(heads)]
    lines += [[_number(row.get(head, "")) for head in heads] for row in rows]
    return [f"| {' | '.join(cells)} |" for cells in lines]


def _number(value: Any, unit: str = "") -> str:
    """A value with about three digits that say something, and its unit."""
    if isinstance(value, float):
        digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 4
        value = f"{value:,.{digits}f}"
    elif isinstance(value, int) and not isinstance(value, bool):
        value = f"{value:,}"
    return f"{'' if value is None else value} {unit}".strip().replace("|", "\\|")


def main() -> None:
    """Write the page."""
    PAGE.write_text(rendered(), "utf-8")


if __name__ == "__main__":
    main()
