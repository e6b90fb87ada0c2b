from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.cli.conftest import Invoke


def test_forget_says_what_it_did_and_what_is_left(invoke: Invoke, own_shop: Path) -> None:
    config = ("--config", str(own_shop / "shop.toml"))
    done = invoke("forget", "--user", "u0007", *config)
    assert done.exit_code == 0, done.output
    assert "v00001" in done.stdout
    assert "not used for the user; deleted from 20" in done.stdout
    assert "the shop's own: not changed" in done.stdout
    answer = json.loads(invoke("recommend", "--placement", "for-you", "--user", "u0007", "--json", *config).stdout)
    assert {item["source"] for item in answer["items"]} <= {"popular", "trending"}, "known no more"
    (own_shop / "note.txt").write_text("call u0007-of-Main-Street back")
    named = ("--set", 'privacy.files=["note.txt"]')
    assert invoke("forget", "--user", "u0007-of-Main-Street", *named, *config).exit_code == 6
    told = invoke("forget", "--user", "u0007-of-Main-Street", *named, "--json", *config)
    assert "note.txt (byte 5)" in told.stderr
    assert json.loads(told.stdout)["left"][0]["where"] == "byte 5"
