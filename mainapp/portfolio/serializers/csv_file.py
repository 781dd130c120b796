"""CSV files separated by semicolons, commas or tabs, in UTF-8, UTF-16 or Latin-1."""

import io
from collections.abc import Sequence

from django.utils.translation import gettext_noop as _

from mainapp.portfolio.serializers.tables import MAX_COLUMNS, Table, UnreadableFile

SEPARATORS = (";", "\t", ",")
UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def read_csv(data: bytes, *, max_rows: int) -> Table:
    """Return the first `max_rows` rows. Raises: UnreadableFile."""
    import pandas as pd  # noqa: PLC0415 - 114 MB, loaded only for an import

    text = _decoded(data)
    try:
        frame = pd.read_csv(
            io.StringIO(text, newline=""),
            sep=_separator(text),
            header=None,
            names=list(range(MAX_COLUMNS)),
            index_col=False,
            dtype=str,
            na_filter=False,
            nrows=max_rows,
            skip_blank_lines=False,
        )
    except ValueError as error:
        raise UnreadableFile(_("As linhas deste CSV não se deixam separar em colunas.")) from error
    return [[str(cell) for cell in row] for row in frame.fillna("").to_numpy().tolist()]


def write_csv(head: Sequence[str], rows: Sequence[Sequence[str]], *, separator: str) -> bytes:
    """Return the file with a byte order mark, by which spreadsheets recognise UTF-8."""
    import pandas as pd  # noqa: PLC0415 - 114 MB, loaded only for an export

    frame = pd.DataFrame(rows, columns=list(head), dtype=object)
    return frame.to_csv(sep=separator, index=False, lineterminator="\r\n").encode("utf-8-sig")


def _decoded(data: bytes) -> str:
    """Return the decoded text. Raises: UnreadableFile if it holds control characters."""
    try:
        text = data.decode("utf-16" if data.startswith(UTF_16) else "utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
    if any(ord(letter) < 32 and letter not in "\t\r\n" for letter in text):
        raise UnreadableFile
    return text


def _separator(text: str) -> str:
    """Return the commonest separator of the first line that has any."""
    for line in text.splitlines()[:20]:
        separator = max(SEPARATORS, key=line.count)
        if separator in line:
            return separator
    return ";"
