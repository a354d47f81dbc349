"""What is known against the locked packages, and whether a secret lies in the repository.

Needs the network: uv asks osv.dev about the first, and gets the scanner for the second from the
package index.
"""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from scripts.machine import ROOT

UV = Path(sys.executable).with_name("uv")
_SCANNER = "detect-secrets==1.5.0"
# What guesses by entropy or by names reports each digest and each test; shapes of real keys stay.
_GUESSES = ("Base64HighEntropyString", "HexHighEntropyString", "KeywordDetector")
_PLACEHOLDERS = r"(?i)password|hidden.*|letmein|p%2f"
_DIGESTS = r"(^|/)(uv|package-lock)\.(lock|json)$"


def main() -> None:
    """Ask both; status 1 when one of them found something, or could not be asked."""
    print("Packages with known vulnerabilities:", flush=True)
    known = subprocess.run(
        [UV, "audit", "--frozen", "--preview-features", "audit-command"], cwd=ROOT, check=False
    )
    if known.returncode:
        print("Mend what is named above; if nobody was reached, the packages were NOT audited.")
    print("Secrets in the repository:", flush=True)
    found = scan(tracked())
    print(found or "none")
    sys.exit(1 if known.returncode or found else 0)


def tracked() -> list[str]:
    """The files that are committed, or about to be."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    found = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True)
    return [path for path in found.stdout.splitlines() if (ROOT / path).is_file()]


def scan(files: Sequence[str | Path]) -> str:
    """What the scanner says of these files, "" if it finds nothing; never a secret itself.

    Tests are full of URLs with invented passwords, which are not looked at there.
    """
    tests = [each for each in files if str(each).startswith("backend/tests/")]
    others = [each for each in files if each not in tests]
    return _scan(others, *_GUESSES) + _scan(tests, *_GUESSES, "BasicAuthDetector")


def _scan(files: Sequence[str | Path], *without: str) -> str:
    if not files:
        return ""
    command = [str(UV), "run", "--no-project", "--isolated", "--quiet", "--with", _SCANNER]
    options = ["--exclude-secrets", _PLACEHOLDERS, "--exclude-files", _DIGESTS]
    for each in without:
        options += ["--disable-plugin", each]
    done = subprocess.run(
        [*command, "detect-secrets-hook", *options, *map(str, files)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr if done.returncode else ""


if __name__ == "__main__":
    main()
