"""Settings from the environment, as the plan's `config.py`."""

from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    """The plan: Neon by `DATABASE_URL`, the secret shared with Better Auth."""

    database_url: str
    better_auth_secret: str = ""
    cors_origins: list[str] = ["http://localhost:3000"]


settings = Settings()  # read from the environment
