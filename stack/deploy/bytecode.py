"""Bytecode in place of the modules below a directory, without their docstrings: `python bytecode.py DIRECTORY ROOT`.

A program of its own, which imports nothing of this package: what it writes depends on the sources alone. It does not
leave out assertions, as `python -OO` would.
"""

from __future__ import annotations

import ast
import importlib.util
import marshal
import sys
from pathlib import Path

# A .pyc that is taken without looking at a source (PEP 552): of hashes, and not checked.
_UNCHECKED = 0b01


def main(directory: Path, root: Path) -> None:
    """Replace each `.py` by a `.pyc`, in which tracebacks name the file below `root`."""
    for source in sorted(directory.rglob("*.py")):
        content = source.read_bytes()
        tree = ast.parse(content)
        for node in ast.walk(tree):
            _remove_docstring(node)
        code = compile(tree, root / source.relative_to(directory), "exec", dont_inherit=True)
        header = importlib.util.MAGIC_NUMBER + _UNCHECKED.to_bytes(4, "little") + importlib.util.source_hash(content)
        source.with_suffix(".pyc").write_bytes(header + marshal.dumps(code))
        source.unlink()


def _remove_docstring(node: ast.AST) -> None:
    if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return
    match node.body:
        case [ast.Expr(ast.Constant(str())) as docstring, *rest]:
            node.body = rest if rest else [ast.copy_location(ast.Pass(), docstring)]


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
