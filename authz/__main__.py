"""Run the command `authz` as `python -m authz`."""

from authz.cli.main import main

if __name__ == "__main__":
    main()
