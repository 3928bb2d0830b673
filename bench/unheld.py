"""`authz`, with refusals sent at once: what `bench.telling_apart --unheld` measures."""

from api.holding import Ticks
from authz.cli import main


async def _at_once(_ticks: Ticks, _due: int) -> None:
    return None


if __name__ == "__main__":
    Ticks.until = _at_once  # type: ignore[method-assign]
    main()
