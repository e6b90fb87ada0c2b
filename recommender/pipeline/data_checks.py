"""The checks of the data doctor: pure functions that explain what is odd about the data, or return None.

"Now" is the time of the last event, never the clock. Most compare the last days with those before, or the data with the
live version; where there is neither, they have nothing to say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from recommender.bundle import Bundle
from recommender.config import CheckName, Doctor
from recommender.dataset import Dataset, Events, IdMap, distinct, hash_rows, stretches_of_time
from recommender.dataset.summary import DataSummary, rfc3339, seconds_of
from recommender.ingest import IngestReport
from recommender.matrix import SECONDS_PER_DAY
from recommender.pipeline.charges import charges as charges_in

PERIODS = 5
"""The last days and four times as many before them."""
FEW = 100
"""Fewer events (items, buyers) say nothing about shares."""
WEEK = 7 * SECONDS_PER_DAY
BURST_ITEMS, BURST_TIMES, BURST_USERS = 20, 3.0, 10
"""A user who came for one item has at most so many; a burst has so many users, and so many times the usual share."""


@dataclass(frozen=True)
class Seen:
    """What the checks look at: the data, what reading it met, and the live version, if any."""

    dataset: Dataset
    ingest: IngestReport
    summary: DataSummary
    live: Bundle | None = None

    @property
    def events(self) -> Events:
        """The events that were accepted."""
        return self.dataset.events

    @cached_property
    def live_as_of(self) -> int | None:
        """The time of the live version's last event, seconds since 1970."""
        return None if self.live is None else self.live.as_of_seconds

    @cached_property
    def live_items(self) -> NDArray[np.int64]:
        """The integer here of each item of the live version, -1 where the data have it no more."""
        assert self.live is not None
        return _ranks(self.live.items, self.dataset.items)

    def periods(self, days: float) -> NDArray[np.int64]:
        """Return the period of each event, shape (E,): 0 for the last `days`, 1 for those before, …"""
        age = self.events.time[-1] - self.events.time
        return np.asarray(age // max(int(days * SECONDS_PER_DAY), 1))


def volume(seen: Seen, config: Doctor) -> str | None:
    """Events of the last days against the four times as many days before."""
    if not seen.events.has_times:
        return None
    of_period = np.bincount(np.minimum(seen.periods(config.recent_days), PERIODS), minlength=PERIODS + 1)
    span = seen.events.time[-1] - seen.events.time[0]
    expected = of_period[1:PERIODS].mean()
    if span < PERIODS * config.recent_days * SECONDS_PER_DAY or max(expected, of_period[0]) < FEW:
        return None
    share = of_period[0] / max(expected, 1)
    if config.min_volume <= share <= config.max_volume:
        return None
    return (
        f"the last {config.recent_days:g} days have {of_period[0]:,} events, {share:.2g} times the {expected:,.0f} of "
        "such a period before"
    )


def history(seen: Seen, config: Doctor) -> str | None:
    """Pairs of user and item that the live version has, in the period that the data cover, and the data still have."""
    if seen.live is None:
        return None
    mine, histories = seen.events, seen.live.histories
    n_users, n_items = len(seen.live.users), len(seen.dataset.items)
    user = np.repeat(_ranks(seen.live.users, seen.dataset.users), np.diff(histories.indptr[: n_users + 1]))
    end = int(histories.indptr[n_users])
    covered = np.ones(end, dtype=bool)
    if mine.has_times:
        covered = np.asarray(histories.last_time[:end] >= mine.time[0])
    if covered.sum() < FEW:
        return None
    item = seen.live_items[histories.items[:end]]
    there = (user >= 0) & (item >= 0)
    pairs = distinct(mine.user[mine.user >= 0].astype(np.int64) * n_items + mine.item[mine.user >= 0])
    kept = there & np.isin(user * n_items + item, pairs)
    share = float(kept[covered].mean())
    if share >= config.min_history:
        return None
    return (
        f"of {int(covered.sum()):,} pairs of user and item that the live version knows of this period, "
        f"only {share:.0%} are in the data"
    )


def new_events(seen: Seen, config: Doctor) -> str | None:  # noqa: ARG001
    """The data must not end before the live version's."""
    if seen.live_as_of is None or not seen.events.has_times or seen.events.time[-1] >= seen.live_as_of:
        return None
    return (
        f"the last event is of {rfc3339(int(seen.events.time[-1]))}, before the {rfc3339(seen.live_as_of)} of the live "
        "version"
    )


def refused_rows(seen: Seen, config: Doctor) -> str | None:
    """Share of refused rows below `data.max_refused`, beyond which nothing is trained at all."""
    for source in seen.ingest.events + seen.ingest.catalogue:
        refused = source.refused.total()
        if refused > config.max_refused * source.read:
            reasons = ", ".join(f"{reason} {count:,}" for reason, count in source.refused.most_common(3))
            return f"{source.name}: {refused:,} of {source.read:,} rows are refused ({reasons})"
    return None


def event_types(seen: Seen, config: Doctor) -> str | None:
    """Types that are new, gone, or have another share of the events than in the live version."""
    left_out = sum((source.left_out for source in seen.ingest.events), start=Counter[str]())
    used = max(len(seen.events), 1)
    for name, count in left_out.most_common(1):
        if count > used:
            return f"{count:,} events of type {name!r} have no weight and are left out; all others are {used:,}"
    before = {} if seen.live is None else seen.live.manifest.events_by_type
    now = seen.summary.events_by_type
    n_before, n_now = sum(before.values()), sum(now.values())
    if n_before < FEW or n_now < FEW:
        return None
    for name in sorted(before.keys() | now.keys()):
        then_share, share = before.get(name, 0) / n_before, now.get(name, 0) / n_now
        low, high = sorted((then_share, share))
        if high > 0.01 and low * config.max_type_shift < high and name in seen.events.event_types:
            return f"{share:.1%} of the events are of type {name!r}, {then_share:.1%} in the live version"
    return None


def catalogue(seen: Seen, config: Doctor) -> str | None:
    """Items that the live version could show and the catalogue has no more."""
    if seen.live is None:
        return None
    listed = seen.live.catalogue.servable
    here = seen.live_items[listed]
    still = here[here >= 0]
    gone = len(here) - int(seen.dataset.catalogue.servable[still].sum())
    if len(here) == 0 or gone <= config.max_catalogue_loss * len(here):
        return None
    return (
        f"{gone:,} of {len(here):,} items of the live version ({gone / len(here):.0%}) are no longer in the catalogue"
    )


def prices(seen: Seen, config: Doctor) -> str | None:
    """Prices that at least doubled or halved since the live version: another currency, cents for units."""
    if seen.live is None:
        return None
    known = np.flatnonzero(seen.live_items >= 0)
    then, now = seen.live.catalogue.price[known], seen.dataset.catalogue.price[seen.live_items[known]]
    both = (then > 0) & (now > 0)
    if both.sum() < 10:
        return None
    jumps = float((np.abs(np.log2(now[both] / then[both])) >= 1).mean())
    if jumps <= config.max_price_jumps:
        return None
    return f"{jumps:.0%} of {int(both.sum()):,} prices at least doubled or halved since the live version"


def stuck_times(seen: Seen, config: Doctor) -> str | None:
    """One time that many of the last days' events have, beyond what was usual before."""
    if not seen.events.has_times:
        return None
    period = seen.periods(config.recent_days)
    recent, before = (seen.events.time[(period >= first) & (period < end)] for first, end in ((0, 1), (1, PERIODS)))
    if len(recent) < FEW or len(before) < FEW:
        return None
    share, usual = (_most_common(times) / len(times) for times in (recent, before))
    if share <= config.max_same_time or share <= 10 * usual:
        return None
    return f"{share:.0%} of the events of the last {config.recent_days:g} days have one and the same time"


def duplicates(seen: Seen, config: Doctor) -> str | None:
    """Weeks in which far more events equal another in every column than in the usual week: an export read twice."""
    if not seen.events.has_times or seen.ingest.duplicates < FEW:
        return None
    week = (seen.events.time[-1] - seen.events.time) // WEEK
    of_week = np.bincount(week)
    share = np.bincount(week[_repeated(seen.events)], minlength=len(of_week)) / np.maximum(of_week, 1)
    usual = float(np.median(share[of_week > 0]))
    worst = int(np.argmax(np.where(of_week >= FEW, share, 0)))
    if share[worst] - usual <= config.max_duplicates:
        return None
    end = rfc3339(int(seen.events.time[-1]) - worst * WEEK)
    return (
        f"in the week until {end} {share[worst]:.0%} of the events equal another in every column, {usual:.0%} usually"
    )


def busy_actor(seen: Seen, config: Doctor) -> str | None:
    """One user, session or guest with an implausible share of the last days' events: a robot, a till, a test."""
    actor = _recent(seen, config).actor
    if len(actor) < FEW:
        return None
    sizes = np.bincount(actor)
    usual = float(np.percentile(sizes[sizes > 0], 99))
    busiest = int(np.argmax(sizes))
    share = sizes[busiest] / len(actor)
    if share <= config.max_actor_share or sizes[busiest] <= 5 * usual:
        return None
    return f"{share:.0%} of the last days' events, {sizes[busiest]:,}, are of one {_kind(seen.events, busiest)}"


def item_burst(seen: Seen, config: Doctor) -> str | None:
    """An item for which many users came who were never seen before and do next to nothing else: planted, not found.

    Anonymous sessions are always new, so they prove nothing here.
    """
    if not seen.events.has_times:
        return None
    by_user, recent = seen.events.user >= 0, seen.periods(config.recent_days) == 0
    latest, before = seen.events.where(by_user & recent), seen.events.where(by_user & ~recent)
    was_there = np.zeros(seen.events.n_users, dtype=bool)
    was_there[before.user] = True
    n_active, n_earlier, n_items = len(distinct(latest.user)), int(was_there.sum()), len(seen.dataset.items)
    if n_active < FEW or n_earlier < FEW:
        return None
    new = latest.where(~was_there[latest.user])
    of_new = distinct(new.user.astype(np.int64) * n_items + new.item)
    items_of_user = np.bincount(of_new // n_items, minlength=seen.events.n_users)
    came = np.bincount(of_new[items_of_user[of_new // n_items] <= BURST_ITEMS] % n_items, minlength=n_items)
    burst = int(np.argmax(came))
    share = came[burst] / n_active
    usual = len(distinct(before.user[before.item == burst])) / n_earlier
    if share <= config.max_burst_share or share <= BURST_TIMES * usual or came[burst] < BURST_USERS:
        return None
    return (
        f"{came[burst]:,} users, {share:.0%} of those of the last {config.recent_days:g} days, were never seen before "
        f"and came for {seen.dataset.items.id_of(burst)!r} and few others; {usual:.1%} of the earlier ones chose it"
    )


def unlisted_items(seen: Seen, config: Doctor) -> str | None:
    """Events on items that the catalogue does not have: swapped columns, another catalogue."""
    if not seen.dataset.catalogue.servable.any():
        return None
    item = _recent(seen, config).item
    if len(item) < FEW:
        return None
    share = float((~seen.dataset.catalogue.servable[item]).mean())
    if share <= config.max_unlisted:
        return None
    return f"{share:.0%} of the last days' events are on items that are not in the catalogue"


def silent_source(seen: Seen, config: Doctor) -> str | None:
    """A source that kept up with the others when the live version was trained, and no longer does."""
    before = {} if seen.live is None else seen.live.manifest.sources
    names = {source.name for source in seen.ingest.events}
    if seen.live_as_of is None or not names or names != before.keys() or not seen.events.has_times:
        return None  # other sources than last time: dated files, which fall behind by nature
    limit = config.max_lag_days * SECONDS_PER_DAY
    for source in seen.ingest.events:
        then = before[source.name].last_time
        if then is None or source.last_time is None:
            continue
        lag_then = seen.live_as_of - seconds_of(then)
        if lag_then <= limit < seen.events.time[-1] - source.last_time:
            return f"{source.name}: its last event is of {rfc3339(source.last_time)}, the others go on"
    return None


def charges(seen: Seen, config: Doctor) -> str | None:  # noqa: ARG001
    """Postage, fees and the like, which would be recommended as goods are."""
    if not (found := charges_in(seen.dataset)):
        return None
    named = ", ".join(map(repr, found[:3])) + (f" and {len(found) - 3} more" if len(found) > 3 else "")
    return f"{named}: no goods, by the name, and yet in the catalogue and bought"


CHECKS: Mapping[CheckName, Callable[[Seen, Doctor], str | None]] = {
    "volume": volume,
    "history": history,
    "new_events": new_events,
    "refused_rows": refused_rows,
    "event_types": event_types,
    "catalogue": catalogue,
    "prices": prices,
    "stuck_times": stuck_times,
    "duplicates": duplicates,
    "busy_actor": busy_actor,
    "item_burst": item_burst,
    "unlisted_items": unlisted_items,
    "silent_source": silent_source,
    "charges": charges,
}

REMEDIES: Mapping[CheckName, str] = {
    "volume": "Look at the last export: is it cut short, or does it hold other events than before?",
    "history": "Look for ids that changed, swapped columns, or a part of the export that is missing.",
    "new_events": "Look whether an old export is in the place of the new one.",
    "refused_rows": "The file of refused rows has each with its line and the reason.",
    "event_types": "Look at the names of the event types, and give those that count a weight under [event_weights].",
    "catalogue": "Look whether the catalogue's export is whole.",
    "prices": "Look at the currency and the unit of the catalogue's prices.",
    "stuck_times": "Look at the clock of the system that writes the events.",
    "duplicates": "Leave the second copy out, or give each event an event_id.",
    "busy_actor": "Leave the rows of robots and test accounts out; matrix.max_items_per_user limits their influence.",
    "item_burst": "Look at these accounts; leave their rows out if nobody real is behind them.",
    "unlisted_items": "Look for swapped columns, or another shop's catalogue.",
    "silent_source": "Look at the system that writes it.",
    "charges": "Leave them out of events and catalogue, or exclude them by a rule of the shop.",
}


def _recent(seen: Seen, config: Doctor) -> Events:
    if not seen.events.has_times:
        return seen.events
    return seen.events.where(seen.periods(config.recent_days) == 0)


def _most_common(times: NDArray[np.int64]) -> int:
    return int(np.unique(times, return_counts=True)[1].max())


def _repeated(events: Events) -> NDArray[np.bool_]:
    """Return which events, shape (E,), equal an earlier one in every column (by a 64-bit hash)."""
    repeated = np.zeros(len(events), dtype=bool)
    for rows in stretches_of_time(events.time):
        part = (events.user, events.session, events.order, events.item, events.event_type, events.time, events.quantity)
        mixed = hash_rows([column[rows] for column in part])
        first = np.unique(mixed, return_index=True)[1]
        repeated[rows] = True
        repeated[rows][first] = False
    return repeated


def _kind(events: Events, actor: int) -> str:
    if actor < events.n_users:
        return "user"
    return "session" if actor < events.n_users + events.n_sessions else "guest order"


def _ranks(ids: IdMap, there: IdMap) -> NDArray[np.int64]:
    """Return the integers that another map gives to these ids, shape (len(ids),), -1 where it does not know one."""
    rank = {text: number for number, text in enumerate(there)}
    return np.array([rank.get(text, -1) for text in ids], dtype=np.int64)
