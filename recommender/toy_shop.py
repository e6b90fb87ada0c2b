"""A toy shop with planted truths: small, seeded, and known through and through.

Tests ask whether the engine finds what was planted; `alsobought init` writes it as CSV, so that there is
something to train on. The same seed gives the same frames. It imports nothing of the engine; the command
line and tests may import it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pandas as pd

END = datetime(2026, 7, 1, tzinfo=UTC)
"""Events happen before this moment: the last day is 2026-06-30."""

_DAY = 86_400

# A user's taste is a top category; the first lines of each are its best sellers. Sizes make one item each.
_ASSORTMENT = """
ESPRESSO | Espresso Machine                | Coffee > Machines            | Bialto     | 249.00 |
DESCALER | Descaler for Coffee Machines    | Coffee > Care                | Bialto     |   9.90 |
BEANS-HB | House Blend Coffee Beans, 1 kg  | Coffee > Beans               | Northroast |  18.90 |
BEANS-DC | Decaf Coffee Beans, 500 g       | Coffee > Beans               | Northroast |  12.50 |
GRIND-1  | Hand Coffee Grinder             | Coffee > Grinders            | Millstone  |  29.00 |
GRIND-2  | Burr Coffee Grinder             | Coffee > Grinders            | Millstone  |  79.00 |
GRIND-3  | Burr Coffee Grinder Pro         | Coffee > Grinders            | Millstone  | 189.00 |
☕       | Porcelain Espresso Cup          | Coffee > Cups > Porcelain    | Tavola     |   7.50 |
CUP-LAT  | Latte Glass, Set of 2           | Coffee > Cups > Glass        | Tavola     |  14.00 |
a/b      | Milk Frother                    | Coffee > Accessories         | Bialto     |  39.00 |
TAMPER   | Steel Tamper                    | Coffee > Accessories         | Millstone  |  22.00 |
KNOCKBOX | Knock Box                       | Coffee > Accessories         | Millstone  |  25.00 |
FILTERS  | Paper Filters, 100 Pieces       | Coffee > Filter Coffee       | Northroast |   4.50 |
POUROVER | Pour-over Dripper               | Coffee > Filter Coffee       | Tavola     |  19.00 |
KETTLE-G | Gooseneck Kettle                | Coffee > Filter Coffee       | Bialto     |  59.00 |
SCALE    | Coffee Scale with Timer         | Coffee > Accessories         | Millstone  |  45.00 |
PLAN-1   | Coffee Club Bronze              | Coffee > Plans               | Northroast |   9.00 |
PLAN-2   | Coffee Club Silver              | Coffee > Plans               | Northroast |  19.00 |
PLAN-3   | Coffee Club Gold                | Coffee > Plans               | Northroast |  39.00 |
COLDBREW | Cold Brew Bottle                | Coffee > Cups > Glass        | Tavola     |  24.00 |
COAT     | Rain Coat                       | Outdoor > Clothing > Coats   | Fjell      | 129.00 | S, M, L
GLOVES   | Merino Gloves                   | Outdoor > Clothing > Gloves  | Fjell      |  29.00 |
TENT     | Two-Person Tent                 | Outdoor > Camping > Tents    | Lagerfield | 199.00 |
PEGS     | Tent Pegs, Set of 10            | Outdoor > Camping > Tents    | Lagerfield |  12.00 |
BAG-1    | Sleeping Bag Good               | Outdoor > Camping > Sleeping | Lagerfield |  49.00 |
BAG-2    | Sleeping Bag Better             | Outdoor > Camping > Sleeping | Lagerfield |  99.00 |
BAG-3    | Sleeping Bag Best               | Outdoor > Camping > Sleeping | Lagerfield | 219.00 |
007      | Trekking Poles                  | Outdoor > Hiking             | Fjell      |  59.00 |
BOOTS    | Hiking Boots                    | Outdoor > Hiking > Boots     | Fjell      | 149.00 | 38, 40, 42
SOCKS    | Hiking Socks                    | Outdoor > Clothing > Socks   | Fjell      |  14.00 |
BOTTLE   | Steel Bottle, 1 l               | Outdoor > Hiking             | Lagerfield |  24.00 |
LAMP     | Head Lamp                       | Outdoor > Camping > Light    | Lagerfield |  34.00 |
STOVE    | Camping Stove                   | Outdoor > Camping > Cooking  | Lagerfield |  45.00 |
MAT      | Inflatable Sleeping Mat         | Outdoor > Camping > Sleeping | Lagerfield |  69.00 |
BACKPACK | Backpack, 45 l                  | Outdoor > Hiking             | Fjell      | 119.00 |
HAMMOCK  | Travel Hammock                  | Outdoor > Camping > Sleeping | Lagerfield |  39.00 |
BEANIE   | Wool Beanie                     | Outdoor > Clothing > Hats    | Fjell      |  22.00 |
SOLAR    | Folding Solar Charger           | Outdoor > Camping > Light    | Lagerfield |  79.00 |
RAISED   | Raised Bed, Larch               | Garden > Beds                | Gronholm   |  89.00 |
SOIL     | Potting Soil                    | Garden > Soil                | Gronholm   |   6.90 | 10 l, 40 l
TOMATO   | Tomato Seeds                    | Garden > Seeds > Vegetables  | Samenhof   |   2.90 |
STAKES   | Plant Stakes, Set of 10         | Garden > Supports            | Samenhof   |   8.50 |
FERTIL   | Organic Plant Food, 1 l         | Garden > Care                | Gronholm   |   9.50 |
HOSE-1   | Garden Hose, 15 m               | Garden > Watering > Hoses    | Tropf      |  19.00 |
HOSE-2   | Garden Hose Plus, 15 m          | Garden > Watering > Hoses    | Tropf      |  35.00 |
HOSE-3   | Garden Hose Premium, 15 m       | Garden > Watering > Hoses    | Tropf      |  65.00 |
NA       | Watering Can, 10 l              | Garden > Watering            | Tropf      |  18.00 |
SECAT    | Secateurs                       | Garden > Tools               | Gronholm   |  27.00 |
SPADE    | Spade                           | Garden > Tools               | Gronholm   |  39.00 |
TROWEL   | Hand Trowel                     | Garden > Tools               | Gronholm   |  11.00 |
GARDENGL | Gardening Gloves                | Garden > Tools               | Gronholm   |   9.00 | S, M, L
BASIL    | Basil Seeds                     | Garden > Seeds > Herbs       | Samenhof   |   2.50 |
CHIVES   | Chives Seeds                    | Garden > Seeds > Herbs       | Samenhof   |   2.50 |
CARROT   | Carrot Seeds                    | Garden > Seeds > Vegetables  | Samenhof   |   2.70 |
SQUASH   | Squash Seeds                    | Garden > Seeds > Vegetables  | Samenhof   |   3.20 |
COMPOST  | Compost Bin, 300 l              | Garden > Soil                | Gronholm   |  55.00 |
BIRDBATH | Bird Bath                       | Garden > Decoration          | Gronholm   |  42.00 |
KITTEN   | Cat Carrier                     | Pets > Cats > Travel         | Pfotentraum|  34.00 |
CATMAT   | Fleece Mat for Cat Carriers     | Pets > Cats > Travel         | Pfotentraum|   9.00 |
LITTER   | Cat Litter, 10 kg               | Pets > Cats > Litter         | Pfotentraum|  11.90 |
CATFOOD  | Cat Food with Salmon, 2 kg      | Pets > Cats > Food           | Nappy      |  15.90 |
DOGFOOD  | Dog Food with Beef, 12 kg       | Pets > Dogs > Food           | Nappy      |  44.00 |
FOUNTN-1 | Pet Fountain Basic              | Pets > Bowls                 | Tropf      |  24.00 |
FOUNTN-2 | Pet Fountain Comfort            | Pets > Bowls                 | Tropf      |  39.00 |
FOUNTN-3 | Pet Fountain Premium            | Pets > Bowls                 | Tropf      |  69.00 |
HARNESS  | Dog Harness                     | Pets > Dogs > Walking        | Pfotentraum|  27.00 | S, M, L
LEASH    | Dog Leash, 2 m                  | Pets > Dogs > Walking        | Pfotentraum|  19.00 |
null     | Squeaky Ball                    | Pets > Dogs > Toys           | Nappy      |   6.00 |
ROPE     | Tug Rope                        | Pets > Dogs > Toys           | Nappy      |   7.50 |
MOUSE-T  | Felt Mouse with Catnip          | Pets > Cats > Toys           | Nappy      |   4.50 |
SCRATCH  | Scratching Post                 | Pets > Cats > Furniture      | Pfotentraum|  49.00 |
CATBED   | Cat Bed                         | Pets > Cats > Furniture      | Pfotentraum|  32.00 |
DOGBED   | Dog Bed                         | Pets > Dogs > Furniture      | Pfotentraum|  59.00 |
BRUSH    | Grooming Brush                  | Pets > Care                  | Pfotentraum|  13.00 |
BISCUITS | Dog Biscuits, 1 kg              | Pets > Dogs > Food           | Nappy      |   8.00 |
BOWL     | Steel Bowl                      | Pets > Bowls                 | Nappy      |   9.00 |
PRINTER  | Laser Printer                   | Office > Printing            | Papyra     | 179.00 |
CABLE    | Printer Cable, 2 m              | Office > Printing            | Papyra     |   8.90 |
PAPER    | Copy Paper, 500 Sheets          | Office > Paper               | Papyra     |   5.90 |
CHAIR-1  | Desk Chair Start                | Office > Furniture > Chairs  | Sitwell    |  99.00 |
CHAIR-2  | Desk Chair Comfort              | Office > Furniture > Chairs  | Sitwell    | 219.00 |
CHAIR-3  | Desk Chair Ergo                 | Office > Furniture > Chairs  | Sitwell    | 449.00 |
NOTEBOOK | Notebook, Dotted                | Office > Paper > Notebooks   | Papyra     |  12.00 | A6, A5, A4
PEN      | Rollerball Pen                  | Office > Writing             | Papyra     |   6.50 |
FOUNTAIN | Fountain Pen                    | Office > Writing             | Papyra     |  32.00 |
MARKER   | Text Markers, Set of 4          | Office > Writing             | Papyra     |   5.50 |
STAPLER  | Stapler                         | Office > Desk                | Papyra     |  11.00 |
LAMP-D   | Desk Lamp                       | Office > Desk                | Sitwell    |  49.00 |
STAND    | Laptop Stand                    | Office > Desk                | Sitwell    |  39.00 |
KEYBOARD | Quiet Keyboard                  | Office > Computers           | Tippa      |  69.00 |
MOUSE    | Wireless Mouse                  | Office > Computers           | Tippa      |  35.00 |
PAD      | Desk Pad, Felt                  | Office > Desk                | Sitwell    |  24.00 |
HEADSET  | Headset                         | Office > Computers           | Tippa      |  89.00 |
CAMERA   | Conference Camera               | Office > Computers           | Tippa      |  79.00 |
SHREDDER | Paper Shredder                  | Office > Paper               | Papyra     |  65.00 |
FOLDERS  | Hanging Folders, Set of 25      | Office > Paper               | Papyra     |  17.00 |
BOARD    | Whiteboard, 90 x 60 cm          | Office > Furniture           | Sitwell    |  44.00 |
FOOTREST | Foot Rest                       | Office > Furniture           | Sitwell    |  36.00 |
POWER    | Power Strip, 6 Sockets          | Office > Computers           | Tippa      |  16.00 |
CALENDAR | Wall Calendar                   | Office > Paper               | Papyra     |   9.00 |
"""

_BUNDLES = (
    ("ESPRESSO", "DESCALER"),
    ("COAT", "GLOVES"),
    ("TENT", "PEGS"),
    ("TOMATO", "STAKES"),
    ("KITTEN", "CATMAT"),
    ("PRINTER", "CABLE"),
)
_TIERS = (
    ("PLAN-1", "PLAN-2", "PLAN-3"),
    ("GRIND-1", "GRIND-2", "GRIND-3"),
    ("BAG-1", "BAG-2", "BAG-3"),
    ("HOSE-1", "HOSE-2", "HOSE-3"),
    ("FOUNTN-1", "FOUNTN-2", "FOUNTN-3"),
    ("CHAIR-1", "CHAIR-2", "CHAIR-3"),
)
_REPEAT_GAP_DAYS = {"BEANS-HB": 28, "FERTIL": 42, "LITTER": 21, "DOGFOOD": 30, "PAPER": 45}
_NEW_ARRIVAL = "COLDBREW"
_NEW_ARRIVAL_DAYS = 14
_OUT_OF_STOCK = ("KETTLE-G", "BACKPACK", "COAT-L", "SECAT", "BOWL")
_AWKWARD_USERS = ("007", "null", "NA", "anna/b", "🦊")

_VISITS_PER_USER = 12.0
_OWN_TASTE = 0.9
_ANONYMOUS, _GUEST = 0.12, 0.06
_TO_CART, _CHECKOUT, _WITH_ACCESSORY, _NEXT_TIER, _RETURNED = 0.45, 0.7, 0.65, 0.6, 0.02
_SUBSCRIBES = 0.35


@dataclass(frozen=True, slots=True)
class ToyTruths:
    """What was planted.

    Attributes
    ----------
    bundles : pairs (item, accessory) that share orders far more often than chance
    tiers : items of one need, cheapest first
    repeat_gap_days : consumables and the usual days between two purchases by one user
    new_arrival : the item created two weeks before the end, rising since
    out_of_stock : items that may not be sold, though they were
    groups : group_id to its variants
    clusters : taste (a top category) to the users who have it
    """

    bundles: tuple[tuple[str, str], ...]
    tiers: tuple[tuple[str, ...], ...]
    repeat_gap_days: dict[str, int]
    new_arrival: str
    out_of_stock: tuple[str, ...]
    groups: dict[str, tuple[str, ...]]
    clusters: dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class ToyShop:
    """Events and catalogue with the column names of the data contract, and what is true of them."""

    events: pd.DataFrame
    catalogue: pd.DataFrame
    truths: ToyTruths


def make_toy_shop(seed: int = 0, n_users: int = 300, n_days: int = 180) -> ToyShop:
    """Return the toy shop of a seed: `n_users` known users, `n_days` of events up to 2026-06-30."""
    rng = np.random.default_rng(seed)
    catalogue = _make_catalogue(rng, n_days)
    truths = _plant(catalogue, _user_ids(n_users))
    diary = _Diary(dict(zip(catalogue["item_id"], catalogue["price"], strict=True)))
    start = int(END.timestamp()) - n_days * _DAY
    _browse(rng, diary, _Shelves(catalogue), truths, start, n_days)
    _subscribe(rng, diary, truths, start, n_days)
    _launch(rng, diary, truths)
    return ToyShop(diary.to_frame(rng), catalogue, truths)


def write_toy_shop(folder: Path, seed: int = 0) -> None:
    """Write the toy shop as `events.csv` and `items.csv` (UTF-8) into a folder, made if need be."""
    shop = make_toy_shop(seed)
    folder.mkdir(parents=True, exist_ok=True)
    date_format = "%Y-%m-%dT%H:%M:%SZ"
    shop.events.to_csv(folder / "events.csv", index=False, date_format=date_format, encoding="utf-8")
    shop.catalogue.to_csv(folder / "items.csv", index=False, date_format=date_format, encoding="utf-8")


def _make_catalogue(rng: np.random.Generator, n_days: int) -> pd.DataFrame:
    rows = [row for line in _ASSORTMENT.strip().splitlines() for row in _variants(line)]
    table = pd.DataFrame(rows, columns=["item_id", "title", "category", "brand", "price", "group_id"])
    age_days = n_days + rng.integers(1, 700, len(table))
    age_days[table["item_id"] == _NEW_ARRIVAL] = _NEW_ARRIVAL_DAYS
    links = [quote(item, safe="") for item in table["item_id"]]
    return table.assign(
        in_stock=~table["item_id"].isin(_OUT_OF_STOCK),
        url=[f"https://shop.example/item?id={link}" for link in links],
        image_url=[f"https://shop.example/image?id={link}" for link in links],
        created_at=pd.to_datetime([END - timedelta(days=int(days)) for days in age_days]).as_unit("s"),
    )


def _variants(line: str) -> list[tuple[str, str, str, str, float, str | None]]:
    sku, title, category, brand, price, sizes = (cell.strip() for cell in line.split("|"))
    if not sizes:
        return [(sku, title, category, brand, float(price), None)]
    return [
        (f"{sku}-{size}".replace(" ", ""), f"{title}, {size}", category, brand, float(price), sku)
        for size in sizes.split(", ")
    ]


def _user_ids(n_users: int) -> list[str]:
    return [*_AWKWARD_USERS, *(f"u{number:04d}" for number in range(len(_AWKWARD_USERS), n_users))][:n_users]


def _plant(catalogue: pd.DataFrame, users: Sequence[str]) -> ToyTruths:
    groups = {str(group): tuple(variants) for group, variants in catalogue.groupby("group_id", sort=False)["item_id"]}
    tastes = list(dict.fromkeys(_top(category) for category in catalogue["category"]))
    return ToyTruths(
        bundles=tuple((item, extra) for sku, extra in _BUNDLES for item in groups.get(sku, (sku,))),
        tiers=_TIERS,
        repeat_gap_days=dict(_REPEAT_GAP_DAYS),
        new_arrival=_NEW_ARRIVAL,
        out_of_stock=_OUT_OF_STOCK,
        groups=groups,
        clusters={taste: tuple(users[place :: len(tastes)]) for place, taste in enumerate(tastes)},
    )


def _top(category: str) -> str:
    return category.split(" > ")[0]


class _Shelves:
    """Which items a visitor of a taste comes across: best sellers stand first, sizes are equally frequent."""

    def __init__(self, catalogue: pd.DataFrame) -> None:
        planted = {*_REPEAT_GAP_DAYS, _NEW_ARRIVAL}
        products: dict[str, dict[str, list[str]]] = {}
        for item, category, group in catalogue[["item_id", "category", "group_id"]].itertuples(index=False):
            if item not in planted:
                product = item if pd.isna(group) else group
                products.setdefault(_top(category), {}).setdefault(product, []).append(item)
        self._sizes = {taste: list(shelf.values()) for taste, shelf in products.items()}
        self._weights = {
            taste: _normalised((2.0 + np.arange(len(shelf))) ** -0.8) for taste, shelf in self._sizes.items()
        }

    def look(self, rng: np.random.Generator, taste: str, n: int) -> list[str]:
        """Return n different products' items of a taste, one size of each."""
        sizes = self._sizes[taste]
        places = rng.choice(len(sizes), size=n, replace=False, p=self._weights[taste])
        return [sizes[place][rng.integers(len(sizes[place]))] for place in places]


def _normalised(weights: np.ndarray) -> np.ndarray:
    return np.asarray(weights / weights.sum())


@dataclass(slots=True)
class _Diary:
    """Takes down what happens, and numbers sessions and orders."""

    prices: dict[str, float]
    rows: list[tuple[object, ...]] = field(default_factory=list)
    visits: int = 0

    def visit(
        self,
        time: int,
        user: str | None,
        views: Sequence[str],
        cart: Sequence[str],
        *,
        buys: bool,
        guest: bool = False,
    ) -> None:
        """Take down one visit from `time` on; a guest leaves nothing but the order."""
        self.visits += 1
        session = None if guest else f"s{self.visits:06d}"
        order = f"o{self.visits:06d}"
        if not guest:
            for event, items in (("view", views), ("add_to_cart", cart)):
                for item in items:
                    self.rows.append((user, session, item, event, time, 1, None, None))
                    time += 40
        if buys:
            for item in cart:
                self.rows.append((user, session, item, "purchase", time, 1, self.prices[item], order))

    def to_frame(self, rng: np.random.Generator) -> pd.DataFrame:
        """Return the events with some purchases sent back, by time."""
        columns = ["user_id", "session_id", "item_id", "event", "timestamp", "quantity", "price", "order_id"]
        events = pd.DataFrame(self.rows, columns=columns)
        bought = events[(events["event"] == "purchase") & events["user_id"].notna()]
        back = bought[rng.random(len(bought)) < _RETURNED]
        later = back["timestamp"] + rng.integers(2 * _DAY, 10 * _DAY, len(back))
        back = back.assign(event="return", timestamp=later, session_id=None)
        back = back[back["timestamp"] < END.timestamp()]
        events = pd.concat([events, back]).sort_values("timestamp", kind="stable", ignore_index=True)
        text = ["user_id", "session_id", "item_id", "event", "order_id"]
        return events.assign(timestamp=pd.to_datetime(events["timestamp"], unit="s", utc=True).dt.as_unit("s")).astype(
            {**dict.fromkeys(text, "str"), "price": "float64"}
        )


def _browse(
    rng: np.random.Generator, diary: _Diary, shelves: _Shelves, truths: ToyTruths, start: int, n_days: int
) -> None:
    """Let users, anonymous visitors and guests look around and buy; no user buys the same durable twice."""
    tastes = list(truths.clusters)
    visitors = [(user, taste) for taste, users in truths.clusters.items() for user in users]
    accessories = dict(truths.bundles)
    dearer = {low: high for tier in truths.tiers for low, high in pairwise(tier)}
    owned: set[tuple[str, str]] = set()
    for time in _opening_hours(rng, start, n_days, round(len(visitors) * _VISITS_PER_USER * n_days / 180)):
        known, taste = visitors[rng.integers(len(visitors))]
        who = rng.random()
        user = None if who < _ANONYMOUS + _GUEST else known
        if rng.random() > _OWN_TASTE:
            taste = tastes[rng.integers(len(tastes))]
        views = shelves.look(rng, taste, int(rng.integers(1, 5)))
        views += [dearer[item] for item in views if item in dearer and rng.random() < _NEXT_TIER]
        views = list(dict.fromkeys(views))
        cart = [item for item in views if rng.random() < _TO_CART]
        cart += [accessories[item] for item in cart if item in accessories and rng.random() < _WITH_ACCESSORY]
        cart = [item for item in dict.fromkeys(cart) if (user, item) not in owned]
        guest = _ANONYMOUS <= who < _ANONYMOUS + _GUEST
        buys = guest or rng.random() < _CHECKOUT
        if user is not None and buys:
            owned.update((user, item) for item in cart)
        diary.visit(time, user, views, cart, buys=buys, guest=guest)


def _subscribe(rng: np.random.Generator, diary: _Diary, truths: ToyTruths, start: int, n_days: int) -> None:
    """Let some users of its taste buy each consumable again and again, a day early or late at most."""
    for item, gap_days in truths.repeat_gap_days.items():
        for user in truths.clusters[_taste_of(item)]:
            if rng.random() < _SUBSCRIBES:
                day = int(rng.integers(gap_days))
                while day < n_days:
                    time = start + day * _DAY + _hour(rng)
                    diary.visit(time, user, [item], [item], buys=True)
                    day += gap_days + int(rng.integers(-1, 2))


def _launch(rng: np.random.Generator, diary: _Diary, truths: ToyTruths) -> None:
    """Let the new arrival be looked at more from day to day, and bought by one in four."""
    item = truths.new_arrival
    fans = truths.clusters[_taste_of(item)]
    for day in range(_NEW_ARRIVAL_DAYS):
        for _ in range(1 + day // 3):
            time = int(END.timestamp()) - (_NEW_ARRIVAL_DAYS - day) * _DAY + _hour(rng)
            buys = bool(rng.random() < 0.25)
            diary.visit(time, fans[rng.integers(len(fans))], [item], [item] if buys else [], buys=buys)


def _opening_hours(rng: np.random.Generator, start: int, n_days: int, n: int) -> list[int]:
    days = np.sort(rng.integers(n_days, size=n))
    return [start + int(day) * _DAY + _hour(rng) for day in days]


def _hour(rng: np.random.Generator) -> int:
    """Return seconds into a day between 07:00 and 22:00."""
    return int(rng.integers(7 * 3600, 22 * 3600))


def _taste_of(item: str) -> str:
    line = next(line for line in _ASSORTMENT.splitlines() if line.startswith(f"{item} "))
    return _top(line.split("|")[2].strip())
