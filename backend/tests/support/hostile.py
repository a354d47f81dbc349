"""What no client should send, and the status that each of it gets.

`MARK` stands in every value that is refused: no answer may repeat it.
"""

import json
from base64 import urlsafe_b64encode
from typing import Any

MARK = "xyzzy"
_M = MARK.encode()

NOT_JSON: dict[str, bytes] = {
    "words": _M,
    "only a space": b" ",
    "something after it": b'{"title": "a"} ' + _M,
    "a single quote": b"{'title': 'xyzzy'}",
    "a comma too many": b'{"title": "xyzzy",}',
    "a comment": b'/* xyzzy */ {"title": "a"}',
    "cut short": b'{"title": "xyzzy',
    "NaN": b'{"title": NaN}',
    "Infinity": b'{"title": Infinity}',
    "-Infinity": b'{"completed": -Infinity}',
    "1e999": b'{"completed": 1e999}',
    "5 000 digits": b'{"title": ' + b"9" * 5_000 + b"}",
    "a leading zero": b'{"completed": 01}',
    "1_0": b'{"completed": 1_0}',
    "a key twice": b'{"title": "a", "title": "xyzzy"}',
    "a key twice, once escaped": b'{"completed": true, "complete\\u0064": false}',
    "a key twice, deep inside": b'{"title": {"a": 1, "a": 2}}',
    "a raw NUL": b'{"title": "xyzzy\x00"}',
    "a raw control character": b'{"title": "xyzzy\x1b"}',
    "invalid UTF-8": b'{"title": "xyzzy\xff"}',
    "overlong UTF-8": b'{"title": "xyzzy\xc0\xaf"}',
    "a surrogate in UTF-8": b'{"title": "xyzzy\xed\xa0\x80"}',
    "UTF-8 with a byte order mark": b'\xef\xbb\xbf{"title": "xyzzy"}',
    "UTF-16": '{"title": "xyzzy"}'.encode("utf-16"),
    "UTF-16 without a byte order mark": '{"title": "xyzzy"}'.encode("utf-16-le"),
    "UTF-32": '{"title": "xyzzy"}'.encode("utf-32"),
    "60 000 open arrays": b"[" * 60_000,
    "10 000 open objects": b'{"title":' * 6_000,
    "30 000 closed arrays": b"[" * 30_000 + b"]" * 30_000,
}

# Well-formed, and not acceptable to any route.
NOT_ACCEPTABLE: dict[str, bytes] = {
    "an array": b'["xyzzy"]',
    "a string": b'"xyzzy"',
    "a number": b"42",
    "true": b"true",
    "an unknown field": b'{"colour": "xyzzy"}',
    "user_id": b'{"user_id": "xyzzy"}',
    "version": b'{"title": "a", "version": 424242}',
    "deleted_at": b'{"deleted_at": null}',
    "completed_at": b'{"completed_at": "2026-01-01T00:00:00Z"}',
    "__proto__": b'{"__proto__": {"xyzzy": true}}',
    "a lone surrogate as a name": b'{"\\ud800": "xyzzy"}',
    "NUL as a name": b'{"\\u0000": "xyzzy"}',
    "a name of 60 000 characters": b'{"' + b"k" * 60_000 + b'": "xyzzy"}',
    "5 000 unknown names": json.dumps({f"k{n}": MARK for n in range(3_000)}).encode(),
    "completed as text": b'{"completed": "true"}',
    "completed as a number": b'{"completed": 1}',
    "completed as 2^63": b'{"completed": 9223372036854775808}',
    "completed as null": b'{"completed": null}',
    "completed as a list": b'{"completed": [true]}',
}

# Values of one field, for the routes that write tasks.
_LONG = MARK * 12_000
REFUSED_FIELDS: list[tuple[str, Any]] = [
    ("title", None),
    ("title", 424242),
    ("title", True),
    ("title", [MARK]),
    ("title", {"a": MARK}),
    ("title", ""),
    ("title", " \t\n\u00a0\u2003\u3000"),
    ("title", MARK * 101),
    ("title", _LONG),
    ("title", f"{MARK}\0"),
    ("title", f"{MARK}\ud800"),
    ("title", f"\udfff{MARK}"),
    ("title", f"\udc00\ud800{MARK}"),
    ("description", 424242),
    ("description", False),
    ("description", [MARK]),
    ("description", MARK * 3_277),
    ("description", f"{MARK}\0"),
    ("description", f"{MARK}\ud800"),
    ("description", f"{MARK}\udfff{MARK}"),
]
REFUSED_IDS: list[Any] = [
    "",
    MARK,
    424242,
    10**400,
    True,
    [MARK],
    {"hex": MARK},
    f"{MARK}\0",
    f"{MARK}\ud800",
    "00000000-0000-0000-0000-000000000000",
    "7d444840-9dc0-41d1-b245-5ffdce74fad2",  # version 4
    "1ec9414c-232a-6b00-b3c8-9e6bdeced846",  # version 6
    "01890a5d-ac96-774b-bcce-b302099a8057x",
    "0189\uff10a5d-ac96-774b-bcce-b302099a8057",
]


def cursor(value: Any) -> str:
    """A forged cursor: JSON, or bytes as they are, in the encoding of the real ones."""
    packed = value if isinstance(value, bytes) else json.dumps(value).encode()
    return urlsafe_b64encode(packed).decode().rstrip("=")


_ID = "01890a5d-ac96-774b-bcce-b302099a8057"
FORGED_CURSORS: dict[str, str] = {
    "one letter": "A",
    "not base64": "!xyzzy!",
    "no JSON": cursor(_M),
    "bytes": cursor(b"\xff\xfe\xfd"),
    "a number": cursor(42),
    "NaN": cursor(b"NaN"),
    "3 000 digits": cursor(b"9" * 3_000),
    "null": cursor(None),
    "an object": cursor({"sort": MARK}),
    "nested 3 000 deep": cursor(b"[" * 3_000),
    "nested 1 500 deep and closed": cursor(b"[" * 1_500 + b"]" * 1_500),
    "too few parts": cursor(["-created", MARK]),
    "too many parts": cursor(["-created", "2026-01-01T00:00:00Z", _ID, 1]),
    "a number as value": cursor(["-created", 42, _ID]),
    "a list as value": cursor(["-created", [MARK], _ID]),
    "a bad id": cursor(["-created", "2026-01-01T00:00:00Z", MARK]),
    "an id of bytes": cursor(["-created", "2026-01-01T00:00:00Z", "\0" * 36]),
    "another sort": cursor(["title", MARK, _ID]),
    "an unknown sort": cursor([MARK, MARK, _ID]),
    "a sort that is only the trash's": cursor(["-xyzzy", "2026-01-01T00:00:00Z", _ID]),
    "a surrogate as value": cursor(["-created", "\ud800", _ID]),
    "a surrogate as sort": cursor(["\ud800", MARK, _ID]),
    "NUL as value": cursor(["-created", "\0", _ID]),
    "no time as value": cursor(["-created", MARK, _ID]),
    "nothing as value": cursor(["-created", "", _ID]),
    "SQL as value": cursor(["-created", "'; drop table duly.tasks; --", _ID]),
    "year 999999": cursor(["-created", "999999-01-01T00:00:00Z", _ID]),
    "year 0": cursor(["-created", "0000-01-01T00:00:00Z", _ID]),
    "a week date": cursor(["-created", "2026-W01-1", _ID]),
    "an offset of a day": cursor(["-created", "2026-01-01T00:00:00+23:59", _ID]),
    "nothing": "",
    "4 096 characters": "A" * 4_096,
    "5 000 characters": "A" * 5_000,
    "NUL": "%00",
    "letters outside ASCII": "%C3%A9%F0%9F%98%80",
}

# Raw query strings, refused by every route, whether it takes parameters or not.
REFUSED_QUERIES: list[tuple[bytes, int]] = [
    (b"x=xyzzy", 422),
    (b"x", 422),
    (b"=xyzzy", 422),
    (b"%00=xyzzy", 422),
    (b"%", 422),
    (b"%zz=xyzzy", 422),
    (b"limit%5B%5D=xyzzy", 422),
    (b";limit=xyzzy", 422),
    (b"user_id=xyzzy", 422),
    (b"offset=424242", 422),
    (b"access_token=xyzzy", 422),
    (b"x=xyzzy&x=xyzzy", 422),
    (b"x=%ff", 400),
    (b"x=%c0%af", 400),
    (b"x=%ed%a0%80", 400),
    (b"%ff=xyzzy", 400),
    (b"&".join(b"a%d=xyzzy" % n for n in range(60)), 400),
    (b"x=" + b"y" * 8_200, 414),
]

# For routes that take a page of something.
REFUSED_LIMITS: list[bytes] = [
    *(b"", b"0", b"-1", b"-0", b"1001", b"1_0", b"1.0", b"1e1", b"+1", b"%2B1", b"%201", b"1%20"),
    *(b"0x1", b"NaN", b"Infinity", b"1e999", b"%00", b"1%00", b"xyzzy", b"null", b"true"),
    *(b"9223372036854775807", b"9223372036854775808", b"-9223372036854775809", b"9" * 5_000),
    *(b"%D9%A1%D9%A0", b"%C2%B2", b"%EF%BC%91", b"%zz", b"1;x", b"1,2"),
]
REFUSED_CHOICES: list[bytes] = [
    *(b"status=", b"status=ALL", b"status=xyzzy", b"status=all%00", b"status=deleted"),
    *(b"sort=", b"sort=xyzzy", b"sort=TITLE", b"sort=--title", b"sort=title%00", b"sort=%2Btitle"),
    *(b"sort=title,created", b"sort=title%20desc", b"sort=deleted", b"sort=-deleted", b"sort=id"),
    *(b"sort=title;drop%20table%20duly.tasks", b"count=", b"count=xyzzy", b"count=true"),
    *(b"status=all&status=all", b"sort=title&sort=title", b"count=exact&count=exact"),
    *(b"limit=1&limit=2", b"limit=1&limit=1"),
]

# Path segments in place of a task's id: they name nothing.
NO_IDS: list[bytes] = [
    *(b"xyzzy", b"0", b"-1", b"%00", b"%ff", b"%ED%A0%80", b"%zz", b"%", b"null", b"undefined"),
    *(b"9223372036854775808", b"..", b"%2e%2e", b"..%2f..%2fetc%2fpasswd", b"'%20or%20'1'='1"),
    *(b"01890a5d-ac96-774b-bcce-b302099a8057%00", b"%2001890a5d-ac96-774b-bcce-b302099a8057"),
    *(b"{01890a5d-ac96-774b-bcce-b302099a8057}", b"urn:uuid:01890a5d-ac96-774b-bcce-b302099a8057"),
    *(b"01890a5dac96774bbcceb302099a8057", b"%D9%A1890a5d-ac96-774b-bcce-b302099a8057"),
    *(b"7d444840-9dc0-41d1-b245-5ffdce74fad2", b"%F0%9F%98%80", b"x" * 4_000),
]
