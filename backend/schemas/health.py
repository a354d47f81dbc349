"""What health checks answer."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Live(BaseModel):
    """The process answers."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)

    status: Literal["alive"] = "alive"


class KeySet(BaseModel):
    """The public keys of one issuer, as this worker knows them."""

    keys: int = Field(description="How many are in force.")
    age: float | None = Field(
        description="Seconds since the issuer confirmed them; null if it never did."
    )
    error: str | None = Field(description="Why the latest fetch failed; null if it did not.")


class Ready(BaseModel):
    """Whether requests can be served, and what of it is missing."""

    ready: bool
    draining: bool = Field(description="Whether the worker was told to stop and still serves.")
    database: bool = Field(description="Whether it answers.")
    writes: bool = Field(
        description="Whether the database takes writes. Without them the worker is ready all the "
        "same: all workers would be in the same case, and reads be lost too."
    )
    replica: bool | None = Field(
        description="Whether the replica answers and takes over what the primary writes; reads "
        "that it cannot answer go to the primary. Null when there is none.",
    )
    keys: bool = Field(description="Whether tokens of the main issuer can be verified.")
    key_sets: dict[str, KeySet] = Field(
        description="By issuer: `main`, and the names in `AUTH_ISSUERS`."
    )
