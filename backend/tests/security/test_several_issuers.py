"""Several issuers, each with keys, rules and users of its own."""

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx2
import pytest
from pydantic import ValidationError

from backend.config import Settings
from backend.core.principal import Principal
from backend.core.problems import KeysUnavailable
from backend.security.issuer import Issuer
from backend.security.jwks import RemoteKeySet, key_sources
from backend.security.refusals import Reason, RefusedToken
from backend.security.sources import StaticKeySet
from backend.security.tokens import TokenVerifier
from backend.tests.people import NO_TLS, ORIGIN
from backend.tests.security.key_server import KeyServer
from backend.tests.security.leaping import leap
from backend.tests.security.source import Source, kept, kid
from backend.tests.service import Service

PREVIEW, MOBILE = "https://preview.example.com", "https://mobile.example.com"


def entry(name: str, issuer: str, audience: object, url: str | None = None) -> dict[str, Any]:
    url = url or f"{issuer}/api/auth/jwks"
    return {"name": name, "issuer": issuer, "audience": audience, "jwks_url": url}


ENTRIES = [entry("preview", PREVIEW, PREVIEW), entry("mobile", MOBILE, ["app", "tablet"])]


def configured(**changes: Any) -> Settings:
    return Settings(
        _env_file=None, **{"better_auth_url": ORIGIN, "auth_issuers": ENTRIES, **changes}
    )


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
            assert preview.most_fetches_in(10) <= 3  # the first one, and the budget of 2

    leap(scene())


# Over HTTP


@dataclass
class Callers:
    """A service that trusts two issuers, and those who call it with their tokens."""

    service: Service
    main: Issuer
    preview: Issuer

    def ask(self, method: str, path: str, token: str, **more: Any) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {token}"}
        with httpx2.Client(base_url=self.service.url, verify=NO_TLS, trust_env=False) as client:
            return client.request(method, path, headers=headers, **more)


@pytest.fixture(scope="module")
def callers(database_url: str) -> Iterator[Callers]:
    main, preview = Issuer.generate(), Issuer.generate()
    with KeyServer(main) as main_keys, KeyServer(preview) as preview_keys:
        settings = Settings(
            _env_file=None,
            environment="production",
            database_url=database_url,
            auth_issuer=ORIGIN,
            auth_audience=(ORIGIN,),
            auth_jwks_url=main_keys.url,
            auth_issuers=[entry("preview", PREVIEW, PREVIEW, preview_keys.url)],
        )
        with Service(settings) as service:
            yield Callers(service, main, preview)


def test_the_same_subject_of_two_issuers_is_two_users(callers: Callers) -> None:
    mine = callers.main.token("alice-of-two", issuer=ORIGIN, audience=ORIGIN)
    hers = callers.preview.token("alice-of-two", issuer=PREVIEW, audience=PREVIEW)
    made = callers.ask("POST", "/api/tasks", mine, json={"title": "Mine"}).json()
    theirs = callers.ask("POST", "/api/tasks", hers, json={"title": "Hers"}).json()
    assert (made["user_id"], theirs["user_id"]) == ("alice-of-two", "preview:alice-of-two")
    assert [task["title"] for task in callers.ask("GET", "/api/tasks", mine).json()] == ["Mine"]
    assert [task["title"] for task in callers.ask("GET", "/api/tasks", hers).json()] == ["Hers"]
    assert callers.ask("GET", f"/api/tasks/{made['id']}", hers).status_code == 404
    assert callers.ask("GET", "/api/auth/me", hers).json()["subject"] == "preview:alice-of-two"


@pytest.mark.parametrize("safe", [":", ""])
def test_the_path_with_a_user_names_the_whole_user_id(callers: Callers, safe: str) -> None:
    hers = callers.preview.token("alice", issuer=PREVIEW, audience=PREVIEW)
    path = f"/api/{quote('preview:alice', safe=safe)}/tasks"
    made = callers.ask("POST", path, hers, json={"title": "Hers"})
    assert made.status_code == 201
    assert callers.ask("GET", made.headers["Location"], hers).status_code == 200
    assert callers.ask("GET", "/api/alice/tasks", hers).status_code == 403


def test_whoever_pretends_to_be_another_issuers_user_is_refused(callers: Callers) -> None:
    for token in (
        callers.main.token("preview:alice", issuer=ORIGIN, audience=ORIGIN),
        callers.main.token("alice", issuer=PREVIEW, audience=PREVIEW),
        callers.preview.token("alice", issuer=ORIGIN, audience=ORIGIN),
    ):
        answer = callers.ask("GET", "/api/tasks", token)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


# The setting


def test_the_setting_is_a_list_in_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTH_ISSUERS", json.dumps(ENTRIES))
    preview, mobile = Settings(_env_file=None).auth_issuers
    assert (preview.name, preview.issuer, preview.audience) == ("preview", PREVIEW, (PREVIEW,))
    assert mobile.audience == ("app", "tablet")
    monkeypatch.setenv("AUTH_ISSUERS", " ")
    assert Settings(_env_file=None).auth_issuers == ()


@pytest.mark.parametrize(
    ("entries", "says"),
    [
        ("preview=https://preview.example.com", "must be a JSON list"),
        ('{"name": "preview"}', "valid tuple"),
        (["preview"], "valid dictionary or instance"),
        ([{"name": "preview", "issuer": PREVIEW, "audience": "a"}], "jwks_url"),
        ([{**ENTRIES[0], "jwksUrl": "https://x"}], "Extra inputs are not permitted"),
        ([entry("", PREVIEW, "a")], "should match pattern"),
        ([entry("Preview", PREVIEW, "a")], "should match pattern"),
        ([entry("pre:view", PREVIEW, "a")], "should match pattern"),
        ([entry("preview\n", PREVIEW, "a")], "should match pattern"),
        ([entry("x" * 33, PREVIEW, "a")], "should match pattern"),
        ([entry("preview", "", "a", "https://x.example.com")], "at least 1 character"),
        ([entry("preview", PREVIEW, "")], "at least 1 character"),
        ([entry("preview", PREVIEW, [])], "at least 1 item"),
        ([entry("preview", PREVIEW, None)], "valid tuple"),
        ([entry("main", PREVIEW, "a")], "AUTH_ISSUERS: the name main is taken"),
        ([ENTRIES[0], entry("preview", MOBILE, "a")], "the name preview is taken"),
        ([ENTRIES[0], entry("other", PREVIEW, "a")], f"the issuer {PREVIEW} is taken"),
        ([entry("preview", ORIGIN, "a")], f"the issuer {ORIGIN} is taken"),
        (
            [entry("preview", PREVIEW, "a", "http://preview.example.com/jwks")],
            "jwks_url of preview in AUTH_ISSUERS must use https",
        ),
        (
            [entry("preview", PREVIEW, "a", "file:///etc/passwd")],
            "jwks_url of preview in AUTH_ISSUERS must be a URL",
        ),
    ],
)
def test_an_unusable_issuer_stops_the_start(entries: object, says: str) -> None:
    with pytest.raises(ValidationError) as refused:
        configured(auth_issuers=entries)
    assert says in str(refused.value)


def test_a_shared_secret_excludes_other_issuers() -> None:
    with pytest.raises(ValidationError, match="AUTH_SHARED_SECRET excludes AUTH_ISSUERS"):
        configured(better_auth_url=None, auth_shared_secret="s" * 32)


def test_each_issuer_has_a_source_of_its_own() -> None:
    sources = key_sources(configured())
    kinds = [type(source) for source in (sources.main, *sources.others.values())]
    assert kinds == [RemoteKeySet] * 3
    assert list(sources.states()) == ["main", "preview", "mobile"]
    asyncio.run(sources.aclose())
