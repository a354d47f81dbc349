"""The settings: `fields.py` lists them, `environment.py` finds them, `checks.py` refuses them."""

from backend.config.refusals import UnusableSettings, sentences
from backend.config.settings import Settings, secret_names
from backend.config.values import MAIN_ISSUER, AdditionalIssuer

__all__ = [
    "MAIN_ISSUER",
    "AdditionalIssuer",
    "Settings",
    "UnusableSettings",
    "secret_names",
    "sentences",
]
