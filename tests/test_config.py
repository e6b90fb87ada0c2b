from __future__ import annotations

from pathlib import Path

import pytest

from recommender.config import Config, load_config, parse_config
from recommender.errors import ConfigError


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("data.events=3", "data.events = 3: should be a valid string or should be a valid list"),
        ("models.als=3", "models.als = 3: should be a section of options, [models.als]"),
        ("models.als.factors=true", "models.als.factors = True: should be a valid integer"),
        ("models.als.factors=0", "models.als.factors = 0: should be greater than or equal to 1"),
        ("evaluation.k=[10, 0]", "evaluation.k.1 = 0: should be greater than or equal to 1"),
        ("event_weights.view=-1", "event_weights.view = -1: should be greater than or equal to 0"),
        ("models.als.factor=3", "unknown key 'models.als.factor'; did you mean 'factors'?"),
        ("zzz=3", "unknown key 'zzz'; known here: data, event_weights"),
        ("placements.for-you.exclude_seen=1", "placements.for-you.exclude_seen = 1: should be a valid boolean"),
    ],
)
def test_a_wrong_option_is_named_with_what_would_be_right(tmp_path: Path, override: str, said: str) -> None:
    (tmp_path / "shop.toml").write_text("")
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path / "shop.toml", [override])
    assert said in str(caught.value)
    assert str(caught.value).count(said.split(":")[0]) == 1


def test_later_sources_win(tmp_path: Path) -> None:
    (tmp_path / "tuned.toml").write_text("[models.als]\nfactors = 1\nalpha = 3.0\n[matrix]\nhalf_life_days = 5\n")
    (tmp_path / "shop.toml").write_text("[models.als]\nfactors = 2\nepochs = 2\n")
    config = load_config(tmp_path / "shop.toml", ["models.als.epochs=3"])
    als = config.models.als
    assert (als.factors, als.alpha, als.epochs, config.matrix.half_life_days) == (2, 3.0, 3, 5.0)
    assert als.regularization == Config().models.als.regularization


def test_the_weight_of_one_type_leaves_the_others(tmp_path: Path) -> None:
    (tmp_path / "shop.toml").write_text("")
    assert load_config(tmp_path / "shop.toml", ["event_weights.view=2"]).event_weights == {
        **Config().event_weights,
        "view": 2.0,
    }
    (tmp_path / "shop.toml").write_text("[event_weights]\nplay = 1\n")
    assert load_config(tmp_path / "shop.toml").event_weights == {"play": 1.0}


def test_a_section_leaves_the_defaults_of_its_other_options() -> None:
    rules = parse_config({"placements": {"for-you": {"in_stock_only": False}}}).placements.for_you
    assert (rules.in_stock_only, rules.exclude_seen) == (False, True)


def test_what_a_bundle_keeps_is_read_back_equal() -> None:
    config = parse_config({"evaluation": {"k": [5]}, "models": {"als": {"factors": 7}}})
    assert parse_config(config.model_dump(mode="json", by_alias=True)) == config


def test_what_is_wrong_in_tuned_toml_is_not_blamed_on_shop_toml(tmp_path: Path) -> None:
    (tmp_path / "shop.toml").write_text("")
    (tmp_path / "tuned.toml").write_text("[blend]\nals = -1.0\n")
    with pytest.raises(ConfigError, match=r"tuned\.toml: blend\.als = -1\.0"):
        load_config(tmp_path / "shop.toml")
    assert load_config(tmp_path / "shop.toml", tuned=False).blend.als == 1.0


def test_a_blend_of_nothing_is_refused() -> None:
    weights = {"als": 0.0, "item_knn": 0.0, "co_purchase": 0.0, "popular": 0.0}
    with pytest.raises(ConfigError, match=r"one of als, item_knn, ease, co_purchase and popular must be above 0"):
        parse_config({"blend": weights})
