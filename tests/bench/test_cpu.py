"""What is said of a program's processors is what its processes took, those that have ended too."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from pao_local.processes import Supervisor
from pao_local.programs import Program
from pao_local.settings import Settings

from bench.cpu import OTHERS, CpuWatch, of_program

IDLE = "import time; time.sleep(600)"
WORK = "sum(range(10**7))"


@pytest.mark.timeout(60)
def test_a_child_that_has_ended_counts_for_its_program(tmp_path: Path):
    """And what does nothing takes nothing."""
    settings = Settings(root=tmp_path, state=tmp_path, port=8080, catalog="")
    settings.logs.mkdir()
    ended = tmp_path / "ended"
    os.mkfifo(ended)
    worker = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {WORK!r}])"
    texts = {"works": f"{worker}; open({str(ended)!r}, 'w').close(); {IDLE}", "idles": IDLE}
    programs = [Program(name=name, command=(sys.executable, "-c", text)) for name, text in texts.items()]
    supervisor = Supervisor(settings)
    supervisor.start(programs, os.environ)
    try:
        watch = CpuWatch(settings)
        # Until the program opens it.
        ended.read_bytes()
        cores = watch.cores()
    finally:
        supervisor.stop()

    assert cores[f"works, {OTHERS}"] > 0
    assert of_program(cores, "works") == pytest.approx(cores["works"] + cores[f"works, {OTHERS}"])
    assert cores[f"idles, {OTHERS}"] == 0
