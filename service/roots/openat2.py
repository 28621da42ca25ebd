"""Opening a path beneath a folder without following any link: by openat2 where the kernel has it, else part by part."""

from __future__ import annotations

import ctypes
import errno
import functools
import os

_SYS_OPENAT2 = 437
"""The same on every architecture of Linux (but alpha, where it is another call and refused)."""

_NO_MAGIC_LINKS, _NO_SYMLINKS, _BENEATH = 0x02, 0x04, 0x08
_ABSENT = (errno.ENOSYS, errno.EPERM, errno.EINVAL, errno.E2BIG)
"""What kernels without openat2 say, and sandboxes that do not know it."""


class _How(ctypes.Structure):
    """struct open_how of the kernel."""

    _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))


def open_without_links(folder: str, relative: str, flags: int) -> int:
    """A descriptor of `relative`, a path without "..", beneath `folder`; OSError where a part of it is a link."""
    held = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            return _openat2(held, relative, flags | os.O_CLOEXEC)
        except OSError as error:
            if error.errno not in _ABSENT:
                raise
        return _part_by_part(held, relative, flags | os.O_CLOEXEC)
    finally:
        os.close(held)


def _openat2(folder: int, relative: str, flags: int) -> int:
    how = _How(flags, 0, _NO_MAGIC_LINKS | _NO_SYMLINKS | _BENEATH)
    call = _syscall()
    opened = call(
        ctypes.c_long(_SYS_OPENAT2),
        ctypes.c_int(folder),
        ctypes.c_char_p(os.fsencode(relative)),
        ctypes.byref(how),
        ctypes.c_size_t(ctypes.sizeof(how)),
    )
    if opened < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), relative)
    return int(opened)


@functools.cache
def _syscall() -> ctypes._NamedFuncPointer:
    call = ctypes.CDLL(None, use_errno=True).syscall
    call.restype = ctypes.c_long
    return call


def _part_by_part(folder: int, relative: str, flags: int) -> int:
    parts = relative.split("/")
    if ".." in parts or relative.startswith("/"):
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), relative)
    at = os.dup(folder)
    try:
        for part in parts[:-1]:
            deeper = os.open(part, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=at)
            os.close(at)
            at = deeper
        last = os.open(parts[-1], flags | os.O_NOFOLLOW, dir_fd=at)
    finally:
        os.close(at)
    return _unless_link(last, relative)


def _unless_link(opened: int, relative: str) -> int:
    """O_PATH with O_NOFOLLOW opens a link itself instead of refusing it."""
    if (os.fstat(opened).st_mode & 0o170000) == 0o120000:
        os.close(opened)
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), relative)
    return opened
