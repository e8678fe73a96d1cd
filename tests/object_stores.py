"""Object stores that run here, for tests: moto's S3, and whatever else is a program of the environment with a port."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

DEADLINE = 30.0
"""Seconds that a server has to begin."""
REGION = "eu-central-1"
SECRET = "backend-secret-12345"


@contextmanager
def server(program: str, *arguments: str) -> Iterator[str]:
    """One of the environment's programs, on a free port, which stands for `{port}` in its arguments; where it is."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [Path(sys.executable).with_name(program), *(each.format(port=port) for each in arguments)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + DEADLINE
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert process.poll() is None, f"{program} ended"
                assert time.monotonic() < until, f"{program} does not begin"
                time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


@dataclass(frozen=True, kw_only=True)
class S3:
    """An S3 with one bucket."""

    url: str
    bucket: str

    @property
    def connection(self) -> str:
        """The Airflow connection to it."""
        once = {"retries": {"max_attempts": 1, "mode": "standard"}}
        extra = {"endpoint_url": self.url, "region_name": REGION, "config_kwargs": once}
        return json.dumps({"conn_type": "aws", "login": "key", "password": SECRET, "extra": extra})

    def client(self) -> Any:
        """Asks it directly."""
        return boto3.client(
            "s3", endpoint_url=self.url, region_name=REGION, aws_access_key_id="key", aws_secret_access_key=SECRET
        )

    def names(self) -> list[str]:
        """What is in the bucket."""
        return [each["Key"] for each in self.client().list_objects_v2(Bucket=self.bucket).get("Contents", [])]


@contextmanager
def s3_server(bucket: str = "bucket") -> Iterator[S3]:
    """One that is gone with what it holds when the block ends."""
    with server("moto_server", "-H", "127.0.0.1", "-p", "{port}") as url:
        store = S3(url=url, bucket=bucket)
        store.client().create_bucket(Bucket=store.bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        yield store
