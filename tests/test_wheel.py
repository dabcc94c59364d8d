"""The built wheel works on its own."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from conftest import PROJECT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index"),
            *("--no-build-isolation", "--wheel-dir", str(target), str(PROJECT)),
        ],
        check=True,
        capture_output=True,
    )
    (built,) = target.glob("wherein-*.whl")
    return built


def test_it_holds_the_packages_and_what_they_need(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    tops = {name.split("/")[0] for name in names if ".dist-info" not in name}
    assert tops == {"search", "indexer", "web"}
    for package in tops:
        assert f"{package}/py.typed" in names
    for folder in ("templates", "static", "texts"):
        for path in (PROJECT / "web" / folder).rglob("*.*"):
            assert path.relative_to(PROJECT).as_posix() in names
    assert "web/static/vendor/pdfjs/LICENSE" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert any(name.endswith("licenses/NOTICE") for name in names)


def test_it_indexes_searches_and_serves_away_from_the_source(wheel: Path, tmp_path: Path) -> None:
    place = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(place)
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "a.md").write_text("# Bees\n\nThey dance on the comb.")
    environment = {
        **os.environ,
        "PYTHONPATH": str(place),
        "WHEREIN_HOME": str(tmp_path / "home"),
        "WHEREIN_MODEL": "hashing",
    }

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    where = run("-c", "import search, indexer, web; print(search.__file__, web.__file__)")
    assert all(name.startswith(str(place)) for name in where.split())
    assert "1 added" in run("-m", "indexer.cli", "index", "documents")
    assert "*dance*" in run("-m", "indexer.cli", "search", "dance")
    page = run(
        "-c",
        "from search.engine import Engine\n"
        "from search.settings import Settings\n"
        "from web import create_app\n"
        "settings = Settings.from_environment()\n"
        "with Engine.of(settings) as engine:\n"
        "    client = create_app(settings, engine).test_client()\n"
        "    print(client.get('/?q=dance').get_data(as_text=True))\n"
        "    style = client.get('/static/wherein.css')\n"
        "    print(style.status_code)\n"
        "    style.close()\n",
    )
    assert "<mark>dance</mark>" in page
    assert page.rstrip().endswith("200")
