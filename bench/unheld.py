"""`authz`, with refusals sent at once: what `bench.telling_apart --unheld` measures."""

from collections.abc import Callable

from authz_api.response_delay import Ticks

from authz.cli.main import main


def _at_once(_ticks: Ticks, _due: int, call: Callable[[], None]) -> None:
    call()


if __name__ == "__main__":
    Ticks.at = _at_once  # type: ignore[method-assign]
    main()
