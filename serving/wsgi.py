"""gunicorn, driven from Python: checks before it starts, then workers that each load the live bundle.

FAISS hangs in a child if it searched in its parent, so the master process never opens a bundle, and no
application is preloaded. A worker computes with one thread per request: its threads are the parallelism.
"""

from __future__ import annotations

import ipaddress
import logging
import os
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.workers.gthread import ThreadWorker
from threadpoolctl import threadpool_limits

from recommender.access import KeyFile, TokenSecrets
from recommender.bundle import Store
from recommender.config import Config
from recommender.errors import ConfigError
from recommender.event_log import EventLog
from serving import admin, logs
from serving.app import create_app
from serving.auth import Guard
from serving.crowd import Crowd
from serving.figures import Samples
from serving.journal import LogJournal, NoJournal
from serving.key_ring import KeyRing
from serving.live_bundle import LiveBundle
from serving.rate_limit import RateLimit
from serving.telemetry import FOLDER, Telemetry
from serving.verified import Verified

GRACEFUL_SECONDS = 15
LOADING_SECONDS = 120  # gunicorn kills a worker that is silent for longer, and it is while it opens a large bundle
MAX_REQUEST_LINE_BYTES = 8190  # the most gunicorn allows
MAX_HEADERS = 64
MAX_HEADER_BYTES = 8190
HEAD_START_SECONDS = 0.001
VERIFIED = "verified"  # beside the metrics, in the one folder that all workers share

log = logging.getLogger(__name__)


def run(config: Config, host: str = "127.0.0.1", port: int = 8000, workers: int = 2) -> None:
    """Serve until SIGTERM or SIGINT; open requests get up to 15 seconds to end.

    Raises
    ------
    ConfigError
        If `host` is not a loopback address or the port can't be had.
    StoreError
        If no model has been promoted.
    """
    check(config, host, port)
    logs.set_up(config.serving.log_format)
    if not KeyFile(config.path(config.serving.keys)).read():
        log.warning("DEVELOPMENT MODE: there are no keys, so whoever reaches %s may ask and change anything;", host)
        log.warning("`alsobought keys create` ends that, also while the server runs. Put no proxy before it until then")
    with TemporaryDirectory(prefix="alsobought-metrics-") as metrics:
        os.environ[FOLDER] = metrics  # before anything imports prometheus_client, in this process or a worker
        Server(config, host, port, workers, Path(metrics)).run()


def check(config: Config, host: str, port: int) -> None:
    """Raise what `run` would raise: StoreError without a live version, ConfigError unless the address can be had."""
    Store(config.store_path).live()
    keys = KeyFile(config.path(config.serving.keys)).read()
    TokenSecrets.of(os.environ)
    family, address = _resolve(host, port)
    if not _is_loopback(host, port) and not any(key.active for key in keys):
        raise ConfigError(
            f"--host {host}: without keys the server only listens on loopback; `alsobought keys create` makes a key"
        )
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            raise ConfigError(f"--port {port}: can't listen on {host}:{port}: {error.strerror}") from None


def authority(host: str, port: int) -> str:
    """Return host and port as they stand in a URL."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """gthread whose threads each keep BLAS and OpenMP to themselves, and that leaves new connections to idler workers.

    OpenMP has its limit per thread.
    """

    def notify(self) -> None:
        """Say that this worker is alive, and how many connections it holds."""
        super().notify()
        self.app.crowd.tell(self.age, self.nr_conns)

    def accept(self, listener: Any) -> None:
        """Take a connection, unless a worker that holds fewer does so within a moment."""
        if self.nr_conns > self.app.crowd.fewest():
            time.sleep(HEAD_START_SECONDS)
        super().accept(listener)
        self.app.crowd.tell(self.age, self.nr_conns)

    def get_thread_pool(self) -> ThreadPoolExecutor:
        """Return the pool that answers requests."""
        return ThreadPoolExecutor(self.cfg.threads, initializer=threadpool_limits, initargs=(1,))


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn with our settings; `load` runs in each worker, after the fork."""

    def __init__(self, config: Config, host: str, port: int, workers: int, metrics: Path) -> None:
        self.crowd = Crowd()
        self._config = config
        self._metrics = metrics
        self._sessions = admin.Sessions.of(os.environ, before_fork=True)
        self._limit = RateLimit(config.serving.requests_per_second, config.serving.burst_requests)
        self._public = not _is_loopback(host, port)
        self._settings: dict[str, Any] = {
            "bind": authority(host, port),
            "workers": workers,
            "worker_class": Worker,
            "threads": config.serving.threads,
            "timeout": LOADING_SECONDS,
            "graceful_timeout": GRACEFUL_SECONDS,
            "limit_request_line": MAX_REQUEST_LINE_BYTES,
            "limit_request_fields": MAX_HEADERS,
            "limit_request_field_size": MAX_HEADER_BYTES,
            "keepalive": 15,
            "logger_class": logs.JsonLog if config.serving.log_format == "json" else logs.TextLog,
            "accesslog": "-",
            "child_exit": _forgetting(metrics, self.crowd),
            "control_socket_disable": True,
            "proc_name": "alsobought",
        }
        super().__init__()

    def load_config(self) -> None:
        """Hand our settings to gunicorn."""
        for name, value in self._settings.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Return the application of one worker."""
        return worker_app(self._config, self._limit, self._sessions, self._metrics, public=self._public)


def worker_app(
    config: Config, limit: RateLimit, sessions: admin.Sessions, metrics: Path | None, *, public: bool
) -> Flask:
    """Load the live bundle in this process and return the application on it.

    All workers share `limit`, `sessions` and the folder `metrics`. Where others than this machine may connect
    (`public`), there is no development mode.
    """
    store, telemetry = Store(config.store_path), Telemetry(metrics)
    verified = Verified(metrics / VERIFIED if metrics else None)
    live = LiveBundle(store, config.serving.reload_seconds, verified.load)
    keys = KeyRing(KeyFile(config.path(config.serving.keys)), required=public)
    guard = Guard(keys, TokenSecrets.of(os.environ), limit)
    event_log = EventLog.at(config.serving.event_log, config.folder) if config.serving.event_log else None
    journal = NoJournal() if event_log is None else LogJournal(event_log, config.serving.slate_share, telemetry)
    app = create_app(live, journal, guard, config.serving.origins, telemetry)
    samples = Samples(telemetry.figures)
    office = admin.Office(config, store, live, journal, event_log, samples)
    app.register_blueprint(admin.blueprint(office, admin.Door(keys, sessions)))
    samples.start()
    live.start()  # last, so that nobody misses the first version
    return app


def _forgetting(metrics: Path, crowd: Crowd) -> Callable[[Any, Any], None]:
    """Return what forgets a dead worker's connections and what only living ones have of metrics; its counts stay."""

    def forget(_: Any, worker: Any) -> None:
        from prometheus_client.multiprocess import mark_process_dead

        crowd.forget(worker.age)
        mark_process_dead(worker.pid, str(metrics))  # type: ignore[no-untyped-call]

    return forget


def _is_loopback(host: str, port: int) -> bool:
    return ipaddress.ip_address(_resolve(host, port)[1][0]).is_loopback


def _resolve(host: str, port: int) -> tuple[socket.AddressFamily, tuple[Any, ...]]:
    if not 1 <= port <= 65_535:
        raise ConfigError(f"--port {port}: must be from 1 to 65535")
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (socket.gaierror, UnicodeError):
        raise ConfigError(f"--host {host}: is not the name or address of this machine") from None
    return family, address
