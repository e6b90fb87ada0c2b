from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from recommender.errors import DataError, StoreError
from recommender.evaluation import EvaluationReport
from recommender.evaluation.case_table import write_cases
from recommender.evaluation.previous import changes_since, read_previous


def test_the_same_run_has_not_changed(toy_report: EvaluationReport, tmp_path: Path) -> None:
    (tmp_path / "before.json").write_text(json.dumps(toy_report.to_dict()))
    changes = changes_since(toy_report, read_previous(tmp_path / "before.json"))
    assert len(changes.figures) == len(toy_report.rows)
    assert {one.now - one.before for one in changes.figures} == {0}
    assert not any(one.clear for one in changes.figures)
    assert (changes.options, changes.same_data, changes.notes) == ([], True, [])


def test_what_moved_and_why(toy_report: EvaluationReport) -> None:
    before = toy_report.to_dict()
    first, *rest = before["rows"]
    before["rows"] = [{**first, "value": 0.0, "low": 0.0, "high": 0.001}, *rest[:5]]
    config = json.loads(json.dumps(before["fingerprint"]["config"]))
    config["models"]["als"]["factors"] = 999
    del config["blend"]
    before["fingerprint"] = {**before["fingerprint"], "config": config, "train_sha256": "other"}
    changes = changes_since(toy_report, before)
    assert [one.clear for one in changes.figures] == [True] + [False] * 5
    assert ("models.als.factors", "999", "32") in changes.options
    assert ("blend.als", "not set", "1.0") in changes.options
    assert not changes.same_data
    assert len(changes.notes) == 1


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("{", "is not JSON"),
        ("[]", "is no evaluation"),
        ('{"rows": 3}', "is no evaluation"),
        ('{"rows": [{"task": "for-you"}]}', "is no evaluation"),
    ],
)
def test_another_file_is_refused(tmp_path: Path, content: str, problem: str) -> None:
    (tmp_path / "before.json").write_text(content)
    with pytest.raises(DataError, match=problem):
        read_previous(tmp_path / "before.json")
    with pytest.raises(DataError, match="can't be read: No such file"):
        read_previous(tmp_path / "none.json")


def test_a_row_per_case_survives_any_id(odd_report: EvaluationReport, tmp_path: Path) -> None:
    write_cases(tmp_path / "cases.csv", odd_report.cases)
    with (tmp_path / "cases.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    for_you = [row for row in rows if row["task"] == "for-you"]
    assert {row["id"] for row in for_you} == {'<script>alert("x")</script>', 'a "quoted", id', "a/b", "&amp;"}
    mean = sum(float(row["alsobought/ndcg@10"]) for row in for_you) / len(for_you)
    assert mean == pytest.approx(odd_report.metrics["for-you/alsobought/ndcg@10"], abs=1e-5)
    assert len(rows) == sum(task.n for task in odd_report.tasks)
    with pytest.raises(StoreError, match="can't be written"):
        write_cases(tmp_path, odd_report.cases)
