"""From where on somebody follows what changes."""

from pydantic import BaseModel, ConfigDict, Field

from backend.schemas.change import Cursor


class EventsQuery(BaseModel):
    """From where on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    since: Cursor | None = Field(
        default=None,
        description="The `cursor` of an answer of `/api/changes`, or the `id` of a message. "
        "Without it, and without `Last-Event-ID`: from now on.",
    )
