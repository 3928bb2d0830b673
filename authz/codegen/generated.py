"""Generated source, made into functions that a traceback and a debugger can show."""

import itertools
import linecache
import weakref
from typing import Any

_counter = itertools.count(1)


def functions(source: str, what: str, **known: Any) -> dict[str, Any]:
    """What a source defines, by name; `known` is what it may use, and `what` names it in tracebacks."""
    filename = f"<{what} {next(_counter)}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    names: dict[str, Any] = dict(known)
    exec(compile(source, filename, "exec"), names)
    made = [each for each in names.values() if getattr(each, "__globals__", None) is names]
    # The source goes with what was made of it: a service loads bundles again and again.
    weakref.finalize(made[0], linecache.cache.pop, filename, None)
    return names
