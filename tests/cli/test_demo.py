"""What stands in the way of the demo is said in one line, and nobody else's files are touched."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

import pytest

from cli.demo import MARKER, DemoFailed, check_ports, claim_data_dir, routers
from cli.demo_company import COMPLETE, ROUTERS
from core.settings import Settings

ROOT = Path(__file__).parent.parent.parent
NOBODY = 65534


@pytest.fixture
def busy_port() -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken.getsockname()[1]


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def free_ports_in_a_row() -> int:
    """The first of three, far from those the kernel gives out."""
    for first in range(20100, 32000, 7):
        with contextlib.ExitStack() as tried, contextlib.suppress(OSError):
            for port in range(first, first + 3):
                tried.enter_context(socket.socket()).bind(("127.0.0.1", port))
            return first
    raise AssertionError("no three ports in a row are free")


def ports(web: int, simulator: int) -> Settings:
    return Settings(
        web_port=web,
        simulator_port=simulator,
        router_port=free_ports_in_a_row(),
        unifi_port=free_port(),
        _env_file=None,
    )


def test_free_ports_are_fine() -> None:
    check_ports(ports(free_port(), free_port()))


@pytest.mark.parametrize("variable", ["TAAR_WEB_PORT", "TAAR_SIMULATOR_PORT"])
def test_a_port_in_use_is_named_with_the_variable_that_changes_it(busy_port: int, variable: str) -> None:
    chosen = (busy_port, free_port()) if variable == "TAAR_WEB_PORT" else (free_port(), busy_port)
    with pytest.raises(DemoFailed, match=f"port {busy_port} cannot be used .*set {variable}"):
        check_ports(ports(*chosen))


def test_one_port_cannot_serve_both() -> None:
    with pytest.raises(DemoFailed, match="cannot share"):
        check_ports(ports(8123, 8123))


def test_the_command_ends_with_one_line_and_no_traceback(busy_port: int, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "cli", "demo", "--port", str(busy_port)], cwd=ROOT, text=True,
        capture_output=True, timeout=60, env={**os.environ, "TAAR_DATA_DIR": str(tmp_path / "data")},
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        f"taar demo: port {busy_port} cannot be used (Address already in use): set TAAR_WEB_PORT to another"
    ]
    assert not (tmp_path / "data").exists()


def test_a_new_folder_is_made_and_marked(tmp_path: Path) -> None:
    with claim_data_dir(tmp_path / "deep" / "data", reset=False):
        assert [entry.name for entry in (tmp_path / "deep" / "data").iterdir()] == [MARKER]


def loaded(tmp_path: Path) -> Path:
    """A folder of a demo that has run."""
    data = tmp_path / "data"
    (data / "vault").mkdir(parents=True)
    (data / "vault" / "photo").write_text("x")
    (data / MARKER).touch()
    (data / COMPLETE).write_text("{}")
    return data


def test_data_are_kept_and_a_reset_deletes_them(tmp_path: Path) -> None:
    data = loaded(tmp_path)
    with claim_data_dir(data, reset=False):
        assert (data / "vault" / "photo").exists()
    with claim_data_dir(data, reset=True):
        assert [entry.name for entry in data.iterdir()] == [MARKER]


def test_a_company_loaded_before_there_were_routers_starts_without_them(tmp_path: Path) -> None:
    settings = Settings(environment="test", data_dir=tmp_path, _env_file=None)
    assert routers(settings) == []
    (tmp_path / ROUTERS).write_text("[]")
    assert [child.name for child in routers(settings)] == ["routers"]


def test_a_load_that_was_cut_short_starts_afresh(tmp_path: Path) -> None:
    data = loaded(tmp_path)
    (data / COMPLETE).unlink()
    with claim_data_dir(data, reset=False):
        assert [entry.name for entry in data.iterdir()] == [MARKER]


def test_a_link_out_of_the_folder_is_cut_and_not_followed(tmp_path: Path) -> None:
    data = loaded(tmp_path)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "kept").touch()
    (data / "link").symlink_to(tmp_path / "outside")
    with claim_data_dir(data, reset=True):
        assert (tmp_path / "outside" / "kept").exists()


@pytest.mark.parametrize("reset", [False, True])
def test_a_strangers_folder_is_left_alone(tmp_path: Path, reset: bool) -> None:
    (tmp_path / "thesis.txt").write_text("my work")
    with pytest.raises(DemoFailed, match="holds files that are not the demo's"):
        claim_data_dir(tmp_path, reset=reset)
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.txt"]


def test_two_demos_do_not_share_a_folder(tmp_path: Path) -> None:
    data = loaded(tmp_path)
    with (
        claim_data_dir(data, reset=False),
        pytest.raises(DemoFailed, match="another demo runs"),
    ):
        claim_data_dir(data, reset=True)
    assert (data / "vault" / "photo").exists()
    claim_data_dir(data, reset=False).close()


def test_a_file_in_the_folders_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(DemoFailed, match="cannot be used"):
        claim_data_dir(tmp_path / "data", reset=False)


def test_without_the_right_to_write_the_folder_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    told = as_an_ordinary_user(lambda: claim_data_dir(tmp_path / "data", reset=False))
    tmp_path.chmod(0o700)
    assert told == f"DemoFailed: no permission to write in {tmp_path}/data: set TAAR_DATA_DIR to another folder"


def as_an_ordinary_user(act: Callable[[], object]) -> str:
    """What came of it in a child process that is not root; permissions mean nothing to root."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if os.getuid() == 0:
                os.setuid(NOBODY)
            act()
            told = "done"
        except Exception as fault:  # noqa: BLE001 - the parent hears of any
            told = f"{type(fault).__name__}: {fault}"
        os.write(writing, told.encode())
        os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading) as pipe:
        return pipe.read()


@pytest.fixture
def launcher() -> Iterator[ModuleType]:
    """The file `taar` of a fresh checkout without its environment, where every user can read it."""
    with tempfile.TemporaryDirectory() as checkout:
        Path(checkout).chmod(0o755)
        for name in ("taar", "pyproject.toml", "constraints.txt", "package.json"):
            shutil.copy(ROOT / name, Path(checkout) / name)
        yield launcher_of(Path(checkout))


def launcher_of(checkout: Path) -> ModuleType:
    loader = SourceFileLoader("taar_launcher", str(checkout / "taar"))
    spec = importlib.util.spec_from_loader("taar_launcher", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def test_a_python_that_is_too_new_is_named(
    launcher: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 13, 1, "final", 0))
    monkeypatch.setattr(sys, "version", "3.13.1 (main)")
    assert launcher.main(["demo"]) == 2
    assert capsys.readouterr().err == (
        "taar: Python 3.11 or 3.12 is needed, this is 3.13.1: try python3.11 taar demo\n"
    )


def test_a_python_without_venv_is_told_how_to_get_it(
    launcher: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert launcher.main(["demo"]) == 2
    assert "apt install python3-venv" in capsys.readouterr().err
    assert not launcher.VENV.exists()


def test_half_an_environment_does_not_stay(
    launcher: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    launcher.BIN.mkdir(parents=True)
    assert launcher.main(["demo"]) == 2
    assert capsys.readouterr().err == "taar: Making the virtual environment failed: exit code 1\n"
    assert not launcher.VENV.exists()


def test_a_tool_that_is_missing_is_named(launcher: ModuleType) -> None:
    with pytest.raises(launcher.SetUpFailed, match="Installing failed: /no/such/npm cannot be run"):
        launcher.step("Installing", ["/no/such/npm", "install"])


def test_a_checkout_that_is_not_whole_is_named(launcher: ModuleType) -> None:
    (launcher.ROOT / "package.json").unlink()
    with pytest.raises(launcher.SetUpFailed, match=r"package\.json cannot be read"):
        launcher.set_up()


def test_a_checkout_that_cannot_be_written_is_named(launcher: ModuleType) -> None:
    launcher.ROOT.chmod(0o555)
    told = as_an_ordinary_user(launcher.set_up)
    launcher.ROOT.chmod(0o755)
    assert told == f"SetUpFailed: no permission to write in {launcher.ROOT}"
