"""`/people`: what is known of persons."""

from __future__ import annotations

from typing import Annotated

from airflow.api_fastapi.common.db.common import SessionDep
from fastapi import APIRouter, Depends

from api_plugin.bodies import JsonBody
from api_plugin.datamodels.retention import ErasureAnswer, ErasureBody
from api_plugin.documentation import problems
from api_plugin.principals import PeopleEraser
from api_plugin.retention.erasing import erase_person

router = APIRouter(prefix="/people", tags=["people"])


@router.post(
    "/erase", response_model=ErasureAnswer, summary="Erase a person's data",
    responses=problems(400, 401, 403, 409, 413, 415, 422),
)  # fmt: skip
def erase_data(
    caller: PeopleEraser, body: Annotated[ErasureBody, Depends(JsonBody(ErasureBody))], session: SessionDep
) -> ErasureAnswer:
    """Replace a person's names and values in everything that PAO keeps, and delete their runs and logs in Airflow.

    Their requests are still counted, under a pseudonym. Refused while one of them has not ended. Their account, which
    is that of the sign-in, is not touched. Calling it again erases what is left.
    """
    erased = erase_person(session, body.user, caller)
    return ErasureAnswer.model_validate(erased, from_attributes=True)
