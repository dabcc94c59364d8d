"""LaTeX: what is read of its structure, and what within a paragraph."""

from __future__ import annotations

import pytest
from test_readers import assert_sound

from indexer.readers import read
from search.models import Document


def read_as(text: str) -> Document:
    document = read(text.encode(), "a.tex")
    assert_sound(document)
    return document


def blocks(text: str) -> list[str]:
    return read_as(text).text.split("\n\n")


def outline(document: Document) -> list[tuple[str, list[str]]]:
    return [
        (" > ".join(part.headings), document.text[part.body : part.end].strip().split("\n\n"))
        for part in document.sections
    ]


def test_sections_abstract_and_what_the_title_says() -> None:
    document = read_as(r"""\documentclass{article}
\usepackage[english,ngerman]{babel}
\newcommand{\hidden}[1]{not #1}
\title{The \emph{Big} Title\\of All}
\author{Ann L\'ee\thanks{A grant} \\ University \and Bob Ray}
\date{March 3, 2021}
\begin{document}\maketitle
\begin{abstract}In short.\end{abstract}
\section{First \texttt{x\_y}}\label{sec:first}
One.
\subsection*{Below}
Two. % \section{Not this}
\section[short]{Last}
Three.
\end{document}
after the end""")
    assert outline(document) == [
        ("Abstract", ["In short."]),
        ("First x_y", ["One."]),
        ("First x_y > Below", ["Two."]),
        ("Last", ["Three."]),
    ]
    assert (document.title, document.author) == ("The Big Title of All", "Ann Lée, Bob Ray")
    assert (document.date, document.language) == ("2021-03-03", "de")


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        (r"50\% of \textbf{bold \emph{words}}~here", "50% of bold words here"),
        (r"caf\'e, na\"{\i}ve, \ss", "café, naïve, ß"),
        (r"``Quoted'' --- and 1--2", "“Quoted” — and 1–2"),
        (r"as \cite[p.~3]{Knuth84} says, see~\ref{fig:a}", "as [Knuth84] says, see fig:a"),
        (
            r"\href{http://x.example}{words} and \url{http://y.example}",
            "words and http://y.example",
        ),
        (r"code \verb|a_{b}%| here", "code a_{b}% here"),
        (r"where $\alpha \le \frac{a}{b}$ holds", "where α≤a/b holds"),
        (r"\unknown{words} stay", "words stay"),
        ("one % hidden\n  two", "one two"),
        (r"a price of 5\$ \& more {\bf bold}", "a price of 5$ & more bold"),
        (r"broken \textbf{brace and $x", "broken brace and x"),
    ],
)
def test_inline(markup: str, expected: str) -> None:
    assert blocks(markup) == [expected]


def test_lists_tables_formulas_and_code() -> None:
    assert blocks(r"""
\begin{itemize}\item one \item[Term] two
  \begin{enumerate}\item sub\item more\end{enumerate}
\end{itemize}
\begin{align} a &= b \\ c &= \sqrt{d} \label{eq:1} \end{align}
\begin{table}[ht]\caption{Some \emph{things}}
\begin{tabular}{|l|r|}\hline Name & Value \\ \hline
x & \multicolumn{1}{c}{3\&4} \\ \end{tabular}\end{table}
\begin{lstlisting}[language=Python]
def f(x):
    return x % 2  # no comment
\end{lstlisting}
\begin{theorem}[Main] All is well.\end{theorem}
\begin{thebibliography}{9}\bibitem{k} D. Knuth.\end{thebibliography}
""") == [
        "• one",
        "Term: two",
        "1. sub",
        "2. more",
        "a = b\nc = √(d)",
        "Some things",
        "Name | Value",
        "x | 3&4",
        "def f(x):\n    return x % 2  # no comment",
        "Theorem (Main). All is well.",
        "• D. Knuth.",
    ]


def test_slides() -> None:
    document = read_as(
        r"\section{Part}\begin{frame}{One}a\end{frame}\begin{frame}\frametitle{Two}b\end{frame}"
    )
    assert [section.headings for section in document.sections] == [
        ("Part",),
        ("Part", "One"),
        ("Part", "Two"),
    ]


def test_a_file_meant_to_be_included_is_read_whole() -> None:
    assert blocks("\\chapter{One}\nWords.\n\n\\input{other}\nMore.") == ["One", "Words.", "More."]


def test_an_encoding_declared_by_the_file_is_believed() -> None:
    text = "\\usepackage[latin2]{inputenc}\n\\begin{document}Żółty łoś\\end{document}"
    assert read(text.encode("latin2"), "a.tex").text == "Żółty łoś"


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "text",
    [
        "word " + "{" * 100_000,
        "word " + "\\frac{" * 20_000,
        "word " + "\\begin{itemize}" * 20_000,
        "word " + "$" * 100_001,
        "word \\section{" * 10_000,
        "word $" + "\\frac" * 3_000 + "$",
        "word \\newcommand{\\a}{b}" * 10_000,
    ],
)
def test_hostile_files_take_no_time(text: str) -> None:
    assert read(text.encode(), "a.tex").text.startswith("word")
