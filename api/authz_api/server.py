"""`authz serve`: processes and signals around the application.

One worker is this process. Several are children of it, which answer on one socket and load a copy that the parent
made and admitted, so that all decide by the same bundle and facts, whatever happens to the files meanwhile.
SIGTERM answers what was accepted; SIGHUP loads the bundle and the facts anew, whole or not at all.
"""

import asyncio
import contextlib
import functools
import gc
import ipaddress
import multiprocessing
import os
import resource
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import uvicorn
from uvicorn.supervisors.multiprocess import Multiprocess

from authz.language.diagnostics import DiagnosticError
from authz_api.app import Reloaded, Service, create_app
from authz_api.authn.authenticator import Identity, IncompleteConfigurationError, configured
from authz_api.authn.callers import ANYONE, Right
from authz_api.authn.jwt import Issuer
from authz_api.decision_log.recorder import Recorder
from authz_api.logs import configure, log
from authz_api.metrics import FOLDER
from authz_api.rate_limit import CALLS, Admission
from authz_api.state import Loaded, Node, load
from authz_api.wire import CONNECTIONS, Connection

BUNDLE_FILES = ("*.toml", "*.polar")
OTHER_FILES = 128
"""How many files a process opens beside its connections, at most."""


class ServeError(ValueError):
    """The service cannot start so; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the command line says."""

    policy: Path
    facts: Path
    key: bytes = field(repr=False)
    host: str = "127.0.0.1"
    port: int = 8080
    workers: int = 1
    public_url: str = ""
    record: Path | None = None
    admin: bool = False
    callers: Path | None = None
    issuer: Issuer | None = None
    most_calls: int = CALLS
    rate: float = 0.0


def run(settings: Settings) -> int:
    """Serve until a signal says to stop; the exit code.

    Raises:
        DiagnosticError: the bundle or the facts are not admitted.
        ServeError: the address is not loopback and callers are not identified, or it is taken; who calls is
            configured by half; the record cannot be written.
    """
    if settings.callers is None and not _loopback(settings.host):
        raise ServeError(
            f"`{settings.host}` is not a loopback address, and callers cannot be identified: name their file with "
            "--callers, or serve on 127.0.0.1"
        )
    if settings.callers is not None and settings.admin:
        raise ServeError("--admin-reasons shows codes to anyone: where there are --callers, give the right `explain`")
    callers = _identity(settings).callers
    loaded = load(settings.policy, settings.facts)
    _try_record(settings.record)
    listening = _listen(settings.host, settings.port)
    host, port = listening.getsockname()[:2]
    url = settings.public_url or f"http://{f'[{host}]' if ':' in host else host}:{port}"
    settings = replace(settings, public_url=url)
    configure()
    log().info(
        "serving",
        url=url,
        callers=len(callers.all) if callers else "anyone: none are configured",
        workers=settings.workers,
        connections=_room_for_connections(),
        policy=loaded.policy.digest,
        facts=loaded.facts.revision,
    )
    serve = _serve_here if settings.workers == 1 else _serve_by_workers
    return serve(settings, loaded, listening)


def _serve_here(settings: Settings, loaded: Loaded, listening: socket.socket) -> int:
    server = uvicorn.Server(_config(_application(settings, loaded)))
    # The server raises the signal that stopped it once more when all is answered.
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: None)
    server.run(sockets=[listening])
    return 0 if server.started else 1


def _serve_by_workers(settings: Settings, loaded: Loaded, listening: socket.socket) -> int:
    with tempfile.TemporaryDirectory(prefix="poort-") as folder:
        copies = _Copies(settings, Path(folder))
        copies.admit(loaded)
        counts = Path(folder) / "metrics"
        counts.mkdir()
        os.environ[FOLDER] = str(counts)
        copied = replace(settings, policy=copies.current / "policy", facts=copies.current / f"facts{_suffix(settings)}")
        _Workers(_config(functools.partial(worker, copied), settings.workers), listening, copies.reload).run()
    return 0


def worker(settings: Settings) -> Service:
    """The application of one worker, in a process of its own."""
    configure()
    return _application(settings, load(settings.policy, settings.facts))


def _application(settings: Settings, loaded: Loaded) -> Service:
    node, recorder, identity = Node(loaded), Recorder(settings.record), _identity(settings)
    _settle()

    async def reload() -> Reloaded:
        parent = multiprocessing.parent_process()
        if parent is not None:
            os.kill(parent.pid or 0, signal.SIGHUP)  # it tells every worker, this one too
            return Reloaded.TOLD
        return Reloaded.DONE if await _reload(settings, node, recorder, identity) else Reloaded.REFUSED

    @contextlib.asynccontextmanager
    async def lifespan(_app: Any) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        running: set[asyncio.Task[Any]] = set()

        def hang_up() -> None:
            task = loop.create_task(_reload(settings, node, recorder, identity))
            running.add(task)
            task.add_done_callback(running.discard)

        loop.add_signal_handler(signal.SIGHUP, hang_up)
        parent = multiprocessing.parent_process()
        if parent is not None:
            # Nobody would reload or stop a worker that has lost its parent.
            loop.add_reader(parent.sentinel, _orphaned, loop, parent.sentinel)
        watching = loop.create_task(identity.watch())
        yield
        watching.cancel()

    return create_app(
        node,
        public_url=settings.public_url,
        key=settings.key,
        recorder=recorder,
        identity=identity,
        admission=Admission(settings.most_calls, settings.rate / settings.workers),
        reload=reload,
        lifespan=lifespan,
        connections=_room_for_connections(),
    )


def _room_for_connections() -> int:
    """How many connections the system lets a process have, up to the most that we want."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS + OTHER_FILES
    if soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return max(1, min(CONNECTIONS, soft - OTHER_FILES))


def _orphaned(loop: asyncio.AbstractEventLoop, sentinel: int) -> None:
    loop.remove_reader(sentinel)
    os.kill(os.getpid(), signal.SIGTERM)


def _identity(settings: Settings) -> Identity:
    """Who is known as a caller.

    Raises:
        ServeError: that is configured by half.
    """
    try:
        identity = configured(settings.callers, settings.issuer)
    except IncompleteConfigurationError as wrong:
        raise ServeError(str(wrong)) from None
    if settings.admin:
        identity.anyone = ANYONE.model_copy(update={"rights": ANYONE.rights | {Right.EXPLAIN}})
    return identity


async def _reload(settings: Settings, node: Node, recorder: Recorder, identity: Identity) -> bool:
    """Swap what the node has loaded, as one, or leave it as it was; whether it was swapped.

    One loading after another, so that the last one stands.
    """
    async with node.loading:
        return await _load_anew(settings, node, recorder, identity)


async def _load_anew(settings: Settings, node: Node, recorder: Recorder, identity: Identity) -> bool:
    await identity.reload()
    try:
        loaded = await asyncio.to_thread(load, settings.policy, settings.facts)
        recorder.reopen()
    except (DiagnosticError, OSError) as wrong:
        _refused(wrong)
        return False
    node.loaded = loaded
    _settle()
    log().info("reloaded", policy=loaded.policy.digest, facts=loaded.facts.revision)
    return True


def _settle() -> None:
    """Keep the garbage collector from going through facts that stay, again and again; what they replaced it takes."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def _refused(wrong: Exception) -> None:
    faults = [fault.problem for fault in wrong.diagnostics] if isinstance(wrong, DiagnosticError) else [str(wrong)]
    places = [str(fault.span) for fault in wrong.diagnostics] if isinstance(wrong, DiagnosticError) else []
    log().error("reload refused: the policy that was loaded decides on", faults=faults, places=places)


class _Copies:
    """Admitted copies of the bundle and the facts; `current` is the one that workers load."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.settings, self.folder, self.made = settings, folder, 0
        self.current = folder / "current"

    def admit(self, loaded: Loaded) -> None:
        """Copy what was just loaded, and make the copy the current one.

        Raises:
            ServeError: the files changed while they were read.
            DiagnosticError: they changed into something that is not admitted.
        """
        self.made += 1
        copy = self.folder / str(self.made)
        (copy / "policy").mkdir(parents=True)
        for pattern in BUNDLE_FILES:
            for path in self.settings.policy.glob(pattern):
                shutil.copy(path, copy / "policy")
        shutil.copy(self.settings.facts, copy / f"facts{_suffix(self.settings)}")
        again = load(copy / "policy", copy / f"facts{_suffix(self.settings)}")
        if (again.policy.digest, again.facts.revision) != (loaded.policy.digest, loaded.facts.revision):
            raise ServeError("the files changed while they were read: try again")
        link = self.folder / "next"
        link.symlink_to(copy.name)
        link.replace(self.current)

    def reload(self) -> bool:
        """Whether the files as they are now were admitted."""
        try:
            self.admit(load(self.settings.policy, self.settings.facts))
        except (DiagnosticError, OSError, ServeError) as wrong:
            _refused(wrong)
            return False
        return True


class _Workers(Multiprocess):
    """Workers that are told to reload, and keep their connections, where others would be replaced."""

    def __init__(self, config: uvicorn.Config, listening: socket.socket, reload: Callable[[], bool]) -> None:
        super().__init__(config, [listening])
        self.reload = reload

    def handle_hup(self) -> None:
        if self.reload():
            for process in self.processes:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process.pid or 0, signal.SIGHUP)


def _config(app: Any, workers: int = 1) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        factory=not isinstance(app, Service),
        http=Connection,
        workers=workers,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        lifespan="on",
        timeout_graceful_shutdown=30,
    )


def _loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)
        raise ServeError(f"cannot listen on {host} port {port}: {why.lower()}") from None
    listening.set_inheritable(True)
    return listening


def _try_record(path: Path | None) -> None:
    if path is None and sys.stdout is None:
        raise ServeError("there is no standard output to record on: name a file with --record")
    try:
        recorder = Recorder(path)
    except OSError as error:
        raise ServeError(f"cannot write the record `{path}`: {(error.strerror or str(error)).lower()}") from None
    if recorder.descriptor > 2:
        os.close(recorder.descriptor)


def _suffix(settings: Settings) -> str:
    return settings.facts.suffix
