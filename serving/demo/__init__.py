"""The demo: the bundle's catalogue as a small shop that uses the widget and the API as any other shop would.

It renders pages and draws pictures; what is recommended, and why, its pages ask the public API for. Only `serving.app`
imports it.
"""

from serving.demo.pages import blueprint

__all__ = ["blueprint"]
