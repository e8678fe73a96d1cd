"""A file that says it is something else than it is."""

from __future__ import annotations

import gzip
import io
import zipfile

import pytest

from catalog_compiler.content_types import contradiction

PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(40)
GIF = b"GIF89a" + bytes(20)
WEBP = b"RIFF\x24\x00\x00\x00WEBPVP8 " + bytes(20)
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj"
GZIP = gzip.compress(b"hello", mtime=0)
MP4 = b"\x00\x00\x00\x18ftypmp42" + bytes(20)
ELF = b"\x7fELF\x02\x01\x01" + bytes(40)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"/>'
TEXT = "Grüße, 世界\n".encode()


def zipped():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.txt", "x")
    return buffer.getvalue()


ZIP = zipped()
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@pytest.mark.parametrize(
    ("claimed", "content"),
    [
        ("image/png", PNG),
        ("IMAGE/PNG; charset=binary", PNG),
        ("image/jpeg", JPEG),
        ("image/jpg", JPEG),
        ("image/gif", GIF),
        ("image/webp", WEBP),
        ("image/svg+xml", SVG),
        ("text/xml", SVG),
        ("application/pdf", PDF),
        ("application/zip", ZIP),
        ("application/x-zip-compressed", ZIP),
        ("application/java-archive", ZIP),
        (DOCX, ZIP),
        ("application/gzip", GZIP),
        ("application/x-gzip", GZIP),
        ("video/mp4", MP4),
        ("audio/mp4", MP4),
        ("text/plain", TEXT),
        ("text/plain", "Grüße".encode("latin-1")),
        ("text/plain", "Grüße".encode("utf-16")),
        ("text/plain", b"BMW and MZ and PK"),
        ("text/csv", b"a,b\r\n1,2\r\n"),
        ("application/json", b'{"a": 1}'),
        ("application/x-yaml", b"a: 1\n"),
        ("application/x-sh", b"#!/bin/sh\necho\n"),
        ("application/x-pem-file", b"-----BEGIN CERTIFICATE-----\n"),
        ("application/octet-stream", PNG),
        ("application/octet-stream", TEXT),
        ("application/x-of-our-own", PNG),
        ("image/x-of-our-own", bytes(50)),
        ("image/png", b""),
    ],
)
def test_what_may_well_be_that(claimed, content):
    """Also by another name of the type, in another encoding, and where nothing tells."""
    assert contradiction(claimed, content) is None


@pytest.mark.parametrize(
    ("claimed", "content", "found"),
    [
        ("image/png", JPEG, "image/jpeg"),
        ("image/png", PDF, "application/pdf"),
        ("image/png", TEXT, "text"),
        ("image/jpeg", b"<script>alert(1)</script>", "text"),
        ("application/pdf", ZIP, "application/zip"),
        ("application/pdf", TEXT, "text"),
        ("application/zip", GZIP, "application/gzip"),
        (DOCX, PDF, "application/pdf"),
        ("video/mp4", PNG, "image/png"),
        ("text/plain", PNG, "image/png"),
        ("text/plain", GIF, "image/gif"),
        ("text/csv", ZIP, "application/zip"),
        ("text/plain", ELF, "binary data"),
        ("application/json", b"{\x00}", "binary data"),
        ("application/x-yaml", PDF, "application/pdf"),
        ("image/svg+xml", PNG, "image/png"),
    ],
)
def test_what_surely_is_something_else(claimed, content, found):
    """Each row: what it says it is, what it is, and what is said of it."""
    assert found == contradiction(claimed, content)
