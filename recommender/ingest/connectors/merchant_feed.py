"""A Google Merchant Center feed (TSV, RSS or Atom XML): https://support.google.com/merchants/answer/7052112

    theirs (with or without the prefix g:)            ours
    id                                                item_id
    title, brand, link, image_link                    title, brand, url, image_url
    product_type; else google_product_category        category
      where it is a path, not a number
    sale_price where no sale_price_effective_date     price
      stands beside it; else price ("12.50 EUR")
    availability                                      in_stock (preorder and backorder can be bought)
    item_group_id                                     group_id
    gtin, mpn, condition, color, size, gender,        attributes of these names
      age_group, google_product_category

Of a repeated element (product_type, additional pictures) the first counts. A feed that declares entities of its own is
refused: they are how a small file becomes a huge one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from xml.parsers import expat

import numpy as np
import pyarrow as pa

from recommender.errors import DataError
from recommender.ingest.columns import Column
from recommender.ingest.connectors.connector import Connector, Stream, Tables
from recommender.ingest.connectors.mapped import Rows, mapped
from recommender.ingest.connectors.objects import Gatherer
from recommender.ingest.connectors.texts import cells, price_of
from recommender.ingest.sources import Batch, Source, list_source
from recommender.ingest.sources.opened import opened

ATTRIBUTES = ("gtin", "mpn", "condition", "color", "size", "gender", "age_group", "google_product_category")
OURS = dict.fromkeys(
    ("item_id", "title", "category", "brand", "price", "in_stock", "url", "image_url", "group_id", *ATTRIBUTES),
    pa.string(),
)
THEIRS = (
    "id",
    "title",
    "product_type",
    "brand",
    "price",
    "sale_price",
    "sale_price_effective_date",
    "availability",
    "link",
    "image_link",
    "item_group_id",
    *ATTRIBUTES,
)
XML_ENDINGS = (".xml", ".xml.gz")
READ_BYTES = 1 << 20
ENTRIES = ("item", "entry")
GOOGLE = "http://base.google.com/ns/1.0"


def tables(files: Sequence[Path]) -> Tables:
    """Return the products of the files, each read by its ending."""
    return Tables(catalogue=[_source(path) for path in files])


def _source(path: Path) -> Source:
    if path.name.lower().endswith(XML_ENDINGS):
        return Stream(str(path), tuple(OURS), partial(from_xml, path))
    return _from_table(list_source(path))


def item_of(product: Mapping[str, str]) -> tuple[str | None, ...]:
    """Return a product of the feed under our names, in the order of OURS."""

    def of(name: str) -> str | None:
        return product.get(name) or None

    google = of("google_product_category")
    path = google if google and not google.isdigit() else None
    on_sale = of("sale_price") if not of("sale_price_effective_date") else None
    price, _ = price_of(on_sale or of("price") or "")
    return (
        of("id"),
        of("title"),
        of("product_type") or path,
        of("brand"),
        price,
        (of("availability") or "").replace("_", " ") or None,
        of("link"),
        of("image_link"),
        of("item_group_id"),
        *(of(name) for name in ATTRIBUTES),
    )


def _from_table(source: Source) -> Stream:
    names = {_plain(column): column for column in reversed(source.columns())}
    if "id" not in names:
        raise DataError(
            f"{source.name}: no column 'id'; a feed has the columns id, title, link, price, availability, …"
        )
    theirs = [names[name] for name in THEIRS if name in names]

    def convert(columns: Mapping[str, Column]) -> Rows:
        texts = {_plain(name): cells(column) for name, column in columns.items()}
        items = [item_of(dict(zip(texts, row, strict=True))) for row in zip(*texts.values(), strict=True)]
        return Rows(dict(zip(OURS, zip(*items, strict=True), strict=True)), np.arange(len(items)))

    return mapped(source, OURS, theirs, (), convert)


def _plain(name: str) -> str:
    """Return a column or element by its plain name: "g:image_link" and "Image Link" are image_link."""
    return name.strip().lower().removeprefix("g:").replace(" ", "_")


def from_xml(path: Path) -> Iterator[Batch]:
    """Read a feed in XML without ever holding more of it than a batch."""
    gathered = Gatherer(OURS)
    products = _Products()
    with opened(path, str(path)) as stream:
        while block := stream.read(READ_BYTES):
            products.feed(block, str(path))
            yield from _gather(products, gathered)
        products.feed(b"", str(path))
    yield from _gather(products, gathered)
    yield gathered.take()


def _gather(products: _Products, gathered: Gatherer) -> Iterator[Batch]:
    while products.found:
        line, product = products.found.popleft()
        gathered.add(line, item_of(product))
        if gathered.is_full:
            yield gathered.take()


class _Products:
    """Follows the elements of a feed; `found` holds the products that have ended, each with its line."""

    def __init__(self) -> None:
        self.found: deque[tuple[int, dict[str, str]]] = deque()
        self._product: dict[str, str] | None = None
        self._line = 0
        self._depth = 0
        self._text: list[str] = []
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text.append
        self._parser.EntityDeclHandler = self._refuse_entities

    def feed(self, block: bytes, name: str) -> None:
        """Take some more of the file, nothing at its end."""
        try:
            self._parser.Parse(block, not block)
        except expat.ExpatError as error:
            message = expat.ErrorString(error.code)
            raise DataError(f"{name}: line {error.lineno}: is not well-formed XML: {message}") from None
        except _EntityError:
            line = self._parser.CurrentLineNumber
            raise DataError(f"{name}: line {line}: declares entities of its own; write the text itself") from None

    def _start(self, element: str, attributes: dict[str, str]) -> None:
        _, _, name = element.rpartition(" ")
        self._text.clear()
        if self._product is None:
            if name in ENTRIES:
                self._product, self._line, self._depth = {}, self._parser.CurrentLineNumber, 0
            return
        self._depth += 1
        if name == "link" and attributes.get("rel", "alternate") == "alternate" and "href" in attributes:  # Atom
            self._product.setdefault("link", attributes["href"])

    def _end(self, element: str) -> None:
        space, _, name = element.rpartition(" ")
        if self._product is None:
            return
        if self._depth == 0:
            self.found.append((self._line, self._product))
            self._product = None
            return
        text = "".join(self._text).strip()
        if self._depth == 1 and text and (space == GOOGLE or name not in self._product):
            # An element of Google's goes before one of the same name in RSS or Atom, wherever it stands.
            key = name if space != GOOGLE else f"{GOOGLE} {name}"
            self._product.setdefault(key, text)
            if space == GOOGLE:
                self._product[name] = self._product[key]
        self._depth -= 1
        self._text.clear()

    def _refuse_entities(self, *_declaration: object) -> None:
        raise _EntityError


class _EntityError(Exception):
    """The feed declares an entity."""


MERCHANT_FEED = Connector(
    "merchant-feed",
    "A Google Merchant Center feed, TSV, CSV or XML",
    (".tsv", ".txt", ".csv", ".xml", ".tsv.gz", ".txt.gz", ".csv.gz", ".xml.gz"),
    tables,
)
