"""Products as pages describe them to search engines, JSON-LD after https://schema.org/Product

Read from pages as they are (.html, every <script type="application/ld+json">), from JSON-LD documents (.json, .jsonld),
and from lines of them, as crawlers write them (.jsonl, a document a line).

    theirs                                                    ours
    sku; else productID; else gtin…, mpn                      item_id
    name, brand (text or its name)                            title, brand
    category (text or list), else the names of the            category
      BreadcrumbList beside it, but its first and last
    offers.price; of an AggregateOffer lowPrice               price
    offers.availability (InStock, PreOrder, …)                in_stock: any offer that can be bought
    url; else offers.url; else @id where it is an address     url
    image (text, list, or its url or contentUrl)              image_url
    inProductGroupWithID; else the productGroupID of          group_id
      isVariantOf or of the ProductGroup that has it
    gtin, mpn, color, size, material                          attributes of these names

Of a ProductGroup its variants are the items, and what they leave out is taken from the group.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pyarrow as pa

from recommender.ingest.checks import Reason
from recommender.ingest.connectors.connector import Connector, Stream, Tables
from recommender.ingest.connectors.objects import Gatherer, Line, json_object, read_lines, text_of
from recommender.ingest.connectors.texts import price_of
from recommender.ingest.sources import Batch
from recommender.ingest.sources.opened import opened

ATTRIBUTES = ("gtin", "mpn", "color", "size", "material")
OURS = dict.fromkeys(
    ("item_id", "title", "category", "brand", "price", "in_stock", "url", "image_url", "group_id", *ATTRIBUTES),
    pa.string(),
)
GTINS = ("gtin", "gtin13", "gtin14", "gtin12", "gtin8")
BUYABLE = (
    "instock",
    "limitedavailability",
    "onlineonly",
    "instoreonly",
    "preorder",
    "presale",
    "backorder",
    "madetoorder",
)
LINES = (".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz")
DOCUMENTS = (".json", ".jsonld", ".json.gz", ".jsonld.gz")
PAGES = (".html", ".htm", ".html.gz", ".htm.gz")
Object = Mapping[str, Any]


def tables(files: Sequence[Path]) -> Tables:
    """Return the products of the files, each file one source."""
    return Tables(catalogue=[Stream(str(path), tuple(OURS), partial(products, path)) for path in files])


def products(path: Path) -> Iterator[Batch]:
    """Read the products of one file."""
    gathered = Gatherer(OURS)
    for line in _documents(path):
        value = json_object(line.text)
        if value is None:
            gathered.refuse(line, Reason.BAD_JSON)
        else:
            for item in items_of(value):
                gathered.add(line.number, item)
        if gathered.is_full:
            yield gathered.take()
    yield gathered.take()


def _documents(path: Path) -> Iterator[Line]:
    name = path.name.lower()
    if name.endswith(LINES):
        yield from read_lines(path, str(path))
        return
    with opened(path, str(path)) as stream:
        text = stream.read()
    if name.endswith(DOCUMENTS):
        yield Line(1, text)
    else:
        yield from scripts_of(text.decode(errors="replace"))


def scripts_of(page: str) -> list[Line]:
    """Return the JSON-LD scripts of a page, each with the line where it begins."""
    parser = _Scripts()
    parser.feed(page)
    parser.close()
    return parser.found


class _Scripts(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Line] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        kind = (dict(attrs).get("type") or "").split(";")[0].strip().lower()
        self._inside = tag == "script" and kind == "application/ld+json"

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002
        self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside and data.strip():
            self.found.append(Line(self.getpos()[0], data.strip().encode()))


def items_of(document: Any) -> Iterator[tuple[str | None, ...]]:
    """Yield every product of a document under our names, in the order of OURS."""
    nodes = list(_nodes(document))
    trail = next((path for node in nodes if "BreadcrumbList" in _types(node) and (path := _trail(node))), None)
    inside = {id(variant) for node in nodes for variant in _objects(node.get("hasVariant"))}
    for node in nodes:
        if "ProductGroup" in _types(node) and _objects(node.get("hasVariant")):
            group = text_of(node.get("productGroupID")) or text_of(node.get("sku"))
            for variant in _objects(node.get("hasVariant")):
                yield _item({**_inherited(node), **variant}, trail, group)
        elif {"Product", "ProductModel", "ProductGroup", "IndividualProduct"} & _types(node) and id(node) not in inside:
            yield _item(node, trail, None)


def _inherited(group: Object) -> dict[str, Any]:
    return {
        name: group[name]
        for name in ("name", "brand", "category", "image", "url", "material", "offers")
        if name in group
    }


def _nodes(value: Any) -> Iterator[Object]:
    """Yield the nodes of a document: of arrays and graphs, of pages what they are about, and what lists list."""
    for node in _objects(value):
        yield node
        for name in ("@graph", "mainEntity", "mainEntityOfPage", "itemListElement", "item", "breadcrumb"):
            if name in node and not (name in ("item", "itemListElement") and "BreadcrumbList" in _types(node)):
                yield from _nodes(node[name])


def _objects(value: Any) -> list[Object]:
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict)]


def _types(node: Object) -> set[str]:
    kinds = node.get("@type")
    found = kinds if isinstance(kinds, list) else [kinds]
    return {re.split(r"[/#:]", kind)[-1] for kind in found if isinstance(kind, str)}


def _item(node: Object, trail: str | None, group: str | None) -> tuple[str | None, ...]:
    offers = _offers(node)
    gtin = next((text for name in GTINS if (text := text_of(node.get(name)))), None)
    addresses = [node.get("url"), *(offer.get("url") for offer in offers), node.get("@id")]
    parent = next((text_of(one.get("productGroupID")) for one in _objects(node.get("isVariantOf"))), None)
    return (
        text_of(node.get("sku")) or text_of(node.get("productID")) or gtin or text_of(node.get("mpn")),
        text_of(_first(node.get("name"))),
        _category(node.get("category")) or trail,
        _name(node.get("brand")),
        _price(offers),
        _in_stock(offers),
        next(
            (address for address in addresses if isinstance(address, str) and re.match(r"https?://|/", address)), None
        ),
        _picture(node.get("image")),
        text_of(node.get("inProductGroupWithID")) or parent or group,
        gtin,
        *(_name(node.get(name)) for name in ATTRIBUTES[1:]),
    )


def _offers(node: Object) -> list[Object]:
    """Return the offers; those inside an AggregateOffer stand behind it."""
    outer = _objects(node.get("offers"))
    return [*outer, *(inner for offer in outer for inner in _objects(offer.get("offers")))]


def _price(offers: Sequence[Object]) -> str | None:
    for offer in offers:
        specified = next(iter(_objects(offer.get("priceSpecification"))), {})
        for value in (offer.get("price"), offer.get("lowPrice"), specified.get("price")):
            if (text := text_of(value)) is not None:
                return price_of(text)[0]
    return None


def _in_stock(offers: Sequence[Object]) -> str | None:
    words = [text_of(offer.get("availability")) for offer in offers]
    named = [re.split(r"[/#:]", word)[-1].lower() for word in words if word]
    return ("yes" if any(word in BUYABLE for word in named) else "no") if named else None


def _category(value: Any) -> str | None:
    if isinstance(value, list):
        parts = [part for one in value if (part := _name(one))]
        return " > ".join(parts) or None
    text = _name(value)
    return text and re.sub(r"\s*>\s*|\s+/\s+", " > ", text) if text and not text.startswith("http") else None


def _trail(breadcrumbs: Object) -> str | None:
    """Return the path of a breadcrumb list without its first step, the shop, and its last, the product."""
    steps = sorted(_objects(breadcrumbs.get("itemListElement")), key=_position)
    names = [_name(step) or _name(step.get("item")) for step in steps]
    return " > ".join(name for name in names[1:-1] if name) or None


def _position(step: Object) -> float:
    try:
        return float(step.get("position", 0))
    except (TypeError, ValueError):
        return 0.0


def _name(value: Any) -> str | None:
    first = _first(value)
    return text_of(_first(first.get("name"))) if isinstance(first, dict) else text_of(first)


def _picture(value: Any) -> str | None:
    first = _first(value)
    if isinstance(first, dict):
        return text_of(_first(first.get("url"))) or text_of(first.get("contentUrl")) or text_of(first.get("@id"))
    return text_of(first)


def _first(value: Any) -> Any:
    return (value[0] if value else None) if isinstance(value, list) else value


JSON_LD = Connector(
    "json-ld", "schema.org products: pages, JSON-LD documents or lines of them", (*PAGES, *DOCUMENTS, *LINES), tables
)
