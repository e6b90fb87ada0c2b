"""The application for another server than ours: granian, or any that takes a WSGI factory.

    ALSOBOUGHT_CONFIG=shop.toml granian --interface wsgi --factory serving.factory:application

Whoever starts it answers for the address, so keys are always needed here. Call it in each worker, after the fork.
"""

from __future__ import annotations

import os
from pathlib import Path

from flask import Flask

from recommender.config import load_config
from serving import logs
from serving.admin import Sessions
from serving.rate_limit import RateLimit
from serving.telemetry import FOLDER
from serving.wsgi import worker_app

CONFIG = "ALSOBOUGHT_CONFIG"


def application() -> Flask:
    """Load the live bundle of the shop.toml that ALSOBOUGHT_CONFIG names; raises ConfigError where that is wrong.

    The rate of a key holds for each worker here, and metrics sum over workers where PROMETHEUS_MULTIPROC_DIR is set.
    """
    config = load_config(Path(os.environ.get(CONFIG, "shop.toml")))
    logs.set_up(config.serving.log_format)
    sessions = Sessions.of(os.environ, before_fork=False)
    limit = RateLimit(config.serving.requests_per_second, config.serving.burst_requests)
    folder = os.environ.get(FOLDER)
    return worker_app(config, limit, sessions, Path(folder) if folder else None, public=True)
