from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lp_runner.api import Environment
from lp_runner.envs import Cache, Environments
from lp_runner.errors import EnvironmentFailed, Interrupted

MakeWheel = Callable[..., str]


def quiet(line: str) -> None: ...


def go_on() -> None: ...


def built(environments: Environments, environment: Environment) -> Path:
    return environments.built(environment, "cpu", quiet, go_on).folder


def output(*command: str | Path, **more: str) -> str:
    environment = {"PATH": os.environ["PATH"], **more}
    return subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout


def test_an_environment_has_what_it_requires_and_what_that_requires(
    environments: Environments, wheel: MakeWheel
) -> None:
    plum = wheel("plum", requires=(wheel("pear"),), script=True)
    folder = built(environments, Environment("fruit", (plum,)))
    assert output(folder / "bin" / "plum").split() == ["plum", str(folder)]
    assert output(folder / "bin" / "python", "-c", "import pear; pear.main()").split()[0] == "pear"


def test_what_is_left_out_is_not_there_though_something_requires_it(
    environments: Environments, wheel: MakeWheel
) -> None:
    plum = wheel("plum", requires=(wheel("pear"),))
    found = environments.built(Environment("fruit", (plum,), leave_out=("Pear",)), "cpu", quiet, go_on)
    assert found.installed["plum"] == "1.0"
    assert "pear" not in found.installed


def test_a_built_environment_is_not_built_again(environments: Environments, wheel: MakeWheel) -> None:
    fruit = Environment("fruit", (wheel("plum"),))
    built(environments, fruit)
    told: list[str] = []
    environments.built(fruit, "cpu", told.append, go_on)
    assert told == []


@pytest.mark.parametrize("harm", ["file gone", "file cut", "manifest torn", "interpreter gone"])
def test_a_broken_environment_is_never_used_and_is_rebuilt(
    environments: Environments, wheel: MakeWheel, harm: str
) -> None:
    fruit = Environment("fruit", (wheel("plum"),))
    folder = built(environments, fruit)
    module = next(folder.glob("lib/*/site-packages/plum/__init__.py"))
    if harm == "file gone":
        module.unlink()
    elif harm == "file cut":
        module.write_text("")
    elif harm == "manifest torn":
        (folder / "ENVIRONMENT.json").write_text('{"schema": "lp_runner/env')
    else:
        (folder / "bin" / "python").unlink()
    assert environments.find(fruit, "cpu") is None
    assert built(environments, fruit) == folder
    assert output(folder / "bin" / "python", "-c", "import plum; plum.main()").split()[0] == "plum"


def test_a_failing_installer_is_told_with_its_last_lines_and_leaves_nothing(
    environments: Environments, tmp_path: Path
) -> None:
    nowhere = Environment("fruit", (f"plum @ {(tmp_path / 'plum-1.0-py3-none-any.whl').as_uri()}",))
    with pytest.raises(EnvironmentFailed) as caught:
        built(environments, nowhere)
    assert caught.value.message == "environment fruit: python failed with exit code 1"
    assert "No such file or directory" in caught.value.hint
    assert [path.name for path in environments.cache.root.glob("[!.]*")] == []
    assert list((environments.cache.root / ".staging").iterdir()) == []


def test_offline_builds_nothing(tmp_path: Path, wheel: MakeWheel) -> None:
    offline = Environments(Cache(tmp_path), offline=True)
    with pytest.raises(EnvironmentFailed, match="environment fruit is not built, and --offline builds noth"):
        built(offline, Environment("fruit", (wheel("plum"),)))


def test_a_wish_to_stop_ends_the_installer(environments: Environments, wheel: MakeWheel) -> None:
    def stop() -> None:
        raise Interrupted("stop")

    started = time.monotonic()
    with pytest.raises(Interrupted):
        environments.built(Environment("fruit", (wheel("plum"),)), "cpu", quiet, stop)
    assert time.monotonic() - started < 2
    assert list((environments.cache.root / ".staging").iterdir()) == []


def test_two_that_want_the_same_build_it_once(environments: Environments, wheel: MakeWheel) -> None:
    code = (
        "import sys; from pathlib import Path; from lp_runner.api import Environment;"
        "from lp_runner.envs import Cache, Environments;"
        "e = Environments(Cache(Path(sys.argv[1])));"
        "print(e.built(Environment('fruit', (sys.argv[2],)), 'cpu', lambda line: None, lambda: None).build_s)"
    )
    command = [sys.executable, "-c", code, str(environments.cache.root), wheel("plum")]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    seconds = {process.communicate(timeout=120)[0] for process in both}
    assert len(seconds) == 1  # the second was told of the first's


def test_after_kills_anywhere_the_environment_is_built_right(
    environments: Environments, wheel: MakeWheel
) -> None:
    plum = wheel("plum", requires=(wheel("pear"),), script=True)
    code = (
        "import sys; from pathlib import Path; from lp_runner.api import Environment;"
        "from lp_runner.envs import Cache, Environments;"
        "e = Environments(Cache(Path(sys.argv[1])));"
        "e.built(Environment('fruit', (sys.argv[2],)), 'cpu', print, lambda: None)"
    )
    command = [sys.executable, "-c", code, str(environments.cache.root), plum]
    for seconds in (0.3, 1.2, 2.0):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        process.wait()
    folder = built(environments, Environment("fruit", (plum,)))
    assert output(folder / "bin" / "plum").split() == ["plum", str(folder)]


def test_what_dead_builders_left_goes_with_the_next_build(
    environments: Environments, wheel: MakeWheel
) -> None:
    staging = environments.cache.root / ".staging"
    left, living = staging / "other-1a2b.4194305-c0ffee", staging / f"other-1a2b.{os.getpid()}-c0ffee"
    left.mkdir(parents=True)
    living.mkdir()
    built(environments, Environment("fruit", (wheel("plum"),)))
    assert list(staging.iterdir()) == [living]


def test_there_only_the_linked_packages_of_this_environment_are_visible(
    environments: Environments, wheel: MakeWheel
) -> None:
    fruit = Environment("fruit", (wheel("plum"),))
    there = environments.interpreter(fruit, "cpu", ["lp_sacrebleu"], quiet, go_on)
    code = (
        "from importlib.util import find_spec;"
        "print([name for name in ('lp_runner', 'lp_sacrebleu', 'plum', 'lp_models', 'yaml', 'torch')"
        " if find_spec(name)])"
    )
    assert output(there.python, "-P", "-c", code, **there.variables) == (
        "['lp_runner', 'lp_sacrebleu', 'plum']\n"
    )
    assert there.isolated


def test_the_default_environment_is_this_one(environments: Environments) -> None:
    there = environments.interpreter(Environment(), "cpu", [], quiet, go_on)
    assert (there.python, there.isolated) == (sys.executable, False)


def test_an_interpreter_of_the_users_own_is_taken_as_it_is(
    environments: Environments, monkeypatch: pytest.MonkeyPatch
) -> None:
    fruit = Environment("my-fruit", ("plum",))
    named = Environments(environments.cache, own={"my-fruit": "/in/the/settings"})
    assert named.interpreter(fruit, "cpu", [], quiet, go_on).python == "/in/the/settings"
    monkeypatch.setenv("LP_RUN_MY_FRUIT_PYTHON", "/in/a/variable")
    assert named.interpreter(fruit, "cpu", [], quiet, go_on).python == "/in/a/variable"


def test_the_lock_is_of_what_the_environment_requires(environments: Environments, wheel: MakeWheel) -> None:
    fruit = Environment("fruit", (wheel("plum", "2.5"),))
    assert environments.lock(fruit, "cpu") == {}
    built(environments, fruit)
    assert environments.lock(fruit, "cpu") == {"fruit/plum": "2.5"}


def test_no_python_within_the_bounds_is_said_with_a_remedy(environments: Environments) -> None:
    with pytest.raises(EnvironmentFailed) as caught:
        built(environments, Environment("fruit", python=">=3.99"))
    assert caught.value.message.startswith("environment fruit needs Python >=3.99, and this one is 3.")
    assert "LP_RUN_FRUIT_PYTHON" in caught.value.hint


def test_uv_builds_the_same_where_it_is_present(
    environments: Environments, wheel: MakeWheel, monkeypatch: pytest.MonkeyPatch
) -> None:
    uv = Path(sys.executable).with_name("uv")
    assert uv.exists(), "uv is one of the tests' requirements"
    monkeypatch.setenv("PATH", f"{uv.parent}{os.pathsep}{os.environ['PATH']}")
    plum = wheel("plum", requires=(wheel("pear"), wheel("quince")), script=True)
    found = environments.built(Environment("fruit", (plum,), leave_out=("quince",)), "cpu", quiet, go_on)
    assert sorted(found.installed) == ["pear", "plum"]
    assert output(found.folder / "bin" / "plum").split() == ["plum", str(found.folder)]


def test_a_removed_environment_is_gone(environments: Environments, wheel: MakeWheel) -> None:
    folder = built(environments, Environment("fruit", (wheel("plum"),)))
    environments.cache.remove(folder.name)
    assert not folder.exists()
    assert list(environments.cache.all()) == []
    assert shutil.which("python3")  # what it was built with is not touched
