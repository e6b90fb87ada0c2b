"""The nightly job: what it publishes, what it refuses, and that it does the same twice."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from recommender.bundle import Store
from recommender.config import Config
from recommender.errors import DataError, GateRefusedError, LockHeldError, StoreError
from recommender.pipeline import check, evaluate, train
from recommender.placements import Query, recommend
from recommender.toy_shop import ToyShop

if TYPE_CHECKING:
    from tests.pipeline.conftest import Configure


STAGES = [
    "read and check", "data doctor", "evaluate and compare", "fit on everything", "guardrails",
    "prepare answers", "publish", "promote and prune",
]  # fmt: skip


def digests(config: Config, version: str) -> dict[str, str]:
    return {name: entry.sha256 for name, entry in Store(config.store_path).manifest(version).files.items()}


def tree(folder: Path) -> dict[str, str]:
    """Return the digest of each file but the records of the runs."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.parent.name != "runs")
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def trained(config: Config, shop: ToyShop, **options: object) -> train.TrainResult:
    return train.run(config, events=shop.events, catalogue=shop.catalogue, **options)  # type: ignore[arg-type]


# --- end to end ------------------------------------------------------------------------------------------------------


def test_what_is_published_is_trained_on_everything(toy_store: Store, toy_shop: ToyShop, toy_config: Config) -> None:
    manifest = toy_store.manifest("v00001")
    assert manifest.n_events == len(toy_shop.events)
    assert manifest.n_users == toy_shop.events["user_id"].nunique()
    assert manifest.n_sessions == toy_shop.events["session_id"].nunique()
    assert manifest.n_items == len(toy_shop.catalogue)
    assert manifest.main_event == "purchase"
    assert manifest.index_recall == {"als_index": 1.0, "similar_index": 1.0}
    assert {"python", "numpy", "faiss-cpu", "alsobought"} <= manifest.libraries.keys()
    assert manifest.config["models"]["als"]["factors"] == 32
    assert manifest.verdict.startswith("passed: for-you ndcg@10 of 81 users 0.")
    histories = toy_store.load("v00001").histories
    assert histories.last_time.max() == toy_shop.events["timestamp"].max().timestamp()
    assert manifest.metrics == evaluate.run(toy_config).metrics
    assert manifest.metrics["also-bought/alsobought/recall@10"] > manifest.metrics["also-bought/best sellers/recall@10"]


def test_result(configure: Configure, small_shop: ToyShop) -> None:
    stages = []
    config = configure()
    result = trained(config, small_shop, progress=lambda stage, done, total: stages.append((stage, done, total)))
    assert (result.version, result.promoted) == ("v00001", True)
    store = Store(config.store_path)
    manifest = store.manifest("v00001")
    assert store.current() == "v00001"
    assert result.metrics == manifest.metrics
    assert result.verdict == manifest.verdict
    assert [stage.name for stage in result.stages] == STAGES
    assert all(stage.seconds >= 0 and stage.peak_bytes >= stage.memory_bytes > 0 for stage in result.stages)
    assert json.loads(json.dumps(result.to_dict()))["check"]["ingest"]
    fits = {"fit co-purchase", "fit categories", "fit als", "fit item-knn"}
    names = {stage for stage, _, _ in stages}
    assert fits | {f"before the split: {fit}" for fit in fits} <= names
    assert "evaluate for-you" in names
    assert all(total is None or done <= total for _, done, total in stages)


def test_the_nightly_log_names_no_user(configure: Configure, small_shop: ToyShop) -> None:
    result = trained(configure(), small_shop)
    record = result.to_dict()["evaluation"]
    assert record["rows"]
    assert "examples" not in record


def test_without_promotion_the_live_version_stays(configure: Configure, small_shop: ToyShop) -> None:
    config = configure()
    assert not trained(config, small_shop, promote=False).promoted
    assert Store(config.store_path).current() is None
    trained(config, small_shop)
    assert trained(config, small_shop, promote=False).version == "v00003"
    assert Store(config.store_path).current() == "v00002"


def test_old_versions_are_pruned(configure: Configure, small_shop: ToyShop) -> None:
    config = configure(store={"path": "models", "keep": 2})
    for _ in range(3):
        trained(config, small_shop)
    store = Store(config.store_path)
    assert store.names() == ["v00002", "v00003"]
    assert store.rollback() == "v00002"


def test_the_same_data_give_a_new_version_of_equal_files(configure: Configure, small_shop: ToyShop) -> None:
    config = configure()
    first, second = trained(config, small_shop), trained(config, small_shop)
    assert (first.version, second.version) == ("v00001", "v00002")
    assert digests(config, "v00001") == digests(config, "v00002")
    assert first.metrics == second.metrics
    store = Store(config.store_path)
    assert store.manifest("v00001").data_sha256 == store.manifest("v00002").data_sha256


def test_another_seed_gives_other_factors_and_the_same_counts(configure: Configure, small_shop: ToyShop) -> None:
    config = configure()
    trained(config, small_shop)
    other = configure(models={"als": {"factors": 8, "epochs": 2, "seed": 7}})
    trained(other, small_shop, force=True)
    differ = {name for name, digest in digests(config, "v00001").items() if digests(config, "v00002")[name] != digest}
    assert {"als/item_factors.npy", "als_index/factors.npy", "similar_index/codes.npy"} <= differ
    assert {name.partition("/")[0] for name in differ} <= {
        "als",
        "als_index",
        "prepared",
        "similar_index",
        "similar",
        "co_purchase",  # basket factors start from the seed as well
        "pair_facts",
    }


def test_the_order_of_the_rows_plays_no_part(configure: Configure, small_shop: ToyShop) -> None:
    config = configure()
    trained(config, small_shop)
    shuffled = replace(small_shop, catalogue=small_shop.catalogue.sample(frac=1, random_state=0))
    trained(config, shuffled)
    assert digests(config, "v00001") == digests(config, "v00002")


def test_age_counts_back_from_the_last_event_not_from_today(configure: Configure, small_shop: ToyShop) -> None:
    """Ten years (of a whole number of days) earlier, everything but the times themselves is the same."""
    config = configure()
    shift = pd.Timedelta(days=3653)
    old = replace(
        small_shop,
        events=small_shop.events.assign(timestamp=small_shop.events["timestamp"] - shift),
        catalogue=small_shop.catalogue.assign(created_at=small_shop.catalogue["created_at"] - shift),
    )
    of_old = configure(store={"path": "old"})
    assert trained(config, small_shop).metrics == trained(of_old, old).metrics
    now, then = digests(config, "v00001"), digests(of_old, "v00001")
    times = {
        *("cycles/offered_from.npy", "cycles/last_time.npy", "cycles/first_time.npy", "cycles/due_time.npy"),
        *("ownership/hidden_until.npy", "ownership/time.npy", "histories/last_time.npy"),
    }
    assert {name for name in now if now[name] != then[name]} == {*times, "catalogue.arrow"}
    moved = live(config).histories.last_time - live(of_old).histories.last_time
    assert np.unique(moved).tolist() == [shift.total_seconds()]


# --- the gate --------------------------------------------------------------------------------------------------------


def one_hit(rng: np.random.Generator) -> pd.DataFrame:
    """One item sells to everybody; factors of a model that shuns popularity can't know."""
    users = [f"u{number:03d}" for number in range(200)]
    days = pd.date_range("2026-01-01", periods=40, freq="D", tz="UTC")
    rows = [
        {"user_id": user, "item_id": f"i{rng.integers(400)}", "event": "purchase", "timestamp": days[rng.integers(20)]}
        for user in users
        for _ in range(8)
    ]
    rows += [{"user_id": user, "item_id": "hit", "event": "purchase", "timestamp": days[19]} for user in users[:60]]
    rows += [{"user_id": user, "item_id": "hit", "event": "purchase", "timestamp": days[39]} for user in users[60:]]
    return pd.DataFrame(rows)


def test_worse_than_best_sellers_is_refused_and_the_store_untouched(configure: Configure) -> None:
    events = one_hit(np.random.default_rng(0))
    config = configure(
        models={"als": {"factors": 64, "regularization": 0.01, "alpha": 100.0, "epochs": 5}},
        blend={"popular": 0, "item_knn": 0},
        evaluation={"test_days": 10},
        doctor={"off": ["volume", "stuck_times"]},
    )
    first = train.run(config, events=events)
    assert first.verdict.endswith("nothing to compare with; though significantly worse than best sellers")
    before = tree(config.store_path)
    with pytest.raises(GateRefusedError, match=r"significantly worse than best sellers.*--force") as caught:
        train.run(config, events=events)
    assert caught.value.exit_code == 4
    assert tree(config.store_path) == before
    forced = train.run(config, events=events, force=True)
    assert forced.verdict.startswith("forced: gate (significantly worse than best sellers) overruled by ")
    store = Store(config.store_path)
    assert store.current() == forced.version == "v00002"
    assert store.manifest("v00002").verdict == forced.verdict


def test_worse_than_the_live_recipe_is_refused(configure: Configure, toy_shop: ToyShop) -> None:
    good = configure(models={"als": {"factors": 16, "epochs": 4}})
    assert trained(good, toy_shop).promoted
    bad = configure(blend={"als": 0, "item_knn": 0, "co_purchase": 0, "popular": 1})
    with pytest.raises(GateRefusedError, match=r"refused: significantly worse than the live recipe by more than 1%"):
        trained(bad, toy_shop)
    assert Store(good.store_path).names() == ["v00001"]
    again = trained(good, toy_shop)
    assert again.verdict.endswith("the live recipe is the same")
    assert again.promoted


def test_a_better_recipe_replaces_a_worse_one(configure: Configure, toy_shop: ToyShop) -> None:
    trained(configure(blend={"als": 0, "item_knn": 0, "co_purchase": 0, "popular": 1}), toy_shop)
    better = trained(configure(models={"als": {"factors": 16, "epochs": 4}}), toy_shop)
    assert better.promoted
    assert better.verdict.startswith("passed: for-you ndcg@10 of 81 users ")
    assert "against live recipe" in better.verdict
    assert better.metrics["for-you/alsobought/ndcg@10"] > better.metrics["for-you/live recipe/ndcg@10"]


def test_what_the_live_recipe_weighed_is_read_for_it(configure: Configure, toy_shop: ToyShop) -> None:
    """A shop that forgets the weight of views must not blind the live recipe, too."""
    trained(configure(), toy_shop)
    forgetful = configure(event_weights={"purchase": 1.0}, doctor={"off": ["event_types", "history"]})
    seen = []
    fit = evaluate.fit_bundle

    def look(dataset, config, **options):  # type: ignore[no-untyped-def]
        seen.append({name for name in dataset.events.event_types if dataset.events.is_type(name).any()})
        return fit(dataset, config, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluate, "fit_bundle", look)
        trained(forgetful, toy_shop, force=True)
    assert seen == [{"purchase", "return"}, {"view", "add_to_cart", "purchase", "return"}]


def test_a_live_version_that_cannot_be_read_is_protected_all_the_same(configure: Configure, toy_shop: ToyShop) -> None:
    config = configure()
    trained(config, toy_shop)
    manifest = config.store_path / "v00001" / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"schema_version": 9', '"schema_version": 8'))
    result = trained(config, toy_shop)
    assert "the live version can't be read, so its recipe was not compared" in result.verdict
    assert result.version == "v00002"


def test_force_that_was_not_needed_is_not_claimed(configure: Configure, toy_shop: ToyShop) -> None:
    result = trained(configure(), toy_shop, force=True)
    assert result.verdict.startswith("passed: for-you")


def test_nobody_to_ask_is_not_a_pass(configure: Configure, small_shop: ToyShop) -> None:
    anonymous = small_shop.events.assign(user_id=None)
    result = train.run(configure(), events=anonymous, catalogue=small_shop.catalogue)
    assert result.verdict == "passed: not measured: the holdout has 0 users to ask for-you about, a verdict needs 30"
    assert result.warnings == ["not measured: the holdout has 0 users to ask for-you about, a verdict needs 30"]
    assert result.promoted
    assert any(name.startswith("also-bought/") for name in result.metrics)


def test_data_too_short_for_its_split_trains_unmeasured(configure: Configure, small_shop: ToyShop) -> None:
    config = configure(evaluation={"test_days": 90})
    result = trained(config, small_shop)
    assert result.verdict.startswith("passed: not measured: evaluation.test_days = 90: leaves ")
    assert result.evaluation is None
    assert result.metrics == Store(config.store_path).manifest("v00001").metrics == {}
    with pytest.raises(DataError, match="test_days = 90"):
        evaluate.evaluate_dataset(check.read_and_check(config, events=small_shop.events)[0], config)


# --- failures --------------------------------------------------------------------------------------------------------


def test_another_run_holds_the_store(configure: Configure, small_shop: ToyShop) -> None:
    config = configure()
    with Store(config.store_path).locked(), pytest.raises(LockHeldError):
        trained(config, small_shop)
    assert trained(config, small_shop).version == "v00001"


def test_bad_data_changes_nothing_even_by_force(configure: Configure, small_shop: ToyShop) -> None:
    config = configure()
    trained(config, small_shop)
    before = tree(config.store_path)
    for events in (small_shop.events.head(0), small_shop.events.drop(columns="item_id"), small_shop.events.head(9)):
        with pytest.raises(DataError):
            train.run(config, events=events, force=True)
    assert tree(config.store_path) == before


def test_a_store_that_cannot_be_made(configure: Configure, small_shop: ToyShop, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="file/models: Not a directory"):
        trained(configure(store={"path": "file/models"}), small_shop)


# --- all kinds of shops ----------------------------------------------------------------------------------------------


def live(config: Config):
    return Store(config.store_path).load_live()


def ids(bundle, placement: str, **asked: object) -> list[str]:
    return [item["item_id"] for item in recommend(bundle, Query(placement, **asked)).items]  # type: ignore[arg-type]


def test_without_times(configure: Configure, small_shop: ToyShop) -> None:
    config = configure()
    result = train.run(config, events=small_shop.events.drop(columns="timestamp"), catalogue=small_shop.catalogue)
    assert any("no times" in warning for warning in result.check.warnings)
    assert result.evaluation is not None
    assert any(note.startswith("random split (the events have no times)") for note in result.evaluation["notes"])
    assert live(config).manifest.as_of is None
    assert len(ids(live(config), "for-you", user_id="007")) == 10


def test_sessions_only(configure: Configure, small_shop: ToyShop) -> None:
    config = configure()
    events = small_shop.events.dropna(subset="session_id").drop(columns="user_id")
    train.run(config, events=events, catalogue=small_shop.catalogue)
    bundle = live(config)
    assert len(bundle.users) == 0
    session = events["session_id"].value_counts().index[0]
    slate = recommend(bundle, Query("for-you", session_id=session))
    assert {"als", "item_knn"} <= {item["source"] for item in slate.items}
    assert slate.dropped["owned"] + slate.dropped.get("seen", 0) > 0


def test_guest_orders_only(configure: Configure, toy_shop: ToyShop) -> None:
    config = configure(
        models={"als": {"factors": 8, "epochs": 5, "regularization": 0.1}}, blend={"popular": 0, "item_knn": 0}
    )
    orders = toy_shop.events.dropna(subset="order_id").query("event == 'purchase'")
    train.run(config, events=orders.drop(columns=["user_id", "session_id"]), catalogue=toy_shop.catalogue)
    bundle = live(config)
    assert (len(bundle.users), len(bundle.sessions), len(bundle.histories)) == (0, 0, 0)
    assert ids(bundle, "also-bought", item_ids=("TENT",))[0] == "PEGS"
    slate = recommend(bundle, Query("for-you", item_ids=("TENT",)))
    assert {item["source"] for item in slate.items} == {"als"}
    assert "PEGS" in [item["item_id"] for item in slate.items]


def test_no_catalogue(configure: Configure, small_shop: ToyShop) -> None:
    config = configure()
    train.run(config, events=small_shop.events)
    items = recommend(live(config), Query("also-bought", item_ids=("TENT",))).items
    assert len(items) == 10
    assert set(items[0]) == {"item_id", "rank", "score", "source", "reason"}
    text = next(item["reason"]["text"] for item in items if item["reason"]["type"] == "similar")
    assert text == "Liked by the same customers as TENT"


@pytest.mark.parametrize(("min_support", "shown"), [(2, True), (3, False)])
def test_what_few_customers_chose_is_similar_to_nothing(
    configure: Configure, small_shop: ToyShop, min_support: int, shown: bool
) -> None:
    tents = small_shop.events.query("item_id == 'TENT' and user_id.notna()").drop_duplicates("user_id").head(2)
    config = configure(models={"co_purchase": {"min_support": min_support}, "als": {"regularization": 0.1}})
    train.run(config, events=pd.concat([small_shop.events, tents.assign(item_id="RARE", event="purchase")]))
    items = recommend(live(config), Query("similar-items", item_ids=("TENT",), k=100)).items
    assert ("RARE" in [item["item_id"] for item in items if item["source"] == "als"]) == shown


def test_only_views(configure: Configure, small_shop: ToyShop) -> None:
    config = configure()
    views = small_shop.events[small_shop.events["event"] == "view"]
    train.run(config, events=views, catalogue=small_shop.catalogue)
    bundle = live(config)
    assert bundle.manifest.main_event == "view"
    assert not bundle.histories.bought.any()
    slate = recommend(bundle, Query("for-you", user_id="007"))
    assert "owned" not in slate.dropped
    assert len(slate.items) == 10


def test_the_smallest_data(configure: Configure, smallest: pd.DataFrame) -> None:
    config = configure()
    train.run(config, events=smallest)
    bundle = live(config)
    assert ids(bundle, "popular") == ["x", "y", "z"]
    assert ids(bundle, "for-you", user_id="a") == []
    assert ids(bundle, "for-you") == ["x", "y", "z"]
    assert sorted(ids(bundle, "similar-items", item_ids=("x",))) == ["y", "z"]
    with pytest.raises(DataError, match="9 events, 3 items with events, 3 users"):
        train.run(config, events=smallest.head(9))


@pytest.mark.parametrize("days_between", [0, 1, 3, 7, 30, 400])
@pytest.mark.parametrize("split", ["time", "random"])
def test_smallest_data_of_any_length(
    configure: Configure, smallest: pd.DataFrame, days_between: int, split: str
) -> None:
    times = pd.Timestamp("2012-01-01", tz="UTC") + pd.to_timedelta(np.arange(10) * days_between, unit="D")
    config = configure(evaluation={"split": split})
    result = train.run(config, events=smallest.assign(timestamp=times))
    assert result.promoted
    assert "nan" not in json.dumps(result.to_dict()).lower()
    assert live(config).manifest.metrics == result.metrics


def test_one_item_that_everybody_buys(configure: Configure) -> None:
    users = [f"u{number:02d}" for number in range(40)]
    rows = [(user, "salt") for user in users] + [(user, f"i{number % 7}") for number, user in enumerate(users)]
    events = pd.DataFrame(rows, columns=["user_id", "item_id"])
    events = events.assign(event="purchase", timestamp=pd.Timestamp("2026-03-01", tz="UTC"), order_id=events["user_id"])
    config = configure()
    train.run(config, events=events)
    bundle = live(config)
    assert ids(bundle, "popular")[0] == "salt"
    popular = recommend(bundle, Query("popular")).items[0]
    assert popular["score"] == 1.0
    assert popular["reason"]["support"] == 40
    assert "salt" not in ids(bundle, "for-you", user_id="u00", k=100)
    assert ids(bundle, "also-bought", item_ids=("i0",))[0] == "salt"


def test_everything_sent_back(configure: Configure, smallest: pd.DataFrame) -> None:
    events = pd.concat([smallest, smallest.assign(event="return")])
    with pytest.raises(DataError, match="returned"):
        train.run(configure(), events=events)


def test_one_customer_sent_everything_back(configure: Configure, small_shop: ToyShop) -> None:
    bought = small_shop.events.query("event == 'purchase' and user_id == '007'")
    only = small_shop.events.query("user_id != '007'")
    config = configure()
    train.run(config, events=pd.concat([only, bought, bought.assign(event="return")]), catalogue=small_shop.catalogue)
    slate = recommend(live(config), Query("for-you", user_id="007"))
    assert slate.fallback is not None
    assert slate.fallback["type"] == "no_history"
    assert "owned" not in slate.dropped


def test_arrow_tables(configure: Configure, small_shop: ToyShop) -> None:
    config = configure()
    trained(config, small_shop)
    events, catalogue = (
        pa.Table.from_pandas(frame, preserve_index=False) for frame in (small_shop.events, small_shop.catalogue)
    )
    train.run(config, events=events, catalogue=catalogue)
    assert digests(config, "v00001") == digests(config, "v00002")


def test_check_changes_nothing(toy_config: Config, configure: Configure, tmp_path: Path) -> None:
    report, findings = check.run(toy_config)
    assert findings == []
    assert report.summary.events == report.ingest.to_dict()["events"][0]["used"]
    assert json.dumps(report.to_dict())
    assert not configure().store_path.exists()
