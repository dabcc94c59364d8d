"""What went wrong, as a type."""

from __future__ import annotations

from pydantic import BaseModel, Field


class Problem(BaseModel):
    """What went wrong, as RFC 9457 has it.

    Attributes:
        type: A URI relative to the server that leads to an explanation.
        title: What kind of problem it is, the same each time.
        status: The HTTP status.
        detail: What is wrong this time, one sentence.
        remedy: What can be done about it; may be empty.
        parameter: The parameter at fault.
        code: The kind, the last part of the type. Decide by this one.
    """

    type: str
    title: str
    status: int = Field(ge=400, le=599)
    detail: str
    remedy: str
    parameter: str | None
    code: str
