"""`authz serve`: checks at start, and the granian server with its worker processes.

The supervisor loads bundle, facts and callers, and granian forks the workers from it, so that all begin with the same.
SIGTERM answers the accepted calls and exits 0. SIGHUP reloads (`reload.py`).
"""

import functools
import multiprocessing
import os
import resource
import socket
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from granian import Granian
from granian.constants import HTTPModes, Interfaces, RuntimeModes
from granian.http import HTTP1Settings

from authz_api.authn.authenticator import (
    Authenticator,
    IncompleteConfigurationError,
    configure_authentication,
)
from authz_api.authn.callers import ANYONE, Right
from authz_api.decision_log.recorder import Recorder
from authz_api.hosts import is_loopback
from authz_api.logs import configure, log
from authz_api.reload import Supervisor, control_socket
from authz_api.settings import Settings
from authz_api.state import State, freeze, load_snapshot

MAX_CONNECTIONS = 4_096
"""The connections that a worker holds; more wait in the kernel's queue."""
OTHER_FILES = 128
"""The files that a process opens beside its connections, at most."""
HEAD_MILLISECONDS = 12_000
"""The time for a request head to arrive, and for a connection to rest between two calls."""
MAX_HEAD_BYTES = 65_536
BACKLOG = 2_048
STOP_SECONDS = 30
METRICS_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


class ServeError(ValueError):
    """The service cannot start; the message says why, and what to do."""


def run(settings: Settings) -> int:
    """Serve until a signal stops it; the exit code.

    Raises:
        DiagnosticError: the bundle, the facts or the callers are not admitted.
        ServeError: the address is not loopback and no callers are configured; the address is in use; the callers are
            configured in part; the decision log cannot be written; the certificate cannot be read.
    """
    authenticator = _authenticator(settings)
    state = State(load_snapshot(settings.policy, settings.facts))
    _check_decision_log(settings.decision_log)
    address, port = _free_address(settings.host, settings.port)
    scheme = "https" if settings.tls else "http"
    url = settings.public_url or f"{scheme}://{f'[{address}]' if ':' in address else address}:{port}"
    settings = replace(settings, public_url=url)
    server = _granian(settings, address, port)
    configure()
    policy, facts = state.snapshot.versions
    log().info(
        "serving",
        url=url,
        callers=len(authenticator.callers.all) if authenticator.callers else "anyone: no callers are configured",
        workers=settings.workers,
        connections=_connections(),
        policy=policy,
        facts=facts,
    )
    freeze()
    return _serve(server, settings, state, authenticator)


def _serve(server: Any, settings: Settings, state: State, authenticator: Authenticator) -> int:
    # Workers are forks: they inherit the snapshot, and no file of ours holds facts.
    multiprocessing.set_start_method("fork", force=True)
    with tempfile.TemporaryDirectory(prefix="poort-") as folder:
        control = Path(folder) / "control"
        listening = control_socket(control, settings.workers)
        if settings.workers > 1:
            counters = Path(folder) / "metrics"
            counters.mkdir()
            os.environ[METRICS_VARIABLE] = str(counters)
        # Imported once the folder is set, which prometheus_client then reads, and before the fork: workers start fast.
        from authz_api.worker import worker_application

        def application() -> Any:
            supervisor.close()
            try:
                return worker_application(settings, state, authenticator, control)
            except Exception:  # noqa: BLE001 - multiprocessing would print its message, which can quote a file
                log().error("a worker cannot start", exc_info=True)
                raise SystemExit(1) from None

        load = functools.partial(load_snapshot, settings.policy, settings.facts)
        supervisor = Supervisor(state, load, listening, settings.workers)
        server.on_startup(supervisor.start)
        try:
            server.serve(target_loader=application, wrap_loader=False)
        except SystemExit as stop:
            return int(stop.code or 0)
        finally:
            supervisor.stop()
    return 0


def _granian(settings: Settings, address: str, port: int) -> Any:
    """The server.

    Raises:
        ServeError: the certificate and its key cannot be read, or do not belong together.
    """
    tls: dict[str, Any] = {}
    if settings.tls:
        tls = {"ssl_cert": settings.tls.certificate, "ssl_key": settings.tls.key}
        if settings.tls.client_ca:
            tls |= {"ssl_ca": settings.tls.client_ca, "ssl_client_verify": True}
    try:
        return _make_granian(settings, address, port, tls)
    except OSError as error:  # an `ssl.SSLError` is one
        raise ServeError(f"cannot read the certificate and its key: {(error.strerror or str(error)).lower()}") from None


def _make_granian(settings: Settings, address: str, port: int, tls: dict[str, Any]) -> Any:
    make: Callable[..., Any] = Granian
    return make(
        "authz_api",
        address=address,
        port=port,
        interface=Interfaces.ASGI,
        workers=settings.workers,
        runtime_mode=RuntimeModes.st,
        http=HTTPModes.http1,
        websockets=False,
        backlog=BACKLOG,
        backpressure=_connections(),
        http1_settings=HTTP1Settings(header_read_timeout=HEAD_MILLISECONDS, max_buffer_size=MAX_HEAD_BYTES),
        log_enabled=False,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_SECONDS,
        **tls,
    )


def _authenticator(settings: Settings) -> Authenticator:
    """The configured authenticator.

    Raises:
        ServeError: it is configured in part, or is missing on an address that is not loopback.
    """
    if settings.callers is None and not is_loopback(settings.host):
        raise ServeError(
            f"`{settings.host}` is not a loopback address, and callers cannot be identified: name their file with "
            "--callers, or serve on 127.0.0.1"
        )
    if settings.callers is not None and settings.show_all_reasons:
        raise ServeError("--admin-reasons shows codes to anyone: with --callers, give a caller the right `explain`")
    try:
        authenticator = configure_authentication(settings.callers, settings.issuer)
    except IncompleteConfigurationError as error:
        raise ServeError(str(error)) from None
    if settings.show_all_reasons:
        authenticator.anyone = ANYONE.model_copy(update={"rights": ANYONE.rights | {Right.EXPLAIN}})
    return authenticator


def _connections() -> int:
    """The connections that the system lets a process have, up to `MAX_CONNECTIONS`."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_CONNECTIONS + OTHER_FILES
    if soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return max(1, min(MAX_CONNECTIONS, soft - OTHER_FILES))


def _free_address(host: str, port: int) -> tuple[str, int]:
    """The address and port to listen on; port 0 becomes a free one.

    The server's sockets share their port (SO_REUSEPORT), so a second service could share it too: this socket does not.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.create_server(address[:2], family=family) as listening:
            name = listening.getsockname()
            return str(name[0]), int(name[1])
    except OSError as error:
        why = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
        raise ServeError(f"cannot listen on {host} port {port}: {why.lower()}") from None


def _check_decision_log(path: Path | None) -> None:
    if path is None and sys.stdout is None:
        raise ServeError("there is no standard output for the decision log: name a file with --decision-log")
    try:
        Recorder(path).close()
    except OSError as error:
        raise ServeError(f"cannot write the decision log `{path}`: {(error.strerror or str(error)).lower()}") from None
