"""Kubernetes' own schemas accept the files of deploy/kubernetes."""

import subprocess
import sys
from pathlib import Path

import pytest

from backend.tests.docs.pages import ROOT

pytestmark = pytest.mark.e2e

# Brings the schemas of many versions, 100 MB, so it is no dependency of the environment.
_VALIDATOR = "kubernetes-validate==1.37.0"
_FOLDER = ROOT / "deploy" / "kubernetes"
FILES = sorted(path for path in _FOLDER.glob("*.yaml") if path.name != "kustomization.yaml")


def validate(*files: Path) -> subprocess.CompletedProcess[str]:
    uv = Path(sys.executable).with_name("uv")
    command = [str(uv), "run", "--no-project", "--isolated", "--with", _VALIDATOR]
    return subprocess.run(
        [*command, "kubernetes-validate", "--strict", *map(str, files)],
        cwd="/",
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_every_file_is_valid() -> None:
    done = validate(*FILES)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("passed for resource") >= len(FILES)
    assert "WARN" not in done.stdout


def test_a_name_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "deployment.yaml"
    text = (_FOLDER / "deployment.yaml").read_text("utf-8")
    file.write_text(text.replace("enableServiceLinks", "enableServiceLink"))
    assert validate(file).returncode != 0


def test_the_list_of_files_is_complete() -> None:
    listed = (_FOLDER / "kustomization.yaml").read_text("utf-8")
    assert [path.name for path in FILES if f"  - {path.name}\n" not in listed] == []
