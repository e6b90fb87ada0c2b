"""The pages of the demo: home, browse and search, product."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from recommender.dataset import normal_category
from recommender.placements import PLACEMENTS, Query, recommend
from serving.demo.shop import SEPARATOR, Card, Shop
from serving.journal import Journal
from serving.live_bundle import BundleSource, per_bundle
from serving.parameters import CATEGORY, ITEM_ID, USER_ID, Parameter, read_parameters, text_of, whole_number
from serving.problems import NOT_FOUND, Problem

SHELF_SIZE = 6
SAMPLE_CUSTOMERS = 5
HOME_SHELVES = ("for-you", "popular", "trending", "new-arrivals")
PRODUCT_SHELVES = ("also-bought", "similar-items")

WORDS = Parameter("q", "Words of a title.", {"type": "string"}, text_of(256), "coffee")
PAGE = Parameter("page", "Page of a list, from 1.", {"type": "integer"}, whole_number(1, 100_000), "1")


def blueprint(bundles: BundleSource, journal: Journal) -> Blueprint:
    """Return the demo's routes; what customers did a moment ago is looked up in `journal`."""
    routes = Blueprint(
        "demo",
        __name__,
        url_prefix="/demo",
        template_folder="templates",
        static_folder="static",
        static_url_path="/static",
    )
    shop = per_bundle(bundles, Shop)

    @routes.get("/")
    def home() -> str:
        asked, here = _read(USER_ID), shop()
        user_id = asked.get("user_id")
        shelves = [_shelf(here, journal, Query(name, k=SHELF_SIZE, user_id=user_id)) for name in HOME_SHELVES]
        known = user_id is not None and here.bundle.users.index_of(user_id) is not None
        return _page(here, "home", user_id, shelves=shelves, categories=here.children(None), known=known)

    @routes.get("/browse")
    def browse() -> str:
        asked, here = _read(USER_ID, CATEGORY, PAGE), shop()
        path = normal_category(asked.get("category", "")) or None
        return _page(
            here,
            "browse",
            asked.get("user_id"),
            page=here.browse(path, asked.get("page", 1)),
            path=path,
            crumbs=_crumbs(path),
            categories=here.children(path),
        )

    @routes.get("/search")
    def search() -> str | BaseResponse:
        if request.args.get("q", "x").strip() == "":
            return redirect(url_for("demo.browse", user_id=request.args.get("user_id")))
        asked, here = _read(USER_ID, WORDS, PAGE), shop()
        words = asked.get("q", "")
        return _page(here, "search", asked.get("user_id"), page=here.search(words, asked.get("page", 1)), words=words)

    @routes.get("/product")
    def product() -> str:
        asked, here = _read(ITEM_ID, USER_ID), shop()
        item_id, user_id = asked["item_id"], asked.get("user_id")
        item = here.bundle.items.index_of(item_id)
        if item is None:
            raise Problem(NOT_FOUND, f"there is no product {item_id!r} in this shop", "item_id")
        card = here.card(item)
        shelves = [
            _shelf(here, journal, Query(name, k=SHELF_SIZE, user_id=user_id, item_ids=(item_id,)))
            for name in PRODUCT_SHELVES
        ]
        return _page(here, "product", user_id, card=card, shelves=shelves, crumbs=_crumbs(card.category))

    @routes.get("/customer")
    def customer() -> BaseResponse:
        """Take the customer field of the header; an empty one is a new visitor."""
        return redirect(url_for("demo.home", user_id=request.args.get("user_id") or None))

    @routes.get("/<path:rest>")
    def nowhere(rest: str) -> BaseResponse:
        raise Problem(NOT_FOUND, f"there is no page {rest!r} in this shop")

    @routes.errorhandler(Problem)
    def problem_page(problem: Problem) -> Response:
        return make_response(render_template("demo/problem.html", problem=problem), problem.kind.status)

    return routes


def _read(*parameters: Parameter) -> dict[str, Any]:
    values = read_parameters(request.environ.get("QUERY_STRING", ""), parameters)
    return {name: found[0] for name, found in values.items()}


def _shelf(shop: Shop, journal: Journal, query: Query) -> dict[str, Any]:
    slate = recommend(shop.bundle, query, journal.recent(shop.bundle, query))
    api = [("item_id", item_id) for item_id in query.item_ids] + [("k", str(query.k))]
    if query.user_id is not None:
        api.append(("user_id", query.user_id))
    return {
        "name": query.placement,
        "question": PLACEMENTS[query.placement].question,
        "cards": [_recommended(shop, entry) for entry in slate.items],
        "fallback": slate.fallback,
        "api": f"/v1/{query.placement}?{urlencode(api)}",
    }


def _recommended(shop: Shop, entry: dict[str, Any]) -> Card:
    item = shop.bundle.items.index_of(entry["item_id"])
    if item is None:
        raise LookupError("a slate names an item that is not in its bundle")
    return shop.card(item, entry["reason"]["text"])


def _crumbs(path: str | None) -> list[tuple[str, str]]:
    names = path.split(SEPARATOR) if path else []
    return [(name, SEPARATOR.join(names[: depth + 1])) for depth, name in enumerate(names)]


def _page(shop: Shop, name: str, user_id: str | None, **context: Any) -> str:
    customers = shop.sample_customers(SAMPLE_CUSTOMERS)
    return render_template(
        f"demo/{name}.html", user_id=user_id, customers=customers, version=shop.bundle.version, **context
    )
