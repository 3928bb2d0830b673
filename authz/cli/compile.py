"""`authz compile`: print the Python that a bundle compiles to."""

from authz.cli.options import BundleArgument, bundle_folder
from authz.cli.output import print_text


def compile_bundle(folder: BundleArgument = None) -> None:
    """Print the Python that a bundle compiles to."""
    from authz.bundle.loading import load
    from authz.bundle.vocabulary import attribute
    from authz.codegen.python import generate

    print_text(generate(load(bundle_folder(folder)).program, attribute).rstrip("\n"))
