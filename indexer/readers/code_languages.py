"""The programming languages whose definitions are known, by the suffixes of their files.

The names of nodes are those of each language's tree-sitter grammar.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module

from tree_sitter import Language

from indexer.readers.lines import names


@dataclass(frozen=True, slots=True)
class CodeLanguage:
    """A language and what its definitions are called.

    Attributes:
        module: The package with the grammar.
        entry: The function of it that gives the grammar.
        functions: Nodes that define something run; nothing within them is looked at.
        types: Nodes that define something with members of its own.
        wrappers: Nodes around a definition that belong to it, such as decorators.
        attached: Nodes in front of a definition that belong to it, such as comments.
    """

    module: str
    entry: str
    functions: frozenset[str]
    types: frozenset[str]
    wrappers: frozenset[str] = frozenset()
    attached: frozenset[str] = frozenset({"comment"})

    def grammar(self) -> Language:
        """The grammar, loaded when first asked for."""
        return _grammar(self.module, self.entry)


@cache
def _grammar(module: str, entry: str) -> Language:
    function: Callable[[], object] = getattr(import_module(module), entry)
    return Language(function())


_PYTHON = CodeLanguage(
    "tree_sitter_python",
    "language",
    names("function_definition"),
    names("class_definition"),
    names("decorated_definition"),
)
_SCRIPT_FUNCTIONS = "function_declaration generator_function_declaration method_definition"
_SCRIPT_TYPES = "class_declaration abstract_class_declaration"
_JAVASCRIPT = CodeLanguage(
    "tree_sitter_javascript",
    "language",
    names(_SCRIPT_FUNCTIONS),
    names(_SCRIPT_TYPES),
    names("export_statement"),
)
_TYPED_TYPES = names(
    _SCRIPT_TYPES + " interface_declaration enum_declaration type_alias_declaration internal_module"
    " module"
)
_TYPESCRIPT, _TSX = (
    CodeLanguage(
        "tree_sitter_typescript",
        entry,
        names(_SCRIPT_FUNCTIONS),
        _TYPED_TYPES,
        names("export_statement ambient_declaration expression_statement"),
    )
    for entry in ("language_typescript", "language_tsx")
)
_JAVA = CodeLanguage(
    "tree_sitter_java",
    "language",
    names("method_declaration constructor_declaration compact_constructor_declaration"),
    names(
        "class_declaration interface_declaration enum_declaration record_declaration"
        " annotation_type_declaration"
    ),
    attached=names("line_comment block_comment"),
)
_C_TYPES = "struct_specifier union_specifier enum_specifier"
_C = CodeLanguage(
    "tree_sitter_c",
    "language",
    names("function_definition preproc_function_def"),
    names(_C_TYPES),
    names("type_definition declaration"),
)
_CPP = CodeLanguage(
    "tree_sitter_cpp",
    "language",
    names("function_definition preproc_function_def"),
    names(_C_TYPES + " class_specifier namespace_definition"),
    names("template_declaration type_definition declaration"),
)
_GO = CodeLanguage(
    "tree_sitter_go",
    "language",
    names("function_declaration method_declaration"),
    names("type_declaration"),
)
_RUST = CodeLanguage(
    "tree_sitter_rust",
    "language",
    names("function_item function_signature_item macro_definition"),
    names("struct_item enum_item union_item trait_item impl_item mod_item"),
    attached=names("line_comment block_comment attribute_item"),
)
_RUBY = CodeLanguage(
    "tree_sitter_ruby",
    "language",
    names("method singleton_method"),
    names("class module"),
)
_PHP = CodeLanguage(
    "tree_sitter_php",
    "language_php",
    names("function_definition method_declaration"),
    names("class_declaration interface_declaration trait_declaration enum_declaration"),
)
_CSHARP = CodeLanguage(
    "tree_sitter_c_sharp",
    "language",
    names("method_declaration constructor_declaration local_function_statement"),
    names(
        "class_declaration interface_declaration struct_declaration record_declaration"
        " enum_declaration namespace_declaration"
    ),
)
_BASH = CodeLanguage("tree_sitter_bash", "language", names("function_definition"), frozenset())

_BY_SUFFIX = {
    ".py .pyi": _PYTHON,
    ".js .jsx .mjs": _JAVASCRIPT,
    ".ts": _TYPESCRIPT,
    ".tsx": _TSX,
    ".java": _JAVA,
    ".c": _C,
    ".cc .cpp .cxx .h .hh .hpp .hxx": _CPP,
    ".go": _GO,
    ".rs": _RUST,
    ".rb": _RUBY,
    ".php": _PHP,
    ".cs": _CSHARP,
    ".bash .sh": _BASH,
}
_LANGUAGES = {
    suffix: language for suffixes, language in _BY_SUFFIX.items() for suffix in suffixes.split()
}


def language_for(name: str) -> CodeLanguage | None:
    """The language of a file by how its name ends, or None if it is not known."""
    return _LANGUAGES.get("." + name.lower().rpartition(".")[2])
