"""Who is calling, as a verified token says."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Principal:
    """The verified caller of one request.

    Attributes:
        subject: The user id, opaque text of 1 to 255 characters: the token's `sub`, which is
            Better Auth's user id; `name:sub` for an issuer of `AUTH_ISSUERS`.
        expires_at: The token's `exp`, seconds since the epoch.
        issued_at: The token's `iat`, seconds since the epoch; 0 when the token has none.
        email: The `email` claim, for display only; authorise on `subject`.
        name: The `name` claim, for display only.
    """

    subject: str
    expires_at: int
    issued_at: int = 0
    email: str | None = None
    name: str | None = None
