from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.cli.conftest import Invoke


def test_the_verb_needs_no_shop(invoke: Invoke) -> None:
    asked = ("estimate", "--users", "100000", "--items", "20000", "--events", "5000000")
    done = invoke(*asked)
    assert done.exit_code == 0, done.output
    assert "minutes of one core" in done.stdout
    figures = json.loads(invoke(*asked, "--json").stdout)
    assert figures["disk_bytes"] == 12 * figures["version_bytes"] + 33 * 5_000_000
    assert invoke("estimate", "--users", "0", "--items", "1", "--events", "1").exit_code == 2
