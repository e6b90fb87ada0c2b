"""`models` and `doctor` on a store of their own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from recommender.bundle import Store
from recommender.config import load_config
from recommender.pipeline import train

if TYPE_CHECKING:
    from tests.cli.conftest import Invoke


@pytest.fixture
def shop(invoke: Invoke, own_shop: Path, monkeypatch: pytest.MonkeyPatch) -> Invoke:
    monkeypatch.chdir(own_shop)
    return invoke


@pytest.fixture
def two_versions(shop: Invoke, own_shop: Path) -> Invoke:
    train.run(load_config(own_shop / "shop.toml"))
    return shop


def test_the_life_of_versions(two_versions: Invoke, own_shop: Path) -> None:
    listed = two_versions("models", "list").stdout.splitlines()
    assert [line.split()[:2] for line in listed if "v0000" in line and "→" in line] == [["→", "v00002"]]
    assert two_versions("models", "rollback").stdout == "v00001 is live again\n"
    assert two_versions("models", "promote", "v00002", "--json").stdout == '{"live":"v00002"}\n'
    assert two_versions("models", "prune", "--keep", "1").stdout == "deleted v00001\n"
    assert Store(own_shop / "models").names() == ["v00002"]
    assert two_versions("models", "prune", "--json").stdout == '{"pruned":[]}\n'


def test_list_as_json(shop: Invoke, own_shop: Path) -> None:
    listed = json.loads(shop("models", "list", "--json").stdout)
    assert listed == {"versions": [info.to_dict() for info in Store(own_shop / "models").versions()]}
    assert listed["versions"][0]["live"] is True


def test_list_shows_what_it_can_of_a_damaged_version(two_versions: Invoke, own_shop: Path) -> None:
    (own_shop / "models" / "v00001" / "manifest.json").write_text('{"schema_version": 1, "gone": true}')
    (own_shop / "models" / "v00003").mkdir()
    done = two_versions("models", "list")
    assert done.exit_code == 0, done.stderr
    first, second, third = (line.split() for line in done.stdout.splitlines() if "v0000" in line)
    assert first == ["v00001", "old", "schema", "-", "-", "-", "-", "-"]
    assert second[:2] == ["→", "v00002"]
    assert third == ["v00003", "damaged", "-", "-", "-", "-", "-"]
    listed = json.loads(two_versions("models", "list", "--json").stdout)["versions"]
    assert [info["problem"] for info in listed] == ["old schema", None, "damaged"]
    assert two_versions("doctor").exit_code == 6


def test_show_means_the_live_one(shop: Invoke, own_shop: Path) -> None:
    manifest = Store(own_shop / "models").manifest("v00001")
    assert json.loads(shop("models", "show", "--json").stdout) == manifest.to_dict()
    assert f"{manifest.n_events:,}" in shop("models", "show", "v00001").stdout


def test_diff_tells_figures_options_and_the_lists_that_changed_most(shop: Invoke, own_shop: Path) -> None:
    dull = ["blend.als=0", "blend.item_knn=0", "blend.co_purchase=0", "blend.popular=1"]
    train.run(load_config(own_shop / "shop.toml", dull), force=True)
    found = json.loads(shop("models", "diff", "v00001", "--json").stdout)
    assert (found["before"], found["now"]) == ("v00001", "v00002")
    assert ["blend.popular", "0.2", "1.0"] in found["options"]
    metrics = {name: (before, now) for name, before, now in found["metrics"]}
    before, now = metrics["for-you/alsobought/ndcg@10"]
    assert before > now
    assert found["churn"]["for-you"] > 0.3 > found["churn"]["also-bought"]
    changes = [len(one["gone"]) + len(one["came"]) for one in found["slates"]]
    assert changes == sorted(changes, reverse=True)
    assert len(changes) == 10
    assert all(one["kept"] + len(one["came"]) <= 10 for one in found["slates"])
    said = shop("models", "diff", "v00001", "v00002", "--slates", "2").stdout
    assert "v00001 " in said
    assert "for-you" in said


def test_diff_of_a_version_with_itself_finds_nothing(shop: Invoke) -> None:
    found = json.loads(shop("models", "diff", "v00001", "v00001", "--json").stdout)
    assert found["facts"] == found["metrics"] == found["options"] == found["slates"] == []
    assert set(found["churn"].values()) == {0.0}


@pytest.mark.parametrize("verb", ["show", "promote", "rollback", "diff"])
def test_a_version_that_is_not_there(shop: Invoke, verb: str) -> None:
    done = shop("models", verb, "v00099")
    assert done.exit_code == 6
    assert done.stdout == ""
    assert "no version 'v00099'" in done.stderr


def test_nothing_to_roll_back_to(shop: Invoke) -> None:
    done = shop("models", "rollback")
    assert done.exit_code == 6
    assert "no earlier version" in done.stderr


def test_writing_waits_for_nobody(shop: Invoke, own_shop: Path) -> None:
    with Store(own_shop / "models").locked():
        assert shop("models", "promote", "v00001").exit_code == 5
        assert shop("models", "prune").exit_code == 5


def test_doctor_on_a_healthy_shop(shop: Invoke) -> None:
    done = shop("doctor", "--json")
    assert done.exit_code == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["healthy"] is True
    assert found["warnings"] == []
    assert found["store"]["live"] == "v00001"
    assert found["data"][0] == {"name": "events", "sources": ["data/events.csv"], "problem": None}
    assert "numpy" in found["machine"]["libraries"]
    assert "healthy" in shop("doctor").stdout


def test_doctor_finds_one_altered_byte(shop: Invoke, own_shop: Path) -> None:
    largest = max((own_shop / "models" / "v00001").rglob("*.npy"), key=lambda path: path.stat().st_size)
    content = bytearray(largest.read_bytes())
    content[-1] ^= 1
    largest.write_bytes(content)
    done = shop("doctor", "--json")
    assert done.exit_code == 6
    assert json.loads(done.stdout)["healthy"] is False
    assert largest.name in done.stderr


def test_doctor_warns_of_missing_data_and_of_what_a_killed_run_left(shop: Invoke, own_shop: Path) -> None:
    (own_shop / "data" / "items.csv").unlink()
    (own_shop / "models" / "unfinished-v00002").mkdir()
    done = shop("doctor")
    assert done.exit_code == 0
    assert "warning: " in done.stdout
    assert "items.csv: no such file" in done.stdout
    assert "unfinished-v00002" in done.stdout


def test_doctor_sees_a_lock_and_makes_no_store(shop: Invoke, own_shop: Path) -> None:
    with Store(own_shop / "models").locked():
        assert json.loads(shop("doctor", "--json").stdout)["store"]["locked"] is True
    done = shop("doctor", "--json", "--set", "store.path=elsewhere")
    assert done.exit_code == 0
    assert "no version yet" in json.loads(done.stdout)["warnings"][0]
    assert not (own_shop / "elsewhere").exists()


def test_doctor_finds_a_live_version_that_is_gone(shop: Invoke, own_shop: Path) -> None:
    (own_shop / "models" / "CURRENT").write_text("v00007\n", encoding="ascii")
    done = shop("doctor")
    assert done.exit_code == 6
    assert "v00007 is not there" in done.stderr
    assert "v00007 (missing)" in done.stdout


@pytest.mark.parametrize("arguments", [("models", "list"), ("models", "prune"), ("models", "show"), ("doctor",)])
def test_a_store_that_is_a_file(shop: Invoke, arguments: tuple[str, ...]) -> None:
    done = shop(*arguments, "--set", "store.path=shop.toml")
    assert done.exit_code == 6
    assert "shop.toml: is not a folder" in done.stderr


def test_prune_makes_no_store(shop: Invoke, own_shop: Path) -> None:
    done = shop("models", "prune", "--set", "store.path=elsewhere")
    assert done.exit_code == 0
    assert "elsewhere: nothing to delete" in done.stdout
    assert not (own_shop / "elsewhere").exists()
