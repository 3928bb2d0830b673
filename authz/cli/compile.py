"""`authz compile`: print the Python that a bundle compiles to."""

from authz.cli.options import BundleArgument, bundle_folder, identify
from authz.cli.output import print_lines


def compile_bundle(folder: BundleArgument = None) -> None:
    """Print the Python that a bundle compiles to."""
    from authz.bundle.loading import load
    from authz.bundle.vocabulary import attribute
    from authz.codegen.python import generate

    bundle = load(bundle_folder(folder))
    code = generate(bundle.program, attribute).rstrip("\n")
    print_lines([f"# {identify(bundle)}", *code.split("\n")])
