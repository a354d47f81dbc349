"""What a demo has while it runs: its folder, its ports, its secrets."""

import fcntl
import json
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from scripts.demo.parts import DemoFailed, say

HOST: Final = "127.0.0.1"
NEARBY: Final = 100  # ports that are tried beside one that is taken


@contextmanager
def claimed(data: Path) -> Iterator[int]:
    """The folder of the data, for one demo at a time; as a descriptor of the lock.

    Raises:
        DemoFailed: when there is another one, or the folder cannot be used.
    """
    try:
        data.mkdir(parents=True, exist_ok=True)
        held = os.open(data / "running.json", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        why = error.strerror
        raise DemoFailed(f"{data} cannot be used ({why}): name another by --data.") from None
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        known = os.pread(held, 4_096, 0)
        where = f" at {json.loads(known)['frontend']}" if known else ""
        os.close(held)
        raise DemoFailed(
            f"A demo with the data of {data} runs already{where}: use that one, or end it first."
        ) from None
    try:
        os.ftruncate(held, 0)
        yield held
    finally:
        os.ftruncate(held, 0)
        os.close(held)


def note(held: int, **addresses: str) -> None:
    """Write down where everything is, for whoever starts another one."""
    os.pwrite(held, json.dumps(addresses).encode(), 0)


def port(told: int | None, usual: int, whose: str, option: str) -> int:
    """A free port: the one that was told, or the usual one or one nearby.

    Raises:
        DemoFailed: when there is none.
    """
    if told is not None and not _is_free(told):
        raise DemoFailed(f"Port {told} is taken: end that program, or give another by {option}.")
    nearby = [told] if told is not None else range(usual, usual + NEARBY)
    found = next(filter(_is_free, nearby), None)
    if found is None:
        raise DemoFailed(f"No port from {usual} on is free: give one by {option}.")
    if told is None and found != usual:
        say(f"Port {usual} is taken, so {whose} has {found}.")
    return found


def _is_free(port: int) -> bool:
    try:
        socket.create_server((HOST, port)).close()
    except OSError:
        return False
    return True


def secret(file: Path, size: int = 32) -> str:
    """A secret of so many random bytes, as text: made once, and kept for this user's eyes."""
    with suppress(FileExistsError):
        made = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        os.write(made, secrets.token_urlsafe(size).encode())
        os.close(made)
    return file.read_text("utf-8")
