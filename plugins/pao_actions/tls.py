"""TLS of outgoing calls: which servers are trusted, and the certificate that is shown to them."""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

import httpx
from cryptography import x509

from pao_actions.exceptions import PermanentError

_REFUSAL = re.compile(
    "_ALERT_(.*CERTIFICATE.*|UNKNOWN_CA|HANDSHAKE_FAILURE|ACCESS_DENIED|PROTOCOL_VERSION|INSUFFICIENT_SECURITY)"
)
"""The alerts by which a server ends a connection before there is a request on it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TlsFiles:
    """What a context is made from. A file that was replaced has another `stamp`, so that renewed ones are read."""

    verify: bool | str = True
    certificate: str | None = None
    key: str | None = None
    stamps: tuple[int, ...] = ()


def tls_files(verify: bool | str, certificate: str | None, key: str | None, *, connection_id: str) -> TlsFiles:  # noqa: FBT001 - the form of the connection's own setting
    """The files, found and valid today.

    Raises:
        PermanentError: if one is missing or is not what it should be, or the client certificate has expired.
    """
    authorities = verify if isinstance(verify, str) else None
    stamps = []
    for option, path in (("verify", authorities), ("cert", certificate), ("cert", key)):
        if path is not None:
            try:
                stamps.append(Path(path).stat().st_mtime_ns)
            except OSError as error:
                raise _unreadable(connection_id, option, path, error) from error
    files = TlsFiles(verify=verify, certificate=certificate, key=key, stamps=tuple(stamps))
    if certificate is not None:
        try:
            expiry = _expiry(certificate, files.stamps)
        except (OSError, ValueError) as error:
            raise _unreadable(connection_id, "cert", certificate, error) from error
        if expiry < datetime.now(UTC):
            raise PermanentError(
                f"the client certificate '{certificate}' of connection '{connection_id}' expired on "
                f"{expiry:%Y-%m-%d}; put a renewed one in its place"
            )
    try:
        tls_context(files)
    except (OSError, ValueError) as error:
        option = "cert" if _authorities_work(verify) else "verify"
        path = str(certificate if option == "cert" else verify)
        raise _unreadable(connection_id, option, path, error) from error
    return files


@lru_cache(maxsize=256)
def tls_context(files: TlsFiles) -> ssl.SSLContext:
    """The context for these files; making one costs 15 ms. Raises OSError or ValueError where a file is no good."""
    context = _authorities(files.verify)
    if files.certificate is not None:
        # Without a password OpenSSL would ask for one on the terminal where the key is encrypted.
        context.load_cert_chain(files.certificate, files.key, password="")
    return context


def tls_problem(error: BaseException) -> str | None:
    """What is wrong between the two sides' certificates, as the end of a sentence with what to do; None if nothing."""
    failure = _ssl_error(error)
    if isinstance(failure, ssl.SSLCertVerificationError):
        reason = failure.verify_message or str(failure.reason)
        return (
            f"its certificate is not trusted: {reason}; have its operator mend it, or name a connection whose "
            "'verify' is the path of the authority's certificate"
        )
    alert = _REFUSAL.search(failure.reason or "") if failure else None
    if alert is None:
        return None
    told = alert[1].replace("_", " ").lower()
    return (
        f"it refused the TLS connection: {told}; where it asks for a client certificate, name a connection with one in "
        "'cert'; otherwise it does not accept that certificate"
    )


def _ssl_error(error: BaseException | None) -> ssl.SSLError | None:
    while error is not None and not isinstance(error, ssl.SSLError):
        error = error.__cause__ or error.__context__
    return error


def _authorities(verify: bool | str) -> ssl.SSLContext:  # noqa: FBT001 - as above
    if not isinstance(verify, str):
        return httpx.create_ssl_context(verify=verify)
    folder = Path(verify).is_dir()
    return ssl.create_default_context(cafile=None if folder else verify, capath=verify if folder else None)


def _authorities_work(verify: bool | str) -> bool:  # noqa: FBT001 - as above
    try:
        _authorities(verify)
    except (OSError, ValueError):
        return False
    return True


@lru_cache(maxsize=256)
def _expiry(certificate: str, _: tuple[int, ...]) -> datetime:
    return x509.load_pem_x509_certificate(Path(certificate).read_bytes()).not_valid_after_utc


_FORMS = {
    "verify": ("a file of certificates", "the file", "a path, true or false"),
    "cert": ("a client certificate and its key", "the files", "a path, or a list of the paths of certificate and key"),
}


def _unreadable(connection_id: str, option: str, path: str, error: Exception) -> PermanentError:
    what, files, form = _FORMS[option]
    reason = " ".join(str(error).split()) or type(error).__name__
    return PermanentError(
        f"connection '{connection_id}' names '{path}' as its '{option}', which can't be read as {what} ({reason}); put "
        f"{files} where the triggerer runs, or correct '{option}' in the connection's extra: {form}"
    )
