"""The sums of all workers on a port of their own, by a process of their own."""

import os
import select
import signal
import socket
import threading
from pathlib import Path
from typing import cast
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from prometheus_client import make_wsgi_app

from backend.observability.metrics import all_workers
from backend.serving.supervisor import Family, name_process


class _Silent(WSGIRequestHandler):
    timeout = 5.0  # seconds; as long as a worker gives a head

    def log_message(self, *_: object) -> None:
        pass


def serve_metrics(listener: socket.socket, family: Family) -> int:
    """Answer scrapes until told to stop, or until the parent is gone.

    Args:
        listener: Where scrapes come from.
        family: The parent.

    Returns:
        The status of the process.
    """
    name_process("duly-metrics")
    directory = Path(os.environ["PROMETHEUS_MULTIPROC_DIR"])
    server = WSGIServer(listener.getsockname()[:2], _Silent, bind_and_activate=False)
    server.socket.close()
    server.socket = listener
    server.server_name, server.server_port = cast("tuple[str, int]", listener.getsockname()[:2])
    server.setup_environ()
    server.set_app(make_wsgi_app(all_workers(directory)))
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: os._exit(0))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    select.select([family.lifeline], [], [])
    return 0
