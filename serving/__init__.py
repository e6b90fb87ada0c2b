"""The HTTP server: it answers what a shop page asks, from the live bundle of a store.

No training and no ranking live here; a request becomes a `Query`, which the engine
answers. It imports `recommender.bundle`, `.placements`, `.config`, `.dataset`, `.event_log` and `.errors`, and
nothing of the engine imports it back.
"""
