"""Several issuers, each with keys, rules and users of its own."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from backend.config import Settings
from backend.core.principal import Principal
from backend.core.problems import KeysUnavailable
from backend.security.keys.remote import FLOOR_SECONDS
from backend.security.keys.sources import StaticKeySet
from backend.security.refusals import Reason, RefusedToken
from backend.security.signing import Issuer
from backend.security.tokens.verifier import TokenVerifier
from backend.tests.security.several import ENTRIES, MOBILE, PREVIEW, configured
from backend.tests.security.source import Source, kept, kid
from backend.tests.support.leaping import leap
from backend.tests.support.people import ORIGIN


@dataclass
class World:
    """Three issuers, and a verifier that trusts them all."""

    main: Issuer = field(default_factory=Issuer.generate)
    preview: Issuer = field(default_factory=Issuer.generate)
    mobile: Issuer = field(default_factory=Issuer.generate)
    settings: Settings = field(default_factory=configured)

    def __post_init__(self) -> None:
        self.verifier = TokenVerifier(
            self.settings,
            StaticKeySet([self.main.verification_key]),
            {
                "preview": StaticKeySet([self.preview.verification_key]),
                "mobile": StaticKeySet([self.mobile.verification_key]),
            },
        )

    def verify(self, token: str) -> Principal:
        return asyncio.run(self.verifier.verify(token))

    def refusal(self, token: str) -> Reason:
        with pytest.raises(RefusedToken) as refused:
            self.verify(token)
        return refused.value.reason


@pytest.fixture
def world() -> World:
    return World()


# Whose users they are


def test_a_user_of_the_main_issuer_keeps_the_subject_as_id(world: World) -> None:
    assert (
        world.verify(world.main.token("alice", issuer=ORIGIN, audience=ORIGIN)).subject == "alice"
    )


def test_a_user_of_another_issuer_is_known_by_its_name_and_the_subject(world: World) -> None:
    preview = world.preview.token("alice", issuer=PREVIEW, audience=PREVIEW)
    mobile = world.mobile.token("alice", issuer=MOBILE, audience="tablet")
    assert world.verify(preview).subject == "preview:alice"
    assert world.verify(mobile).subject == "mobile:alice"


@pytest.mark.parametrize("subject", ["preview:alice", "preview:", "mobile:x:y"])
def test_no_subject_of_the_main_issuer_can_be_another_issuers_user(
    world: World, subject: str
) -> None:
    token = world.main.token(subject, issuer=ORIGIN, audience=ORIGIN)
    assert world.refusal(token) == "subject_reserved"


@pytest.mark.parametrize("subject", ["preview", "Preview:alice", "previews:a", ":preview:a", "x:y"])
def test_other_subjects_with_colons_are_free(world: World, subject: str) -> None:
    token = world.main.token(subject, issuer=ORIGIN, audience=ORIGIN)
    assert world.verify(token).subject == subject


@pytest.mark.parametrize("subject", ["mobile:alice", "preview:alice", ":", "a:b"])
def test_no_subject_of_one_additional_issuer_can_be_another_ones_user(
    world: World, subject: str
) -> None:
    token = world.preview.token(subject, issuer=PREVIEW, audience=PREVIEW)
    assert world.verify(token).subject == f"preview:{subject}"


@pytest.mark.parametrize(("length", "accepted"), [(247, True), (248, False), (255, False)])
def test_a_whole_id_has_at_most_255_characters(world: World, length: int, accepted: bool) -> None:  # noqa: FBT001 - a row of the table
    token = world.preview.token("x" * length, issuer=PREVIEW, audience=PREVIEW)
    if accepted:
        assert world.verify(token).subject == f"preview:{'x' * length}"
    else:
        assert world.refusal(token) == "subject_refused"


# Whose rules and keys they are

CROSSED: dict[str, tuple[Callable[[World], str], Reason]] = {
    "main's key, preview's names": (
        lambda world: world.main.token("alice", issuer=PREVIEW, audience=PREVIEW),
        "unknown_key",
    ),
    "preview's key, main's names": (
        lambda world: world.preview.token("alice", issuer=ORIGIN, audience=ORIGIN),
        "unknown_key",
    ),
    "preview's key, mobile's names": (
        lambda world: world.preview.token("alice", issuer=MOBILE, audience="app"),
        "unknown_key",
    ),
    "preview's key under the name of main's": (
        lambda world: named(world.preview, world.main, ORIGIN, ORIGIN),
        "bad_signature",
    ),
    "main's key under the name of preview's": (
        lambda world: named(world.main, world.preview, PREVIEW, PREVIEW),
        "bad_signature",
    ),
    "preview's issuer, main's audience": (
        lambda world: world.preview.token("alice", issuer=PREVIEW, audience=ORIGIN),
        "wrong_audience",
    ),
    "main's issuer, preview's audience": (
        lambda world: world.main.token("alice", issuer=ORIGIN, audience=PREVIEW),
        "wrong_audience",
    ),
    "preview's issuer, mobile's audience": (
        lambda world: world.preview.token("alice", issuer=PREVIEW, audience="app"),
        "wrong_audience",
    ),
    "nobody's issuer": (
        lambda world: world.main.token("alice", issuer="https://x.example.com", audience=ORIGIN),
        "wrong_issuer",
    ),
    "preview's issuer with a slash": (
        lambda world: world.preview.token("alice", issuer=f"{PREVIEW}/", audience=PREVIEW),
        "wrong_issuer",
    ),
    "two issuers in a list": (
        lambda world: claiming(world.preview, [PREVIEW]),
        "wrong_issuer",
    ),
    "an object as issuer": (
        lambda world: claiming(world.preview, {PREVIEW: 1}),
        "wrong_issuer",
    ),
    "no issuer": (lambda world: claiming(world.preview, None), "wrong_issuer"),
}


def named(signer: Issuer, other: Issuer, issuer: str, audience: str) -> str:
    """A token that one issuer signed under the `kid` of another."""
    impostor = Issuer(signer.algorithm, signer.__dict__["_key"], other.kid)
    return impostor.token("alice", issuer=issuer, audience=audience)


def claiming(signer: Issuer, issuer: object) -> str:
    return signer.token("alice", issuer=PREVIEW, audience=PREVIEW, iss=issuer)


@pytest.mark.parametrize("case", CROSSED)
def test_what_is_one_issuers_is_no_others(world: World, case: str) -> None:
    make, reason = CROSSED[case]
    assert world.refusal(make(world)) == reason


def test_two_keys_with_one_name_are_not_mixed_up() -> None:
    """With serial ids every Better Auth calls its first key 1."""
    world = World(
        main=Issuer("EdDSA", Issuer.generate().__dict__["_key"], "1"),
        preview=Issuer("EdDSA", Issuer.generate().__dict__["_key"], "1"),
    )
    mine = world.main.token("alice", issuer=ORIGIN, audience=ORIGIN)
    theirs = world.preview.token("alice", issuer=PREVIEW, audience=PREVIEW)
    for _ in range(2):
        assert world.verify(mine).subject == "alice"
        assert world.verify(theirs).subject == "preview:alice"
    swapped = world.preview.token("alice", issuer=ORIGIN, audience=ORIGIN)
    assert world.refusal(swapped) == "bad_signature"


def test_a_remembered_token_goes_with_the_key_of_its_own_issuer() -> None:
    async def scene() -> None:
        main, preview = Source(Issuer.generate()), Source(Issuer.generate())
        async with kept(main) as ours, kept(preview) as theirs:
            settings = configured(auth_issuers=ENTRIES[:1])
            verifier = TokenVerifier(settings, ours, {"preview": theirs})
            mine = main.issuers[0].token("alice", issuer=ORIGIN, audience=ORIGIN)
            hers = preview.issuers[0].token("alice", issuer=PREVIEW, audience=PREVIEW)
            await verifier.verify(mine)
            await verifier.verify(hers)
            preview.issuers = [Issuer.generate()]
            assert await theirs.get(kid(preview.issuers[0]))  # fetches; the old key is gone
            assert verifier.cached(hers) is None
            assert verifier.cached(mine)

    leap(scene())


def test_an_outage_of_one_source_is_felt_by_its_users_only() -> None:
    async def scene() -> None:
        main, preview = Source(Issuer.generate()), Source(Issuer.generate())
        preview.down = True
        async with kept(main) as ours, kept(preview) as theirs:
            settings = configured(auth_issuers=ENTRIES[:1])
            verifier = TokenVerifier(settings, ours, {"preview": theirs})
            hers = preview.issuers[0].token("alice", issuer=PREVIEW, audience=PREVIEW)
            with pytest.raises(KeysUnavailable):
                await verifier.verify(hers)
            mine = main.issuers[0].token("alice", issuer=ORIGIN, audience=ORIGIN)
            assert (await verifier.verify(mine)).subject == "alice"
            with pytest.raises(RefusedToken):
                await verifier.verify(Issuer.generate().token("a", issuer=ORIGIN, audience=ORIGIN))
            assert preview.fetched_at, "its source was asked, and nobody else's"

    leap(scene())


def test_made_up_names_of_keys_cost_the_issuer_that_they_claim_only() -> None:
    async def scene() -> None:
        main, preview = Source(Issuer.generate()), Source(Issuer.generate())
        async with kept(main) as ours, kept(preview) as theirs:
            settings = configured(auth_issuers=ENTRIES[:1])
            verifier = TokenVerifier(settings, ours, {"preview": theirs})
            asked = len(main.fetched_at)
            forger = Issuer.generate()
            for number in range(20):
                forger.kid = f"made-up-{number}"
                with pytest.raises((RefusedToken, KeysUnavailable)):
                    await verifier.verify(forger.token("a", issuer=PREVIEW, audience=PREVIEW))
            assert len(main.fetched_at) == asked
            assert preview.most_fetches_in(10) <= 2 + 10 / FLOOR_SECONDS

    leap(scene())
