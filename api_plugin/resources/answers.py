"""What the API shows of a resource."""

from __future__ import annotations

from api_plugin.configuration import settings
from api_plugin.datamodels.requests import UserAnswer
from api_plugin.datamodels.resources import ResourceAnswer, ResourceLinks
from api_plugin.store.resources import Resource
from catalog_compiler.sealing import masked


def resource_answer(row: Resource) -> ResourceAnswer:
    """A resource with its secrets masked."""
    base = f"{settings().base_url.rstrip('/')}/api/v1"
    return ResourceAnswer(
        id=row.id,
        type=row.type,
        identifier=row.identifier,
        name=row.name,
        attributes=masked(row.attributes),
        state="released" if row.state == "released" else "active",
        note=row.note,
        owner=row.owner,
        user=UserAnswer(email=row.user_email, name=row.user_name, organization=row.user_organization),
        catalog=row.catalog,
        item_id=row.item_id,
        action=row.action,
        request_id=row.request_id,
        created_at=row.created_at,
        released_at=row.released_at,
        links=ResourceLinks(self=f"{base}/resources/{row.id}", request=f"{base}/requests/{row.request_id}"),
    )
