"""Carries out the stages of a Dockerfile in folders of this machine, by chroot(8)."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from scripts.dockerfile import Instruction, Stage, expanded, is_ignored
from scripts.machine import ROOT, configured, megabytes, mirror, package_variables, run, timed

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass
class Image:
    """What a stage has made so far.

    Attributes:
        root: The folder.
        environment: What ENV has set.
        arguments: What ARG has declared and this machine sets.
        folder: Of WORKDIR.
        user: User and group of USER.
        told: The last instruction of each kind that only says something.
        base_megabytes: How large it was before the first instruction of all.
    """

    root: Path
    environment: dict[str, str] = field(default_factory=lambda: {"PATH": _PATH})
    arguments: dict[str, str] = field(default_factory=dict)
    folder: str = "/"
    user: str = "0:0"
    told: dict[str, Instruction] = field(default_factory=dict)
    base_megabytes: int = 0

    def path(self, inside: str) -> Path:
        """Where a path of the image is on this machine."""
        return self.root / os.path.normpath(
            f"{self.folder}/{inside}" if not inside.startswith("/") else inside
        ).lstrip("/")


def build(stages: list[Stage], home: Path) -> Image:
    """Carry out all stages, in folders below `home`; gives the last one."""
    made: dict[str, Image] = {}
    for number, stage in enumerate(stages):
        name = stage.name or "image"
        image = _begin(stage.base, home / f"{number}-{name}", made)
        with configured(image.root, "/root"):
            for each in stage.instructions:
                _carry_out(each, image, made)
        made[name] = image
    return image


def _begin(base: str, root: Path, made: dict[str, Image]) -> Image:
    if base in made:
        before = made[base]
        run("cp", "-a", "--reflink=auto", before.root, root)
        return replace(before, root=root, environment=dict(before.environment), arguments={})
    distribution, _, tag = base.partition(":")
    if distribution != "debian" or not tag.endswith("-slim"):
        sys.exit(f"FROM {base}: only debian:RELEASE-slim can be made here.")
    with timed(f"FROM {base} (debootstrap in its place)"):
        run("debootstrap", "--variant=minbase", tag.removesuffix("-slim"), root, mirror())
    run("chroot", root, "apt-get", "clean")
    shutil.rmtree(root / "var/lib/apt/lists")  # which the image has not either
    return Image(root, base_megabytes=megabytes(root))


def _carry_out(each: Instruction, image: Image, made: dict[str, Image]) -> None:
    if each.name == "RUN":
        with timed(f"RUN {each.text[:60]}"):
            run(*inside(image, ["/bin/sh", "-c", each.text], _build_variables(image)))
    elif each.name == "COPY":
        *sources, target = each.words()
        if "from" in each.flags:
            _copy_from_stage(made[each.flags["from"]], sources, image.path(target))
        else:
            _copy_from_checkout(sources, image.path(target))
    elif each.name == "ENV":
        for word in each.words():
            name, _, value = word.partition("=")
            image.environment[name] = expanded(value, image.environment)
    elif each.name == "ARG":
        name, _, value = each.text.partition("=")
        value = package_variables().get(name, value)
        image.arguments |= {name: value} if value else {}
    elif each.name == "WORKDIR":
        image.folder = each.text
        image.path(".").mkdir(parents=True, exist_ok=True)
    elif each.name == "USER":
        image.user = each.text
    else:
        image.told[each.name] = each


def _build_variables(image: Image) -> dict[str, str]:
    """What an instruction sees; the machine's own package settings as a builder's would be."""
    return {"HOME": "/root", **package_variables(), **image.arguments, **image.environment}


def inside(image: Image, command: list[str], variables: dict[str, str]) -> list[str]:
    """The arguments that run a command in the image as root, with processes of its own.

    What it mounts goes with it.
    """
    settings = [f"{name}={value}" for name, value in variables.items()]
    root = str(image.root)
    prelude = 'mount -t proc proc "$0/proc" && cd / && exec chroot "$0" /usr/bin/env -i "$@"'
    change = f"--chdir={image.folder}"
    shell = ["/bin/sh", "-c", prelude, root, change, *settings, *command]
    return ["unshare", "--mount", "--pid", "--fork", "--kill-child", *shell]


def _copy_from_stage(stage: Image, sources: list[str], target: Path) -> None:
    for source in sources:
        target.parent.mkdir(parents=True, exist_ok=True)
        run("cp", "-a", stage.path(source), target)


def _copy_from_checkout(sources: list[str], target: Path) -> None:
    """Copy files, and the content of folders, as the commands of Docker do."""
    patterns = (ROOT / ".dockerignore").read_text("utf-8")
    for source in sources:
        files = [path for path in _tracked(source) if not is_ignored(path, patterns)]
        if not files:
            sys.exit(f"COPY {source}: nothing is left of it by .dockerignore.")
        for file in files:
            within = os.path.relpath(file, source) if (ROOT / source).is_dir() else Path(file).name
            (target / within).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / file, target / within)


def _tracked(source: str) -> Iterator[str]:
    """The files that a fresh clone would have, with those that are about to be committed."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", source]
    found = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True)
    yield from (path for path in found.stdout.splitlines() if (ROOT / path).is_file())
