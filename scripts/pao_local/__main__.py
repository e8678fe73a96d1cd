"""The command line of the local start: `python -m pao_local run | up | demo | down | status`."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from pao_local import stack
from pao_local.errors import StartError, as_start_errors
from pao_local.progress import Progress
from pao_local.settings import Settings
from pao_local.signals import interrupt_on_end

ROOT = Path(__file__).resolve().parents[2]


def run(settings: Settings, progress: Progress) -> int:
    """Serve in the foreground until Ctrl-C, then stop everything."""
    stack.up(settings, progress)
    try:
        _announce(settings, progress)
        progress.say("Press Ctrl-C to stop.")
        threading.Event().wait()
    except KeyboardInterrupt:
        pass
    finally:
        stack.down(settings, progress)
    return 0


def up(settings: Settings, progress: Progress) -> int:
    """Start in the background."""
    stack.up(settings, progress)
    _announce(settings, progress)
    progress.say("It serves in the background; stop it with: make stop")
    return 0


def demo(settings: Settings, progress: Progress) -> int:
    """Start in the background, and let the example client play the main job; its exit status."""
    stack.up(settings, progress)
    client = [sys.executable, "-m", "examples.client", "--credentials", str(settings.credentials_file)]
    try:
        played = subprocess.run(client, cwd=settings.root, check=False).returncode
        if played:
            progress.say(f"Logs: {settings.logs}")
        return played
    finally:
        progress.say("\nIt serves in the background; stop it with: make stop")


def down(settings: Settings, progress: Progress) -> int:
    """Stop what runs; the data stays."""
    stack.down(settings, progress)
    return 0


def status(settings: Settings, progress: Progress) -> int:
    """Show what runs; exit status 1 where nothing does."""
    found = stack.status(settings)
    progress.say(f"postgresql     {'RUNNING' if found.database_pid else 'STOPPED'}")
    for process in found.processes:
        progress.say(f"{process.name:14} {process.state}")
    return 0 if found.processes else 1


COMMANDS: Mapping[str, Callable[[Settings, Progress], int]] = {
    "run": run,
    "up": up,
    "demo": demo,
    "down": down,
    "status": status,
}


def main() -> int:
    """Run one command; errors are a sentence on stderr and exit status 1."""
    parser = argparse.ArgumentParser(prog="pao_local", description=__doc__)
    parser.add_argument("command", choices=COMMANDS)
    command = COMMANDS[parser.parse_args().command]
    interrupt_on_end()
    try:
        with as_start_errors():
            return command(Settings.from_environment(os.environ, ROOT), Progress())
    except StartError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130


def _announce(settings: Settings, progress: Progress) -> None:
    progress.say(f"\nPAO serves on {settings.base_url} (API documentation: {settings.base_url}/api/v1/docs)")
    progress.say(f"Credentials: {settings.credentials_file}   Logs: {settings.logs}")


if __name__ == "__main__":
    sys.exit(main())
