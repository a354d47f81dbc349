"""What the C library does with memory that is free again (mallopt(3))."""

import contextlib
import ctypes
from typing import Final

_M_MMAP_THRESHOLD: Final = -3
_LARGE: Final = 131_072  # bytes; an ordinary page of tasks is a tenth of that


def return_large_blocks() -> None:
    """Have large blocks go back to the system as soon as they are free, where glibc is used.

    That is what glibc begins with, but it stops after the first of them is freed: large answers
    then leave holes between what lives longer, and a worker stays as large as at its worst.
    """
    with contextlib.suppress(AttributeError, OSError):  # another C library
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _LARGE)
