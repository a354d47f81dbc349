"""Domains of the schema `duly`: types whose rules the database checks; migration 0003 has them."""

from functools import partial

from sqlalchemy import Text, Uuid
from sqlalchemy.dialects.postgresql import DOMAIN
from sqlalchemy.sql.operators import OperatorClass

DOMAIN.operator_classes = OperatorClass.ANY  # SQLAlchemy 2.1 leaves it out, and warns of that

_domain = partial(DOMAIN, schema="duly", create_type=False)

SUBJECT = _domain("subject", Text(collation="C"))
DISPLAY_NAME = _domain("display_name", Text())
EMAIL = _domain("email", Text())
UUID7 = _domain("uuid7", Uuid())
TITLE = _domain("title", Text())
DESCRIPTION = _domain("description", Text())
