"""No attack of the table passes, and none breaks the verifier."""

import asyncio
from collections import Counter

import pytest

from backend.core.problems import InvalidToken
from backend.security.refusals import RefusedToken
from backend.security.tokens.verifier import TokenVerifier
from backend.tests.security.attacks import ATTACKS, Attack
from backend.tests.support.target import Target


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: ascii(attack.name))
def test_the_attack_is_refused_for_its_own_reason(
    attack: Attack, target: Target, verifier: TokenVerifier
) -> None:
    token = attack.build(target)
    assert verifier.cached(token) is None
    with pytest.raises(RefusedToken) as refusal:
        asyncio.run(verifier.verify(token))
    assert refusal.value.reason == attack.reason
    learns = refusal.value.detail != InvalidToken.title
    assert learns == (attack.reason == "lifetime_refused"), "the client learns its limit at most"
    assert verifier.cached(token) is None


def test_what_the_attacks_vary_is_accepted(target: Target, verifier: TokenVerifier) -> None:
    for issuer in (target.ed, target.ec, target.rsa):
        assert asyncio.run(verifier.verify(issuer.sign(target.claims()))).name == "Alice"


def test_each_attack_has_a_name_of_its_own() -> None:
    assert [name for name, times in Counter(a.name for a in ATTACKS).items() if times > 1] == []
