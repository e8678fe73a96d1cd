"""Reads the arguments and serves until it is told to stop."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path

from examples.target.server import Server
from examples.target.service import Service
from examples.target.store import Store


async def serve(service: Service, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with Server(service).listen(host, port):
        print(f"the example target serves on http://{host}:{port}", flush=True)
        await stop.wait()


def main() -> int:
    """Exit status 2 where there is no token: this service is open to nobody by accident."""
    parser = argparse.ArgumentParser(prog="examples.target", description="The example target service.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8081)
    parser.add_argument("--state", type=Path, default=Path("target.sqlite"), help="the SQLite file with its state")
    arguments = parser.parse_args()
    token = os.environ.get("TARGET_TOKEN")
    if not token:
        print("TARGET_TOKEN is not set; set it to the token that callers must send", file=sys.stderr)
        return 2
    asyncio.run(serve(Service(Store(arguments.state), token), arguments.host, arguments.port))
    return 0


if __name__ == "__main__":
    sys.exit(main())
