"""Taking one person out of files, and searching files for what is left of one.

What knows a kind of file stands here: rows of exports and refused rows, tables of SQLite, id maps of versions. Which
files a shop has, and in which order they are gone through, is the recipe's (`pipeline/forget.py`), the only importer
besides `train`, which deletes the versions whose day has come.
"""

from recommender.erasure.file_search import Hit, search
from recommender.erasure.receipt import Receipt, write_receipt
from recommender.erasure.rows import Taken, take_out
from recommender.erasure.versions import holding, purge
from recommender.erasure.wanted import Wanted

__all__ = ["Hit", "Receipt", "Taken", "Wanted", "holding", "purge", "search", "take_out", "write_receipt"]
