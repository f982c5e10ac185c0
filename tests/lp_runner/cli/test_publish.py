"""`lp-run publish` against a stand-in of the hub that answers as huggingface_hub asks."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from tests.hub import StandIn

Published = Callable[..., CompletedProcess[str]]
TOKEN = "hf_" + "s3cret" * 6
CARD = """\
---
license: apache-2.0
language: [cs, de]
---

# A model
"""
WEIGHTS = b"\x00\x01weights" * 1000


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A finished run's folder, as far as publishing looks."""
    model = tmp_path / "run" / "models" / "9+recovery"
    model.mkdir(parents=True)
    (tmp_path / "run" / "plan.json").write_text('{"steps": []}', "utf-8")
    (model / "README.md").write_text(CARD, "utf-8")
    (model / "config.json").write_text("{}", "utf-8")
    (model / "model.safetensors").write_bytes(WEIGHTS)
    return tmp_path / "run"


@pytest.fixture
def publish(hub: StandIn, run: Path, lp_run: Any) -> Published:
    def words(model: str, *more: str, **environment: str) -> CompletedProcess[str]:
        surroundings = {
            "HF_ENDPOINT": hub.url,
            "HF_HUB_OFFLINE": "0",
            "HF_TOKEN": TOKEN,
            "HF_HOME": str(run.parent / "home"),
            "HF_HUB_DISABLE_XET": "1",  # a protocol of its own, to another server
            **environment,
        }
        told: CompletedProcess[str] = lp_run(
            "publish", str(run), model, *more, folder=run.parent, **surroundings
        )
        return told

    return words


def test_without_yes_a_model_is_shown_and_nothing_is_asked_of_the_hub(
    hub: StandIn, publish: Published
) -> None:
    told = publish("9+recovery", "--repo", "me/small")
    assert (told.returncode, told.stderr, hub.asked) == (0, "", [])
    assert "model.safetensors  9.0 kB" in told.stdout
    assert "license: apache-2.0" in told.stdout
    assert f"to me/small on {hub.url}, public if it is new" in told.stdout


def test_with_yes_every_file_is_in_the_repository(hub: StandIn, publish: Published, run: Path) -> None:
    told = publish("9+recovery", "--repo", "me/small", "--private", "--yes")
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.splitlines()[-1] == f"sent: {hub.url}/me/small"
    assert "no pipeline_tag" in told.stdout
    assert hub.repos["me/small"] == {
        path.name: path.read_bytes() for path in (run / "models" / "9+recovery").iterdir()
    }
    assert [(made["organization"], made["name"], made["visibility"]) for made in hub.made] == [
        ("me", "small", "private")
    ]


def test_json_has_what_would_be_sent_and_then_where_it_went(
    hub: StandIn, publish: Published, run: Path
) -> None:
    shown = json.loads(publish("9+recovery", "--repo", "me/small", "--json").stdout)
    assert hub.asked == []
    assert shown == {
        "folder": f"{run}/models/9+recovery",
        "repo": "me/small",
        "hub": hub.url,
        "visibility": "public",
        "files": [
            {"path": "config.json", "bytes": 2},
            {"path": "README.md", "bytes": len(CARD)},
            {"path": "model.safetensors", "bytes": len(WEIGHTS)},
        ],
        "metadata": "language:\n- cs\n- de\nlicense: apache-2.0",
        "sent": False,
        "url": None,
        "warnings": [],
    }
    sent = json.loads(publish("9+recovery", "--repo", "me/small", "--json", "--yes").stdout)
    assert sent == {**shown, "sent": True, "url": f"{hub.url}/me/small", "warnings": sent["warnings"]}
    assert "no pipeline_tag" in " ".join(sent["warnings"])


def test_the_token_is_sent_and_never_told(hub: StandIn, publish: Published) -> None:
    told = publish("9+recovery", "--repo", "me/small", "--yes")
    assert hub.tokens == {f"Bearer {TOKEN}"}
    assert TOKEN not in told.stdout + told.stderr


@pytest.mark.parametrize(
    ("part", "status", "line"),
    [
        (
            "create",
            401,
            "refuses the token, or was given none\nhint: log in with `hf auth login`, or set HF_TOKEN",
        ),
        ("create", 403, ": this token may not write to me/small\nhint: take a token with write access to it"),
        (
            "validate",
            500,
            " answered 500 to me/small\nhint: the same command sends again only what isn't there",
        ),
        (
            "commit",
            500,
            " answered 500 to me/small\nhint: the same command sends again only what isn't there",
        ),
        ("commit", 403, ": this token may not write to me/small\nhint: take a token with write access to it"),
    ],
)
def test_a_hub_that_refuses_is_one_line_with_a_way_out(
    part: str, status: int, line: str, hub: StandIn, publish: Published
) -> None:
    hub.refuses[part] = status
    told = publish("9+recovery", "--repo", "me/small", "--yes")
    assert (told.returncode, told.stdout) == (5, "")
    assert told.stderr.startswith(hub.url)
    assert told.stderr.endswith(f"{line}\n")
    assert TOKEN not in told.stderr


def test_a_hub_that_is_not_there_is_one_line(publish: Published) -> None:
    told = publish("9+recovery", "--repo", "me/small", "--yes", HF_ENDPOINT="http://127.0.0.1:9")
    assert told.returncode == 5
    assert told.stderr.startswith("http://127.0.0.1:9 can't be reached, or broke off: ConnectError: ")
    assert len(told.stderr.splitlines()) == 2


def test_a_model_that_is_not_there_is_an_error_with_the_nearest_name(publish: Published, run: Path) -> None:
    assert publish("9+recover", "--repo", "me/small").stderr == (
        f"{run}: no model is named 9+recover; did you mean 9+recovery?\n"
    )
    assert publish("x", "--repo", "me/small").stderr == f"{run}: no model is named x; known are 9+recovery\n"


def test_a_name_that_no_repository_can_have_is_refused_before_anything_is_sent(
    hub: StandIn, publish: Published
) -> None:
    told = publish("9+recovery", "--repo", "me/s m", "--yes")
    assert (told.returncode, hub.asked) == (2, [])
    assert told.stderr.startswith("--repo: ")


def test_a_card_whose_metadata_is_broken_is_refused_before_anything_is_sent(
    hub: StandIn, publish: Published, run: Path
) -> None:
    card = run / "models" / "9+recovery" / "README.md"
    card.write_text("---\nlicense: [\n---\n", "utf-8")
    told = publish("9+recovery", "--repo", "me/small", "--yes")
    assert (told.returncode, hub.asked) == (2, [])
    assert told.stderr.startswith(f"{card}: its metadata can't be read: ")


def test_a_card_without_a_licence_is_pointed_at(publish: Published, run: Path) -> None:
    card = run / "models" / "9+recovery" / "README.md"
    card.write_text("---\nlanguage: cs\n---\n", "utf-8")
    assert "No licence is named" in publish("9+recovery", "--repo", "me/small").stdout
