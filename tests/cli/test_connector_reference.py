from __future__ import annotations

from pathlib import Path

from recommender.cli.connector_reference import MODULES, reference_markdown
from recommender.ingest.connectors import CONNECTORS

DOCS = Path(__file__).parents[2] / "docs"


def test_the_document_is_what_the_connectors_say() -> None:
    assert (DOCS / "connector-mappings.md").read_text(encoding="utf-8") == reference_markdown()


def test_every_connector_is_in_both_documents() -> None:
    assert list(dict.fromkeys(name for name, _, _ in MODULES)) == list(CONNECTORS)
    text = (DOCS / "connectors.md").read_text(encoding="utf-8")
    assert [name for name in CONNECTORS if f"| `{name}` |" not in text] == []
