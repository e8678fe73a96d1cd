"""The options in an Airflow `http` connection's `extra`: each works here as in Airflow's own hook, or is named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from catalog_compiler.actions import ActionLog, Connection
from pao_actions.exceptions import PermanentError

OPTIONS = frozenset(
    {
        "allow_redirects",
        "cert",
        "check_response",
        "headers",
        "max_redirects",
        "oauth2",
        "proxies",
        "proxy",
        "redirect_origins",
        "srv_lookup",
        "stream",
        "timeout",
        "trust_env",
        "verify",
        "verify_ssl",
    }
)
"""Keys of `extra` that are options; all others are headers."""

MOST_REDIRECTS = 5
"""Redirects that are followed, unless the connection says `max_redirects`."""

_MOST_REDIRECTS_OF_ALL = 20
_LONGEST_TIMEOUT = 3600.0
_WITHOUT_EFFECT = {
    "check_response": (False, "the item's 'success_codes' say which answers are successes"),
    "trust_env": (True, "proxies are taken from the connection's 'proxy' alone, never from the environment"),
}
"""Options whose value, other than the default, would mean something that calls here never do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ConnectionOptions:
    """How calls by a connection are made. `timeout` is in seconds, for calls whose item says none."""

    verify: bool | str = True
    """False accepts any certificate of the server; a text is the path of the accepted authorities."""
    certificate: str | None = None
    """Path of the client certificate."""
    key: str | None = None
    """Path of its private key; None where the certificate's file holds it."""
    proxies: Mapping[str, str] | None = None
    """Scheme of the target to the proxy's URL."""
    timeout: float | None = None
    most_redirects: int = MOST_REDIRECTS
    """0 where none is followed."""
    redirect_origins: frozenset[str] = frozenset()
    """Other origins that redirects may lead to, without credentials and bodies."""


def connection_options(connection: Connection | None) -> ConnectionOptions:
    """The options of a connection.

    Raises:
        PermanentError: if one has a value that makes no sense, or asks for what calls here can't do.
    """
    if connection is None:
        return ConnectionOptions()
    reader = _Reader(connection)
    if reader.flag("srv_lookup", default=False):
        raise reader.refused("srv_lookup", "addresses are not looked up by SRV records; write host and port")
    certificate, key = reader.certificate()
    return ConnectionOptions(
        verify=reader.verify(),
        certificate=certificate,
        key=key,
        proxies=reader.proxies(),
        timeout=reader.number("timeout", above=0.0, most=_LONGEST_TIMEOUT),
        most_redirects=reader.redirects(),
        redirect_origins=reader.origins(),
    )


def warn_of_ignored_options(connection: Connection, log: ActionLog) -> None:
    """Tell in the action's log of options that have no effect on it, though their value asks for one."""
    for option, (value, reason) in _WITHOUT_EFFECT.items():
        if connection.extra.get(option) is value:
            log.warning("connection_option_ignored", connection=connection.id, option=option, reason=reason)


class _Reader:
    """Reads options one by one; what can't be read is refused with the connection's and the option's name."""

    def __init__(self, connection: Connection) -> None:
        self._id = connection.id
        self._extra = connection.extra

    def refused(self, option: str, sentence: str) -> PermanentError:
        return PermanentError(f"connection '{self._id}' has a '{option}' in its extra that can't be used: {sentence}")

    def flag(self, option: str, *, default: bool) -> bool:
        value = _truth(self._extra.get(option, default))
        if not isinstance(value, bool):
            raise self.refused(option, "write true or false")
        return value

    def number(self, option: str, *, above: float, most: float) -> float | None:
        value = self._extra.get(option)
        if value in (None, ""):
            return None
        try:
            number = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else above
        except ValueError:
            number = above
        if not above < number <= most:
            raise self.refused(option, f"write a number above {above:g}, at most {most:g}")
        return number

    def verify(self) -> bool | str:
        for option in ("verify", "verify_ssl"):
            if (value := _truth(self._extra.get(option))) in (None, ""):
                continue
            if not isinstance(value, bool | str):
                raise self.refused(option, "write a path, true or false")
            return value
        return True

    def certificate(self) -> tuple[str | None, str | None]:
        match self._extra.get("cert"):
            case None | "":
                return None, None
            case str() as path:
                return path, None
            case [str() as path, str() as key]:
                return path, key
        raise self.refused("cert", "write the certificate's path, or a list of the paths of certificate and key")

    def proxies(self) -> Mapping[str, str] | None:
        match self._extra.get("proxy"), self._extra.get("proxies"):
            case (None | "", None | "" | {}) if not self._extra.get("proxies"):
                return None
            case (str() as proxy, _) if proxy:
                return dict.fromkeys(("http", "https"), self._proxy("proxy", proxy))
            case (None | "", dict() as proxies):
                everything = proxies.get("all")
                chosen = {scheme: proxies.get(scheme) or everything for scheme in ("http", "https")}
                return {scheme: self._proxy("proxies", url) for scheme, url in chosen.items() if url} or None
        raise self.refused("proxy", "write the proxy's URL, as in http://proxy.example.com:3128")

    def _proxy(self, option: str, url: Any) -> str:
        if not (isinstance(url, str) and url.startswith(("http://", "https://"))):
            raise self.refused(option, "only http and https proxies can be used, as in http://proxy.example.com:3128")
        return url

    def redirects(self) -> int:
        if not self.flag("allow_redirects", default=True):
            return 0
        most = self.number("max_redirects", above=-1.0, most=float(_MOST_REDIRECTS_OF_ALL))
        return MOST_REDIRECTS if most is None else int(most)

    def origins(self) -> frozenset[str]:
        origins = self._extra.get("redirect_origins") or []
        if not isinstance(origins, list) or not all(isinstance(origin, str) for origin in origins):
            raise self.refused("redirect_origins", "write a list of origins, as in ['https://files.example.com']")
        return frozenset(map(str, origins))


def _truth(value: Any) -> Any:
    """A truth value that was typed as text."""
    return {"true": True, "false": False}.get(value.strip().lower(), value) if isinstance(value, str) else value
