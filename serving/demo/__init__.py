"""The demo: the bundle's catalogue as a small plain shop, to see recommendations where customers would.

It holds pages, templates and styles only, and asks the same placements as the API; no route of the API lives
here. Only `serving.app` imports it.
"""

from serving.demo.pages import blueprint

__all__ = ["blueprint"]
