"""Compile generated Python source so that tracebacks and debuggers can show it."""

import itertools
import linecache
import weakref
from typing import Any

_counter = itertools.count(1)


def compile_source(source: str, title: str, **names: Any) -> dict[str, Any]:
    """The namespace of some generated source after it ran, by name.

    `title` appears as the file name in tracebacks; `names` are the global names that the source may use.
    """
    filename = f"<{title} {next(_counter)}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    namespace: dict[str, Any] = dict(names)
    exec(compile(source, filename, "exec"), namespace)
    functions = [each for each in namespace.values() if getattr(each, "__globals__", None) is namespace]
    # A service reloads bundles for as long as it runs: the cached lines must go when the functions do.
    weakref.finalize(functions[0], linecache.cache.pop, filename, None)
    return namespace
