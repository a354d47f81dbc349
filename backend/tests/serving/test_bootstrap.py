"""What `make` does first on a machine that has Python and no uv, pip or venv."""

import base64
import hashlib
import io
import os
import shutil
import subprocess
import sys
import threading
import tomllib
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from scripts.bootstrap import System, wheel_for

ROOT = Path(__file__).parents[3]
LINUX = "uv-1.2.3-py3-none-manylinux_2_17_{0}.manylinux2014_{0}.musllinux_1_1_{0}.whl"
MAC = "uv-1.2.3-py3-none-macosx_11_0_{0}.whl"
NAMES = [template.format(m) for template in (LINUX, MAC) for m in ("x86_64", "aarch64", "arm64")]
EMPTY = """[project]
name = "empty"
version = "1"
requires-python = ">=3.11"
[build-system]
requires = ["uv_build"]
build-backend = "uv_build"
"""
# Answers for its version, and otherwise writes down what it was asked, and with which index.
PROGRAM = (
    '#!/bin/sh\n[ "$1" = --version ] && echo uv 1.2.3 || echo "$UV_DEFAULT_INDEX $*" >> asked\n'
)


def _wheel() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("uv-1.2.3.data/scripts/uvx", "another program")
        archive.writestr("uv-1.2.3.data/scripts/uv", PROGRAM)
    return content.getvalue()


WHEEL = _wheel()  # once: it has the time of its making


class Index(ThreadingHTTPServer):
    """A package index with relative links; `password` is what it asks for, if anything."""

    password = ""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/simple"


class Answers(BaseHTTPRequestHandler):
    server: Index

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        basic = f"Basic {base64.b64encode(self.server.password.encode()).decode()}"
        if self.server.password and self.headers["Authorization"] != basic:
            self.send_error(401)
            return
        links = "".join(f'<a href="../../files/{n}#sha256=0">{n}</a>\n' for n in NAMES)
        body = links.encode() if self.path == "/simple/uv/" else WHEEL
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        pass


@pytest.fixture
def index() -> Iterator[Index]:
    with Index() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


class Checkout:
    """A folder with the bootstrap and a lock file, and a home beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.home = folder / "my code", folder / "home"
        self.home.mkdir()
        shutil.copytree(ROOT / "scripts", self.folder / "scripts")
        self.lock(NAMES, hashlib.sha256(WHEEL).hexdigest())

    def lock(self, names: list[str], digest: str) -> None:
        wheels = "".join(
            f'{{ url = "https://example.com/a/{name}", hash = "sha256:{digest}" }},\n'
            for name in names
        )
        (self.folder / "uv.lock").write_text(
            '[[package]]\nname = "uv"\nversion = "1.2.3"\n'
            f'source = {{ registry = "http://127.0.0.1:9/simple" }}\nwheels = [{wheels}]\n'
        )

    def bootstrap(self, *arguments: str, **environment: str) -> str:
        """What it says; it sees no program on the PATH and no installed package."""
        done = subprocess.run(
            [sys.executable, "-S", "-m", "scripts.bootstrap", *arguments],
            cwd=self.folder,
            env={"PATH": str(self.home), "HOME": str(self.home), "NO_PROXY": "*", **environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (done.returncode == 0) == (not done.stderr), done
        return done.stderr

    @property
    def uv(self) -> Path:
        return self.folder / ".uv" / "uv"

    @property
    def asked(self) -> str:
        return (self.folder / "asked").read_text()


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_uv_of_the_right_digest_is_unpacked_and_installs(checkout: Checkout, index: Index) -> None:
    assert checkout.bootstrap(PIP_INDEX_URL=index.url) == ""

    assert os.access(checkout.uv, os.X_OK)
    assert [file.name for file in checkout.uv.parent.iterdir()] == ["uv"]
    [venv, _, sync, install] = checkout.asked.splitlines()
    assert venv.startswith(f"{index.url} venv --clear --python {sys.executable}")
    assert sync.startswith(f"{index.url} pip sync --python .venv/bin/python --require-hashes")
    assert install.startswith(f"{index.url} pip install --python .venv/bin/python")


def test_an_image_takes_production_in_two_steps(checkout: Checkout, index: Index) -> None:
    checkout.bootstrap("/opt/duly", "--production", "packages", PIP_INDEX_URL=index.url)
    [venv, export, sync] = checkout.asked.splitlines()
    assert "/opt/duly" in venv
    assert "export --frozen --no-dev --no-emit-project" in export
    assert "pip sync --python /opt/duly/bin/python --require-hashes --compile-bytecode" in sync

    checkout.bootstrap("/opt/duly", "--production", "program", PIP_INDEX_URL=index.url)
    install = checkout.asked.splitlines()[-1]
    assert "--python /opt/duly/bin/python --no-deps" in install
    assert "--editable" not in install


def test_a_server_takes_production_in_one_step(checkout: Checkout, index: Index) -> None:
    checkout.bootstrap(".venv", "--production", PIP_INDEX_URL=index.url)
    [_, export, sync, install] = checkout.asked.splitlines()
    assert "export --frozen --no-dev" in export
    assert "pip sync" in sync
    assert "--editable" not in install


@pytest.mark.parametrize("arguments", [["--help"], [".venv", "--dev"], [".venv", "production"]])
def test_arguments_that_are_none_are_told_which_there_are(
    arguments: list[str], checkout: Checkout
) -> None:
    said = checkout.bootstrap(*arguments)
    assert said.startswith("python3 -m scripts.bootstrap [ENVIRONMENT [--production")
    assert not (checkout.folder / ".uv").exists()


def test_uv_is_fetched_once_for_each_version(checkout: Checkout, index: Index) -> None:
    checkout.bootstrap(PIP_INDEX_URL=index.url)
    checkout.bootstrap(PIP_INDEX_URL=index.url)
    assert len(index.asked) == 2  # the page and the wheel

    lock = checkout.folder / "uv.lock"
    lock.write_text(lock.read_text().replace('version = "1.2.3"', 'version = "1.2.4"'))
    checkout.bootstrap(PIP_INDEX_URL=index.url)
    assert len(index.asked) == 4


def test_a_wheel_of_another_digest_is_refused(checkout: Checkout, index: Index) -> None:
    checkout.lock(NAMES, "0" * 64)
    assert "is not that of uv.lock" in checkout.bootstrap(PIP_INDEX_URL=index.url)
    assert not checkout.uv.exists()


@pytest.mark.parametrize("variable", ["UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"])
def test_the_environment_names_the_index(checkout: Checkout, index: Index, variable: str) -> None:
    elsewhere = checkout.home / ".config/pip/pip.conf"
    elsewhere.parent.mkdir(parents=True)
    elsewhere.write_text("[global]\nindex-url = http://127.0.0.1:9/simple\n")
    assert checkout.bootstrap(**{variable: index.url}) == ""
    assert checkout.uv.exists()


@pytest.mark.parametrize(
    "file", [".config/pip/pip.conf", ".pip/pip.conf", "xdg/pip/pip.conf", "chosen.conf"]
)
@pytest.mark.parametrize("line", ["[global]\nindex-url = {}/\n", "[install]\nindex_url: {}\n"])
def test_the_files_of_pip_name_the_index(
    checkout: Checkout, index: Index, file: str, line: str
) -> None:
    path = checkout.home / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(line.format(index.url))
    environment = {
        "xdg/pip/pip.conf": {"XDG_CONFIG_HOME": str(checkout.home / "xdg")},
        "chosen.conf": {"PIP_CONFIG_FILE": str(path)},
    }
    assert checkout.bootstrap(**environment.get(file, {})) == ""
    assert index.url in checkout.asked


def test_a_name_and_password_in_the_url_open_the_index(checkout: Checkout, index: Index) -> None:
    index.password = "alice:p@ss"
    url = index.url.replace("//", "//alice:p%40ss@")
    assert checkout.bootstrap(PIP_INDEX_URL=url) == ""

    shutil.rmtree(checkout.uv.parent)
    said = checkout.bootstrap(PIP_INDEX_URL=url.replace("p%40ss", "wrong"))
    assert "401" in said
    assert "wrong" not in said


def test_an_index_that_is_down_is_named_with_what_to_set(checkout: Checkout) -> None:
    said = checkout.bootstrap()
    assert said.startswith("Set PIP_INDEX_URL to a package index that this machine reaches")
    assert "127.0.0.1:9" in said
    assert "Traceback" not in said


def test_certificates_that_are_missing_are_named(checkout: Checkout, index: Index) -> None:
    said = checkout.bootstrap(PIP_INDEX_URL=index.url, PIP_CERT=str(checkout.home / "none.pem"))
    assert "SSL_CERT_FILE" in said
    assert "Traceback" not in said


def test_a_machine_that_no_wheel_fits_is_told_to_install_uv(
    checkout: Checkout, index: Index
) -> None:
    checkout.lock(["uv-1.2.3-py3-none-win_amd64.whl"], "0" * 64)
    assert checkout.bootstrap(PIP_INDEX_URL=index.url).startswith("Install uv by hand")


def test_an_index_without_the_wheel_is_said_to_lack_it(checkout: Checkout, index: Index) -> None:
    lock = checkout.folder / "uv.lock"
    lock.write_text(lock.read_text().replace("uv-1.2.3-", "uv-1.2.5-"))
    assert "an index that has uv-1.2.5-" in checkout.bootstrap(PIP_INDEX_URL=index.url)


def test_an_older_python_is_told_so(checkout: Checkout) -> None:
    hidden = checkout.folder / "tomllib.py"  # as Python 3.10 has it: not at all
    hidden.write_text("raise ModuleNotFoundError\n")
    assert checkout.bootstrap() == "Install Python 3.11 or newer as `python3`: this one is older.\n"


def test_the_uv_of_the_machine_is_used_where_there_is_one(checkout: Checkout, index: Index) -> None:
    program = checkout.home / "uv"
    program.write_text(PROGRAM)
    program.chmod(0o755)
    assert checkout.bootstrap(PIP_INDEX_URL=index.url) == ""
    assert index.asked == []
    assert checkout.asked.startswith(" venv")  # with the index of its own configuration


def test_nothing_is_installed_into_a_python_that_the_environment_names(checkout: Checkout) -> None:
    uv = Path(sys.executable).with_name("uv")
    (checkout.home / "uv").symlink_to(uv)
    (checkout.folder / "src/empty").mkdir(parents=True)
    (checkout.folder / "src/empty/__init__.py").touch()
    (checkout.folder / "uv.lock").unlink()
    (checkout.folder / "pyproject.toml").write_text(EMPTY)
    other = checkout.home / "other"
    offline = {"PATH": str(checkout.home), "HOME": str(checkout.home), "UV_OFFLINE": "1"}
    for command in (
        ["lock", "--python", sys.executable],
        ["venv", "--python", sys.executable, str(other)],
    ):
        subprocess.run([uv, *command, "-q"], cwd=checkout.folder, env=offline, check=True)
    [packages] = other.glob("lib/python*/site-packages")

    python = str(other / "bin/python")
    said = checkout.bootstrap(UV_OFFLINE="1", UV_PYTHON=python, VIRTUAL_ENV=str(other))

    assert said == ""
    assert not list(packages.glob("empty*"))
    assert list(checkout.folder.glob(".venv/lib/python*/site-packages/empty*"))


@pytest.mark.parametrize(
    ("kind", "version", "processor", "expected"),
    [
        ("manylinux", (2, 36), "x86_64", "manylinux_2_17_x86_64"),
        ("manylinux", (2, 17), "aarch64", "manylinux_2_17_aarch64"),
        ("manylinux", (2, 12), "x86_64", None),
        ("musllinux", (1, 1), "x86_64", "musllinux_1_1_x86_64"),
        ("musllinux", (1, 1), "aarch64", "musllinux_1_1_aarch64"),
        ("macosx", (15, 1), "arm64", "macosx_11_0_arm64"),
        ("macosx", (10, 15), "x86_64", "macosx_10_12_x86_64"),
        ("macosx", (10, 11), "x86_64", None),
        ("manylinux", (2, 36), "sparc64", None),
    ],
)
def test_the_lock_file_has_a_wheel_for_each_usual_machine(
    kind: str, version: tuple[int, ...], processor: str, expected: str | None
) -> None:
    packages = tomllib.loads((ROOT / "uv.lock").read_text())["package"]
    [uv] = [package for package in packages if package["name"] == "uv"]
    names = [wheel["url"].rpartition("/")[2] for wheel in uv["wheels"]]
    name = wheel_for(names, System(kind, version, processor))
    assert expected in name if expected and name else name is expected
