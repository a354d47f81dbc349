"""The settings: `settings.py` lists them, `values.py` reads them, `checks.py` refuses them."""

from backend.config.settings import Settings
from backend.config.values import MAIN_ISSUER, AdditionalIssuer

__all__ = ["MAIN_ISSUER", "AdditionalIssuer", "Settings"]
