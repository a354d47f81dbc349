"""Public keys for which everybody can sign, or in more than one spelling.

`cryptography` refuses some of them by itself: points off the NIST curves, RSA exponents that are
even, below 3 or not below the modulus. Here is the rest.
"""

from collections.abc import Mapping
from math import gcd, isqrt, prod
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from backend.security.jose import decode_segment

# Edwards25519 (RFC 8032, section 5.1): -x² + y² = 1 + dx²y² over the integers modulo p.
_P: Final = 2**255 - 19
_D: Final = -121665 * pow(121666, -1, _P) % _P

# The y of the points whose order divides 8 (RFC 7748, section 7; curve25519-dalek's
# EIGHT_TORSION). All eight points, for each but ±1 stands for two x.
_Y8: Final = int.from_bytes(
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little"
)
_SMALL_ORDER: Final = frozenset({0, 1, _P - 1, _Y8, _P - _Y8})

_NIST_PRIMES: Final = {
    "secp256r1": 2**256 - 2**224 + 2**192 + 2**96 - 1,
    "secp384r1": 2**384 - 2**128 - 2**96 + 2**32 - 1,
    "secp521r1": 2**521 - 1,
}

_RSA_BITS: Final = range(2048, 8193)
# 3, 17 and 65537 are what issuers use. Beyond 32 bits a verification takes long for nothing.
_RSA_LARGEST_EXPONENT: Final = 2**32
_SMALL_PRIMES: Final = prod(
    number for number in range(2, 2000) if all(number % d for d in range(2, isqrt(number) + 1))
)


def find_weakness(key: object, members: Mapping[str, str]) -> str | None:
    """Why nobody should trust a public key; None if nothing is known against it.

    Args:
        key: The key of `cryptography`.
        members: Those of the JSON Web Key that it was made from.
    """
    match key:
        case Ed25519PublicKey():
            return _of_edwards_point(key.public_bytes_raw())
        case EllipticCurvePublicKey():
            prime = _NIST_PRIMES[key.curve.name]  # OpenSSL reduces what is beyond it in silence
            sound = all(_number(members[name]) < prime for name in ("x", "y"))
            return None if sound else "coordinate_out_of_range"
        case RSAPublicKey():
            return _of_rsa(key)
    return None


def _number(segment: str) -> int:
    return int.from_bytes(decode_segment(segment), "big")


def _of_edwards_point(encoded: bytes) -> str | None:
    """What is wrong with a public key of Ed25519, 32 bytes.

    For a key of small order a signature can be made without any private key, and one signature
    suits about every eighth message, or every message.
    """
    y = int.from_bytes(encoded, "little") & (2**255 - 1)
    if y >= _P:
        return "not_canonical"
    if y in _SMALL_ORDER:
        return "small_order"
    # x² = (y² - 1) / (dy² + 1), which has a root or not by Euler's criterion.
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    return None if pow(square, (_P - 1) // 2, _P) == 1 else "not_on_the_curve"


def _of_rsa(key: RSAPublicKey) -> str | None:
    numbers = key.public_numbers()
    if key.key_size not in _RSA_BITS:
        return "modulus_size"
    if numbers.e >= _RSA_LARGEST_EXPONENT:
        return "exponent_size"
    if gcd(numbers.n, _SMALL_PRIMES) != 1 or isqrt(numbers.n) ** 2 == numbers.n:
        return "modulus_factored"
    return None
