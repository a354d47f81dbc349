"""PostgreSQL URLs, for libpq and for SQLAlchemy."""

from sqlalchemy import URL, make_url


def sqlalchemy_url(url: str) -> URL:
    """The same database for SQLAlchemy with psycopg 3."""
    return make_url(url).set(drivername="postgresql+psycopg")


def with_database(url: str, name: str) -> str:
    """The same server and user, another database."""
    return make_url(url).set(database=name).render_as_string(hide_password=False)
