"""The operator's page: what is live, how it is doing, what came of it, and the two buttons that change it.

Server-rendered pages on the store, the event log and the counters of all workers; no script, and nothing here is part
of the API. Its door is its own: sessions begun with an admin key. Only `serving.wsgi` imports it.
"""

from serving.admin.door import Door
from serving.admin.office import Office
from serving.admin.pages import blueprint
from serving.admin.sessions import Sessions

__all__ = ["Door", "Office", "Sessions", "blueprint"]
