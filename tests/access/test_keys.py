"""Keys are made, found, revoked; the file holds digests only."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from recommender.access import KeyFile, find_key
from recommender.errors import ConfigError, StoreError


@pytest.fixture
def file(tmp_path: Path) -> KeyFile:
    return KeyFile(tmp_path / "keys.json")


def test_a_key_is_found_by_its_text_until_it_is_revoked(file: KeyFile) -> None:
    assert file.read() == ()
    key, text = file.create("shop", "write")
    other, other_text = file.create("page", "write", publishable=True)
    assert (text[:3], other_text[:3]) == ("sk_", "pk_")
    keys = file.read()
    assert [find_key(keys, one) for one in (text, other_text, text + "x", "", "é", "\ud800")] == [0, 1, *[None] * 4]
    assert file.revoke(key.id).revoked_at
    assert [find_key(file.read(), one) for one in (text, other_text)] == [None, 1]
    with pytest.raises(ConfigError, match=f"no active key '{key.id}'; active are: {other.id}"):
        file.revoke(key.id)


def test_the_file_has_no_key_and_is_its_owners(file: KeyFile) -> None:
    _, text = file.create("shop", "admin")
    content = file.path.read_text()
    assert text not in content
    assert text[3:] not in content
    assert file.path.stat().st_mode & 0o777 == 0o600


def test_two_of_a_name_may_be_active(file: KeyFile) -> None:
    first, _ = file.create("shop", "read")
    file.create("shop", "read")
    with pytest.raises(ConfigError, match="two keys named 'shop' are active"):
        file.create("shop", "read")
    file.revoke(first.id)
    file.create("shop", "read")
    assert [key.active for key in file.read()] == [False, True, True]


def test_scopes_include_the_lesser_ones(file: KeyFile) -> None:
    key, _ = file.create("shop", "write")
    assert [key.allows(scope) for scope in ("read", "write", "admin")] == [True, True, False]  # type: ignore[arg-type]


def test_many_may_make_keys_at_once(file: KeyFile) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: file.create(f"n{number}", "read"), range(8)))
    assert len(file.read()) == 8


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b'{"keys": [{}]}', b'{"keys": 7}', b"\xff", json.dumps({"keys": [7]}).encode()]
)
def test_another_file_is_refused(file: KeyFile, content: bytes) -> None:
    file.path.write_bytes(content)
    with pytest.raises(ConfigError, match="is not a file of keys"):
        file.read()


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="can't be written"):
        KeyFile(tmp_path / "nowhere" / "keys.json").create("shop", "read")
