"""What a user or a session did after a bundle's data ends."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RecentEvent:
    """One event; `event` is its name as it was sent, `time` seconds since 1970 (UTC)."""

    item_id: str
    event: str
    time: int
    quantity: float = 1.0


@dataclass(frozen=True, slots=True)
class Recent:
    """What happened to one user, one session or both since a bundle's data ends.

    Attributes
    ----------
    events : tuple of RecentEvent
        Oldest first; those of the sessions that were joined to the user are among them.
    sessions : tuple of str
        Sessions that were joined to the user; what the bundle knows of them is the user's.
    user_active, session_active : bool
        Whether events of the user (of a session joined to it), or of the session, are among them.
    user_erased, session_erased : bool
        The bundle's history of the user, or of the session, must not be used any more.
    """

    events: tuple[RecentEvent, ...] = ()
    sessions: tuple[str, ...] = ()
    user_active: bool = False
    session_active: bool = False
    user_erased: bool = False
    session_erased: bool = False


NOTHING_RECENT = Recent()
