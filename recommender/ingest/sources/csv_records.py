"""Where the records of a CSV file begin and end: pure functions on bytes.

Arrow parses fast but does not say on which line a row stood, and one broken row costs it the file. So the bytes are cut
into records here, by its own rules of quoting, and what it gets is known to be whole.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

QUOTE, NEWLINE, RETURN = b'"'[0], b"\n"[0], b"\r"[0]


def line_ends(block: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return the positions of the last byte of each line: of LF, CRLF, or a lone CR (old Macintosh)."""
    ends = block == NEWLINE
    returns = np.flatnonzero(block == RETURN)
    following = np.append(block, RETURN)[returns + 1]
    ends[returns[following != NEWLINE]] = True
    return np.flatnonzero(ends)


def quoted_spans(block: NDArray[np.uint8], delimiter: int) -> NDArray[np.int64]:
    """Return the positions where quoting begins and ends, alternately; the last one may lack its end."""
    quotes = np.flatnonzero(block == QUOTE)
    if len(quotes) == 0 or _regular(block, quotes, delimiter):
        return quotes
    return _walk(block, quotes, delimiter)


def record_ends(
    block: NDArray[np.uint8], delimiter: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Cut a block that starts at the beginning of a record.

    Returns
    -------
    starts, stops, line : int64, shape (records,)
        Each whole record is block[start:stop], its line break included; `line` counts the physical lines before it.
    """
    ends = line_ends(block)
    spans = quoted_spans(block, delimiter)
    outside = np.searchsorted(spans, ends) % 2 == 0
    last_lines = np.flatnonzero(outside)
    stops = ends[outside] + 1
    starts = np.concatenate(([0], stops[:-1])).astype(np.int64)[: len(stops)]
    lines = np.concatenate(([0], last_lines[:-1] + 1)).astype(np.int64)[: len(stops)]
    return starts, stops, lines


def _regular(block: NDArray[np.uint8], quotes: NDArray[np.int64], delimiter: int) -> bool:
    """Say whether quotes stand only around fields or doubled, so that they simply alternate."""
    before = np.where(quotes > 0, block[np.maximum(quotes - 1, 0)], NEWLINE)
    after = np.where(quotes < len(block) - 1, block[np.minimum(quotes + 1, len(block) - 1)], NEWLINE)
    opens = np.isin(before[::2], (delimiter, NEWLINE, RETURN, QUOTE))
    closes = np.isin(after[1::2], (delimiter, NEWLINE, RETURN, QUOTE))
    return bool(opens.all() and closes.all())


def _walk(block: NDArray[np.uint8], quotes: NDArray[np.int64], delimiter: int) -> NDArray[np.int64]:
    """Follow the quotes one by one: they open only at the beginning of a field, elsewhere they are letters."""
    at = quotes.tolist()
    spans: list[int] = []
    quoted = False
    i = 0
    while i < len(at):
        place = at[i]
        if quoted and i + 1 < len(at) and at[i + 1] == place + 1:
            i += 1
        elif quoted or place == 0 or block[place - 1] in (delimiter, NEWLINE, RETURN):
            quoted = not quoted
            spans.append(place)
        i += 1
    return np.array(spans, dtype=np.int64)
