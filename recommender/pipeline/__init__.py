"""The recipes, each readable top to bottom: check, train, tune, evaluate, export.

They tie the rooms below together and hold no algorithm of their own; no printing, no argument parsing. Only `cli` and
users' own Python import it.
"""
