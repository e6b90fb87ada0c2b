"""The pages of the demo: home, browse and search, product, basket, checkout; the customer switch and the pictures."""

from __future__ import annotations

from typing import Any

from babel import Locale
from babel.numbers import format_currency, format_decimal
from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from recommender.dataset import normal_category
from serving.demo.pictures import picture
from serving.demo.shop import SEPARATOR, Shop
from serving.demo.visitor import Visitor
from serving.live_bundle import BundleSource, per_bundle
from serving.parameters import CATEGORY, ITEM_ID, USER_ID, Parameter
from serving.problems import NOT_FOUND, Problem
from serving.reading import read_parameters
from serving.values import text_of, whole_number

CUSTOMERS = 5
ENGLISH = Locale("en")
PICTURES_LAST = "public, max-age=3600"

WORDS = Parameter("q", "Words of a title.", {"type": "string"}, text_of(256), "coffee")
PAGE = Parameter("page", "Page of a list, from 1.", {"type": "integer"}, whole_number(1, 100_000), "1")


def blueprint(bundles: BundleSource) -> Blueprint:
    """Return the demo's routes."""
    routes = Blueprint(
        "demo",
        __name__,
        url_prefix="/demo",
        template_folder="templates",
        static_folder="static",
        static_url_path="/static",
    )
    shop = per_bundle(bundles, Shop)
    customers = per_bundle(bundles, lambda _: shop().customers(CUSTOMERS))
    routes.add_app_template_filter(_price, "price")

    def page(name: str, **context: Any) -> Response:
        visitor, known, bundle = Visitor.of_request(), customers(), shop().bundle
        shown = {one.user_id: one for one in known}.get(visitor.user_id or "")
        html = render_template(
            f"demo/{name}.html",
            visitor=visitor,
            customers=known,
            customer=shown,
            currency=bundle.config.data.currency,
            version=bundle.version,
            **context,
        )
        return visitor.remember(make_response(html))

    @routes.get("/")
    def home() -> Response:
        _read()
        return page("home", categories=shop().children(None))

    @routes.get("/browse")
    def browse() -> Response:
        asked, here = _read(CATEGORY, PAGE), shop()
        path = normal_category(asked.get("category", "")) or None
        found = here.browse(path, asked.get("page", 1))
        return page("browse", page=found, path=path, crumbs=_crumbs(path), categories=here.children(path))

    @routes.get("/search")
    def search() -> BaseResponse:
        if request.args.get("q", "x").strip() == "":
            return redirect(url_for("demo.browse"))
        asked = _read(WORDS, PAGE)
        words = asked.get("q", "")
        return page("search", page=shop().search(words, asked.get("page", 1)), words=words)

    @routes.get("/product")
    def product() -> Response:
        item_id = _read(ITEM_ID)["item_id"]
        found = shop().find(item_id)
        if found is None:
            raise Problem(NOT_FOUND, f"there is no product {item_id!r} in this shop", "item_id")
        return page("product", product=found, crumbs=_crumbs(found.category))

    @routes.get("/<any(basket, checkout, thanks):name>")
    def step(name: str) -> Response:
        _read()
        return page(name)

    @routes.post("/customer")
    def customer() -> BaseResponse:
        """Shop as somebody else; an empty id is a new visitor."""
        given = request.form.get("user_id", "").strip()
        try:
            visitor = Visitor.switched(USER_ID.parse(given) if given else None)
        except ValueError as error:
            raise Problem(NOT_FOUND, f"a customer's id {error}", "user_id") from None
        return visitor.remember(make_response(redirect(url_for("demo.home"), 303)))

    @routes.get("/picture.svg")
    def drawing() -> Response:
        item_id = _read(ITEM_ID)["item_id"]
        found = shop().find(item_id)
        svg = picture(item_id, (found and found.category) or "", (found and found.brand) or "")
        return _svg(svg)

    @routes.get("/category.svg")
    def emblem() -> Response:
        path = _read(CATEGORY).get("category", "")
        return _svg(picture(path, path))

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


def _svg(text: str) -> Response:
    response = Response(text, mimetype="image/svg+xml")
    response.headers["Cache-Control"] = PICTURES_LAST
    return response


def _price(value: float, currency: str) -> str:
    if currency:
        return format_currency(value, currency, locale=ENGLISH)
    return format_decimal(value, "#,##0.00", locale=ENGLISH)


def _crumbs(path: str | None) -> list[tuple[str, str]]:
    names = path.split(SEPARATOR) if path else []
    return [(name, SEPARATOR.join(names[: depth + 1])) for depth, name in enumerate(names)]
