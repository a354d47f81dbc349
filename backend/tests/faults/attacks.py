"""What the others do meanwhile, each in a process of its own; see `Aside`.

Every function takes the event that ends it and the port of the program.
"""

import asyncio
import resource
import socket
from collections import Counter
from collections.abc import Sequence

from backend.tests.faults.aside import now, pause
from backend.tests.faults.wires import Answer, Wire, message


async def hang_up(
    stopping: asyncio.Event, port: int, request: bytes, number: int, seconds: float
) -> int:
    """Ask on so many connections at once, close them after that time, and read nothing."""
    raise_descriptors()
    sockets = await open_all(port, number)
    await asyncio.gather(*(deliver(each, request) for each in sockets))
    await pause(stopping, seconds)
    for each in sockets:
        each.close()
    return len(sockets)


async def flood(
    stopping: asyncio.Event, port: int, requests: Sequence[bytes], connections: int
) -> Counter[int]:
    """Ask again as soon as an answer is there, on so many connections; the statuses."""
    raise_descriptors()
    statuses = Counter[int]()

    async def go_on(number: int) -> None:
        wire = Wire(port)
        while not stopping.is_set():
            answer = await wire.ask(requests[number % len(requests)])
            statuses[answer.status] += 1
            if answer.status <= 0:
                await pause(stopping, 0.05)
        wire.close()

    await _until_stopped(stopping, [go_on(number) for number in range(connections)])
    return statuses


async def abuse(
    stopping: asyncio.Event, port: int, request: bytes, rate: float
) -> list[tuple[int, str]]:
    """Ask so often in a second, whatever the answers are: statuses and Retry-After."""
    answers: list[Answer] = []
    wires = [Wire(port) for _ in range(10)]
    began = now()

    async def go_on(number: int, wire: Wire) -> None:
        turn = number
        while await pause(stopping, began + turn / rate - now()):
            answers.append(await wire.ask(request))
            turn += len(wires)
        wire.close()

    await _until_stopped(stopping, [go_on(*pair) for pair in enumerate(wires)])
    return [(answer.status, answer.retry_after) for answer in answers]


async def hold(
    stopping: asyncio.Event, port: int, number: int, first: bytes, more: bytes, pace: float
) -> int:
    """Keep connections that send something, then `more` now and then, and read nothing."""
    raise_descriptors()
    sockets = await open_all(port, number)
    await asyncio.gather(*(deliver(each, first) for each in sockets))
    while await pause(stopping, pace):
        if more:
            await asyncio.gather(*(deliver(each, more) for each in sockets))
    for each in sockets:
        each.close()
    return len(sockets)


async def open_all(port: int, number: int) -> list[socket.socket]:
    """As many connections as possible of `number`; those that are refused are left out."""
    found = []
    for start in range(0, number, 100):
        batch = [_open(port) for _ in range(start, min(start + 100, number))]
        found += [each for each in await asyncio.gather(*batch) if each is not None]
    return found


async def _open(port: int) -> socket.socket | None:
    connection = socket.socket()
    connection.settimeout(0)
    # A reader that reads nothing must not have a kernel that reads megabytes for it.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    try:
        async with asyncio.timeout(5):
            await asyncio.get_running_loop().sock_connect(connection, ("127.0.0.1", port))
    except (OSError, TimeoutError):
        connection.close()
        return None
    return connection


async def deliver(connection: socket.socket, data: bytes) -> None:
    """Send, unless the server has closed the connection or takes no more."""
    try:
        async with asyncio.timeout(5):
            await asyncio.get_running_loop().sock_sendall(connection, data)
    except (OSError, TimeoutError):
        pass


def raise_descriptors() -> None:
    """Thousands of connections need as many; by default a process may have 1 024."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


async def _until_stopped(stopping: asyncio.Event, work: list[object]) -> None:
    tasks = [asyncio.ensure_future(each) for each in work]  # type: ignore[call-overload]
    await stopping.wait()
    await asyncio.wait(tasks, timeout=1)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def in_single_bytes(token: str, size: int) -> bytes:
    """A creation whose body comes in chunks of one byte each."""
    text = b'{"title": "x", "description": "' + b"x" * (size - 33) + b'"}'
    head = message("POST", "/api/tasks", token).removesuffix(b"\r\n")
    head += b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head + b"".join(b"1\r\n%c\r\n" % byte for byte in text) + b"0\r\n\r\n"
