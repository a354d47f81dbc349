"""Domains of the schema `duly`: types whose rules the database checks.

The migrations 0003 and 0010 to 0012 have them.

Columns that say whose a row is are plain text: publications cannot filter rows by a domain.
"""

from functools import partial
from typing import Any

from sqlalchemy import SmallInteger, Text, TypeDecorator, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, DOMAIN
from sqlalchemy.sql.operators import OperatorClass

DOMAIN.operator_classes = OperatorClass.ANY  # SQLAlchemy 2.1 leaves it out, and warns of that

_domain = partial(DOMAIN, schema="duly", create_type=False)

DISPLAY_NAME = _domain("display_name", Text())
EMAIL = _domain("email", Text())
UUID7 = _domain("uuid7", Uuid())
TITLE = _domain("title", Text())
DESCRIPTION = _domain("description", Text())
RANK = _domain("rank", Text(collation="C"))
COLOR = _domain("color", Text())
PRIORITY = _domain("priority", SmallInteger())
TAGS = _domain("tags", ARRAY(Text()))
TIME_ZONE = _domain("time_zone", Text())
RECURRENCE = _domain("recurrence", Text())
RECURRENCE_FROM = _domain("recurrence_from", Text())

PLAIN = (RANK, RECURRENCE_FROM)
"""Texts of letters and digits alone, which JSON has as they are."""


def base_type(type_: Any) -> Any:
    """The type below a domain or a decorator, which a parameter for it has; others as they are."""
    if isinstance(type_, TypeDecorator):
        return type_.impl_instance
    return type_.data_type if isinstance(type_, DOMAIN) else type_
