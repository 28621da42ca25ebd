"""Unaligned loads, bit tricks and 64-byte vector compares for compiled code, through LLVM.

All are generic LLVM operations, so any processor runs them; one with wide vectors does so in an instruction or two.
Kernels import them from vectors.py, which says what they ask of their arrays.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import binding, ir
from numba import types
from numba.extending import intrinsic

VECTOR = 64
"""Bytes that one vector operation looks at."""

_BIT = ir.IntType(1)
_BYTE = ir.IntType(8)
_WORD = ir.IntType(64)
_BYTES = ir.VectorType(_BYTE, VECTOR)


def _address(context: Any, builder: Any, kind: Any, array: Any, index: Any) -> Any:
    data = context.make_array(kind)(context, builder, array).data
    return builder.gep(builder.bitcast(data, _BYTE.as_pointer()), [index])


def _load(context: Any, builder: Any, kind: Any, array: Any, index: Any, shape: Any) -> Any:
    pointer = builder.bitcast(_address(context, builder, kind, array, index), shape.as_pointer())
    return builder.load(pointer, align=1)


def _all(value: int) -> Any:
    return ir.Constant(_BYTES, [value] * VECTOR)


def _is_between(builder: Any, bytes_: Any, first: int, last: int) -> Any:
    """Vector of bits: first <= byte <= last, by one subtraction that wraps and one comparison."""
    return builder.icmp_unsigned("<=", builder.sub(bytes_, _all(first)), _all(last - first))


def _is_word(builder: Any, bytes_: Any) -> Any:
    """ASCII letters and digits, and the low line."""
    lower = builder.or_(bytes_, _all(0x20))
    letter = _is_between(builder, lower, ord("a"), ord("z"))
    digit = _is_between(builder, bytes_, ord("0"), ord("9"))
    return builder.or_(builder.or_(letter, digit), _is_between(builder, bytes_, ord("_"), ord("_")))


def _is_space(builder: Any, bytes_: Any) -> Any:
    """ASCII white space, as str.isspace() has it."""
    blank = _is_between(builder, bytes_, ord(" "), ord(" "))
    control = builder.or_(_is_between(builder, bytes_, 0x09, 0x0D), _is_between(builder, bytes_, 0x1C, 0x1F))
    return builder.or_(blank, control)


def _is_escape_or_quote(builder: Any, bytes_: Any) -> Any:
    escape = _is_between(builder, bytes_, ord("\\"), ord("\\"))
    return builder.or_(escape, _is_between(builder, bytes_, ord('"'), ord('"')))


def _mask_of(test: Callable[[Any, Any], Any]) -> Any:
    """An intrinsic (array, index) → uint64: which of the 64 bytes from `index` on pass `test`."""

    def mask(_typing: Any, array: Any, index: Any) -> Any:
        def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            loaded = _load(context, builder, signature.args[0], arguments[0], arguments[1], _BYTES)
            return builder.bitcast(test(builder, loaded), _WORD)

        return types.uint64(array, types.int64), build

    return intrinsic(mask)


word_mask = _mask_of(_is_word)
space_mask = _mask_of(_is_space)
high_mask = _mask_of(lambda builder, bytes_: _is_between(builder, bytes_, 0x80, 0xFF))
continuing_mask = _mask_of(lambda builder, bytes_: _is_between(builder, bytes_, 0x80, 0xBF))
escape_or_quote_mask = _mask_of(_is_escape_or_quote)
newline_mask = _mask_of(lambda builder, bytes_: _is_between(builder, bytes_, 0x0A, 0x0A))


@intrinsic
def load64(_typing: Any, array: Any, index: Any) -> Any:
    """The 8 bytes from byte `index` on as a little-endian uint64."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _load(context, builder, signature.args[0], arguments[0], arguments[1], _WORD)

    return types.uint64(array, types.int64), build


@intrinsic
def copy_vector(_typing: Any, target: Any, to: Any, source: Any, start: Any) -> Any:
    """Copy the 64 bytes from `source[start]` on to `target[to]` on."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        loaded = _load(context, builder, signature.args[2], arguments[2], arguments[3], _BYTES)
        pointer = _address(context, builder, signature.args[0], arguments[0], arguments[1])
        builder.store(loaded, builder.bitcast(pointer, _BYTES.as_pointer()), align=1)
        return context.get_dummy_value()

    return types.void(target, types.int64, source, types.int64), build


@intrinsic
def copy_folded(_typing: Any, target: Any, to: Any, source: Any, start: Any) -> Any:
    """Copy 64 bytes as copy_vector does, ASCII capitals as small letters."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        loaded = _load(context, builder, signature.args[2], arguments[2], arguments[3], _BYTES)
        is_capital = _is_between(builder, loaded, ord("A"), ord("Z"))
        folded = builder.select(is_capital, builder.or_(loaded, _all(0x20)), loaded)
        pointer = _address(context, builder, signature.args[0], arguments[0], arguments[1])
        builder.store(folded, builder.bitcast(pointer, _BYTES.as_pointer()), align=1)
        return context.get_dummy_value()

    return types.void(target, types.int64, source, types.int64), build


@intrinsic
def lowest_bit(_typing: Any, mask: Any) -> Any:
    """Place of the lowest set bit of a mask; 64 where there is none."""

    def build(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(_BIT, 0))

    return types.int64(types.uint64), build


@intrinsic
def highest_bit(_typing: Any, mask: Any) -> Any:
    """Place of the highest set bit of a mask; -1 where there is none."""

    def build(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.sub(ir.Constant(_WORD, 63), builder.ctlz(arguments[0], ir.Constant(_BIT, 0)))

    return types.int64(types.uint64), build


@intrinsic
def bit_count(_typing: Any, mask: Any) -> Any:
    """How many bits of a mask are set."""

    def build(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.int64(types.uint64), build


@intrinsic
def prefetch(_typing: Any, array: Any, index: Any) -> Any:
    """Ask for the cache line of item `index` of an array; nothing waits for it."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = signature.args[0]
        data = context.make_array(kind)(context, builder, arguments[0]).data
        pointer = builder.bitcast(builder.gep(data, [arguments[1]]), _BYTE.as_pointer())
        number = ir.IntType(32)
        shape = ir.FunctionType(ir.VoidType(), [_BYTE.as_pointer(), number, number, number])
        function = builder.module.declare_intrinsic("llvm.prefetch", (_BYTE.as_pointer(),), shape)
        builder.call(function, [pointer, ir.Constant(number, 0), ir.Constant(number, 3), ir.Constant(number, 1)])
        return context.get_dummy_value()

    return types.void(array, types.int64), build


def verify() -> bool:
    """Whether a mask and a fold can be written and pass LLVM's own check; nothing is compiled."""
    try:
        function = ir.Function(ir.Module(), ir.FunctionType(_WORD, [_BYTE.as_pointer()]), "probe")
        builder = ir.IRBuilder(function.append_basic_block())
        loaded = builder.load(builder.bitcast(function.args[0], _BYTES.as_pointer()), align=1)
        mask = builder.bitcast(_is_word(builder, loaded), _WORD)
        builder.ret(builder.add(builder.cttz(mask, ir.Constant(_BIT, 0)), builder.ctpop(mask)))
        binding.parse_assembly(str(function.module)).verify()
    except Exception:  # whatever goes wrong in a binding that is not the one we know
        return False
    return True
