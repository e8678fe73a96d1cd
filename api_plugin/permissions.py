"""What callers may be allowed: Airflow's custom views, so that FAB's roles carry our permissions as they do its own."""

from __future__ import annotations

from enum import Enum
from typing import Literal, NamedTuple

Method = Literal["GET", "POST", "PUT", "DELETE"]


class _View(NamedTuple):
    method: Method
    resource: str


class Permission(Enum):
    """One permission: a method on a resource, as the auth manager's `is_authorized_custom_view` takes it."""

    CATALOG_READ = _View("GET", "PAO Catalog")
    CATALOG_REFRESH = _View("POST", "PAO Catalog")
    REQUEST_READ = _View("GET", "PAO Requests")
    REQUEST_CREATE = _View("POST", "PAO Requests")
    REQUEST_CANCEL = _View("DELETE", "PAO Requests")
    REQUEST_CANCEL_ALL = _View("DELETE", "PAO All Requests")
    REQUEST_OPERATE = _View("PUT", "PAO Requests")
    """Retry, roll back and escalate one's own requests."""
    REQUEST_READ_ALL = _View("GET", "PAO All Requests")
    REQUEST_OPERATE_ALL = _View("PUT", "PAO All Requests")
    """The same for everyone's."""
    OPERATIONS_READ = _View("GET", "PAO Operations")
    PEOPLE_ERASE = _View("DELETE", "PAO People")
    INTERNAL = _View("POST", "PAO Internal")

    @property
    def method(self) -> Method:
        """The HTTP method that stands for the kind of access."""
        return self.value.method

    @property
    def resource(self) -> str:
        """The resource's name, as shown in Airflow's security pages."""
        return self.value.resource


ROLES: dict[str, tuple[Permission, ...]] = {
    "PAO Developer": (
        Permission.CATALOG_READ,
        Permission.REQUEST_READ,
        Permission.REQUEST_CREATE,
        Permission.REQUEST_CANCEL,
        Permission.REQUEST_OPERATE,
    ),
    "PAO Operator": (
        Permission.CATALOG_READ,
        Permission.CATALOG_REFRESH,
        Permission.REQUEST_READ,
        Permission.REQUEST_CREATE,
        Permission.REQUEST_CANCEL,
        Permission.REQUEST_CANCEL_ALL,
        Permission.REQUEST_OPERATE,
        Permission.REQUEST_READ_ALL,
        Permission.REQUEST_OPERATE_ALL,
        Permission.OPERATIONS_READ,
        Permission.PEOPLE_ERASE,
    ),
    "PAO Monitoring": (Permission.OPERATIONS_READ,),
    "PAO Service": (Permission.CATALOG_READ, Permission.CATALOG_REFRESH, Permission.INTERNAL),
}
"""The roles that `pao setup` makes. Airflow's Admin has every permission."""

NO_TEAMS = frozenset({*ROLES, "Admin", "Op", "User", "Viewer", "Public"})
"""Roles that say what one may do; those of FAB and PAO are never also a team, whatever an item names its owner."""
