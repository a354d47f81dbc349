"""What Duly is made of is known, and holds no secret."""

import json
import re
import shlex
import tomllib
from pathlib import Path

import pytest

from backend.tests.docs.pages import ROOT
from backend.tests.serving.test_wheel import uv
from scripts.audit import scan, tracked


def test_the_bill_of_materials_names_every_package_of_production(tmp_path: Path) -> None:
    """As `make sbom` writes it."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    [arguments] = re.findall(r"^\t\$\(RUN\)/uv (export .*cyclonedx.*)$", makefile, re.MULTILINE)
    file = tmp_path / "sbom.json"
    uv(*shlex.split(arguments.replace("sbom.cdx.json", str(file))))
    bill = json.loads(file.read_text("utf-8"))
    assert bill["bomFormat"] == "CycloneDX"

    named = {each["purl"]: each for each in bill["components"]}
    lines = uv("export", "--locked", "--no-dev", "--no-emit-project", "--no-hashes")
    for name, version in re.findall(r"^([\w.-]+)==(\S+)", lines, re.MULTILINE):
        files = named[f"pkg:pypi/{name}@{version}"]["externalReferences"]
        assert any(each.get("hashes") for each in files), name
    assert not any("pytest" in each for each in named)


def test_every_package_comes_from_one_registry_with_its_digest() -> None:
    packages = tomllib.loads((ROOT / "uv.lock").read_text("utf-8"))["package"]
    others = [each for each in packages if each["name"] != "duly"]
    assert len({each["source"].get("registry") for each in others}) == 1
    for each in others:
        files = [*each.get("wheels", []), *([each["sdist"]] if "sdist" in each else [])]
        assert files, each["name"]
        assert all(file["hash"].startswith("sha256:") for file in files), each["name"]


@pytest.mark.e2e
def test_no_file_of_the_repository_holds_a_secret() -> None:
    assert scan(tracked()) == ""


@pytest.mark.e2e
@pytest.mark.parametrize(
    "secret",
    [
        "-----BEGIN " + "PRIVATE KEY-----",
        "AKIA" + "QYLPMN5HFIQR7XYA",
        "postgresql://duly:" + "gT6vXw2q@db.example.com/duly",
        "ghp_" + "wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx",
    ],
)
def test_a_secret_would_be_found(secret: str, tmp_path: Path) -> None:
    file = tmp_path / "settings.env"
    file.write_text(f"VALUE={secret}\n")
    assert "settings.env" in scan([file])
