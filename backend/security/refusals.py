"""Why a token is refused: a word for the log, and hardly ever for the client."""

from typing import Final, Literal

from backend.core.problems import InvalidToken

Reason = Literal[
    "too_long",
    "malformed",
    "header_refused",
    "type_refused",
    "algorithm_refused",
    "key_id_refused",
    "unknown_key",
    "bad_signature",
    "expired",
    "born_expired",
    "not_yet_valid",
    "lifetime_refused",
    "wrong_issuer",
    "wrong_audience",
    "subject_refused",
    "subject_reserved",
    "claim_refused",
]


# What a client may learn besides: the operator's own limit, and that a new token will not help.
_DETAILS: Final[dict[Reason, str]] = {
    "lifetime_refused": "The token lives longer than this service accepts: see "
    "AUTH_MAX_TOKEN_LIFETIME.",
}


class RefusedToken(InvalidToken):
    """A token that is not accepted; to the client it is `InvalidToken`, nearly always the same.

    Args:
        reason: Which check refused it. `born_expired` means that `exp` is not after `iat`: Better
            Auth's `expirationTime` given as a number is an epoch, not a duration.
    """

    def __init__(self, reason: Reason) -> None:
        self.reason: Reason = reason
        super().__init__(_DETAILS.get(reason))
