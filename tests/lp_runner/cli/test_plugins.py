"""`lp-run plugins` and `lp-run schema`: by a plugin's name, by its kind, for people and for scripts."""

from __future__ import annotations

import json

import pytest

from lp_runner.cli.main import main
from lp_runner.registry import BrokenPlugin, Offer, Registry

Capture = pytest.CaptureFixture[str]


def test_a_kind_shows_all_of_its_plugins_with_their_options(capsys: Capture) -> None:
    assert main(["plugins", "prune"]) == 0
    out = capsys.readouterr().out
    assert "prune.iterative-greedy: " in out
    assert "prune.beam: " in out
    assert "keep_at" in out
    assert "importance." not in out


def test_a_name_of_two_kinds_shows_both(capsys: Capture) -> None:
    assert main(["plugins", "random", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [(one["kind"], one["name"]) for one in told] == [("importance", "random"), ("prune", "random")]
    assert "remove" in told[1]["options"]["properties"]


def test_scripts_are_told_every_plugin(capsys: Capture) -> None:
    assert main(["plugins", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {"importance", "prune", "recover", "evaluate", "infer", "read"} <= {one["kind"] for one in told}
    assert all(one["options"]["type"] == "object" for one in told)


def test_a_schema_is_found_by_the_bare_name_where_there_is_one_of_it(capsys: Capture) -> None:
    assert main(["schema", "sft"]) == 0
    bare = capsys.readouterr().out
    assert main(["schema", "recover.sft"]) == 0
    assert capsys.readouterr().out == bare
    assert "epochs" in json.loads(bare)["properties"]


def test_a_broken_plugin_keeps_no_other_of_its_kind_from_being_shown(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Registry._find

    def find(registry: Registry, kind: str, name: str) -> Offer:
        if name == "cka":
            raise BrokenPlugin("can't be imported")
        return whole(registry, kind, name)

    monkeypatch.setattr(Registry, "_find", find)
    assert main(["plugins", "importance"]) == 0
    out = capsys.readouterr().out
    assert "importance.cka: broken: can't be imported" in out
    assert "importance.translation-quality: " in out
