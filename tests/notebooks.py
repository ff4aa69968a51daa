"""The notebooks of the documentation: ``python tests/notebooks.py`` executes them and keeps their outputs."""

import os
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "workflow/docs/notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def read(path: Path) -> nbformat.NotebookNode:
    """A notebook as it is committed."""
    return nbformat.read(path, as_version=4)


def executed(path: Path) -> nbformat.NotebookNode:
    """A notebook with fresh outputs; CellExecutionError for a cell that fails."""
    book = read(path)
    surroundings = {**os.environ, "PYTHONPATH": str(ROOT / "workflow/scripts")}
    client = NotebookClient(book, timeout=600, resources={"metadata": {"path": str(FOLDER)}}, record_timing=False)
    client.execute(env=surroundings)
    for cell in book.cells:
        if cell.cell_type == "code":  # warnings of other libraries are no result
            cell["outputs"] = [output for output in cell["outputs"] if output.get("name") != "stderr"]
    return book


if __name__ == "__main__":
    for notebook in NOTEBOOKS:
        nbformat.write(executed(notebook), notebook)
