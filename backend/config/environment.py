"""What is set: environment variables, lines of `.env`, and files that hold a secret.

Values are taken as people, shells and tools write them: Docker's `--env-file` leaves quotes and
comments in, Windows a carriage return, Compose makes unset variables empty ones. What is left
after cleaning is what counts; an empty value is none.
"""

import logging
import re
from collections.abc import Collection, Mapping
from io import StringIO
from pathlib import Path
from typing import Final, NamedTuple

from dotenv import dotenv_values
from dotenv.parser import parse_stream

from backend.config.misspelt import find_misspelt
from backend.config.refusals import UnusableSettings

_BLANK: Final = " \t\r\n\f\v\xa0\u200b\ufeff"
_QUOTED: Final = re.compile(
    r"""(["'`])(?:(?!\1).)*\1|\u201c[^\u201d]*\u201d|\u2018[^\u2019]*\u2019""", re.DOTALL
)
_COMMENT: Final = re.compile(r"(?:^|\s)#.*", re.DOTALL)
# Both sides must have the same bytes: what is odd about it is refused, not put right.
_AS_IT_IS: Final = frozenset({"auth_shared_secret"})
_LINK: Final = re.compile(r"(?:tcp|udp|sctp)://[\w.:\[\]-]+")
# How variables are called. A secret that begins with `$` is none: with 32 bytes it is longer, or
# has digits beside small letters.
_NAME: Final = r"(?:[A-Z_][A-Z0-9_]{0,59}|[A-Za-z_]{1,30})"
_BRACED: Final = rf"\$\{{{_NAME}(?::?[-?+=][^}}]*)?\}}|\$?\{{\{{[^}}]*\}}\}}"
_WORDS: Final = r"<[A-Za-z][A-Za-z _.-]*>"
_UNREPLACED: Final = re.compile(rf"\${_NAME}|{_BRACED}|\$\([^)]*\)|%{_NAME}%|{_WORDS}")
# In a URL: what can be neither a character of one nor a password. `[YOUR-PASSWORD]` is Supabase's;
# a bare `$NAME` may be a password, but no host.
_UNREPLACED_PART: Final = re.compile(
    rf"{_BRACED}|(?<=[/:@.,=]){_WORDS}(?![^/:@.,?#])|(?<=[/:])\[[A-Z][A-Z _-]*\](?=[@:])"
    rf"|(?:://|@)[^/?#@]*\${_NAME}(?=[:/?#.,]|$)(?![^/?#]*@)"
)
_IN_ANGLES: Final = re.compile(r"<\S*://\S*>")
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")


class Environment(NamedTuple):
    """What is set.

    Attributes:
        values: Cleaned texts, by the name of the setting in lower case.
        notes: Sentences about what looks like a setting and is not heeded.
    """

    values: dict[str, str]
    notes: list[str]


def read_environment(
    known: Collection[str],
    secrets: Collection[str],
    variables: Mapping[str, str],
    env_file: Path | None,
) -> Environment:
    """Read what is set; variables win over lines of the file.

    Args:
        known: The names of all settings, in lower case.
        secrets: Those that a file named by `NAME_FILE` may hold, too.
        variables: Those of the process.
        env_file: Lines `NAME=value`, if it exists.

    Raises:
        UnusableSettings: when a file is not readable, or a value was left to be filled in.
    """
    reader = _Reader(known, secrets)
    if env_file is not None:
        reader.take(_lines(env_file, reader.notes))
    reader.take(variables)
    return reader.read()


def clean(text: str, *, commented: bool = True) -> str:
    """A value without what was left round it: blanks, one pair of quotes and a comment.

    Args:
        text: As it was found.
        commented: Whether a ` #` begins a comment.
    """
    text = text.strip(_BLANK)
    if commented and not _QUOTED.fullmatch(text):
        text = _COMMENT.sub("", text).strip(_BLANK)
    return text[1:-1].strip(_BLANK) if _QUOTED.fullmatch(text) else text


def decode(raw: bytes) -> str:
    """The text of a file, as editors and shells save it: in UTF-8, or in UTF-16 with its mark.

    Raises:
        ValueError: when it is no text.
    """
    text = raw.decode("utf-16" if raw.startswith(_UTF_16) else "utf-8-sig")
    if "\0" in text:
        raise ValueError("a NUL")
    return text


class _Reader:
    def __init__(self, known: Collection[str], secrets: Collection[str]) -> None:
        self.notes: list[str] = []
        self._known, self._secrets = known, secrets
        self._values: dict[str, str] = {}
        self._files: dict[str, str] = {}
        self._strangers: list[str] = []
        self._faults: list[str] = []

    def take(self, source: Mapping[str, str | None]) -> None:
        """Take what is known of these variables."""
        # Windows and some shells do not mind the case: the usual one wins.
        for variable in sorted(source, key=str.isupper):
            text, name = source[variable] or "", variable.lower()
            if name in self._known:
                self._set(name, text)
            elif name.endswith("_file") and name[:-5] in self._secrets:
                self._files[name[:-5]] = clean(text)
            elif not _LINK.fullmatch(text):
                self._strangers.append(variable)

    def read(self) -> Environment:
        """All that was taken, with what the files hold."""
        for name, path in self._files.items():
            if path and name in self._values:
                self._faults.append(
                    f"{name.upper()} and {name.upper()}_FILE are both set: unset one"
                )
            elif path:
                self._set(name, self._content(f"{name.upper()}_FILE", path))
        if self._faults:
            raise UnusableSettings(*self._faults)
        self.notes += find_misspelt(self._strangers, self._known, self._values)
        return Environment(self._values, self.notes)

    def _set(self, name: str, text: str) -> None:
        # A password may have ` #` in it, in a URL encoded.
        commented = name not in self._secrets or "://" in text or text.lstrip().startswith("#")
        value = text if name in _AS_IT_IS else clean(text, commented=commented)
        if _IN_ANGLES.fullmatch(value):
            self._faults.append(f"{name.upper()} stands in `<` and `>`: take them away")
        elif _UNREPLACED.fullmatch(value):
            shown = "a secret in the form of a placeholder" if name in self._secrets else value
            self._faults.append(
                f"{name.upper()} is {shown}, which nothing has put a value in the place of"
            )
        elif "://" in value and _UNREPLACED_PART.search(value):
            self._faults.append(
                f"{name.upper()} has a placeholder in it, which nothing has put a value in the "
                "place of"
            )
        elif _LINK.fullmatch(value) and name.endswith("port"):
            self.notes.append(
                f"{name.upper()}={value} is a link that Kubernetes or Docker makes to a service of "
                f"that name: not heeded (`enableServiceLinks: false` in the pod keeps it away)"
            )
        elif value.strip(_BLANK):
            self._values[name] = value

    def _content(self, setting: str, path: str) -> str:
        # What is no path is the secret itself, set under the wrong name: it is not shown.
        shown = path if path.startswith(("/", "./", "~")) and "://" not in path else "…"
        try:
            text = decode(Path(path).expanduser().read_bytes()).rstrip("\r\n")
        except OSError as error:
            self._faults.append(f"{setting}={shown} cannot be read ({error.strerror})")
        except (ValueError, RuntimeError):  # of the encoding, or `~` of a user without home
            self._faults.append(f"{setting}={shown} is not a file of text in UTF-8")
        else:
            if not text.strip(_BLANK):
                self._faults.append(f"{setting}={shown} is empty")
            return text
        return ""


def _lines(path: Path, notes: list[str]) -> Mapping[str, str | None]:
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return {}
    except IsADirectoryError:
        if not (path / "pyvenv.cfg").exists():  # a virtual environment may be called so
            notes.append(f"{path} is a folder, not a file: nothing is read from it")
        return {}
    except OSError as error:
        raise UnusableSettings(
            f"{path} cannot be read ({error.strerror}): let this user read it, or move it away"
        ) from None
    try:
        text = decode(raw)
    except ValueError:
        raise UnusableSettings(f"{path} is not text in UTF-8: save it as such") from None
    notes += [
        f"line {each.original.line} of {path} is no NAME=value: not read"
        for each in parse_stream(StringIO(text))
        if each.error or (each.key and each.value is None)
    ]
    logging.getLogger("dotenv.main").disabled = True  # it would say the same
    return dotenv_values(stream=StringIO(text))
