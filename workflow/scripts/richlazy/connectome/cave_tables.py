"""Tables of CAVE as files: complete, exact, and continued where an interrupted download ended.

The server cuts answers off at a row limit, says so in a header alone, and has no fixed order of rows, so asking for
"the next rows" would lose some. Therefore the server counts the rows of each question first, and an answer is valid
only if it has that many different rows. A question with too many rows is split into halves of its ids. Identifiers
exceed 2^53 and stay whole numbers throughout.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from richlazy.connectome import cave_answers
from richlazy.connectome.cave import Connection, connect
from richlazy.connectome.cave_answers import Expected
from richlazy.connectome.cave_source import Source
from richlazy.connectome.cave_token import ALTERNATIVES
from richlazy.storage import array_io, logs, parquet

NUCLEI_IN_ONE_CHUNK = 500
SYNAPSE_COLUMNS = {
    "id": "number of the synapse",
    "pre_pt_root_id": "segmentation root of the presynaptic cell",
    "post_pt_root_id": "segmentation root of the postsynaptic cell",
    "size": "voxels of 4 x 4 x 40 nm of the postsynaptic density",
}
_MEANINGS = {
    **SYNAPSE_COLUMNS,
    "id": "number of the row; of a nucleus its identity in every version",
    "target_id": "number of the nucleus that the row is about",
    "classification_system": "how the cell was classified, with its class: excitatory, inhibitory or unclear",
    "cell_type": "name of the type of the cell",
    "pt_root_id": "segmentation root at the point; 0 outside the segmentation",
    "valid_id": "segmentation root that was proofread",
    **{f"pt_position_{axis}": f"{axis} of the point, nm" for axis in "xyz"},
}


def download_table(
    source: Source, token: str | None, table: str, folder: str | Path, expected: Expected
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """A whole table that is small enough for one answer.

    Args:
        source: where to ask.
        token: token for the source; None takes the one in the store of caveclient.
        table: name of the table; the table that it refers to is not joined.
        folder: folder that keeps the answer; with it, neither server nor token is needed.
        expected: what an answer must have to be kept.

    Returns:
        Rows sorted by ``id`` with the columns of the server, and their origin.

    Raises:
        ValueError: if the answer is not complete, or cannot be used.
    """
    digest = _digest(source, table, {}, None)
    file = Path(folder, f"{digest}.parquet")
    found = _load_chunk(file, digest, expected)
    if found is None:
        with connect(source, token) as connection:
            rows = _complete(connection, table, {}, None, expected)
            if rows is None:
                raise ValueError(
                    f"{source.place} has more rows of table {table} than one answer holds; name a smaller table"
                )
            found = rows.sort_values("id", ignore_index=True), _origin(connection, table)
        _save_chunk(file, *found, digest)
    return found


def download_rows(
    source: Source,
    token: str | None,
    table: str,
    column: str,
    ids: Sequence[int],
    chunk: int,
    folder: str | Path,
    expected: Expected,
    others: Mapping[str, Sequence[int]] | None = None,
    columns: Sequence[str] | None = None,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Every row of a table whose column holds one of the ids, chunk by chunk.

    With all chunks on disk, neither server nor token is needed.

    Args:
        source: where to ask.
        token: token for the source; None takes the one in the store of caveclient.
        table: name of the table.
        column: column with the ids.
        ids: wanted ids; repeated ones count once.
        chunk: number of ids in one question.
        folder: folder that keeps finished chunks; they are not asked for again.
        expected: what an answer must have to be kept.
        others: further columns, each with its wanted ids.
        columns: columns to ask for; None for all.

    Returns:
        Rows sorted by ``id``, and the origin of the chunk that was downloaded last.

    Raises:
        ValueError: if an answer is not complete, or cannot be used.
    """
    wanted = sorted({int(one) for one in ids})
    if not wanted:
        raise ValueError(f"there are no ids to ask table {table} for; check the table of cells that names them")
    fixed = {name: sorted({int(one) for one in values}) for name, values in (others or {}).items()}
    connection, chunks = None, []
    with ExitStack() as stack:
        for first in range(0, len(wanted), chunk):
            filters = {column: wanted[first : first + chunk], **fixed}
            digest = _digest(source, table, filters, columns)
            file = Path(folder, f"{digest}.parquet")
            found = _load_chunk(file, digest, expected)
            if found is None:
                connection = connection or stack.enter_context(connect(source, token))
                rows = _together(list(_halves(connection, table, column, filters, columns, expected)))
                found = rows, _origin(connection, table)
                _save_chunk(file, *found, digest)
                logs.LOGGER.info("%s: %d of %d ids", table, min(first + chunk, len(wanted)), len(wanted))
            chunks.append(found)
    rows = _together([rows for rows, _ in chunks]).sort_values("id", ignore_index=True)
    return rows, max((origin for _, origin in chunks), key=lambda origin: origin["downloaded"])


def download_synapses(
    source: Source, token: str | None, table: str, roots: Sequence[int], chunk: int, folder: str | Path
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Every synapse among cells, given by their segmentation roots; columns are SYNAPSE_COLUMNS.

    Arguments, the second result and mistakes are those of ``download_rows``.
    """
    columns = list(SYNAPSE_COLUMNS)
    both, expected = {"post_pt_root_id": roots}, cave_answers.SYNAPSES
    frame, origin = download_rows(source, token, table, "pre_pt_root_id", roots, chunk, folder, expected, both, columns)
    # Sizes come as 32-bit floats, whose sums are not exact.
    return frame[columns].assign(size=frame["size"].astype("Float64").astype("int64")), origin


def save(table: str, rows: pd.DataFrame, origin: Mapping[str, Any], output: str | Path, provenance: str | Path) -> None:
    """Write rows of a table to Parquet, and their origin to JSON."""
    meanings = {name: _MEANINGS.get(name, f"as {table} of CAVE has it") for name in rows.columns}
    parquet.save_table(output, rows, meanings)
    array_io.save_json(provenance, {**origin, "rows": len(rows)})


def _origin(connection: Connection, table: str) -> dict[str, Any]:
    return {**connection.facts, "table": table, "downloaded": datetime.now(UTC).date().isoformat()}


def _halves(
    connection: Connection,
    table: str,
    column: str,
    filters: dict[str, list[int]],
    columns: Sequence[str] | None,
    expected: Expected,
) -> Iterator[pd.DataFrame]:
    """Complete answers that together hold every row; the ids are halved until each answer is complete."""
    frame = _complete(connection, table, filters, columns, expected)
    ids = filters[column]
    if frame is not None:
        yield frame
    elif len(ids) > 1:
        for half in (ids[: len(ids) // 2], ids[len(ids) // 2 :]):
            yield from _halves(connection, table, column, {**filters, column: half}, columns, expected)
    else:
        raise ValueError(
            f"{connection.source.place} counts more rows of table {table} with {column} {ids[0]} than it gives; "
            f"run again later, {ALTERNATIVES}"
        )


def _complete(
    connection: Connection,
    table: str,
    filters: Mapping[str, Sequence[int]],
    columns: Sequence[str] | None,
    expected: Expected,
) -> pd.DataFrame | None:
    """The answer to a question; None if there are more rows than one answer holds."""
    counted = connection.count(table, filters)
    if filters and counted > connection.row_limit:
        return None
    frame, cut_off = connection.rows(table, filters, columns)
    if cut_off or len(frame) < counted:
        logs.LOGGER.info("%s: %d of %d rows in one answer", table, len(frame), counted)
        if cut_off:
            connection.row_limit = len(frame)
        return None
    mistake = expected.problem(frame)
    if mistake is None:
        frame = _exact(connection, table, frame)
        mistake = _mistake(frame, filters, counted)
    if mistake:
        raise ValueError(f"{connection.source.place} gave {mistake} of table {table}; run again later, {ALTERNATIVES}")
    return frame


def _mistake(frame: pd.DataFrame, filters: Mapping[str, Sequence[int]], counted: int) -> str | None:
    """Rows that are repeated, too many, or not what was asked for."""
    if frame["id"].duplicated().any():
        return "repeated rows"
    if len(frame) > counted:
        return f"{len(frame)} rows where it counts {counted}"
    if any(not frame[column].isin(ids).all() for column, ids in filters.items() if column in frame):
        return "rows that were not asked for"
    return None


def _exact(connection: Connection, table: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Ids as Int64; raise ValueError if the server sent floating-point numbers, which are exact up to 2^53 only."""
    exact = {}
    for name in [name for name in frame if name == "id" or str(name).endswith("_id")]:
        if len(frame) and pd.api.types.is_float_dtype(frame[name]):
            raise ValueError(
                f"{connection.source.place} gave {name} of table {table} as floating-point numbers, which cannot hold "
                f"ids exactly; take another version, {ALTERNATIVES}"
            )
        exact[name] = frame[name].astype("Int64")
    return frame.assign(**exact)


def _together(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    # An answer without rows has arbitrary types, so it is left out.
    return pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)


def _digest(source: Source, table: str, filters: Mapping[str, Sequence[int]], columns: Any) -> str:
    """Name of a question, from its source and content."""
    place = [source.server, source.datastack, int(source.version), table]
    question = [*place, filters, list(columns or [])]
    return hashlib.sha256(json.dumps(question, sort_keys=True).encode()).hexdigest()[:32]


def _save_chunk(file: Path, rows: pd.DataFrame, origin: Mapping[str, Any], digest: str) -> None:
    arrow = pa.Table.from_pandas(rows, preserve_index=False)
    notes = {"question": digest, "origin": json.dumps(origin)}
    parquet.save_arrow(file, arrow, notes)


def _load_chunk(file: Path, digest: str, expected: Expected) -> tuple[pd.DataFrame, dict[str, Any]] | None:
    """A finished chunk and its origin; None if it is missing, damaged, of no use, or answers another question."""
    if not file.exists():
        return None
    try:
        arrow = parquet.load_arrow(file)
    except (OSError, ValueError):
        logs.LOGGER.warning("%s is damaged and is downloaded again", file)
        return None
    notes = arrow.schema.metadata or {}
    if notes.get(b"question") != digest.encode():
        return None
    rows = arrow.to_pandas()
    if len(rows) and (problem := expected.problem(rows)):  # earlier versions kept any answer
        logs.LOGGER.warning("%s has %s and is downloaded again", file, problem)
        return None
    return rows, json.loads(notes[b"origin"])
