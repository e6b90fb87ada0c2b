"""The routes, one file per resource; each file makes a blueprint.

No recommendation is computed here and no rule of the shop is known: requests are read, the engine is asked,
answers are written. Only `serving.app` imports this package.
"""
