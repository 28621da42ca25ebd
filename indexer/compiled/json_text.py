"""The texts of JSON lines, taken out in one pass: the top level of each object is walked, its text unescaped.

The lines are known to be JSON objects that hold the text, because a census read them; what stands here does not judge
them. Bytes of a file that changed since may be anything: they give nonsense, but nothing is read or written out of
bounds.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from indexer.compiled.jit import kernel
from indexer.compiled.vectors import VECTOR, copy_vector, escape_or_quote_mask, lowest_bit

Bytes = npt.NDArray[np.uint8]
Integers = npt.NDArray[np.int64]

ALL, MORE, ODD, CROOKED = 0, 1, 2, 3
"""How `take_texts` ended: with the last line; before one that is not all there; before one that Python must read;
before one that starts within the one before it."""

GAP_BYTES = 2
"""Line feeds between two texts (indexer.blocks.GAP)."""

NO_VALUE = -1
"""Where an object has no id."""

_LINE_FEED, _QUOTE, _BACKSLASH = 0x0A, 0x22, 0x5C
_COMMA, _COLON = 0x2C, 0x3A
_SPACE, _TAB, _RETURN = 0x20, 0x09, 0x0D
_OPEN_BRACKET, _CLOSE_BRACKET, _OPEN_BRACE, _CLOSE_BRACE = 0x5B, 0x5D, 0x7B, 0x7D
_U = 0x75

_NO_ESCAPE = 0xFF


def _table(values: dict[str, int]) -> Bytes:
    table = np.full(256, _NO_ESCAPE, dtype=np.uint8)
    for character, value in values.items():
        table[ord(character)] = value
    return table


_MEANING = _table({'"': 0x22, "\\": 0x5C, "/": 0x2F, "b": 0x08, "f": 0x0C, "n": 0x0A, "r": 0x0D, "t": 0x09})
_DIGIT = _table({digit: int(digit, 16) for digit in "0123456789abcdefABCDEF"})


@kernel
def take_texts(
    raw: Bytes,
    end: int,
    is_end: bool,
    base: int,
    lines: Integers,
    first: int,
    names: tuple[Bytes, Bytes],
    out: Bytes,
    used: int,
    spans: Integers,
) -> tuple[int, int, int]:
    """Take the texts of the lines that start at bytes `lines[first:]` of a stream: (next line, used, how it ended).

    `raw[:end]` is the stream from its byte `base` on; `is_end` says that nothing follows. `names` are the keys of the
    text and of the id. Texts go to `out` from `used` on, each with GAP_BYTES line feeds behind it. `spans` [line, 4]
    gets the start and end of each text in `out` and of each id's value in `raw` (NO_VALUE where there is none).

    `raw` needs PADDING bytes behind `end`; `out` must hold `end` and twice PADDING bytes behind the first `used`.
    """
    text_name, id_name = names
    behind = 0
    for number in range(first, len(lines)):
        place = lines[number] - base
        if place < behind:
            return number, used, CROOKED
        if place >= end:
            return number, used, MORE
        place = _skip_space(raw, place, end)
        if place < end and raw[place] != _OPEN_BRACE:
            return number, used, ODD
        place += 1
        text_end, id_start, id_end = NO_VALUE, NO_VALUE, NO_VALUE
        while True:
            place = _skip_space(raw, place, end)
            if place >= end:
                return number, used, ODD if is_end else MORE
            byte = raw[place]
            place += 1
            if byte == _CLOSE_BRACE:
                break
            if byte == _COMMA:
                continue
            if byte != _QUOTE:
                return number, used, ODD
            key = place
            place = _next_mark(raw, place, end)
            if place < end and raw[place] == _BACKSLASH:
                return number, used, ODD
            is_text = _is_name(raw, key, place, text_name)
            is_id = _is_name(raw, key, place, id_name)
            place = _skip_space(raw, place + 1, end)
            if place < end and raw[place] != _COLON:
                return number, used, ODD
            value = _skip_space(raw, place + 1, end)
            if value < end and is_text and raw[value] == _QUOTE:
                place, text_end = _unescape(raw, value + 1, end, out, used)
                if text_end < 0:
                    return number, used, ODD
            else:
                place = _skip_value(raw, value, end)
            if is_id:
                id_start, id_end = value, place
        behind = _skip_space(raw, place, end)
        if behind >= end and not is_end:
            return number, used, MORE
        if text_end < 0 or (behind < end and raw[behind] != _LINE_FEED):
            return number, used, ODD
        spans[number, 0], spans[number, 1] = used, text_end
        spans[number, 2], spans[number, 3] = id_start, id_end
        out[text_end], out[text_end + 1] = _LINE_FEED, _LINE_FEED
        used = text_end + GAP_BYTES
    return len(lines), used, ALL


@kernel
def _skip_space(raw: Bytes, place: int, end: int) -> int:
    """The first byte from `place` on that is no white space of JSON; a line feed, which ends a line, counts as none."""
    while place < end:
        byte = raw[place]
        if byte != _SPACE and byte != _TAB and byte != _RETURN:
            break
        place += 1
    return place


@kernel
def _next_mark(raw: Bytes, place: int, end: int) -> int:
    """The next quote or backslash; `end` where there is none."""
    while place < end:
        mask = escape_or_quote_mask(raw, place)
        if mask != 0:
            mark: int = place + lowest_bit(mask)
            return min(mark, end)
        place += VECTOR
    return end


@kernel
def _is_name(raw: Bytes, start: int, end: int, name: Bytes) -> bool:
    if end - start != len(name):
        return False
    for index in range(len(name)):
        if raw[start + index] != name[index]:
            return False
    return True


@kernel
def _skip_string(raw: Bytes, place: int, end: int) -> int:
    """The byte behind the quote that ends a string whose first byte is `place`; `end` where there is none."""
    while True:
        place = _next_mark(raw, place, end)
        if place >= end:
            return end
        if raw[place] == _QUOTE:
            return place + 1
        place += 2


@kernel
def _skip_value(raw: Bytes, place: int, end: int) -> int:
    """The byte behind a value of any kind; `end` where it does not end."""
    depth = 0
    while place < end:
        byte = raw[place]
        if byte == _QUOTE:
            place = _skip_string(raw, place + 1, end)
        elif byte == _OPEN_BRACE or byte == _OPEN_BRACKET:
            depth += 1
            place += 1
        elif byte == _CLOSE_BRACE or byte == _CLOSE_BRACKET:
            depth -= 1
            place += 1
        elif depth == 0:
            return _skip_scalar(raw, place, end)
        else:
            place += 1
        if depth <= 0:
            return place
    return end


@kernel
def _skip_scalar(raw: Bytes, place: int, end: int) -> int:
    """The byte behind a number, true, false or null: where white space, a comma or a brace is."""
    while place < end:
        byte = raw[place]
        if byte <= _SPACE or byte == _COMMA or byte == _CLOSE_BRACE:
            break
        place += 1
    return place


@kernel
def _unescape(raw: Bytes, place: int, end: int, out: Bytes, used: int) -> tuple[int, int]:
    """Write the string whose first byte is `place` to `out` from `used` on: (byte behind its quote, end in `out`).

    The former is `end` where the string does not end; the latter is negative where no census accepts the string.
    """
    while place < end:
        # Whole vectors are written, whatever they hold: what is no text of this string is overwritten by what follows.
        copy_vector(out, used, raw, place)
        marks = escape_or_quote_mask(raw, place)
        taken = 0  # bytes of this vector that `used` counts
        while marks != 0:
            step = lowest_bit(marks)
            mark = place + step
            if mark >= end:
                return end, used
            used += step - taken
            if raw[mark] == _QUOTE:
                return mark + 1, used
            meaning = _MEANING[raw[mark + 1]]
            if meaning != _NO_ESCAPE:
                out[used] = meaning
                used += 1
                taken = step + 2
            else:
                code, length = _code_point(raw, mark, end)
                if length == 0:
                    return end, used
                if length < 0:
                    return mark, NO_VALUE
                used = _put(out, used, code)
                taken = step + length
            if taken >= VECTOR:
                break
            copy_vector(out, used, raw, place + taken)
            marks = (marks >> np.uint64(taken)) << np.uint64(taken)
        used += max(VECTOR - taken, 0)
        place += max(VECTOR, taken)
    return end, used


@kernel
def _code_point(raw: Bytes, place: int, end: int) -> tuple[int, int]:
    """The character that \\uXXXX, or a pair of them, stands for, and how many bytes that takes.

    The latter is 0 where the bytes end before the escape does, and negative where it stands for no character.
    """
    if place + 6 > end:
        return 0, 0
    code = _four_digits(raw, place)
    if 0 <= code < 0xD800 or code > 0xDFFF:
        return code, 6
    if code < 0 or code > 0xDBFF:
        return 0, NO_VALUE
    if place + 12 > end:
        return 0, 0
    low = _four_digits(raw, place + 6)
    if low < 0xDC00 or low > 0xDFFF:
        return 0, NO_VALUE
    return 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00), 12


@kernel
def _four_digits(raw: Bytes, place: int) -> int:
    """The number in \\uXXXX; negative where that is not what stands there."""
    if raw[place] != _BACKSLASH or raw[place + 1] != _U:
        return NO_VALUE
    number = 0
    for index in range(place + 2, place + 6):
        digit = np.int64(_DIGIT[raw[index]])
        if digit == _NO_ESCAPE:
            return NO_VALUE
        number = number * 16 + int(digit)
    return number


@kernel
def _put(out: Bytes, used: int, code: int) -> int:
    """Write a character as UTF-8; the place behind it."""
    if code < 0x80:
        out[used] = code
        return used + 1
    if code < 0x800:
        out[used] = 0xC0 | (code >> 6)
        out[used + 1] = 0x80 | (code & 0x3F)
        return used + 2
    if code < 0x10000:
        out[used] = 0xE0 | (code >> 12)
        out[used + 1] = 0x80 | ((code >> 6) & 0x3F)
        out[used + 2] = 0x80 | (code & 0x3F)
        return used + 3
    out[used] = 0xF0 | (code >> 18)
    out[used + 1] = 0x80 | ((code >> 12) & 0x3F)
    out[used + 2] = 0x80 | ((code >> 6) & 0x3F)
    out[used + 3] = 0x80 | (code & 0x3F)
    return used + 4
