"""`authz` without the delay of refusals: what `bench.telling_apart --unheld` measures."""

from collections.abc import Callable

from authz_api.response_delay import ResponseDelay

from authz.cli.main import main


def _at_once(_delay: ResponseDelay, _due: int, callback: Callable[[], None]) -> None:
    callback()


if __name__ == "__main__":
    ResponseDelay.at = _at_once  # type: ignore[method-assign]
    main()
