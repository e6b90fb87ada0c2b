from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from recommender.config import load_config

if TYPE_CHECKING:
    from tests.cli.conftest import Invoke


def test_writes_a_file_that_loads_and_a_sample_to_train_on(invoke: Invoke, tmp_path: Path) -> None:
    done = invoke("init", "my shop")
    assert done.exit_code == 0, done.stderr
    config = load_config(tmp_path / "my shop" / "shop.toml")
    assert config.path(str(config.data.events)).is_file()
    assert config.path(str(config.data.catalogue)).is_file()
    commands = done.stdout.partition("Next:\n")[2].splitlines()
    assert commands[0] == "  cd 'my shop'"
    assert commands[1:3] == ["  alsobought check", "  alsobought train"]


def test_json_names_what_was_written(invoke: Invoke) -> None:
    done = invoke("init", "--json", "--quiet")
    assert json.loads(done.stdout) == {"written": ["data/events.csv", "data/items.csv", "shop.toml"], "kept": []}
    assert done.stderr == ""


def test_refuses_to_write_over_anything(invoke: Invoke, tmp_path: Path) -> None:
    (tmp_path / "shop.toml").write_text("mine", encoding="utf-8")
    done = invoke("init")
    assert done.exit_code == 2
    assert "shop.toml: there already" in done.stderr
    assert (tmp_path / "shop.toml").read_text(encoding="utf-8") == "mine"
    assert not (tmp_path / "data").exists()


def test_force_replaces_shop_toml_and_leaves_data_alone(invoke: Invoke, tmp_path: Path) -> None:
    (tmp_path / "shop.toml").write_text("mine", encoding="utf-8")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "events.csv").write_text("my events", encoding="utf-8")
    assert invoke("init").exit_code == 2
    done = invoke("init", "--force")
    assert done.exit_code == 0
    assert "kept  data/events.csv" in done.stdout
    assert (tmp_path / "data" / "events.csv").read_text(encoding="utf-8") == "my events"
    assert load_config(tmp_path / "shop.toml").data.events == "data/events.csv"


def test_config_names_the_file_to_write(invoke: Invoke, tmp_path: Path) -> None:
    done = invoke("init", "--config", "conf/toy.toml")
    assert "  cd conf\n  alsobought check --config toy.toml\n" in done.stdout
    config = load_config(tmp_path / "conf" / "toy.toml")
    assert config.path(str(config.data.events)) == tmp_path / "conf" / "data" / "events.csv"


def test_a_folder_that_may_not_be_written_is_named(invoke: Invoke, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    done = invoke("init", "file/shop")
    assert done.exit_code == 6
    assert "Not a directory" in done.stderr
