"""The shapes of the answers as the OpenAPI document gives them; tests hold the real answers against these."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from recommender.placements import MAX_K, PLACEMENTS


class Reason(BaseModel):
    """Why an item is in the slate; further keys depend on the type."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description="Kind of reason, made for programs to compare.", examples=["bought_together"])
    text: str = Field(description="The reason in words.", examples=["41 customers bought both"])


class Contribution(BaseModel):
    """A part of a score."""

    source: str = Field(examples=["als"])
    score: float = Field(examples=[0.31])
    item_id: str | None = Field(None, description="The item of the history it goes back to.", examples=["SKU1"])
    title: str | None = Field(None, examples=["Espresso machine"])


class ItemExplanation(BaseModel):
    """What a score consists of; only with explain=true."""

    raw_score: float = Field(description="As the source gives it, neither cut off nor rounded.", examples=[0.7134])
    contributions: list[Contribution] = Field(description="Empty where the score is no sum.")


class SlateItem(BaseModel):
    """One recommended item; with `fields`, the fields asked for stand here too."""

    model_config = ConfigDict(extra="allow")

    item_id: str = Field(examples=["SKU2"])
    rank: int = Field(ge=1, description="Place in the slate, from 1.", examples=[1])
    score: float = Field(ge=0, le=1, description="Calibrated strength.", examples=[0.71])
    source: str = Field(description="What proposed the item.", examples=["co_purchase"])
    reason: Reason
    title: str | None = Field(None, description="From the catalogue, where it has one.", examples=["Paper filters"])
    price: float | None = Field(None, examples=[4.5])
    url: str | None = None
    image_url: str | None = None
    explanation: ItemExplanation | None = Field(None, description="Only with explain=true.")


class Fallback(BaseModel):
    """Why the placement's own source could not answer in full."""

    type: str = Field(examples=["unknown_item"])
    text: str = Field(examples=["this item is not known; best sellers instead"])


class Answer(BaseModel):
    """The ordered answer of a placement."""

    model_config = ConfigDict(extra="forbid")

    rec_id: str = Field(
        description="Names this answer; send it with the events that follow from it.", examples=["9f2c"]
    )
    placement: str = Field(examples=["also-bought"])
    model_version: str = Field(description="The bundle that answered.", examples=["20260701T020000Z"])
    items: list[SlateItem]
    shortfall: int = Field(ge=0, description="How many items fewer than k there are.", examples=[0])
    dropped: dict[str, int] = Field(description="What rules removed, counted by rule.", examples=[{"out_of_stock": 1}])
    fallback: Fallback | None = Field(description="Null where the placement's own source answered in full.")


class Event(BaseModel):
    """What a customer did. Also understood: events of Google Analytics 4, Google Retail and Segment."""

    model_config = ConfigDict(extra="allow")

    event: str = Field(max_length=64, description="view, add_to_cart, purchase, return, or a name that has a weight.")
    item_id: str | int | None = Field(None, description="The item; or `items`.", examples=["SKU1"])
    user_id: str | int | None = Field(None, description="One of user_id, session_id, order_id.", examples=["U1"])
    session_id: str | int | None = None
    event_id: str | int | None = Field(None, description="Makes sending it twice harmless.", examples=["5f0c"])
    timestamp: str | float | None = Field(None, description="RFC 3339 or a number since 1970; now, if left out.")
    quantity: float | None = None
    price: float | None = Field(None, description="Per piece.")
    currency: str | None = None
    order_id: str | int | None = None
    rec_id: str | None = Field(None, description="Of the answer that led to it.")
    position: int | None = Field(None, description="The item's rank in that answer.")
    items: list[dict[str, Any]] | None = Field(
        None, description="Lines of an order: item_id, and their own quantity, price, rec_id and position."
    )
    user_token: str | None = Field(None, description="Of user_id, where a browser sends the event.")


class Rejection(BaseModel):
    """An event that was not taken, by its place in the body."""

    index: int = Field(ge=0, examples=[3])
    reason: str = Field(examples=["item_id is missing"])


class Accepted(BaseModel):
    """What became of the events; those accepted are on the disk."""

    accepted: int = Field(ge=0, examples=[2])
    rejected: list[Rejection] = Field(examples=[[]])


class Joined(BaseModel):
    """A session, and the user it turned out to be."""

    model_config = ConfigDict(extra="forbid")

    session_id: str = Field(min_length=1, max_length=256, examples=["S1"])
    user_id: str = Field(min_length=1, max_length=256, examples=["U1"])


class Erased(BaseModel):
    """How much was deleted from the event log."""

    events_erased: int = Field(ge=0, examples=[12])


class PlacementQuestion(BaseModel):
    """One placement of a page, with the parameters that its own route takes."""

    model_config = ConfigDict(extra="allow")

    placement: str = Field(json_schema_extra={"enum": list(PLACEMENTS)}, examples=["also-bought"])
    k: int = Field(10, ge=1, le=MAX_K)
    item_id: str | list[str] | None = Field(None, examples=["SKU1"])


class PageQuestion(BaseModel):
    """The placements of a page, top to bottom; any parameter beside them holds for each that takes it."""

    model_config = ConfigDict(extra="allow")

    placements: list[PlacementQuestion] = Field(min_length=1, max_length=20)
    user_ids: list[str] | None = Field(None, min_length=1, max_length=100, description="The page for each of these.")


class Page(BaseModel):
    """The answers of a page, in the order of its placements; no item stands there twice."""

    user_id: str | None = Field(description="Set where the page was asked for many users.")
    slates: list[Answer]


class Pages(BaseModel):
    """The pages asked for, all from one model."""

    model_version: str = Field(examples=["v00001"])
    pages: list[Page]


class SourceOfItem(BaseModel):
    """What a source of the ladder says of an item."""

    source: str = Field(examples=["co_purchase"])
    score: float | None = Field(description="Null where it is no candidate.")
    why_not: str | None = Field(description="Why it is none.")


class ShownLast(BaseModel):
    """The last place that is shown."""

    item_id: str
    title: str
    rank: int
    score: float
    source: str


class Pair(BaseModel):
    """Of also-bought: what is known of the item asked with and this one."""

    item_id: str
    title: str
    support: int | None
    share: float | None


class WhyNot(BaseModel):
    """Where one item stands in the answer to a question, and what put it there or keeps it out."""

    model_config = ConfigDict(extra="forbid")

    placement: str
    model_version: str
    item_id: str
    title: str
    k: int
    type: str = Field(
        description="in_slate, ranks_lower, ruled_out, no_candidate, asked_with or unknown_item.",
        examples=["ruled_out"],
    )
    text: str = Field(examples=["the rule out_of_stock strikes it out: the catalogue says so"])
    rank: int | None = Field(description="Under the rules, from 1; null where it has none.")
    score: float | None = Field(description="Raw, of the first source that has it.")
    source: str | None
    reason: Reason | None = Field(description="What a slate says or would say of it.")
    rules: list[str] = Field(description="The rules that strike it out, as `dropped` names them.")
    rank_without_rules: int | None = Field(description="The rank before rules.", examples=[3])
    removed_by: str | None = Field(
        description="The step that removed it: a rule, or k, no_candidate, asked_with, unknown_item.",
        examples=["out_of_stock"],
    )
    last: ShownLast | None
    gap: float | None = Field(description="How far its score falls short of the last one shown, by one source.")
    sources: list[SourceOfItem]
    contributions: list[Contribution]
    pair: Pair | None
    fallback: Fallback | None


class Health(BaseModel):
    """The process is alive."""

    status: str = Field("ok", examples=["ok"])


class Readiness(BaseModel):
    """Whether this worker answers, and from what."""

    status: str = Field(description="ready, or no-model.", examples=["ready"])
    model_version: str | None = Field(None, examples=["20260701T020000Z"])
    model_created_at: str | None = Field(None, description="RFC 3339, UTC.", examples=["2026-07-01T02:00:00Z"])
    model_age_seconds: int | None = Field(None, ge=0, examples=[3600])
    failed_version: str | None = Field(None, description="A promoted version that could not be loaded; see the log.")


def json_schema(model: type[BaseModel], ref_template: str) -> dict[str, Any]:
    """Return the JSON Schema of an answer as this server serialises it."""
    return model.model_json_schema(ref_template=ref_template, mode="serialization")
