"""Who may ask what: keys of programs and browsers, and signed tokens of users.

Files and bytes only: what a key is good for on which route is the server's to decide. Shell and server import it.
"""

from recommender.access.keys import Key, KeyFile, Scope, digest_of, find_key
from recommender.access.tokens import TOKEN_SECRET, TokenSecrets, sign_token

__all__ = ["TOKEN_SECRET", "Key", "KeyFile", "Scope", "TokenSecrets", "digest_of", "find_key", "sign_token"]
