"""Duly, served by uvicorn in a thread: a real HTTP server whose insides tests can reach."""

import asyncio
import socket
import threading
from types import TracebackType
from typing import Self

import uvicorn

from backend.config import Settings
from backend.main import create_app
from backend.tests.support.patient import PatientLoop


class _Server(uvicorn.Server):
    """Stops when it is told to, not at its next look whether it should.

    Attributes:
        told: Set it in the server's thread.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.told = asyncio.Event()

    async def main_loop(self) -> None:
        await self.told.wait()


class Service:
    """A running service.

    Args:
        settings: Its settings.
        patience: How many times longer than in production it waits for whatever it waits for:
            more than 1 for those who want an answer and not to know how long it may take.

    Attributes:
        url: Its origin.
        app: The application, running in another thread.
        loop: Its event loop.
    """

    loop: PatientLoop

    def __init__(self, settings: Settings, *, patience: float = 1.0) -> None:
        self._patience = patience
        self.app = create_app(settings)
        # Named, or asyncio does not know that it is TCP and leaves Nagle's algorithm on: each
        # answer would then take 40 ms.
        self._socket = socket.socket(proto=socket.IPPROTO_TCP)
        self._socket.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        config = uvicorn.Config(
            self.app,
            http="h11",  # it takes methods of any name, as the application does
            log_config=None,
            server_header=False,
            date_header=False,
            lifespan="on",
        )
        self._server = _Server(config)
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._started.wait(60):
            raise TimeoutError("the service did not start")
        if not self._server.started:
            raise RuntimeError("the service refused to start; see its log")
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.loop.call_soon_threadsafe(self._stop)
        self._thread.join(60)
        self._socket.close()

    def _stop(self) -> None:
        self.loop.hurry()
        self._server.told.set()

    def _run(self) -> None:
        async def main() -> None:
            loop = asyncio.get_running_loop()
            assert isinstance(loop, PatientLoop)
            self.loop = loop
            serving = asyncio.create_task(self._server.serve(sockets=[self._socket]))
            # uvicorn tells nobody when it has started.
            while not self._server.started and not serving.done():  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            self._started.set()
            await serving

        with asyncio.Runner(loop_factory=lambda: PatientLoop(self._patience)) as runner:
            runner.run(main())
