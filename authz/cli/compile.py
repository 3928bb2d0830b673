"""`authz compile`: print the Python that a bundle compiles to."""

from authz.cli.options import BundleArgument, bundle_folder, identify
from authz.cli.output import print_text


def compile_bundle(folder: BundleArgument = None) -> None:
    """Print the Python that a bundle compiles to."""
    from authz.bundle.loading import load
    from authz.bundle.vocabulary import attribute
    from authz.codegen.python import generate

    bundle = load(bundle_folder(folder))
    print_text(f"# {identify(bundle)}")
    print_text(generate(bundle.program, attribute).rstrip("\n"))
